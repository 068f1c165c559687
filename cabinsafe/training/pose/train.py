"""The training loop: averaged weights, exact resume, the best checkpoint kept.

The loop knows nothing of files of people or of decoding: it takes a function from a range of steps to
batches, and a function that scores a network. Both are pure, so a run that stops and resumes ends with the
same weights as one that never stopped.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.batches import Batch
from cabinsafe.training.pose.checkpoints import read_checkpoint, write_checkpoint
from cabinsafe.training.pose.loss import Lesson, LossSpec, aim, feature_loss, total_loss
from cabinsafe.training.pose.networks.base import PoseNetwork
from cabinsafe.training.pose.processes import Processes
from cabinsafe.training.pose.run_log import RunLog
from cabinsafe.training.pose.schedule import Schedule

Batches = Callable[[int, int], Iterator[Batch]]
Score = Callable[[PoseNetwork], Mapping[str, float]]
"""Averaged network to named numbers; ``score`` is the one that must rise."""


@dataclass(frozen=True)
class LoopSpec:
    """Numbers of the loop; see :class:`cabinsafe.training.pose.config.PoseTrainingConfig`."""

    schedule: Schedule
    weight_decay: float
    ema_decay: float
    clip_norm: float
    validate_every_steps: int
    patience: int | None
    amp: bool
    loss: LossSpec
    rates: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


class Trainer:
    """Owns a network in training, its average, its optimiser and its checkpoint folder.

    Args:
        network: at its start weights.
        name: of the network, kept in checkpoints.
        spec: numbers of the loop.
        folder: where checkpoints go; made if missing.
        processes: this process among those that train together.
        teacher: network whose heatmaps and PAFs are mixed into the target.
        settings: digest of all that shapes the weights; only a checkpoint with the same is resumed.
    """

    def __init__(
        self,
        network: PoseNetwork,
        name: str,
        spec: LoopSpec,
        folder: Path,
        processes: Processes,
        *,
        teacher: PoseNetwork | None = None,
        settings: str = "",
    ) -> None:
        self.processes = processes
        self.network = network.to(processes.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.teacher = None if teacher is None else teacher.to(processes.device).requires_grad_(False).eval()
        self.name, self.spec, self.folder, self.settings = name, spec, folder, settings
        self.optimiser = torch.optim.AdamW(_groups(network, spec), weight_decay=spec.weight_decay)
        self.step = self.best_step = 0
        self.best_score = -math.inf
        folder.mkdir(parents=True, exist_ok=True)

    def resume(self) -> bool:
        """Continue from the folder's last checkpoint; return whether there was one.

        Raises:
            ConfigError: it was made with other settings.
            ModelError: it is no checkpoint of this loop.
        """
        path = self.folder / "last.pt"
        if not path.exists():
            return False
        state = read_checkpoint(path)
        if state.get("settings") != self.settings:
            raise ConfigError(
                f"{path} was made with other settings: choose another output folder, or delete last.pt"
            )
        self.network.load_state_dict(state["weights"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best_score, self.best_step = state["step"], state["best_score"], state["best_step"]
        return True

    def run(
        self,
        batches: Batches,
        score: Score,
        log: RunLog,
        on_step: Callable[[float], None] = lambda _: None,
        until_step: int | None = None,
    ) -> None:
        """Train up to a step (by default the last one), scoring the averaged weights on the way.

        Args:
            batches: first and last step to the batches between.
            score: see :data:`Score`.
            log: takes the figures of every validation.
            on_step: called after every step with its loss.
            until_step: stop early here, keeping the schedule of the full run.
        """
        end = self.spec.schedule.steps if until_step is None else until_step
        staged = self.processes.wrap(_Staged(self.network))
        running: list[float] = []
        if self._out_of_patience():
            return
        for batch in batches(self.step, end):
            running.append(self._update(staged, batch.to(self.processes.device)))
            self.step += 1
            on_step(running[-1])
            if self.step % self.spec.validate_every_steps == 0 or self.step == end:
                self._validate(score, sum(running) / len(running), log)
                running.clear()
                if self._out_of_patience():
                    return

    def _out_of_patience(self) -> bool:
        patience = self.spec.patience
        waited = (self.step - self.best_step) // self.spec.validate_every_steps
        return patience is not None and waited >= patience

    def _update(self, staged: nn.Module, batch: Batch) -> float:
        rate = self.spec.schedule.rate(self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        image = batch.image.float().contiguous(memory_format=torch.channels_last)
        self.network.train()
        with torch.autocast(self.processes.device.type, torch.bfloat16, enabled=self.spec.amp):
            lesson = self._teach(image, batch)
            stages, features = staged(image)
        target, weights = aim(batch, self.network.layout, lesson.maps, self.spec.loss)
        loss = total_loss(stages, target, weights, self.spec.loss)
        if lesson.features is not None and features is not None:
            loss = loss + self.spec.loss.feature_weight * feature_loss(features, lesson.features)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.spec.clip_norm)
        if torch.isfinite(norm):  # one overflow in bfloat16 must not spoil the weights for good
            self.optimiser.step()
            self._average()
        return float(loss.detach())

    def _teach(self, image: Tensor, batch: Batch) -> Lesson:
        """What the teacher says, computed only for crops that ask."""
        if self.teacher is None:
            return Lesson(None, None)
        imitate = self.spec.loss.feature_weight > 0
        asked = torch.nonzero((batch.teacher_share > 0) | ~batch.complete | imitate)[:, 0]
        stride = self.network.layout.stride
        maps = image.new_zeros(
            (len(image), self.network.layout.pafs.stop, image.shape[2] // stride, image.shape[3] // stride)
        )
        if not len(asked):
            return Lesson(maps, None)
        with torch.no_grad():
            stages, features = self.teacher.stages_and_features(image[asked])
        maps[asked] = stages[-1][:, : maps.shape[1]].float()
        return Lesson(maps, features if imitate else None)

    def _average(self) -> None:
        decay = min(self.spec.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
            for mean, value in zip(self.average.buffers(), self.network.buffers(), strict=True):
                mean.copy_(value)

    def _validate(self, score: Score, mean_loss: float, log: RunLog) -> None:
        figures = self.processes.from_first(lambda: dict(score(self.average)))
        better = figures["score"] > self.best_score
        if better:
            self.best_score, self.best_step = figures["score"], self.step
        if not self.processes.is_first:
            return
        log.metrics(self.step, {"loss": mean_loss, "rate": self.spec.schedule.rate(self.step - 1), **figures})
        kept: dict[str, Any] = {"network": self.name, "average": self.average.state_dict(), "step": self.step}
        if better:
            write_checkpoint(self.folder / "best.pt", {**kept, "score": figures["score"]})
        whole = {
            "weights": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best_score": self.best_score,
            "best_step": self.best_step,
            "settings": self.settings,
        }
        write_checkpoint(self.folder / "last.pt", {**kept, **whole})


class _Staged(nn.Module):
    """All stages, and the features, as the forward pass: the form in which several processes can share it."""

    def __init__(self, network: PoseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[tuple[Tensor, ...], Tensor | None]:
        return self.network.stages_and_features(image)


def _groups(network: nn.Module, spec: LoopSpec) -> list[dict[str, Any]]:
    """Parameters by their share of the learning rate; a share of 0 freezes them.

    Raises:
        ConfigError: a prefix of ``rates`` names no parameter.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    unused = set(spec.rates)
    for name, parameter in network.named_parameters():
        prefix = max((p for p in spec.rates if name.startswith(p)), key=len, default=None)
        share = 1.0 if prefix is None else spec.rates[prefix]
        unused.discard(prefix or "")
        parameter.requires_grad_(share > 0)
        if share > 0:
            groups.setdefault(share, []).append(parameter)
    if unused:
        parts = ", ".join(name for name, _ in network.named_children())
        raise ConfigError(f"rates: no parameter begins with {', '.join(sorted(unused))}; there are {parts}")
    return [{"params": parameters, "share": share} for share, parameters in groups.items()]


def interpolate(start: nn.Module, tuned: nn.Module, share: float) -> nn.Module:
    """Return a copy of ``start`` moved by ``share`` (0 to 1) of the way to ``tuned``.

    Straight lines between a network and its fine-tuned self often hold better weights than either end
    (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
    """
    result = copy.deepcopy(start)
    with torch.no_grad():
        for value, goal in zip(result.parameters(), tuned.parameters(), strict=True):
            value.lerp_(goal, share)
    return result
