"""One training run, from config to exported network: read, train, choose, export, report."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from cabinsafe.errors import ConfigError
from cabinsafe.resources import sha256_of
from cabinsafe.training.pose.batches import Loader, Mixture, Source
from cabinsafe.training.pose.cards import write_card
from cabinsafe.training.pose.checkpoints import read_network, start_network
from cabinsafe.training.pose.config import PoseTrainingConfig
from cabinsafe.training.pose.examine import Examiner, examine, read_set
from cabinsafe.training.pose.export import export_onnx, largest_difference
from cabinsafe.training.pose.loss import LossSpec
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.processes import Processes, join_processes
from cabinsafe.training.pose.provenance import notes_of, settings_digest, without_paths
from cabinsafe.training.pose.run_log import LogOptions, open_log
from cabinsafe.training.pose.schedule import Schedule
from cabinsafe.training.pose.targets import TargetKind, TargetSpec
from cabinsafe.training.pose.train import LoopSpec, Trainer, interpolate

_PARITY_SIDES = ((1, 352, 352), (2, 96, 160))


class Watcher(Protocol):
    """Is told how a run goes."""

    def step(self, number: int, loss: float) -> None:
        """A step was done."""
        ...

    def validated(self, number: int, figures: Mapping[str, float]) -> None:
        """The averaged weights after a step were scored."""
        ...


def run(config: PoseTrainingConfig, watcher: Watcher) -> Path | None:
    """Train (or resume), choose the blend, export, and write the network's card and ``report.json``.

    Args:
        config: the run.
        watcher: is told of every step and of every validation.

    Returns:
        The exported ``pose.onnx`` in the config's output folder; None in processes that only help.

    Raises:
        DataError: annotations or images are missing or unreadable, or a split is empty.
        ModelError: the start weights are not those of this network.
        ConfigError: the output folder holds a run with other settings, or settings contradict each other.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    started = time.monotonic()
    with join_processes(config.device) as processes:
        start = start_network(config.network, config.initial_weights)
        _check(config, start)
        examiners = [Examiner(spec, config) for spec in config.validate_on] if processes.is_first else []
        tuned = _train(config, start, examiners, processes, watcher)
        if not processes.is_first:
            return None
        start.to(processes.device)
        final, figures = _choose(start, tuned, config.blend, examiners)
        return _export(config, final.cpu(), {**figures, "wall_time_s": round(time.monotonic() - started)})


def _check(config: PoseTrainingConfig, start: PoseNetwork) -> None:
    for key, side in (("crop_px", config.crop_px), ("runtime_px", config.runtime_px)):
        if side % start.input_multiple:
            raise ConfigError(
                f"{key}: '{config.network}' takes multiples of {start.input_multiple}, got {side}"
            )
    if config.blend != (1.0,) and config.initial_weights is None:
        raise ConfigError("blend: a mixture with the start weights needs initial_weights")


def _train(
    config: PoseTrainingConfig,
    start: PoseNetwork,
    examiners: Sequence[Examiner],
    processes: Processes,
    watcher: Watcher,
) -> PoseNetwork:
    """Run the loop to its end, resuming where it stopped; return the best averaged network."""
    layout = start.layout
    sources = [
        Source(
            read_set(spec, layout.topology.keypoints),
            spec.weight,
            spec.unlabelled_weight,
            spec.teacher_share,
            spec.complete,
            spec.augment or config.augment,
        )
        for spec in config.data
    ]
    mixture = Mixture(sources, config.crop_px, config.runtime_px, layout.mirror_order, config.seed)
    loader = Loader(mixture, config.batch_size, config.workers, processes.rank, processes.world)
    trainer = Trainer(
        copy.deepcopy(start),
        config.network,
        _loop_spec(config, start),
        config.output,
        processes,
        teacher=None if config.teacher is None else read_network(config.teacher),
        settings=settings_digest(config),
    )
    resumed = trainer.resume()
    options = config.log if processes.is_first else LogOptions()
    with open_log(options, config.output, resume=resumed) as log:
        log.params(config.model_dump(mode="json"))

        def score(mean: PoseNetwork) -> dict[str, float]:
            figures = examine(mean, examiners)
            watcher.validated(trainer.step, figures)
            return figures

        trainer.run(loader, score, log, lambda loss: watcher.step(trainer.step, loss))
    best = read_network(config.output / "best.pt")
    best.eval().to(processes.device)
    return best


def _loop_spec(config: PoseTrainingConfig, network: PoseNetwork) -> LoopSpec:
    kind: TargetKind = "trt_pose" if network.layout.topology.name == "trt_pose" else "openpose"
    return LoopSpec(
        schedule=Schedule(config.steps, config.learning_rate, config.warmup_steps, config.schedule),
        weight_decay=config.weight_decay,
        ema_decay=config.ema_decay,
        clip_norm=config.clip_norm,
        validate_every_steps=config.validate_every_steps,
        patience=config.patience,
        amp=config.amp,
        loss=LossSpec(TargetSpec(kind), config.early_stage_weight, config.box_weight, config.feature_weight),
        rates=config.rates,
    )


def _choose(
    start: PoseNetwork, tuned: PoseNetwork, shares: Sequence[float], examiners: Sequence[Examiner]
) -> tuple[PoseNetwork, dict[str, Any]]:
    """Return the blend with the best score on the validation sets, and the scores of all."""
    networks = {share: tuned if share == 1 else interpolate(start, tuned, share) for share in shares}
    scores = {share: examine(network, examiners) for share, network in networks.items()}
    best = max(shares, key=lambda share: scores[share]["score"])
    return networks[best], {"blend": best, "validation": {f"{s:g}": v for s, v in scores.items()}}


def _export(config: PoseTrainingConfig, final: PoseNetwork, figures: dict[str, Any]) -> Path:
    """Write the network, its card and the report."""
    path = config.output / "pose.onnx"
    notes = notes_of(config)
    export_onnx(final, path, notes)
    figures["parity_largest_difference"] = largest_difference(final, path, _PARITY_SIDES)
    size_wh = (config.runtime_px, config.runtime_px)
    write_card(
        path,
        final.layout,
        size_wh,
        side_multiple=final.input_multiple,
        notes=notes,
        training=without_paths(config),
        metrics=figures,
    )
    summary = {
        **figures,
        "sha256": sha256_of(path),
        "size_bytes": path.stat().st_size,
        "config": config.model_dump(mode="json"),
    }
    (config.output / "report.json").write_text(json.dumps(summary, indent=2), encoding="utf-8")
    return path
