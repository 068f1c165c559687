"""Settings of one training run of the pose network: one YAML file, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cabinsafe.errors import ConfigError
from cabinsafe.options import Options
from cabinsafe.pose.decoder import DecoderOptions
from cabinsafe.training.pose.augment import AugmentSpec
from cabinsafe.yaml_file import read_mapping


class PoseTrainingConfig(Options):
    """One run; relative paths start at the working directory.

    Attributes:
        annotations: COCO keypoint file of the people data.
        images: folder of its images.
        initial_weights: the start of training: an ONNX file of ``human-pose-estimation-0001``, of this
            package (``models/cabinsafe-pose.onnx``) or of an earlier run.
        initial_checkpoint: ``best.pt`` of an earlier run, whose averaged weights training starts
            from instead; ``initial_weights`` stay the start that the result is compared with.
        output: folder for checkpoints, the report, and the exported network with its card.
        data_note: where the data comes from and under which terms, in words; kept in the exported
            network and on its card.
        crop_px: side of a training crop.
        runtime_px: side of the letterbox used at run time and in validation.
        learning_rate: peak rate of AdamW, reached after ``warmup_steps``, then falling as a cosine.
        ema_decay: per-step decay of the averaged weights, which are the ones kept.
        teacher_share: share of the start network's own maps in the target, 0 to 1.
        teacher_guard: where the start network's map exceeds this and the label is empty, the cell
            is left out of the loss (people without labels); 1 or more switches it off.
        unlabelled_weight: see :class:`cabinsafe.training.pose.batches.BatchSpec`.
        first_stage_weight: weight of the initial stage's loss beside the last one's.
        decoder: the library's decoder in validation and in the report; low thresholds, because
            average precision ranks people by score, and room for COCO's crowds.
        blend: how far to go from the start weights (0) to the tuned ones (1), or past them; tried
            on val after training, the best is exported.
        bootstrap_rounds: resamples of the test images behind the interval of the AP gain.
    """

    annotations: Path
    images: Path
    initial_weights: Path
    initial_checkpoint: Path | None = None
    output: Path
    data_note: str | None = None
    seed: int = Field(0, ge=0)
    threads: int = Field(2, ge=1)
    bf16: bool = True
    crop_px: int = Field(288, gt=0, multiple_of=8)
    runtime_px: int = Field(352, gt=0, multiple_of=8)
    batch_size: int = Field(12, ge=1)
    steps: int = Field(2400, ge=1)
    learning_rate: float = Field(5e-5, gt=0)
    warmup_steps: int = Field(50, ge=0)
    weight_decay: float = Field(5e-4, ge=0)
    ema_decay: float = Field(0.993, ge=0, lt=1)
    teacher_share: float = Field(0.25, ge=0, le=1)
    teacher_guard: float = Field(1.0, gt=0)
    unlabelled_weight: float = Field(0.5, ge=0, le=1)
    first_stage_weight: float = Field(0.5, ge=0)
    validate_every_steps: int = Field(300, ge=1)
    decoder: DecoderOptions = DecoderOptions(
        peak_threshold=0.05,
        suppression_radius_cells=1.5,
        limb_threshold=0.05,
        max_peaks_per_keypoint=512,
        max_people=512,
    )
    blend: tuple[Annotated[float, Field(ge=0)], ...] = Field((0.5, 0.75, 1.0, 1.3), min_length=1)
    bootstrap_rounds: int = Field(200, ge=1)
    augment: AugmentSpec = AugmentSpec()


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
