"""What the body looks like from inside: floor, doors, pillars, roof, window surrounds, walls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from cabinsafe.synthetic.cabin.doors import SILL_M, Door
from cabinsafe.synthetic.cabin.parts import Parts, oval, padded, rounded_loop, turned
from cabinsafe.synthetic.cabin.shell import SIDES, WALL_M, Shell
from cabinsafe.synthetic.mesh import Shape, grid, rounded_box, tube
from cabinsafe.synthetic.rotations import Array

_SIGNS = (1.0, -1.0)


def add_shell(parts: Parts, shell: Shell, open_doors: Set[str] = frozenset()) -> None:
    """Add the body's inner surfaces; the named doors stand open."""
    _add_floor(parts, shell)
    _add_roof(parts, shell)
    _add_rear(parts, shell)
    for side, sign in SIDES:
        leaves = {door.name: parts.moved(door.opened) for door in shell.opened(sign, open_doors)}
        _add_side(parts, shell, (side, sign), leaves)
        _add_pillars(parts, shell, sign)
        for door in shell.doors.values():
            if door.sign == sign:
                _add_door_card(leaves.get(door.name, parts), shell, sign, *door.trim_x)


def sheet(first: ArrayLike, second: ArrayLike, at: Callable[[float, float], Array]) -> Shape:
    """A surface of points ``at(a, b)`` for all of two lists of parameters."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    corners = np.zeros((4, 3))
    _, triangles = grid(corners, (len(a) - 1, len(b) - 1))
    return np.array([at(float(u), float(v)) for u in a for v in b]), triangles


def _steps(start: float, end: float, cell_m: float) -> Array:
    return np.linspace(start, end, max(2, int(np.ceil(abs(end - start) / cell_m)) + 1))


def _add_floor(parts: Parts, shell: Shell) -> None:
    spec, toe = shell.spec, 0.12 if shell.spec.dash else 0.02
    side = shell.side_y(0.0)
    xs = _steps(spec.rear_m, shell.front_x - toe, 0.2)
    parts.add("floor", sheet(xs, _steps(-side, side, 0.2), lambda x, y: np.array([x, y, 0.0])))
    wall = [(shell.front_x - toe, 0.0), (shell.front_x - toe * 0.1, 0.32), (shell.front_x, shell.sill_z)]
    for (x0, z0), (x1, z1) in pairwise(wall):
        corners = [(x0, -side, z0), (x1, -side, z1), (x1, side, z1), (x0, side, z0)]
        parts.add("floor" if z0 == 0.0 and spec.dash else "trim", grid(corners, (3, 8)))


def _add_roof(parts: Parts, shell: Shell) -> None:
    side = shell.side_y(shell.rail_z)
    xs = _steps(shell.header_x, shell.rear_top_x, 0.2)
    ys = np.linspace(-side, side, 11)
    parts.add("roof", sheet(xs, ys, lambda x, y: np.array([x, y, shell.roof_z(x, y)])))
    for x in (shell.header_x, shell.rear_top_x):
        path = [(x, y, shell.roof_z(x, y) - 0.005) for y in ys]
        parts.add("roof", oval(path, (1, 0, 0), 0.09, 0.035))
    for sign in _SIGNS:
        rail = [(x, sign * (side - 0.005), shell.rail_z - 0.005) for x in xs]
        parts.add("roof", oval(rail, (0, 0, 1), 0.075, 0.06))


def _add_rear(parts: Parts, shell: Shell) -> None:
    spec = shell.spec
    side, rail = spec.half_width_m, shell.side_y(shell.rail_z)
    belt, top = spec.belt_line_m, shell.rail_z
    low = [
        (spec.rear_m, -side, 0),
        (spec.rear_m, side, 0),
        (spec.rear_m, side, belt),
        (spec.rear_m, -side, belt),
    ]
    parts.add("trim", grid(low, (10, 6)))
    if "rear" in spec.windows.closed:
        high = [
            (spec.rear_m, -side, belt),
            (spec.rear_m, side, belt),
            (shell.rear_top_x, rail, top),
            (shell.rear_top_x, -rail, top),
        ]
        parts.add("roof", grid(high, (10, 6)))
    if spec.kind == "sedan":
        last = spec.rows[-1]
        lean = np.tan(np.radians(last.back_angle_deg)) * (belt - last.hip_m)
        front = last.x_m - 0.13 - lean - last.back_thickness_m
        z = belt + 0.01
        shelf = [(front, -side, z), (front, side, z), (spec.rear_m, side, z), (spec.rear_m, -side, z)]
        parts.add("trim_top", grid(shelf, (12, 4)))


def _add_side(parts: Parts, shell: Shell, which: tuple[str, float], leaves: Mapping[str, Parts]) -> None:
    """Wall to the belt line, and the panels above it that are no windows; open doors among their leaves."""
    spec, (side, sign) = shell.spec, which
    opened = shell.opened(sign, leaves.keys())
    for rear, front in shell.walls(opened):
        _add_wall(parts, shell, sign, rear, front)
    for door in opened:
        _add_sill(parts, shell, door)
        _add_wall(leaves[door.name], shell, sign, door.rear_x, door.front_x, SILL_M)
        _add_frame(leaves[door.name], shell, door)
    quarter = (
        (shell.pillar_feet_x[-1], spec.rear_m),
        (shell.pillar_heads_x[-1], shell.rear_top_x),
    )
    _add_panel(parts, shell, sign, *quarter)
    ends = list(zip(shell.pillar_feet_x, shell.pillar_heads_x, strict=True))
    for number, ((foot_a, head_a), (foot_b, head_b)) in enumerate(pairwise(ends), 1):
        name = f"{side}{number}"
        if name in spec.windows.closed:
            _add_panel(leaves.get(name, parts), shell, sign, (foot_a, foot_b), (head_a, head_b))


def _add_wall(
    parts: Parts, shell: Shell, sign: float, rear: float, front: float, bottom: float = 0.0
) -> None:
    """A stretch of a side up to the belt line, where its ledge is."""
    belt = shell.spec.belt_line_m
    xs, split = _steps(rear, front, 0.2), 0.72 * belt
    parts.add("trim", sheet(xs, np.linspace(bottom, split, 5), lambda x, z: shell.on_side(x, sign, z)))
    parts.add("trim_top", sheet(xs, np.linspace(split, belt, 3), lambda x, z: shell.on_side(x, sign, z)))
    ledge = [shell.on_side(x, sign, belt - 0.012) - (0, sign * 0.012, 0) for x in xs]
    parts.add("trim_top", oval(ledge, (0, 1, 0), 0.06, 0.035))


def _add_sill(parts: Parts, shell: Shell, door: Door) -> None:
    """What is stepped over under an open door: as wide as the wall is thick, with a step outside."""
    xs, out = _steps(door.rear_x, door.front_x, 0.2), door.sign * (shell.spec.half_width_m + WALL_M)
    inner = door.sign * shell.side_y(0.0)
    profile = [(inner, 0.0), (inner, SILL_M), (out, SILL_M), (out, -WALL_M)]
    parts.add("trim", sheet(xs, np.arange(4), lambda x, i: np.array([x, *profile[int(i)]])))


def _add_frame(parts: Parts, shell: Shell, door: Door) -> None:
    """The frame of an open door's window."""
    half = shell.spec.windows.pillar_width_m / 2
    head_a, head_b = shell.pillar_heads_x[door.number - 1 : door.number + 1]
    corners = [
        (door.front_x, shell.spec.belt_line_m),
        (min(head_a - half, door.front_x), shell.rail_z - 0.02),
        (head_b + half, shell.rail_z - 0.02),
        (door.rear_x, shell.spec.belt_line_m),
    ]
    for (x0, z0), (x1, z1) in pairwise(corners):
        path = [
            shell.on_side(x0 + (x1 - x0) * s, door.sign, z0 + (z1 - z0) * s) for s in np.linspace(0, 1, 4)
        ]
        parts.add("roof", oval(path, (0, 1, 0), 0.03, 0.045))


