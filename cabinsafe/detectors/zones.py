"""Where feet can rest in a view, in pixels of a frame: cushions, seat lines, the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist, inf
from typing import NamedTuple

from cabinsafe.geometry import XY, box_distance, height_above_line, polygon_depth
from cabinsafe.types import BoxXyxy
from cabinsafe.views import CameraView, Polygon, SeatView

Size = tuple[int, int]


class SeatZone(NamedTuple):
    """One seat: the outline of its cushion, with its box and the box's diagonal, or only the seat line."""

    name: str
    row: str
    cushion: tuple[XY, ...] | None
    line: tuple[XY, XY] | None
    box: BoxXyxy = (0.0, 0.0, 0.0, 0.0)
    size_px: float = 0.0

    def depth_px(
        self, point: XY, span_margin: float, reach_px: float, known_px: float = -inf
    ) -> float | None:
        """How deep a point lies over the seat, negative beside it; None if too high over the line to tell.

        Farther than ``reach_px`` from the cushion, or so far that it cannot be deeper than ``known_px``,
        which it is over another, it is the distance to the box around the cushion. Over the line
        alone, it is the height above it, but no more than how far the point is within the line's ends and
        ``span_margin`` line lengths beyond them; it cannot be told for points higher than ``reach_px``.
        """
        if self.cushion is not None:
            away = box_distance(self.box, point)
            is_far = away > reach_px or -away < known_px
            return -away if is_far else polygon_depth(self.cushion, point)
        if self.line is None:
            return None
        height, along = height_above_line(point, *self.line)
        within = (0.5 + span_margin - abs(along - 0.5)) * dist(*self.line)
        return None if height > reach_px and within > 0 else min(height, within)


class FootZones(NamedTuple):
    """All places of one view."""

    seats: tuple[SeatZone, ...]
    rows: Mapping[str, tuple[SeatZone, ...]]
    dashboard: tuple[XY, ...] | None

    def near(self, own_seat: str | None) -> tuple[SeatZone, ...]:
        """Seats that a person can reach with the feet: those of the own row, all if the seat is unknown."""
        return self.seats if own_seat is None else self.rows.get(own_seat.partition(".")[0], ())


class ZoneMap:
    """The places of all views, worked out once for every size of frame."""

    def __init__(self, views: Mapping[str, CameraView]) -> None:
        self._views = views
        self._zones: dict[tuple[str, Size], FootZones] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no view names any place."""
        views = self._views.values()
        return not any(v.dashboard or any(s.seat_line or s.cushion for s in v.seats) for v in views)

    def of(self, camera_id: str, size_wh: Size) -> FootZones:
        """The places of a view; none if the cabin does not have it."""
        key = camera_id, size_wh
        if key not in self._zones:
            self._zones[key] = _in_pixels(self._views.get(camera_id), size_wh)
        return self._zones[key]


def _in_pixels(view: CameraView | None, size_wh: Size) -> FootZones:
    if view is None:
        return FootZones((), {}, None)
    seats = tuple(_seat(seat, size_wh) for seat in view.seats if seat.cushion or seat.seat_line)
    rows = {one.row: tuple(seat for seat in seats if seat.row == one.row) for one in seats}
    return FootZones(seats, rows, _scaled(view.dashboard, size_wh))


def _seat(seat: SeatView, size_wh: Size) -> SeatZone:
    line = None
    if seat.seat_line is not None:
        (x1, y1), (x2, y2) = seat.seat_line
        line = (x1 * size_wh[0], y1 * size_wh[1]), (x2 * size_wh[0], y2 * size_wh[1])
    cushion, box = _scaled(seat.cushion, size_wh), (0.0, 0.0, 0.0, 0.0)
    if cushion is not None:
        xs, ys = zip(*cushion, strict=True)
        box = min(xs), min(ys), max(xs), max(ys)
    return SeatZone(seat.name, seat.name.partition(".")[0], cushion, line, box, dist(box[:2], box[2:]))


def _scaled(polygon: Polygon | None, size_wh: Size) -> tuple[XY, ...] | None:
    return None if polygon is None else tuple((x * size_wh[0], y * size_wh[1]) for x, y in polygon)
