"""Settings of one training run of the pose network: one YAML file, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cabinsafe.errors import ConfigError
from cabinsafe.options import Options
from cabinsafe.pose.decoder import DecoderOptions
from cabinsafe.training.pose.augment import AugmentSpec
from cabinsafe.training.pose.run_log import LogOptions
from cabinsafe.yaml_file import read_mapping

_Share = Annotated[float, Field(ge=0, le=1)]


class SetSpec(Options):
    """A COCO-style keypoint set.

    Attributes:
        annotations: the keypoint file.
        images: folder of its images.
        split: part of it by the fixed rule of :mod:`cabinsafe.data.split`; by default all.
        limit: at most this many images, the first of a fixed shuffle.
    """

    annotations: Path
    images: Path
    split: Literal["train", "val", "test"] | None = None
    limit: int | None = Field(None, ge=1)


class TrainingSetSpec(SetSpec):
    """A set to learn from.

    Attributes:
        weight: how often its images are drawn, beside the other sets.
        unlabelled_weight: loss weight, inside a person's box, of the maps of joints of that person
            that carry no label; 1 trusts "not labelled" to mean "not there".
        teacher_share: share of the teacher's maps in the target, 0 to 1.
        complete: whether every person in the images is labelled; see
            :class:`cabinsafe.training.pose.batches.Source`.
        augment: how its pictures are varied; by default as the run's ``augment`` says.
    """

    weight: float = Field(1.0, gt=0)
    unlabelled_weight: _Share = 0.5
    teacher_share: _Share = 0.0
    complete: bool = True
    augment: AugmentSpec | None = None


class PoseTrainingConfig(Options):
    """One run; relative paths start at the working directory.

    Attributes:
        network: its name, see :data:`cabinsafe.training.pose.networks.NETWORKS`.
        initial_weights: what training starts from: ``best.pt`` of an earlier run, or an ONNX file of
            ``human-pose-estimation-0001`` or of this package; None for random weights.
        teacher: the same kinds of file; its maps are mixed into the targets.
        data: sets to learn from.
        validate_on: sets whose mean AP chooses the best weights. Never the ones to be reported.
        output: folder for checkpoints, the report, and the exported network with its card.
        data_note: where the data comes from and under which terms, in words; kept in the exported network
            and on its card.
        device: ``cpu`` or ``cuda``; by default the accelerator if there is one.
        workers: processes that make batches.
        amp: train in bfloat16 where that is safe.
        crop_px: side of a training crop.
        runtime_px: side of the letterbox used at run time and in validation.
        batch_size: crops a step, of each process.
        learning_rate: peak rate of AdamW, reached after ``warmup_steps``; then it goes as ``schedule`` says.
        rates: shares of the learning rate for parameters whose names begin so; 0 freezes them.
        ema_decay: per-step decay of the averaged weights, which are the ones kept.
        clip_norm: largest norm of a step's gradient.
        early_stage_weight: weight of the losses of early stages beside the last one's.
        box_weight: weight of the box maps' loss beside the keypoint maps'.
        feature_weight: weight of imitating the features that the teacher's last maps are read from; the
            teacher then sees every crop.
        patience: stop after this many validations without a better one; None for never.
        decoder: the library's decoder in validation; low thresholds, because average precision ranks people
            by score, and room for crowds.
        blend: how far to go from the start weights (0) to the tuned ones (1), or past them; where there are
            several, the best on ``validate_on`` is exported. Other values than 1 need ``initial_weights`` of
            the same network.
        log: where figures go besides the console and the report.
    """

    network: str
    initial_weights: Path | None = None
    teacher: Path | None = None
    data: tuple[TrainingSetSpec, ...] = Field(min_length=1)
    validate_on: tuple[SetSpec, ...] = Field(min_length=1)
    output: Path
    data_note: str | None = None
    seed: int = Field(0, ge=0)
    device: Literal["cpu", "cuda"] | None = None
    threads: int = Field(2, ge=1)
    workers: int = Field(1, ge=0)
    amp: bool = True
    crop_px: int = Field(288, gt=0, multiple_of=8)
    runtime_px: int = Field(352, gt=0, multiple_of=8)
    batch_size: int = Field(16, ge=1)
    steps: int = Field(2400, ge=1)
    learning_rate: float = Field(5e-5, gt=0)
    warmup_steps: int = Field(50, ge=0)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    rates: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    weight_decay: float = Field(5e-4, ge=0)
    ema_decay: float = Field(0.993, ge=0, lt=1)
    clip_norm: float = Field(1000.0, gt=0)
    early_stage_weight: float = Field(0.5, ge=0)
    box_weight: float = Field(0.3, ge=0)
    feature_weight: float = Field(0.0, ge=0)
    validate_every_steps: int = Field(300, ge=1)
    patience: int | None = Field(None, ge=1)
    decoder: DecoderOptions = DecoderOptions(
        peak_threshold=0.05,
        suppression_radius_cells=1.5,
        limb_threshold=0.05,
        max_peaks_per_keypoint=512,
        max_people=512,
    )
    blend: tuple[Annotated[float, Field(ge=0)], ...] = Field((1.0,), min_length=1)
    augment: AugmentSpec = AugmentSpec()
    log: LogOptions = LogOptions()


def load_config(path: Path) -> PoseTrainingConfig:
    """Read a training config.

    Raises:
        ConfigError: the file is unreadable, not YAML, or has wrong or unknown keys.
    """
    values = read_mapping(path)
    try:
        return PoseTrainingConfig(**{str(key): value for key, value in values.items()})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
