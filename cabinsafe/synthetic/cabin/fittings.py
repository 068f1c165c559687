"""Small things that are built in: visors, mirror, grab handles, belts, buckles, a shuttle's poles, lamps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cabinsafe.synthetic.cabin.parts import Parts
from cabinsafe.synthetic.cabin.seats import BACK_BELOW_M, Seat
from cabinsafe.synthetic.cabin.shell import Shell
from cabinsafe.synthetic.mesh import Material, ribbon, rounded_box, tube
from cabinsafe.synthetic.rotations import Array, about_y

_BELT_WIDTH_M = 0.047
_LAMP = Material(color=(0.7, 0.7, 0.66), roughness=0.3, ir_reflectance=0.6)
_MIRROR = Material(color=(0.02, 0.02, 0.025), roughness=0.1, ir_reflectance=0.1)
_BLACK = Material(color=(0.015, 0.015, 0.015), roughness=0.5, ir_reflectance=0.15)
_BUCKLE = Material(color=(0.25, 0.02, 0.02), roughness=0.4, ir_reflectance=0.3)


def add_fittings(parts: Parts, shell: Shell, seats: Iterable[Seat]) -> None:
    """Add them to the visible parts."""
    fittings, seats = shell.spec.fittings, list(seats)
    if fittings.sun_visors and shell.spec.dash:
        _add_visors(parts, shell)
    if fittings.mirror and shell.spec.dash:
        _add_mirror(parts, shell)
    for seat in seats:
        sign = float(np.sign(seat.hip_m[1]))
        outer = bool(sign) and (seat.left is None if sign > 0 else seat.right is None)
        if outer and fittings.grab_handles and not fittings.poles:
            _add_handle(parts, shell, float(seat.hip_m[0]) - 0.05 * seat.facing, sign)
        if fittings.belts:
            _add_belt(parts, shell, seat, sign, outer)
    if fittings.poles:
        _add_poles(parts, shell, seats)
    for x in (shell.header_x - 0.12, *(row.x_m + 0.25 for row in shell.spec.rows[1:])):
        parts.add(_LAMP, rounded_box((x, 0, shell.roof_z(x, 0) - 0.008), (0.09, 0.16, 0.02), None, 5, 2))


def _add_visors(parts: Parts, shell: Shell) -> None:
    x, lean = shell.header_x + 0.05, about_y(-0.12)
    for sign in (1.0, -1.0):
        y = sign * 0.53 * shell.side_y(shell.rail_z)
        center = (x - 0.10, y, shell.roof_z(x, y) - 0.03)
        parts.add("roof", rounded_box(center, (0.17, 0.40, 0.018), lean, 6, 3))


def _add_mirror(parts: Parts, shell: Shell) -> None:
    x, z = shell.header_x + 0.10, shell.spec.roof_m - 0.13
    turn = about_y(0.12)
    parts.add("trim_top", rounded_box((x, 0, z), (0.035, 0.25, 0.065), turn, 4, 3))
    parts.add(
        _MIRROR, rounded_box(np.array((x, 0, z)) - turn[:, 0] * 0.016, (0.01, 0.235, 0.054), turn, 4, 3)
    )
    parts.add(
        "trim_top",
        tube([(x + 0.015, 0, z + 0.02), (x + 0.06, 0, z + 0.07), (x + 0.03, 0, z + 0.12)], 0.011, 6),
    )


def _add_handle(parts: Parts, shell: Shell, x: float, sign: float) -> None:
    """A grab handle along the roof's rail."""
    side, z = shell.side_y(shell.rail_z), shell.rail_z
    bow = [(0.12, 0, 0), (0.11, -0.035, -0.025), (0.04, -0.05, -0.04)]
    local = np.array([*bow, *((-x, y, z) for x, y, z in reversed(bow))])
    parts.add("roof", tube(local * (1, sign, 1) + (x, sign * (side - 0.02), z - 0.03), 0.011, 6))


def _add_belt(parts: Parts, shell: Shell, seat: Seat, sign: float, outer: bool) -> None:
    """An unused belt, down the side wall by outer seats and down the back of inner ones; and its buckle."""
    inward = -sign if outer else 1.0
    buckle = seat.at(-0.06, inward * seat.facing * (seat.width_m / 2 - 0.015), -0.03)
    lean = about_y(-seat.facing * 0.3)
    parts.add(_BLACK, rounded_box(buckle, (0.025, 0.035, 0.09), lean, 5, 2))
    parts.add(_BUCKLE, rounded_box(buckle + lean @ (0, 0, 0.044), (0.018, 0.026, 0.008), lean, 5, 1))
    if not outer:
        high = float(seat.back.size[2]) - BACK_BELOW_M - 0.03
        top, low = seat.along_back(high, 0.012), seat.along_back(0.05, 0.016)
        side = np.array([0, 0.30 * seat.width_m, 0])
        path = np.linspace(top + side, low + side, 8)
        normal = seat.frame @ (np.cos(seat.recline_rad), 0, np.sin(seat.recline_rad))
        parts.add("belt", ribbon(path, np.tile(normal, (8, 1)), _BELT_WIDTH_M))
        return
    x = float(seat.along_back(0.3, -0.12)[0])
    x = next((pillar for pillar in shell.spec.windows.pillars_m if abs(pillar - x) < 0.3), x)
    top_z = min(shell.rail_z - 0.12, seat.hip_m[2] + 0.80)
    path = np.array([_off_wall(shell, x, sign, z) for z in np.linspace(top_z, 0.12, 14)])
    parts.add("belt", ribbon(path, np.tile([0.0, -sign, 0.05], (14, 1)), _BELT_WIDTH_M))
    parts.add("trim_top", rounded_box(path[0], (0.06, 0.03, 0.05), None, 4, 2))
    tongue = _off_wall(shell, x, sign, 0.60 * top_z) - (0, sign * 0.012, 0)
    parts.add("accent", rounded_box(tongue, (0.05, 0.008, 0.06), None, 5, 1))


def _off_wall(shell: Shell, x: float, sign: float, z: float) -> Array:
    point: Array = shell.on_side(x, sign, z) - (0, sign * 0.05, 0)
    return point


def _add_poles(parts: Parts, shell: Shell, seats: list[Seat]) -> None:
    """Poles from the outer seats' backs to the roof, and two rails along it."""
    for seat in seats:
        if seat.left is None or seat.right is None:
            x, y, z = seat.along_back(0.5, -0.14, 0.0)
            top = shell.roof_z(x, 0.9 * y)
            parts.add("accent", tube([(x, 0.9 * y, h) for h in np.linspace(z, top, 6)], 0.016, 8))
    for sign in (1.0, -1.0):
        y = sign * 0.45 * shell.side_y(shell.rail_z)
        xs = np.linspace(shell.header_x - 0.25, shell.rear_top_x + 0.25, 9)
        parts.add("accent", tube([(x, y, shell.roof_z(x, y) - 0.09) for x in xs], 0.016, 8))
        for x in xs[::4]:
            z = shell.roof_z(x, y)
            parts.add("accent", tube([(x, y, z), (x, y, z - 0.09)], 0.012, 6))