def _add_panel(
    parts: Parts, shell: Shell, sign: float, low: tuple[float, float], high: tuple[float, float]
) -> None:
    """Wall above the belt line between two slanted lines."""
    belt, rail = shell.spec.belt_line_m, shell.rail_z

    def at(across: float, up: float) -> Array:
        front = low[0] + (high[0] - low[0]) * up
        rear = low[1] + (high[1] - low[1]) * up
        return shell.on_side(front + (rear - front) * across, sign, belt + (rail - belt) * up)

    parts.add("roof", sheet(np.linspace(0, 1, 7), np.linspace(0, 1, 7), at))


def _add_pillars(parts: Parts, shell: Shell, sign: float) -> None:
    belt, rail, wide = shell.spec.belt_line_m, shell.rail_z, shell.spec.windows.pillar_width_m
    heights = np.linspace(belt - 0.03, rail, 5)
    ends = list(zip(shell.pillar_feet_x, shell.pillar_heads_x, strict=True))
    ends.append((shell.spec.rear_m, shell.rear_top_x))
    for number, (foot, head) in enumerate(ends):
        share = (heights - belt) / (rail - belt)
        path = [
            shell.on_side(foot + (head - foot) * s, sign, z) - (0, sign * 0.012, 0)
            for s, z in zip(share, heights, strict=True)
        ]
        is_end = number in (0, len(ends) - 1)
        widths = 0.085 if is_end else np.linspace(1.2, 1.0, 5) * wide
        parts.add("roof", oval(path, (1, 0, 0), widths, 0.05 if not is_end else 0.07))
        if not is_end:
            low = [shell.on_side(foot, sign, z) - (0, sign * 0.004, 0) for z in np.linspace(0.0, belt, 4)]
            parts.add("trim", oval(low, (1, 0, 0), np.linspace(1.7, 1.25, 4) * wide, 0.04))


