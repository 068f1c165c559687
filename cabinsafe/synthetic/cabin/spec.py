"""What one vehicle's interior is built from: measures, colours, things; each has a range and a default."""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians, sin
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.fields import SeatName
from cabinsafe.options import Options
from cabinsafe.synthetic.cabin.materials import MaterialsSpec, SurfaceSpec

Kind = Literal["sedan", "suv", "van", "shuttle"]
ThingKind = Literal["bag", "box", "bottle", "child_seat", "blanket", "phone_mount", "jacket"]

HEADROOM_M = 0.75
"""Least height of the roof over a hip point."""
HIP_TO_BACKREST_M = 0.13
"""Nominal distance of a sitting adult's hip points from the backrest's surface."""
HIP_TO_CUSHION_M = 0.09
"""Nominal height of a sitting adult's hip points over the cushion's surface."""

CUSHION_BEHIND_M = 0.15
"""How far a cushion reaches behind the hip points."""

WindowName = Annotated[str, Field(pattern=r"^((left|right)[1-9]|rear)$")]
Offset = Annotated[float, Field(ge=-3, le=3)]
Extent = Annotated[float, Field(gt=0, le=1.5)]


class SeatSpec(Options):
    """One place in a row."""

    y_m: float = Field(ge=-1.5, le=1.5, description="Its middle; positive is the vehicle's left")
    width_m: float = Field(0.50, ge=0.3, le=0.9, description="Width of its cushion")


class RowSpec(Options):
    """A row of seats of one make. Seats are listed from the vehicle's left to its right."""

    x_m: float = Field(0.0, ge=-8, le=2, description="Where the hip points of its occupants are")
    hip_m: float = Field(0.28, ge=0.15, le=0.7, description="Height of the hip points above the floor")
    facing: Literal["forward", "backward"] = "forward"
    seats: tuple[SeatSpec, ...] = Field((SeatSpec(y_m=0.36), SeatSpec(y_m=-0.36)), min_length=1)
    bench: bool = Field(False, description="One cushion and one back across all seats")
    cushion_m: float = Field(0.14, ge=0.05, le=0.4, description="Thickness of the cushion")
    cushion_ahead_m: float = Field(
        0.37, ge=0.2, le=0.5, description="The cushion's front edge before the hip points"
    )
    cushion_angle_deg: float = Field(11.0, ge=-5, le=25, description="How far its front is raised")
    back_m: float = Field(0.58, ge=0.3, le=0.8, description="Length of the back above the hip points")
    back_thickness_m: float = Field(0.11, ge=0.03, le=0.25)
    back_angle_deg: float = Field(23.0, ge=0, le=45, description="Recline from the vertical")
    bolster_m: float = Field(0.03, ge=0, le=0.08, description="Height of the side bolsters")
    headrests: Literal["posts", "integrated", "none"] = "posts"
    armrests: bool = Field(False, description="Armrests between neighbouring seats")

    @property
    def thickest_m(self) -> float:
        """Thickness at which the cushion's rear edge would touch the floor."""
        angle = radians(self.cushion_angle_deg)
        return (self.hip_m - HIP_TO_CUSHION_M - CUSHION_BEHIND_M * max(sin(angle), 0.0)) / cos(angle)

    @model_validator(mode="after")
    def _seats_lie_side_by_side(self) -> Self:
        for left, right in pairwise(self.seats):
            gap = left.y_m - right.y_m - (left.width_m + right.width_m) / 2
            if gap < -1e-6:
                raise ValueError(
                    f"seats must be listed from left (positive y_m) to right and not overlap: the one at y_m "
                    f"{left.y_m:g} and the one at {right.y_m:g} overlap by {-gap:.3f} m"
                )
        return self


class WheelSpec(Options):
    """The steering wheel, placed from the driver's hip point."""

    ahead_m: float = Field(0.42, ge=0.25, le=0.7)
    above_m: float = Field(0.37, ge=0.15, le=0.6)
    radius_m: float = Field(0.185, ge=0.12, le=0.26)
    tilt_deg: float = Field(25.0, ge=0, le=75, description="How far its top leans forward from the vertical")
    spokes: int = Field(3, ge=2, le=4)


