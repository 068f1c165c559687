"""Pose estimation, at once or in steps that can run in threads of their own, one moment after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from cabinsafe.pose import PosePrior, PoseResult
from cabinsafe.stream.pipeline import Stage
from cabinsafe.types import Frame

Result = TypeVar("Result")
Expect = Callable[[Sequence[Frame]], Sequence[PosePrior | None] | None]


class Estimator(Protocol):
    """What the analyzer needs of pose estimation; :class:`~cabinsafe.pose.PoseEstimator` has it."""

    def estimate(
        self, frames: Sequence[Frame], expected: Sequence[PosePrior | None] | None = None
    ) -> list[PoseResult]:
        """One result per frame; ``expected`` says who is expected where, if that is known."""
        ...

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of a skeleton's keypoints, in order; asked for only if somebody is expected."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


@runtime_checkable
class StagedEstimator(Protocol):
    """An estimator whose steps can run apart; :class:`~cabinsafe.pose.PoseEstimator` is one."""

    def preprocess(self, frames: Sequence[Frame]) -> tuple[Any, list[Any]]:
        """Input for :meth:`infer`, and what :meth:`decode` needs to know of each frame."""
        ...

    def infer(self, batch: Any) -> list[Any]:
        """Maps of each frame."""
        ...

    def decode(self, maps: Any, transform: Any, expected: PosePrior | None = None) -> PoseResult:
        """The result for one frame."""
        ...


class _Step(NamedTuple):
    """What a moment's frames came to so far: the network's input, its maps, or poses."""

    frames: list[Frame]
    result: Any
    transforms: list[Any]


def steps_of(
    estimator: StagedEstimator,
    expect: Expect | None,
    conclude: Callable[[list[Frame], list[PoseResult]], Result],
) -> tuple[list[Stage], Callable[[Any], Result]]:
    """What of a moment's work can run ahead of the moments before, and the rest.

    Args:
        estimator: its steps are split.
        expect: who is expected in frames, known once the moment before is concluded; None if nobody ever is.
        conclude: all that follows from the poses.
    """

    def preprocess(frames: list[Frame]) -> _Step:
        return _Step(frames, *estimator.preprocess(frames))

    def infer(step: _Step) -> _Step:
        return step._replace(result=estimator.infer(step.result))

    def decode(step: _Step) -> _Step:
        expected = (expect and expect(step.frames)) or [None] * len(step.frames)
        poses = [estimator.decode(*work) for work in zip(step.result, step.transforms, expected, strict=True)]
        return step._replace(result=poses)

    def finish(step: _Step) -> Result:
        return conclude(step.frames, step.result)

    if expect is None:
        return [preprocess, infer, decode], finish
    return [preprocess, infer], lambda step: finish(decode(step))
