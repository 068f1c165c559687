"""Which seat a person is in: one point of the body, and no change of seat before it has lasted."""

from __future__ import annotations

import numpy as np

from cabinsafe.geometry import Array
from cabinsafe.types import BoxXyxy, Skeleton

_BOX_HEIGHT_SHARE = 0.65  # about where a seated person's hips are when only the box is known


def seat_point(box_xyxy: BoxXyxy, skeleton: Skeleton | None) -> Array:
    """Point (2,) in pixels that says where a person sits.

    Between the hips; else one hip; else one shoulder width below the shoulders, which is on the torso; else
    in the lower half of the box.
    """
    if skeleton is not None:
        left_hip, right_hip = _point(skeleton, "left_hip"), _point(skeleton, "right_hip")
        if (hips := _mean_of_seen(left_hip, right_hip)) is not None:
            return hips
        left, right = _point(skeleton, "left_shoulder"), _point(skeleton, "right_shoulder")
        if not np.isnan([left, right]).any():
            down = np.array([0.0, np.hypot(*(left - right))])
            torso: Array = (left + right) / 2.0 + down
            return torso
    x1, y1, x2, y2 = box_xyxy
    return np.array([(x1 + x2) / 2.0, y1 + _BOX_HEIGHT_SHARE * (y2 - y1)])


def _point(skeleton: Skeleton, name: str) -> Array:
    if name not in skeleton.keypoints:
        return np.full(2, np.nan)
    return skeleton[name].astype(np.float64)


def _mean_of_seen(*points: Array) -> Array | None:
    seen = [point for point in points if not np.isnan(point).any()]
    if not seen:
        return None
    mean: Array = np.mean(seen, axis=0)
    return mean


class SeatHold:
    """A person's seat, which changes only when another one (or none) has lasted."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._rival: str | None = None
        self._rival_since_s: float | None = None
        self.seat: str | None = None

    def see(self, t_s: float, seat: str | None) -> None:
        """Take in the seat, or None, that the person was seen in now."""
        if seat == self.seat:
            self._rival_since_s = None
            return
        if self._rival_since_s is None or seat != self._rival:
            self._rival, self._rival_since_s = seat, t_s
        if self.seat is None or t_s - self._rival_since_s >= self._hold_s:
            self.seat, self._rival_since_s = seat, None