def _add_door_card(parts: Parts, shell: Shell, sign: float, front: float, rear: float) -> None:
    """Armrest, handle, pocket, speaker and an accent strip on a door."""
    belt, length = shell.spec.belt_line_m, front - rear
    middle = (front + rear) / 2
    top = 0.74 * belt
    arm = rounded_loop(
        [(-length * 0.42, 0.0, 0.02, 1), (-length * 0.42, 0.05, 0.02, 4), (length * 0.42, 0.05, 0.03, 1),
         (length * 0.36, -0.03, 0.03, 3)]
    )  # fmt: skip
    at = shell.on_side(middle, sign, top) - (0, sign * 0.03, 0.03)
    surface = turned(padded(arm, np.linspace(-0.045, 0.045, 2), 0.02), np.eye(3), at)
    parts.add("trim_top", *surface.between(surface.across[0], surface.across[-1]))
    parts.add("trim_top", surface.ends())
    insert = [shell.on_side(x, sign, z) - (0, sign * 0.006, 0) for x, z in _rectangle(front, rear, belt)]
    parts.add("seat_side", grid(insert, (4, 2)))
    strip = [
        shell.on_side(x, sign, 0.90 * belt) - (0, sign * 0.004, 0)
        for x in _steps(front - 0.03, rear + 0.03, 0.2)
    ]
    parts.add("accent", oval(strip, (0, 0, 1), 0.014, 0.01, 6))
    handle = np.array([[0.0, 0.0, 0.0], [-0.01, -0.028, 0.0], [-0.12, -0.03, 0.005], [-0.14, 0.0, 0.005]])
    anchor = shell.on_side(front - 0.22 * length, sign, 0.84 * belt)
    parts.add("accent", tube(anchor + handle * (1, sign, 1), 0.009, 5))
    if shell.spec.fittings.door_pockets:
        pocket = shell.on_side(middle, sign, 0.27 * belt) - (0, sign * 0.03, 0)
        parts.add("trim_top", rounded_box(pocket, (0.66 * length, 0.09, 0.20 * belt), None, 7, 3))
        parts.add("accent", tube(_disc(shell, sign, front - 0.17, 0.42 * belt), 0.005, 4, closed=True))


def _rectangle(front: float, rear: float, belt: float) -> list[tuple[float, float]]:
    low, high = 0.50 * belt, 0.70 * belt
    return [(front - 0.06, low), (rear + 0.06, low), (rear + 0.06, high), (front - 0.06, high)]


def _disc(shell: Shell, sign: float, x: float, z: float) -> Array:
    """The ring of a loudspeaker."""
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    points = [
        shell.on_side(x + 0.07 * np.cos(t), sign, z + 0.07 * np.sin(t)) - (0, sign * 0.008, 0) for t in turn
    ]
    return np.array(points)
