"""The training loop: averaged weights, exact resume, the best checkpoint kept.

The loop knows nothing of files of people or of decoding: it takes a function from step number to
batch, and a function that scores a network. Both are pure, so a run that stops and resumes ends
with the same weights as one that never stopped.
"""

from __future__ import annotations

import copy
import math
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cabinsafe.errors import ConfigError, ModelError
from cabinsafe.training.pose.batches import Batch, prefetch
from cabinsafe.training.pose.loss import LossSpec, joined, mixed_target, two_stage_loss
from cabinsafe.training.pose.network import Maps


@dataclass(frozen=True)
class LoopSpec:
    """Numbers of the loop; see :class:`cabinsafe.training.pose.config.PoseTrainingConfig`."""

    steps: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    ema_decay: float
    validate_every_steps: int
    bf16: bool
    loss: LossSpec


class Trainer:
    """Owns a network in training, its average, its optimiser and its checkpoint folder.

    Args:
        network: at its start weights; besides being a torch module it has ``stages(image)``, the maps of
            its initial and of its last stage.
        spec: numbers of the loop.
        folder: where checkpoints go; made if missing.
        teacher: network whose maps are mixed into the target; by default ``network`` at its start.
        settings: digest of all that shapes the weights; only a checkpoint with the same is resumed.
    """

    def __init__(
        self,
        network: nn.Module,
        spec: LoopSpec,
        folder: Path,
        *,
        teacher: nn.Module | None = None,
        settings: str = "",
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)
        self.spec = spec
        self.folder = folder
        self.average = copy.deepcopy(network).requires_grad_(False)
        self.teacher = copy.deepcopy(teacher or network).requires_grad_(False)
        self.settings = settings
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay
        )
        self.step = 0
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
        state = _load(path)
        if state.get("settings") != self.settings:
            raise ConfigError(
                f"{path} was made with other settings: choose another output folder, or delete last.pt"
            )
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.teacher.load_state_dict(state["teacher"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best_score = state["step"], state["best_score"]
        return True

    def run(
        self,
        make_batch: Callable[[int], Batch],
        score: Callable[[nn.Module], float],
        report: Callable[[str], None],
        until_step: int | None = None,
    ) -> None:
        """Train up to a step (by default the last one), scoring the averaged weights on the way.

        Args:
            make_batch: step number to batch.
            score: averaged network to a number, higher is better.
            report: takes one line of progress.
            until_step: stop early here, keeping the schedule of the full run.
        """
        end = self.spec.steps if until_step is None else until_step
        running: list[float] = []
        for step, batch in prefetch(make_batch, self.step, end):
            running.append(self._update(batch))
            self.step = step + 1
            if self.step % self.spec.validate_every_steps == 0 or self.step == end:
                mean = sum(running) / len(running)
                running.clear()
                self._keep(score(self.average), mean, report)

    def _update(self, batch: Batch) -> float:
        rate = self.spec.learning_rate * schedule(self.step, self.spec)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        image = _tensor(batch.image)
        target, weights = torch.from_numpy(batch.maps), torch.from_numpy(batch.weights)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.spec.bf16):
            if self.spec.loss.teacher_share > 0 or self.spec.loss.teacher_guard < 1:
                with torch.no_grad():
                    teacher = joined(_stages(self.teacher, image)[1])
                target, weights = mixed_target(target, weights, teacher, self.spec.loss)
            stages = _stages(self.network, image)
        loss = two_stage_loss(stages, target, weights, self.spec.loss)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self._average()
        return float(loss.detach())

    def _average(self) -> None:
        decay = min(self.spec.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.network.parameters(), strict=True)
            for mean, value in pairs:
                mean.lerp_(value, 1 - decay)

    def _keep(self, score: float, mean_loss: float, report: Callable[[str], None]) -> None:
        better = score > self.best_score
        self.best_score = max(score, self.best_score)
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "teacher": self.teacher.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best_score": self.best_score,
            "settings": self.settings,
        }
        if better:
            best = {"average": self.average.state_dict(), "step": self.step, "score": score}
            _save(best, self.folder / "best.pt")
        _save(state, self.folder / "last.pt")
        mark = " best" if better else ""
        report(f"step {self.step} loss {mean_loss:.3f} score {score:.4f}{mark}")


def schedule(step: int, spec: LoopSpec) -> float:
    """Return the share of the peak learning rate at a step: linear warm-up, then half a cosine."""
    if step < spec.warmup_steps:
        return (step + 1) / spec.warmup_steps
    done = (step - spec.warmup_steps) / max(spec.steps - spec.warmup_steps, 1)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def interpolate(start: nn.Module, tuned: nn.Module, share: float) -> nn.Module:
    """Return a copy of ``start`` moved by ``share`` (0 to 1) of the way to ``tuned``.

    Straight lines between a network and its fine-tuned self often hold better weights than either
    end (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
    """
    result = copy.deepcopy(start)
    with torch.no_grad():
        for value, goal in zip(result.parameters(), tuned.parameters(), strict=True):
            value.lerp_(goal, share)
    return result


def load_average(network: nn.Module, path: Path) -> None:
    """Fill a network with the averaged weights of a checkpoint, in place.

    Raises:
        ModelError: the file is missing, no checkpoint, or one of another network.
    """
    try:
        network.load_state_dict(_load(path)["average"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"{path}: no averaged weights of this network: {error}") from error


def _stages(network: nn.Module, image: Tensor) -> tuple[Maps, Maps]:
    stages: tuple[Maps, Maps] = network.stages(image)
    return stages


def _tensor(image: object) -> Tensor:
    return torch.as_tensor(image).contiguous(memory_format=torch.channels_last)


def _load(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path}: not a readable checkpoint: {error}") from error
    if not isinstance(state, dict):
        raise ModelError(f"{path}: not a checkpoint")
    return state


def _save(state: dict[str, object], path: Path) -> None:
    """Write beside the target, then move over it: a crash never leaves half a checkpoint."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)
