"""Seats as geometry: what posing, truth and views need to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.spec import (
    CUSHION_BEHIND_M,
    HIP_TO_BACKREST_M,
    HIP_TO_CUSHION_M,
    CabinSpec,
    RowSpec,
)
from cabinsafe.synthetic.rotations import Array, about_y, about_z

BACK_BELOW_M = 0.12
"""How far the back reaches below the hip points."""


@dataclass(frozen=True, eq=False)
class SteeringWheel:
    """The driver's wheel.

    Attributes:
        center: (3,) middle of the rim.
        radius_m: to the middle of the rim's section.
        tilt_rad: how far its top leans forward from the vertical.
    """

    center: Array
    radius_m: float
    tilt_rad: float

    @cached_property
    def rotation(self) -> Array:
        """(3, 3) columns: away from the driver, to the vehicle's left, up along the rim's plane."""
        return about_y(self.tilt_rad)

    def rim(self, angle_rad: float) -> Array:
        """(3,) point of the rim: 0 is its vehicle-left, a quarter turn its top."""
        local = np.array([0.0, np.cos(angle_rad), np.sin(angle_rad)]) * self.radius_m
        point: Array = self.center + self.rotation @ local
        return point


@dataclass(frozen=True)
class InFront:
    """What a sitter's knees would meet.

    Attributes:
        name: of the solid.
        x_m: where its surface is.
        top_m: its upper end above the floor.
    """

    name: str
    x_m: float
    top_m: float


@dataclass(frozen=True, eq=False)
class Seat:
    """One seat in the vehicle frame, metres.

    Attributes:
        name: COVESA VSS name.
        row: number of its row, from 1.
        hip_m: (3,) middle between a sitting adult's hip points.
        facing: +1 forward, -1 backward.
        recline_rad: of the back, from the vertical.
        width_m: of its part of the cushion.
        cushion, back: solids; its part of them where the row is a bench.
        headrest: solid, or None.
        front_edge: (2, 3) the cushion's upper front edge, from the vehicle's left to its right.
        cushion_top_m: height of the cushion's surface under the hip points.
        floor_m: height of the floor in front.
        left, right: names of the row's next seats to the vehicle's left and right, or None.
        in_front: what stands in front at the height of the knees.
        wheel: the steering wheel, if this is the driver's seat.
        window: (4, 3) the opening of the side window next to an outer seat (low front, low rear, high rear,
            high front), or None.
        laden: whether something lies on it (a child seat counts).
        child_hip_m: (3,) where a child's hips are in the child seat on it, or None.
    """

    name: str
    row: int
    hip_m: Array
    facing: float
    recline_rad: float
    width_m: float
    cushion: OrientedBox
    back: OrientedBox
    headrest: OrientedBox | None
    front_edge: Array
    cushion_top_m: float
    left: str | None
    right: str | None
    in_front: InFront = InFront("", 0.0, 0.0)
    wheel: SteeringWheel | None = None
    window: Array | None = None
    floor_m: float = 0.0
    laden: bool = False
    child_hip_m: Array | None = None

    @cached_property
    def frame(self) -> Array:
        """(3, 3) columns: the sitter's ahead, left and up."""
        return facing_frame(self.facing)

    def at(self, ahead: float, left: float, up: float) -> Array:
        """(3,) the point that lies so far from the hip point, as the sitter sees it."""
        point: Array = self.hip_m + self.frame @ (ahead, left, up)
        return point

    def along_back(self, up_m: float, off_m: float = HIP_TO_BACKREST_M, left_m: float = 0.0) -> Array:
        """(3,) the point ``up_m`` along the back from the hips and ``off_m`` before its surface."""
        u = (-np.sin(self.recline_rad), np.cos(self.recline_rad))
        forward = off_m - HIP_TO_BACKREST_M
        return self.at(u[0] * up_m + u[1] * forward, left_m, u[1] * up_m - u[0] * forward)


def facing_frame(facing: float) -> Array:
    """(3, 3) from a sitter's axes to the vehicle's."""
    return np.eye(3) if facing > 0 else np.round(about_z(np.pi))


def cushion_frame(row: RowSpec, y_m: float) -> tuple[Array, Array]:
    """A cushion's axes (3, 3), ahead along it, left and out of it, and its point (3,) under the hips."""
    frame = facing_frame(direction(row))
    under = np.array([row.x_m, y_m, row.hip_m - HIP_TO_CUSHION_M])
    return frame @ about_y(-np.radians(row.cushion_angle_deg)), under


def back_frame(row: RowSpec, y_m: float) -> tuple[Array, Array]:
    """A back's axes (3, 3), out of it, left and up along it, and its point (3,) behind the hips."""
    rotation = facing_frame(direction(row)) @ about_y(-np.radians(row.back_angle_deg))
    return rotation, np.array([row.x_m, y_m, row.hip_m]) - HIP_TO_BACKREST_M * rotation[:, 0]


def direction(row: RowSpec) -> float:
    """+1 if the row faces forward, else -1."""
    return 1.0 if row.facing == "forward" else -1.0


