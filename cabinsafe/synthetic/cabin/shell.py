"""The vehicle's body from inside, as geometry: side walls, roof, windscreen, windows, and their solids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.doors import SILL_M, Door
from cabinsafe.synthetic.cabin.parts import smooth
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.rotations import Array, about_x

FOOTWELL_M = 0.40
"""How far the feet's room reaches ahead of the dashboard's rear face."""
SIDES = (("left", 1.0), ("right", -1.0))
WALL_M = 0.12
"""Thickness of floor, roof and walls."""
_LEAST_DOOR_M = 0.45
_DOOR_AHEAD_M = 0.20
"""How far a front door's opening reaches ahead of the dashboard's rear face."""
_LINTEL_M = 0.03
"""How far the roof's rail hangs into a door's opening."""


class Shell:
    """Lines and openings of the body.

    Attributes:
        spec: what it follows.
        sill_z: height of the windscreen's foot.
        cowl_x: where the windscreen begins, at its foot.
        header_x: where it meets the roof.
        rail_z: height of the roof's side rails.
        front_x: the wall ahead of the feet.
        rear_top_x: where the rear window meets the roof.
    """

    def __init__(self, spec: CabinSpec) -> None:
        self.spec = spec
        self.sill_z = spec.dash.top_m if spec.dash else spec.belt_line_m
        self.cowl_x = spec.front_m + (spec.dash.depth_m if spec.dash else 0.05)
        self.header_x = self.cowl_x - spec.windows.windscreen_rake_m
        self.rail_z = spec.roof_m - 0.06
        self.front_x = spec.front_m + (FOOTWELL_M if spec.dash else 0.0)
        self.rear_top_x = spec.rear_m + spec.windows.rear_rake_m

    def side_y(self, z: float) -> float:
        """Half the inner width at a height: narrower at the floor, leaning inward above the belt line."""
        spec = self.spec
        if z <= spec.belt_line_m:
            return spec.half_width_m - 0.05 * float((1 - max(z, 0) / spec.belt_line_m) ** 2)
        share = (z - spec.belt_line_m) / (self.rail_z - spec.belt_line_m)
        return spec.half_width_m - spec.tumblehome_m * float(share**1.3)

    def on_side(self, x: float, sign: float, z: float) -> Array:
        """(3,) a point of a side wall; ``sign`` +1 is the left one."""
        return np.array([x, sign * self.side_y(z), z])

    def roof_z(self, x: float, y: float) -> float:
        """Height of the lining: lower towards the rails and at both ends."""
        edge = abs(y) / self.side_y(self.rail_z)
        ends = smooth((self.header_x - x) / 0.35) * smooth((x - self.rear_top_x) / 0.35)
        return self.spec.roof_m - 0.06 * min(edge, 1.2) ** 3 - 0.03 * (1 - float(ends))

    @cached_property
    def pillar_feet_x(self) -> tuple[float, ...]:
        """Where the A, B, C ... pillars stand at the belt line."""
        return (self.cowl_x, *self.spec.windows.pillars_m)

    @cached_property
    def pillar_heads_x(self) -> tuple[float, ...]:
        """Where they meet the roof: the A pillar leans with the windscreen, the last one with the rear."""
        feet = self.spec.windows.pillars_m
        last = feet[-1] + 0.6 * self.spec.windows.rear_rake_m
        limit = feet[-2] - 0.1 if len(feet) > 1 else self.header_x - 0.3
        return (self.header_x, *feet[:-1], min(last, limit))

    @cached_property
    def windows(self) -> Mapping[str, Array]:
        """Open windows, (4, 3) each: low front, low rear, high rear, high front."""
        half = self.spec.windows.pillar_width_m / 2
        found = {}
        for number, ((foot_a, head_a), (foot_b, head_b)) in enumerate(
            pairwise(zip(self.pillar_feet_x, self.pillar_heads_x, strict=True)), 1
        ):
            inset = 0.04 if number == 1 else half
            xs = (foot_a - inset, foot_b + half, head_b + half, head_a - inset)
            zs = (self.spec.belt_line_m,) * 2 + (self.rail_z,) * 2
            for side, sign in SIDES:
                found[f"{side}{number}"] = np.stack(
                    [self.on_side(x, sign, z) for x, z in zip(xs, zs, strict=True)]
                )
        return {name: corners for name, corners in found.items() if name not in self.spec.windows.closed}

    def window_beside(self, x: float, sign: float) -> Array | None:
        """The open window of a side whose lower edge is nearest to ``x``, within 0.2 m; or None."""
        side = "left" if sign > 0 else "right"
        gaps = {
            name: max(corners[1, 0] - x, x - corners[0, 0], 0.0)
            for name, corners in self.windows.items()
            if name.startswith(side)
        }
        name = min(gaps, key=lambda key: gaps[key], default="")
        return self.windows[name] if name and gaps[name] < 0.2 else None

    @cached_property
    def doors(self) -> Mapping[str, Door]:
        """Doors by name, from front to rear, the left one of each pair first."""
        spec, half = self.spec, self.spec.windows.pillar_width_m / 2
        feet = (spec.front_m - 0.02, *spec.windows.pillars_m)
        first_x = spec.front_m + _DOOR_AHEAD_M if spec.dash else feet[0] - 0.05
        found = {}
        for number, (foot_a, foot_b) in enumerate(pairwise(feet), 1):
            if foot_a - foot_b <= _LEAST_DOOR_M:
                continue
            front_x, trim_x = first_x if number == 1 else foot_a - half, (foot_a - 0.05, foot_b + 0.08)
            slides = spec.kind == "shuttle" or (spec.kind == "van" and number > 1)
            for _, sign in SIDES:
                door = Door(number, sign, front_x, foot_b + half, trim_x, spec.half_width_m, slides)
                found[door.name] = door
        return MappingProxyType(found)

    def opened(self, sign: float, open_doors: Set[str]) -> list[Door]:
        """The doors of one side that are open."""
        return [door for door in self.doors.values() if door.sign == sign and door.name in open_doors]

    def walls(self, opened: list[Door]) -> Iterator[tuple[float, float]]:
        """Rear and front end of every stretch of a side between its open doors, from the rear."""
        rear = self.spec.rear_m
        for door in reversed(opened):
            if door.rear_x > rear:
                yield rear, door.rear_x
            rear = door.front_x
        yield rear, max(self.front_x, self.cowl_x)

    def solids(self, open_doors: Set[str] = frozenset()) -> Iterator[OrientedBox]:
        """Floor, roof, front and rear walls, doors and what is above them; glass counts as wall.

        Args:
            open_doors: names of doors that stand open; the windows over them are then no wall either.
        """
        spec, t = self.spec, WALL_M
        front, rear, wide = self.front_x, spec.rear_m, spec.half_width_m + t
        top = spec.roof_m
        yield OrientedBox.upright((rear - t, -wide, -t), (front + t, wide, 0), "floor")
        yield OrientedBox.upright((rear - t, -wide, top), (self.cowl_x + t, wide, top + t), "roof")
        yield OrientedBox.upright((front, -wide, 0), (front + t, wide, self.sill_z), "front wall")
        yield OrientedBox.upright((rear - t, -wide, 0), (rear, wide, top), "rear wall")
        for side, sign in SIDES:
            low, high = sorted((sign * spec.half_width_m, sign * wide))
            opened = self.opened(sign, open_doors)
            for start, end in self.walls(opened):
                yield OrientedBox.upright((start, low, 0), (end, high, spec.belt_line_m), f"{side} door")
                yield self._upper_side(f"{side} window side", sign, (start + end) / 2, end - start)
            for door in opened:
                yield from self._doorway(door, (low, high))

    def _doorway(self, door: Door, across: tuple[float, float]) -> Iterator[OrientedBox]:
        """Sill and lintel of an open door, and its leaf where it stands."""
        (low, high), (rear, front), z = across, (door.rear_x, door.front_x), self.rail_z - _LINTEL_M
        yield OrientedBox.upright((rear, low, 0), (front, high, SILL_M), f"{door.name} sill")
        inner = sorted((door.sign * self.side_y(self.rail_z), door.sign * max(abs(low), abs(high))))
        yield OrientedBox.upright(
            (rear, inner[0], z), (front, inner[1], self.spec.roof_m), f"{door.name} lintel"
        )
        leaf = OrientedBox.upright(
            (rear, low, SILL_M), (front, high, self.spec.belt_line_m), f"{door.name} leaf"
        )
        yield OrientedBox(door.opened(leaf.center), leaf.size, door.turn, leaf.name)

    def _upper_side(self, name: str, sign: float, middle_x: float, length: float) -> OrientedBox:
        low, high = (self.on_side(middle_x, sign, z) for z in (self.spec.belt_line_m, self.rail_z))
        lean = about_x(sign * float(np.arctan2(abs(low[1] - high[1]), high[2] - low[2])))
        center = (low + high) / 2 + lean @ (0, sign * WALL_M / 2, 0)
        height = float(np.linalg.norm(high - low)) + 0.05
        return OrientedBox(center, np.array([length, WALL_M, height]), lean, name)
