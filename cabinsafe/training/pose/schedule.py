"""How the learning rate goes over a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

_LAST_SHARE = 0.02


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, then one of three ways down.

    Attributes:
        steps: length of the run.
        peak: highest rate.
        warmup_steps: steps until it is reached.
        shape: ``cosine`` and ``linear`` fall to a fiftieth of the peak; ``constant`` stays.
    """

    steps: int
    peak: float
    warmup_steps: int = 0
    shape: Literal["cosine", "linear", "constant"] = "cosine"

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / self.warmup_steps
        done = min((step - self.warmup_steps) / max(self.steps - self.warmup_steps, 1), 1.0)
        left = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}
        return self.peak * (_LAST_SHARE + (1 - _LAST_SHARE) * left[self.shape])