class DashSpec(Options):
    """The dashboard; its rear face is at the cabin's ``front_m``."""

    top_m: float = Field(0.77, ge=0.4, le=1.4, description="Height of its upper face")
    bottom_m: float = Field(0.44, ge=0.2, le=1.0, description="Height of its lower edge, above the knees")
    depth_m: float = Field(0.40, ge=0.15, le=0.9, description="From its rear face to the windscreen's foot")
    crown_m: float = Field(0.05, ge=0, le=0.2, description="How far its ends curve back towards the doors")
    screen: Literal["none", "inset", "floating"] = "inset"
    screen_width_m: float = Field(0.26, ge=0.12, le=1.0)
    vents: bool = True

    @model_validator(mode="after")
    def _has_height(self) -> Self:
        if self.top_m - self.bottom_m < 0.1:
            raise ValueError(
                f"top_m must be at least 0.1 above bottom_m, got {self.top_m:g} and {self.bottom_m:g}"
            )
        return self


class ConsoleSpec(Options):
    """Tunnel and centre console between the front seats; a height of 0 leaves it out."""

    tunnel_m: float = Field(0.10, ge=0, le=0.3, description="Height of the tunnel along the floor")
    console_m: float = Field(0.36, ge=0, le=0.7, description="Height of the centre console")
    width_m: float = Field(0.17, ge=0.05, le=0.5)
    lever: bool = True


class WindowsSpec(Options):
    """Openings above the belt line. Window 1 of a side lies between the A and the B pillar, and so on."""

    pillars_m: tuple[Annotated[float, Field(ge=-10, le=1)], ...] = Field(
        (-0.30, -1.15), min_length=1, description="Where the B, C ... pillars stand at the belt line"
    )
    pillar_width_m: float = Field(0.11, ge=0.04, le=0.4)
    closed: tuple[WindowName, ...] = Field((), description="Panelled over: left1, right2, rear ...")
    windscreen_rake_m: float = Field(
        0.60, ge=0, le=1.2, description="How far its upper edge lies behind its foot"
    )
    rear_rake_m: float = Field(0.35, ge=0, le=1.0, description="The same of the rear window, forward")

    @model_validator(mode="after")
    def _pillars_fall_back(self) -> Self:
        if any(a - b < self.pillar_width_m for a, b in pairwise(self.pillars_m)):
            raise ValueError(
                f"pillars_m must run from front to rear, each at least pillar_width_m "
                f"{self.pillar_width_m:g} behind the one before, got {list(self.pillars_m)}"
            )
        return self


class FittingsSpec(Options):
    """Small things that are built in."""

    sun_visors: bool = True
    mirror: bool = True
    grab_handles: bool = True
    belts: bool = Field(True, description="Belts of empty seats hang at the pillars")
    poles: bool = Field(False, description="Handrails of a shuttle")
    door_pockets: bool = True


class ThingSpec(Options):
    """Something that lies about."""

    kind: ThingKind
    seat: SeatName | None = Field(None, description="The seat it belongs to; phone_mount needs none")
    place: Literal["seat", "floor", "lap"] = Field("seat", description="Where a bag, box or bottle is")
    size_m: tuple[Extent, Extent, Extent] | None = Field(
        None, description="Length, width, height; by kind if left out"
    )
    offset_m: tuple[Offset, Offset, Offset] = Field(
        (0.0, 0.0, 0.0), description="Shift from where it would be"
    )
    yaw_deg: float = Field(0.0, ge=-180, le=180)
    surface: SurfaceSpec = SurfaceSpec(color=(0.1, 0.1, 0.12), color2=(0.2, 0.2, 0.2))

    @model_validator(mode="after")
    def _has_a_seat(self) -> Self:
        if self.seat is None and self.kind != "phone_mount":
            raise ValueError(f"a {self.kind} needs a seat (Row2.Pos1 ...)")
        return self


