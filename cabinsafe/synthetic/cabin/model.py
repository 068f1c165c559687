"""A vehicle's interior, built: seats, solids, visible surfaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from cabinsafe.errors import DataError
from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.fittings import add_fittings
from cabinsafe.synthetic.cabin.interior import add_interior, console_solids, dash_solids
from cabinsafe.synthetic.cabin.parts import Parts
from cabinsafe.synthetic.cabin.seat_shapes import add_row
from cabinsafe.synthetic.cabin.seats import InFront, Seat, plain_seats, row_solids
from cabinsafe.synthetic.cabin.shell import Shell
from cabinsafe.synthetic.cabin.shell_shapes import add_shell
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.cabin.things import Thing, place_thing
from cabinsafe.synthetic.mesh import Mesh
from cabinsafe.synthetic.rotations import Array

_KNEE_M = 0.20
"""Height of the knees over the hip points."""
_LEAST_WAY_M = 0.25
"""A door is beside a seat if its opening is that long between hips and knees."""


class Cabin:
    """One vehicle's interior in the vehicle frame.

    Attributes:
        spec: what it was built from; it determines everything.
        shell: lines and windows of the body.
    """

    def __init__(self, spec: CabinSpec) -> None:
        self.spec = spec
        self.shell = Shell(spec)

    @cached_property
    def seats(self) -> Mapping[str, Seat]:
        """Seats by COVESA VSS name, row by row from the vehicle's left."""
        return MappingProxyType({seat.name: self._surrounded(seat) for seat in self._plain_seats.values()})

    @cached_property
    def solids(self) -> tuple[OrientedBox, ...]:
        """All that a body must not go through, each with a name; things last."""
        return self.solids_without(frozenset())

    def solids_without(self, open_doors: Set[str]) -> tuple[OrientedBox, ...]:
        """The solids while the named side doors stand open: sills and lintels stay, and what is beside them.

        Raises:
            DataError: there is no such door.
        """
        self._check_doors(open_doors)
        things = (solid for thing in self._things for solid in thing.solids)
        return (*self.shell.solids(open_doors), *self._furniture, *things)

    def door_beside(self, seat_name: str) -> str | None:
        """The door by which the occupant of an outer seat comes in; None if there is none beside the seat.

        Raises:
            DataError: there is no such seat.
        """
        if seat_name not in self.seats:
            raise DataError(f"expected a seat among {', '.join(self.seats)}, got {seat_name}")
        seat = self.seats[seat_name]
        sign = float(np.sign(seat.hip_m[1]))
        if not (sign and (seat.left is None if sign > 0 else seat.right is None)):
            return None
        here, knees = float(seat.hip_m[0]), float(seat.front_edge[0, 0])
        doors = [door for door in self.shell.doors.values() if door.sign == sign]
        best = max(doors, key=lambda door: door.overlap_m(here, knees), default=None)
        return best.name if best and best.overlap_m(here, knees) >= _LEAST_WAY_M else None

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper corner, (3,) each, of the room between floor, roof, doors and windscreen."""
        spec, shell = self.spec, self.shell
        low = np.array([spec.rear_m, -spec.half_width_m, 0.0])
        high = np.array([max(shell.front_x, shell.cowl_x), spec.half_width_m, spec.roof_m])
        return low, high

    def meshes(self, open_doors: Set[str] = frozenset()) -> list[Mesh]:
        """Everything visible; windows are openings, and so is where the named side doors stand open.

        Raises:
            DataError: there is no such door.
        """
        self._check_doors(open_doors)
        parts = Parts(self.spec.materials)
        add_shell(parts, self.shell, open_doors)
        add_interior(parts, self.shell, self._plain_seats.values())
        for row in self.spec.rows:
            add_row(parts, row)
        add_fittings(parts, self.shell, self._plain_seats.values())
        for thing in self._things:
            for material, shape in thing.shapes:
                parts.add(material, shape)
        return parts.meshes()

    @cached_property
    def _plain_seats(self) -> Mapping[str, Seat]:
        return {seat.name: seat for seat in plain_seats(self.spec)}

    @cached_property
    def _things(self) -> tuple[Thing, ...]:
        return tuple(place_thing(thing, self._plain_seats, self.shell) for thing in self.spec.things)

    @cached_property
    def _built_in(self) -> tuple[OrientedBox, ...]:
        return (*self.shell.solids(), *self._furniture)

    @cached_property
    def _furniture(self) -> tuple[OrientedBox, ...]:
        def all_of() -> Iterator[OrientedBox]:
            yield from dash_solids(self.shell)
            yield from console_solids(self.spec)
            for number, row in enumerate(self.spec.rows, 1):
                yield from row_solids(row, number)

        return tuple(all_of())

    def _check_doors(self, names: Set[str]) -> None:
        unknown = sorted(names - self.shell.doors.keys())
        if unknown:
            expected = ", ".join(self.shell.doors) or "none"
            raise DataError(f"expected doors among {expected}, got {', '.join(unknown)}")

    def _surrounded(self, seat: Seat) -> Seat:
        """The seat with what is in front of it, beside it and on it."""
        sign = float(np.sign(seat.hip_m[1]))
        outer = seat.left is None if sign > 0 else seat.right is None
        things = [thing for thing in self._things if thing.on_seat == seat.name]
        return replace(
            seat,
            in_front=self._in_front(seat),
            window=self.shell.window_beside(float(seat.hip_m[0]), sign) if sign and outer else None,
            laden=bool(things),
            child_hip_m=next((thing.child_hip_m for thing in things if thing.child_hip_m is not None), None),
        )

    def _in_front(self, seat: Seat) -> InFront:
        """The nearest solid ahead of the knees, straight ahead from over the cushion's front edge."""
        start, end = seat.at(0.2, 0, _KNEE_M), seat.at(20.0, 0, _KNEE_M)
        shares = [float(solid.entry(start, end)) for solid in self._built_in]
        nearest = int(np.argmin(shares))
        solid = self._built_in[nearest]
        x = float(start[0] + shares[nearest] * (end - start)[0])
        return InFront(solid.name, x, float(solid.corners[:, 2].max()))
