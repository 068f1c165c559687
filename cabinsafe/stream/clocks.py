"""Each camera's own time, and for how long the others went on without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cabinsafe.errors import FrameOrderError
from cabinsafe.types import Frame, Scene


class CameraClocks:
    """Remembers when each camera last gave a frame.

    Cameras' clocks need not agree: a silence is measured on the clocks of the others.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all cameras."""
        self._first_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}
        self._others_s: dict[str, dict[str, float]] = {}

    def expect(self, camera_ids: Iterable[str]) -> None:
        """Miss these cameras even before they give their first frame."""
        for camera_id in camera_ids:
            self._others_s.setdefault(camera_id, dict(self._last_s))

    def check(self, frames: Sequence[Frame]) -> None:
        """Make sure that frames follow the last ones of their cameras.

        Raises:
            FrameOrderError: one does not.
        """
        for frame in frames:
            last = self._last_s.get(frame.camera_id)
            if last is not None and frame.t_s <= last:
                raise FrameOrderError(
                    f"camera '{frame.camera_id}': frame {frame.index} at {frame.t_s:.3f} s cannot follow "
                    f"one at {last:.3f} s; capture times must rise"
                )

    def note(self, frames: Sequence[Frame | Scene]) -> None:
        """Take in the frames of a moment, or the scenes that were in them."""
        for frame in frames:
            self._first_s.setdefault(frame.camera_id, frame.t_s)
            self._last_s[frame.camera_id] = frame.t_s
        for frame in frames:
            self._others_s[frame.camera_id] = dict(self._last_s)

    @property
    def silent_s(self) -> dict[str, float]:
        """For each camera how long another one has gone on since its last frame, seconds."""
        return {
            camera_id: max(
                (last - others.get(other, self._first_s[other]) for other, last in self._last_s.items()),
                default=0.0,
            )
            for camera_id, others in self._others_s.items()
        }

    @property
    def now_s(self) -> dict[str, float]:
        """What each camera's own clock shows now; another one's for a camera that never gave a frame."""
        latest = max(self._last_s.values(), default=0.0)
        silent = self.silent_s
        return {
            camera_id: self._last_s[camera_id] + silent[camera_id] if camera_id in self._last_s else latest
            for camera_id in silent
        }
