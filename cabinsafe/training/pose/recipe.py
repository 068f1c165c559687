"""One training run from config to exported network: read, train, blend on val, export, report."""

from __future__ import annotations

import copy
import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cabinsafe.data import KeypointSet, read_keypoints
from cabinsafe.pose.decoder import PafDecoder
from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.batches import BatchMaker, BatchSpec
from cabinsafe.training.pose.config import PoseTrainingConfig
from cabinsafe.training.pose.dataset import load_bgr
from cabinsafe.training.pose.evaluate import Accuracy, bootstrap_difference, measure, predict_all
from cabinsafe.training.pose.export import export_onnx, largest_difference
from cabinsafe.training.pose.layout import KEYPOINTS, TOPOLOGY
from cabinsafe.training.pose.loss import LossSpec
from cabinsafe.training.pose.network import PoseNetwork, load_onnx_weights
from cabinsafe.training.pose.predictor import Forward, make_predictor
from cabinsafe.training.pose.provenance import notes_of, settings_digest, write_card
from cabinsafe.training.pose.split import Split, require_all, select
from cabinsafe.training.pose.targets import TargetSpec
from cabinsafe.training.pose.train import LoopSpec, Trainer, interpolate, load_average

Predictions = dict[int, Any]

_PARITY_SIZES = ((1, 352, 352), (2, 96, 160))


class Examiner:
    """Scores networks on one split with the library's own letterbox and decoder.

    Args:
        people: the labelled people.
        folder: where the images are.
        split: which images.
        config: input side and decoder options.
    """

    def __init__(self, people: KeypointSet, folder: Path, split: Split, config: PoseTrainingConfig) -> None:
        ids = select(people.image_ids, split)
        self.annotations = people.coco()
        images = people.labelled_images(folder, KEYPOINTS, ids)
        self.paths = {image.image_id: image.path for image in images}
        self.side_px = config.runtime_px
        self.decoder = PafDecoder(TOPOLOGY, config.decoder)

    def predict(self, network: nn.Module, *, bf16: bool = False) -> Predictions:
        """Return the people that a network finds in every image of the split."""
        predictor = make_predictor(_forward(network, bf16), self.decoder, self.side_px)
        return predict_all(predictor, self._load, list(self.paths))

    def measure(self, predictions: Predictions) -> Accuracy:
        """Score predictions of :meth:`predict`."""
        return measure(predictions, KEYPOINTS, self.annotations, list(self.paths))

    def average_precision(self, network: nn.Module, *, bf16: bool = False) -> float:
        """Return one network's AP."""
        return self.measure(self.predict(network, bf16=bf16)).ap

    def _load(self, image_id: int) -> NDArray[np.uint8]:
        return load_bgr(self.paths[image_id])


def _forward(network: nn.Module, bf16: bool) -> Forward:
    def forward(batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        image = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            heatmaps, pafs = network(image)
        return heatmaps.float().numpy(), pafs.float().numpy()

    return forward


def run(config: PoseTrainingConfig, report: Callable[[str], None]) -> Path:
    """Train (or resume), choose the blend on val, export, and write the network's card and ``report.json``.

    Args:
        config: the run.
        report: takes one line of progress.

    Returns:
        The exported ``pose.onnx`` in the config's output folder.

    Raises:
        DataError: annotations or images are missing or unreadable, or a split is empty.
        ModelError: the start weights are not those of this network.
        ConfigError: the output folder holds a run with other settings.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    started = time.monotonic()
    people = read_keypoints(config.annotations)
    require_all(people.image_ids)
    people.require_images(config.images)
    start = PoseNetwork()
    load_onnx_weights(start, config.initial_weights)
    val = Examiner(people, config.images, "val", config)
    tuned = train(config, people, start, val, report)
    share = choose_blend(start, tuned, config.blend, val, report)
    final = interpolate(start, tuned, share)
    path, figures = _export(config, people, start, final, share)
    summary = {
        **figures,
        "sha256": sha256_of(path),
        "size_bytes": path.stat().st_size,
        "wall_time_s": round(time.monotonic() - started),
        "config": config.model_dump(mode="json"),
    }
    (config.output / "report.json").write_text(json.dumps(summary, indent=2), encoding="utf-8")
    return path


def _export(
    config: PoseTrainingConfig, people: KeypointSet, start: nn.Module, final: nn.Module, share: float
) -> tuple[Path, dict[str, Any]]:
    """Write the network and its card; return the network's file and the figures on the card."""
    path = config.output / "pose.onnx"
    notes = notes_of(config)
    export_onnx(final, path, notes)
    figures = {
        **compare(config, people, start, final),
        "blend": share,
        "parity_largest_difference": largest_difference(final, path, _PARITY_SIZES),
    }
    write_card(path, config, notes, figures)
    return path, figures


def train(
    config: PoseTrainingConfig,
    people: KeypointSet,
    start: PoseNetwork,
    val: Examiner,
    report: Callable[[str], None],
) -> PoseNetwork:
    """Run the loop to its end, resuming where it stopped; return the best averaged network.

    ``start``, the network of ``initial_weights``, is the teacher, whatever the loop starts from.
    """
    ids = select(people.image_ids, "train")
    make_batch = BatchMaker(
        people.labelled_images(config.images, KEYPOINTS, ids),
        BatchSpec(
            config.batch_size, config.crop_px, config.runtime_px, config.unlabelled_weight, config.seed
        ),
        config.augment,
        TargetSpec(),
    )
    network = copy.deepcopy(start)
    if config.initial_checkpoint is not None:
        load_average(network, config.initial_checkpoint)
    trainer = Trainer(
        network, _loop_spec(config), config.output, teacher=start, settings=settings_digest(config)
    )
    trainer.resume()
    trainer.run(make_batch, lambda mean: val.average_precision(mean, bf16=config.bf16), report)
    load_average(network, config.output / "best.pt")
    return network


def _loop_spec(config: PoseTrainingConfig) -> LoopSpec:
    return LoopSpec(
        steps=config.steps,
        learning_rate=config.learning_rate,
        warmup_steps=config.warmup_steps,
        weight_decay=config.weight_decay,
        ema_decay=config.ema_decay,
        validate_every_steps=config.validate_every_steps,
        bf16=config.bf16,
        loss=LossSpec(config.teacher_share, config.teacher_guard, config.first_stage_weight),
    )


def choose_blend(
    start: PoseNetwork,
    tuned: PoseNetwork,
    shares: Sequence[float],
    val: Examiner,
    report: Callable[[str], None],
) -> float:
    """Return the share of tuned weights with the best AP on val."""
    scores = {share: val.average_precision(interpolate(start, tuned, share)) for share in shares}
    for share, score in scores.items():
        report(f"blend {share:.2f} score {score:.4f}")
    return max(scores, key=lambda share: scores[share])


def compare(
    config: PoseTrainingConfig, people: KeypointSet, start: nn.Module, final: nn.Module
) -> dict[str, Any]:
    """Measure start and final network on val and test with the same images, size and decoder."""
    result: dict[str, Any] = {}
    for split in ("val", "test"):
        examiner = Examiner(people, config.images, split, config)
        before, after = examiner.predict(start), examiner.predict(final)
        result[split] = {
            "start": dataclasses.asdict(examiner.measure(before)),
            "tuned": dataclasses.asdict(examiner.measure(after)),
        }
        if split == "test":
            interval = bootstrap_difference(
                before, after, KEYPOINTS, examiner.annotations, config.bootstrap_rounds, config.seed
            )
            result[split]["ap_gain_95_percent"] = interval
    return result
