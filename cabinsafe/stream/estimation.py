"""Pose estimation in steps that can run in threads of their own, one moment after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from cabinsafe.types import Frame


@runtime_checkable
class StagedEstimator(Protocol):
    """An estimator whose steps can run apart; :class:`~cabinsafe.pose.PoseEstimator` is one."""

    def preprocess(self, frames: Sequence[Frame]) -> tuple[Any, list[Any]]:
        """Input for :meth:`infer`, and what :meth:`decode` needs to know of each frame."""
        ...

    def infer(self, batch: Any) -> list[Any]:
        """Maps of each frame."""
        ...

    def decode(self, maps: Any, transform: Any, expected: Any = None) -> Any:
        """The result for one frame; ``expected`` says who is expected where."""
        ...


class Step(NamedTuple):
    """What a moment's frames came to so far: the network's input, its maps, or poses."""

    frames: list[Frame]
    result: Any
    transforms: list[Any]


class EstimationSteps:
    """The steps of an estimator, from one :class:`Step` to the next."""

    def __init__(self, estimator: StagedEstimator) -> None:
        self._estimator = estimator

    def preprocess(self, frames: list[Frame]) -> Step:
        """A moment's frames as the network's input."""
        return Step(frames, *self._estimator.preprocess(frames))

    def infer(self, step: Step) -> Step:
        """The input's maps."""
        return step._replace(result=self._estimator.infer(step.result))

    def decode(self, step: Step, expected: Sequence[Any] | None = None) -> Step:
        """The maps' poses, in the order of the frames."""
        priors = [None] * len(step.frames) if expected is None else expected
        return step._replace(result=list(map(self._estimator.decode, step.result, step.transforms, priors)))
