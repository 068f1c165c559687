"""What one camera sees of the cabin: its seats, drawn once, in normalised image coordinates.

Coordinates run from 0 to 1 over the width and the height of the frame, so that one cabin file serves any
resolution. Seats are named as COVESA VSS does: ``Row1.Pos1`` is the first row's first seat.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import numpy as np
from pydantic import AfterValidator, Field, field_validator, model_validator
from typing_extensions import Self

from cabinsafe.errors import ConfigError
from cabinsafe.fields import SeatName
from cabinsafe.geometry import (
    XY,
    Array,
    crosses_itself,
    polygon_area,
    polygon_centroid,
    polygon_contains,
)
from cabinsafe.options import Options

Coordinate = Annotated[float, Field(ge=-0.5, le=1.5)]
Point = tuple[Coordinate, Coordinate]
LEAST_AREA: Final = 1e-6  # of the frame: less than a pixel of most


def _encloses_an_area(outline: tuple[Point, ...]) -> tuple[Point, ...]:
    if crosses_itself(outline):
        raise ValueError("the outline crosses itself: its corners must come in their order around it")
    if polygon_area(outline) < LEAST_AREA:
        raise ValueError("the outline has no area: its corners lie on one line")
    return outline


Polygon = Annotated[tuple[Point, ...], Field(min_length=3), AfterValidator(_encloses_an_area)]
"""Outline, closed from the last corner to the first; it does not cross itself and has an area."""


class SeatView(Options):
    """One seat as one camera sees it."""

    name: SeatName = Field(description="COVESA VSS name, Row1.Pos1")
    zone: Polygon | None = Field(
        default=None,
        description="Polygon in which the hips or torso of the seat's occupant lie, normalised; none where "
        "they cannot be seen: nobody is found in the seat then",
    )
    seat_line: tuple[Point, Point] | None = Field(
        default=None,
        description="Front edge of the cushion from end to end, normalised: feet above it are on it",
    )
    cushion: Polygon | None = Field(
        default=None,
        description="Outline of the cushion's upper side, normalised, as if people and seats were of glass",
    )

    @field_validator("seat_line")
    @classmethod
    def _line_has_length(cls, line: tuple[Point, Point] | None) -> tuple[Point, Point] | None:
        if line is not None and line[0] == line[1]:
            raise ValueError("the two ends of seat_line must differ")
        return line

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.zone or self.seat_line or self.cushion):
            raise ValueError(f"seat {self.name} needs a zone, a seat_line or a cushion")
        return self

    def zone_px(self, size_wh: tuple[int, int]) -> Array | None:
        """Zone polygon (V, 2) in pixels of a frame of this size, or None when the view has none."""
        return None if self.zone is None else np.array(self.zone) * size_wh

    def cushion_middle(self, size_wh: tuple[int, int]) -> XY | None:
        """Centroid of the cushion's outline in pixels of a frame of this size, or None without an outline."""
        if self.cushion is None:
            return None
        x, y = polygon_centroid(self.cushion)
        return x * size_wh[0], y * size_wh[1]

    def seat_line_px(self, size_wh: tuple[int, int]) -> Array | None:
        """Seat line (2, 2) in pixels of a frame of this size, or None when the view has none."""
        return None if self.seat_line is None else np.array(self.seat_line) * size_wh


class CameraView(Options):
    """One camera of the cabin."""

    camera_id: str = Field(min_length=1, description="Name that frames of this camera carry")
    mirrored: bool = Field(default=False, description="True if the camera delivers a mirror image")
    seats: tuple[SeatView, ...] = ()
    dashboard: Polygon | None = Field(
        default=None,
        description="Outline, normalised, of where feet on the dashboard are seen: its top and upper face",
    )

    @model_validator(mode="after")
    def _seats_differ(self) -> Self:
        names = [seat.name for seat in self.seats]
        if len(set(names)) != len(names):
            raise ValueError(f"seat names must differ within a camera, got {', '.join(names)}")
        return self

    def cushion_middles(self, size_wh: tuple[int, int]) -> dict[str, XY]:
        """Middle of each cushion that is outlined, by seat; see :meth:`SeatView.cushion_middle`."""
        middles = {seat.name: seat.cushion_middle(size_wh) for seat in self.seats}
        return {name: middle for name, middle in middles.items() if middle is not None}

    def seat_at(self, point_px: Array, size_wh: tuple[int, int]) -> str | None:
        """Name of the first seat whose zone holds a point (2,) in frame pixels, or None."""
        point = np.asarray(point_px, dtype=np.float64) / size_wh
        holders = (seat.name for seat in self.seats if seat.zone and polygon_contains(seat.zone, point))
        return next(holders, None)


def check_places(
    views: Mapping[str, CameraView], per_view: Iterable[str], per_seat: Iterable[str], prefix: str = ""
) -> None:
    """Refuse overrides of options for cameras and seats that a cabin does not have.

    Args:
        views: of the cabin, by camera id.
        per_view: cameras that are overridden.
        per_seat: seats that are.
        prefix: key under which the overrides lie, with a dot behind it.

    Raises:
        ConfigError: names the first such override, and what the cabin has.
    """
    seats = {seat.name for view in views.values() for seat in view.seats}
    for key, names, known in (("per_view", per_view, set(views)), ("per_seat", per_seat, seats)):
        for name in names:
            if name not in known:
                raise ConfigError(f"{prefix}{key}.{name}: the cabin has {', '.join(sorted(known)) or 'none'}")