def cushion_box(row: RowSpec, y_m: float, width_m: float, name: str) -> OrientedBox:
    """The solid of a cushion or of a part of it."""
    rotation, under = cushion_frame(row, y_m)
    middle = (row.cushion_ahead_m - CUSHION_BEHIND_M) / 2
    center = under + rotation @ (middle, 0, -row.cushion_m / 2)
    size = np.array([row.cushion_ahead_m + CUSHION_BEHIND_M, width_m, row.cushion_m])
    return OrientedBox(center, size, rotation, name)


def back_box(row: RowSpec, y_m: float, width_m: float, name: str) -> OrientedBox:
    """The solid of a back or of a part of it."""
    rotation, behind = back_frame(row, y_m)
    center = behind + rotation @ (-row.back_thickness_m / 2, 0, (row.back_m - BACK_BELOW_M) / 2)
    size = np.array([row.back_thickness_m, width_m, row.back_m + BACK_BELOW_M])
    return OrientedBox(center, size, rotation, name)


def headrest_box(row: RowSpec, y_m: float, name: str) -> OrientedBox | None:
    """The solid of a headrest."""
    if row.headrests == "none":
        return None
    rotation, behind = back_frame(row, y_m)
    gap = 0.04 if row.headrests == "posts" else -0.02
    center = behind + rotation @ (-0.045, 0, row.back_m + gap + 0.085)
    return OrientedBox(center, np.array([0.09, 0.26, 0.17]), rotation, name)


def row_extent(row: RowSpec) -> tuple[float, float]:
    """Middle and width of a row from its outermost cushions' edges, metres."""
    left, right = row.seats[0], row.seats[-1]
    high, low = left.y_m + left.width_m / 2, right.y_m - right.width_m / 2
    return (high + low) / 2, high - low


def row_solids(row: RowSpec, number: int) -> Iterator[OrientedBox]:
    """Cushions, backs, headrests and armrests of a row."""
    y, width = row_extent(row)
    pieces = [(f"Row{number} bench", y, width)] if row.bench else []
    if not row.bench:
        pieces = [(f"Row{number}.Pos{p}", s.y_m, s.width_m) for p, s in enumerate(row.seats, 1)]
    for name, middle, wide in pieces:
        yield cushion_box(row, middle, wide, f"{name} cushion")
        yield back_box(row, middle, wide, f"{name} back")
    for position, seat in enumerate(row.seats, 1):
        headrest = headrest_box(row, seat.y_m, f"Row{number}.Pos{position} headrest")
        if headrest:
            yield headrest
    for position, middle in enumerate(armrest_places(row), 1):
        yield armrest_box(row, middle, f"Row{number} armrest {position}")


def armrest_places(row: RowSpec) -> tuple[float, ...]:
    """Where the armrests between neighbouring seats are, across."""
    if not row.armrests:
        return ()
    return tuple((a.y_m - a.width_m / 2 + b.y_m + b.width_m / 2) / 2 for a, b in pairwise(row.seats))


def armrest_box(row: RowSpec, y_m: float, name: str) -> OrientedBox:
    """An armrest's solid."""
    rotation, under = cushion_frame(row, y_m)
    return OrientedBox(under + rotation @ (0.05, 0, 0.17), np.array([0.34, 0.055, 0.05]), rotation, name)


def plain_seats(spec: CabinSpec) -> Iterator[Seat]:
    """The seats as they stand for themselves, without what is around them."""
    for number, row in enumerate(spec.rows, 1):
        for position, place in enumerate(row.seats, 1):
            name = f"Row{number}.Pos{position}"
            cushion = cushion_box(row, place.y_m, place.width_m, f"{name} cushion")
            ahead, half = row.cushion_ahead_m, place.width_m / 2
            rotation, under = cushion_frame(row, place.y_m)
            edge = under + ahead * rotation[:, 0]
            yield Seat(
                name=name,
                row=number,
                hip_m=np.array([row.x_m, place.y_m, row.hip_m]),
                facing=direction(row),
                recline_rad=float(np.radians(row.back_angle_deg)),
                width_m=place.width_m,
                cushion=cushion,
                back=back_box(row, place.y_m, place.width_m, f"{name} back"),
                headrest=headrest_box(row, place.y_m, f"{name} headrest"),
                front_edge=edge + np.array([[0, half, 0], [0, -half, 0]]),
                cushion_top_m=float(under[2]),
                left=f"Row{number}.Pos{position - 1}" if position > 1 else None,
                right=f"Row{number}.Pos{position + 1}" if position < len(row.seats) else None,
                wheel=_wheel(spec, position) if number == 1 else None,
            )


def _wheel(spec: CabinSpec, position: int) -> SteeringWheel | None:
    row = spec.rows[0]
    driver = 1 if spec.drive_side == "left" else len(row.seats)
    if spec.wheel is None or position != driver:
        return None
    seat = row.seats[position - 1]
    center = np.array([row.x_m + spec.wheel.ahead_m, seat.y_m, row.hip_m + spec.wheel.above_m])
    return SteeringWheel(center, spec.wheel.radius_m, float(np.radians(spec.wheel.tilt_deg)))
