"""Which seat a person is in: one point of the body, and no change of seat before it has lasted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cabinsafe.geometry import polygon_depth
from cabinsafe.tracking.sightings import Observation, Pose
from cabinsafe.types import BoxXyxy
from cabinsafe.views import CameraView

_BOX_HEIGHT_SHARE = 0.65  # about where a seated person's hips are when only the box is known


class SeatMap:
    """The seats of a view, ready for many questions."""

    def __init__(self, view: CameraView | None) -> None:
        zones = [(seat.name, seat.zone) for seat in (() if view is None else view.seats) if seat.zone]
        self.names = tuple(name for name, _ in zones)
        self._outlines = tuple(zones)
        self._zones = tuple(
            (name, tuple(zip(zone, (*zone[1:], zone[0]), strict=True))) for name, zone in zones
        )

    def place(
        self, observations: Sequence[Observation], size_wh: tuple[int, int], reach_sizes: float
    ) -> None:
        """Note for each observation the seat that it is in, or those within reach if it is in none."""
        for observation in observations:
            point = seat_point(observation.box_xyxy, observation.pose)
            observation.seat = self.seat_at(point, size_wh)
            if observation.seat is None:
                size_px = math.exp((observation.log_w + observation.log_h) / 2.0)
                observation.near_seats = self.seats_near(point, size_wh, reach_sizes * size_px)

    def seat_at(self, point_xy: tuple[float, float], size_wh: tuple[int, int]) -> str | None:
        """Name of the first seat whose zone holds a point in frame pixels, or None; by the even-odd rule."""
        x, y = point_xy[0] / size_wh[0], point_xy[1] / size_wh[1]
        for name, edges in self._zones:
            inside = False
            for (x1, y1), (x2, y2) in edges:
                if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                    inside = not inside
            if inside:
                return name
        return None

    def seats_near(
        self, point_xy: tuple[float, float], size_wh: tuple[int, int], reach_px: float
    ) -> tuple[str, ...]:
        """Names of the seats whose zones lie within reach of a point in frame pixels."""
        width, height = size_wh
        return tuple(
            name
            for name, zone in self._outlines
            if polygon_depth([(x * width, y * height) for x, y in zone], point_xy) >= -reach_px
        )


def seat_point(box_xyxy: BoxXyxy, pose: Pose | None) -> tuple[float, float]:
    """Point (x, y) in pixels that says where a person sits.

    Between the hips; else one hip; else one shoulder width below the shoulders, which is on the torso; else
    in the lower half of the box.
    """
    if pose is not None:
        layout = pose.layout
        hips = _seen(pose, layout.hips)
        if hips:
            return sum(x for x, _ in hips) / len(hips), sum(y for _, y in hips) / len(hips)
        shoulders = _seen(pose, layout.shoulders)
        if len(shoulders) == 2:
            (x1, y1), (x2, y2) = shoulders
            return (x1 + x2) / 2.0, (y1 + y2) / 2.0 + math.hypot(x2 - x1, y2 - y1)
    x1, y1, x2, y2 = box_xyxy
    return (x1 + x2) / 2.0, y1 + _BOX_HEIGHT_SHARE * (y2 - y1)


def _seen(pose: Pose, indices: Sequence[int]) -> list[tuple[float, float]]:
    points = [pose.points[i] for i in indices]
    return [(x, y) for x, y in points if not math.isnan(x)]


class SeatHold:
    """A person's seat, which changes only when another one (or none) has lasted.

    Who leans out of the seat's zone, kneels or stands before it, is still in that seat; others who come
    near are not.
    """

    __slots__ = ("_hold_s", "_rival", "_rival_since_s", "seat", "was_seated")

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._rival: str | None = None
        self._rival_since_s: float | None = None
        self.seat: str | None = None
        self.was_seated = False

    def see(self, t_s: float, seat: str | None, near_seats: Sequence[str] = ()) -> None:
        """Take in the seat, or None, that the person was seen in now, and those within reach if none."""
        if seat is None and self.seat in near_seats:
            seat = self.seat
        if seat == self.seat:
            self._rival_since_s = None
            return
        if self._rival_since_s is None or seat != self._rival:
            self._rival, self._rival_since_s = seat, t_s
        if self.seat is None or t_s - self._rival_since_s >= self._hold_s:
            self.seat, self._rival_since_s = seat, None

    def state(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {
            "seat": self.seat, "rival": self._rival, "rival_since_s": self._rival_since_s,
            "was_seated": self.was_seated,
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: dict[str, Any], hold_s: float) -> SeatHold:
        """What :meth:`state` gave."""
        hold = cls(hold_s)
        hold.seat, hold._rival = state["seat"], state["rival"]
        hold._rival_since_s, hold.was_seated = state["rival_since_s"], bool(state["was_seated"])
        return hold