class CabinSpec(Options):
    """One vehicle's interior.

    The defaults are those of a small sedan; :func:`~cabinsafe.synthetic.cabin.sampling.draw_cabin` draws the
    others. Metres in the vehicle frame.
    """

    kind: Kind = Field("sedan", description="What it is; the measures below make it so")
    drive_side: Literal["left", "right"] = "left"
    half_width_m: float = Field(0.72, ge=0.5, le=1.4, description="Half the inner width at the belt line")
    roof_m: float = Field(1.20, ge=0.9, le=2.5, description="Height of the roof's lining in the middle")
    belt_line_m: float = Field(0.70, ge=0.4, le=1.4, description="Height of the windows' lower edge")
    front_m: float = Field(
        0.62, ge=0.3, le=3, description="Rear face of the dashboard; without one, the front wall"
    )
    rear_m: float = Field(-1.75, ge=-10, le=-0.3, description="Rear wall, at the floor")
    tumblehome_m: float = Field(
        0.15, ge=0, le=0.4, description="How far the roof's edge lies inside of the belt line"
    )
    rows: tuple[RowSpec, ...] = Field(
        (
            RowSpec(),
            RowSpec(
                x_m=-0.84,
                hip_m=0.30,
                bench=True,
                bolster_m=0.015,
                back_angle_deg=25.0,
                seats=tuple(SeatSpec(y_m=y, width_m=0.44) for y in (0.44, 0.0, -0.44)),
            ),
        ),
        min_length=1,
    )
    wheel: WheelSpec | None = Field(
        WheelSpec(), description="None: no driver; else row 1's outer seat is the driver's"
    )
    dash: DashSpec | None = Field(DashSpec(), description="None: a plain front wall up to the belt line")
    console: ConsoleSpec = ConsoleSpec()
    windows: WindowsSpec = WindowsSpec()
    fittings: FittingsSpec = FittingsSpec()
    materials: MaterialsSpec = MaterialsSpec()
    things: tuple[ThingSpec, ...] = ()

    @property
    def seat_names(self) -> tuple[str, ...]:
        """COVESA VSS names, row by row, from the vehicle's left to its right."""
        return tuple(
            f"Row{r}.Pos{p}" for r, row in enumerate(self.rows, 1) for p in range(1, len(row.seats) + 1)
        )

    @model_validator(mode="after")
    def _everything_fits(self) -> Self:
        problems = [*self._seats_that_do_not_fit(), *self._parts_that_do_not_fit()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _seats_that_do_not_fit(self) -> list[str]:
        problems = []
        for number, row in enumerate(self.rows):
            side = max(abs(seat.y_m) + seat.width_m / 2 for seat in row.seats)
            if side > self.half_width_m + 1e-6:
                problems.append(
                    f"rows.{number} reaches {side:.2f} m to the side: half_width_m must be that much"
                )
            if row.hip_m + HEADROOM_M > self.roof_m:
                heights = f"{self.roof_m:g} and {row.hip_m:g}"
                problems.append(f"rows.{number}: roof_m must be {HEADROOM_M} above hip_m, got {heights}")
            if row.cushion_m > row.thickest_m:
                problems.append(
                    f"rows.{number}.cushion_m must be at most {row.thickest_m:.2f} to stay off the floor"
                )
            low, high = self.rear_m + 0.2, self.front_m - 0.2
            if not low <= row.x_m <= high:
                problems.append(f"rows.{number}.x_m must be from {low:.2f} to {high:.2f}, got {row.x_m:g}")
        if any(a.x_m - b.x_m < 0.6 for a, b in pairwise(self.rows)):
            problems.append("rows must run from front to rear, at least 0.6 m apart in x_m")
        return problems

    def _parts_that_do_not_fit(self) -> list[str]:
        problems = []
        if self.belt_line_m > self.roof_m - 0.2:
            problems.append(f"belt_line_m must be 0.2 below roof_m {self.roof_m:g}, got {self.belt_line_m:g}")
        if self.wheel and (self.dash is None or self.rows[0].facing == "backward"):
            problems.append("a wheel needs a dash and a first row that faces forward")
        if self.dash and self.dash.top_m > self.roof_m - 0.25:
            problems.append(f"dash.top_m must be 0.25 below roof_m {self.roof_m:g}, got {self.dash.top_m:g}")
        for number, thing in enumerate(self.things):
            if thing.seat is not None and thing.seat not in self.seat_names:
                problems.append(
                    f"things.{number}: no seat {thing.seat}, there are {', '.join(self.seat_names)}"
                )
        return problems
