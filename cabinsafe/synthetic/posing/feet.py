"""Where feet go, by name: the floor, seats, the dashboard. Each function sets one foot of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.posing.draft import Draft
from cabinsafe.synthetic.posing.posture import letter, side_name
from cabinsafe.synthetic.rotations import Array

FootPlace = Callable[[Draft, int], None]

_SLIDES = 3
_SHIN_ROOM_M = 0.22
"""Room that an ankle keeps to a door, for toes and shin."""
_TOES_M = 0.19
"""From the ankle to the tip of the toes, in bodies."""


def floor(d: Draft, side: int) -> None:
    """Flat on the floor, or hanging where the legs are short."""
    _onto_floor(d, side, d.draw((0.0, 0.22)), d.draw((0.08, 0.22)))


def stretched(d: Draft, side: int) -> None:
    """Flat on the floor, far ahead, under the dashboard or the seat ahead."""
    _onto_floor(d, side, d.draw((0.25, 0.45)), d.draw((0.06, 0.2)))


def tucked(d: Draft, side: int) -> None:
    """Under the own seat's front edge."""
    _onto_floor(d, side, d.draw((-0.14, 0.0)), d.draw((0.05, 0.16)))


def on_knee(d: Draft, side: int) -> None:
    """The ankle on the other knee, as many men sit; high, and not on the seat."""
    other = d.figure().line(f"{side_name(-side)}_thigh")
    rest = other[0] + 0.88 * (other[1] - other[0]) + np.array([0, 0, d.body.radius("left_thigh") + 0.05])
    d.step(side, rest, d.way(0.6, side, 0.25), d.way(0.3, -side, 0.2))


def over_leg(d: Draft, side: int) -> None:
    """One thigh over the other, the shin hanging."""
    other = d.figure().line(f"{side_name(-side)}_thigh")
    knee = other[1] + d.scale * d.way(0.05, -0.02 * side, 0.13)
    shin = d.body.length("lowerleg01.L", "foot.L")
    d.step(side, knee + d.way(0.42 * shin, -0.35 * side * shin, -0.8 * shin), d.way(0.4, -0.5 * side, 1))


def own_seat(d: Draft, side: int) -> None:
    """Heel on the own cushion near its front edge, the knee up."""
    _onto_cushion(d, side, side * d.draw((0.03, 0.20)), d.draw((0.02, 0.13)))


def tailor(d: Draft, side: int) -> None:
    """Under the other leg, on the cushion: sitting cross-legged."""
    spot = _on_cushion(d, d.draw((0.08, 0.16)), -side * d.draw((0.02, 0.12)), 0.03)
    d.step(side, spot, d.way(0.35, side, 0.35), d.way(0.3, -side, 0))


def seat_beside(d: Draft, side: int) -> None:
    """On the neighbour's cushion on that side."""
    spot = _on_cushion(d, d.draw((0.06, 0.2)), side * d.draw((0.38, 0.55)), 0.0)
    wide = d.setting.half_width_m - _SHIN_ROOM_M
    spot[1] = np.clip(spot[1], -wide, wide)
    d.step(side, spot, d.way(0.5, 0.4 * side, 1), d.way(0.5, side, 0))


def dashboard(d: Draft, side: int) -> None:
    """On the dashboard, the leg nearly straight."""
    top = max(d.seat.in_front.top_m, d.hips[2] + 0.3)
    face = abs(d.seat.in_front.x_m - d.hips[0])
    spot = d.hips + d.way(face + d.draw((-0.02, 0.06)), side * d.draw((0.04, 0.2)), 0)
    spot[2] = top + 0.04 + d.draw((0.0, 0.08))
    for _ in range(_SLIDES):
        d.step(side, spot, d.way(0, 0.2 * side, 1), d.way(0.6, 0.2 * side, 0.8))
        short = float(np.linalg.norm(d.bone(f"foot.{letter(side)}") - spot))
        if short < 0.03:
            return
        d.hips = d.hips + d.way(min(short, 0.06), 0, 0)


def under_dashboard(d: Draft, side: int) -> None:
    """High up in the foot well, against what is in front, but below it."""
    face = abs(d.seat.in_front.x_m - d.hips[0])
    spot = d.hips + d.way(face - 0.04, side * d.draw((0.05, 0.16)), 0)
    spot[2] = d.draw((0.16, 0.28))
    d.step(side, spot, d.way(0.1, 0.2 * side, 1), d.way(0.6, 0.1 * side, 0.8))


def along_bench(d: Draft, side: int) -> None:
    """For one who lies: stretched or bent, away from the head, still on the cushions."""
    feet = -d.pelvis[:, 2]
    level = feet - np.array([0, 0, feet[2]])
    far = d.draw((0.28, 0.55)) * d.scale
    spot = d.hips + level / max(float(np.linalg.norm(level)), 1e-6) * far + d.way(d.draw((0.0, 0.22)), 0, 0)
    spot[2] = _surface(d) + 0.06 + (0.05 if side > 0 else 0.0)
    d.step(side, spot, d.way(1.0, 0, 0.3), d.way(0.4, 0, 0.2) + feet)


def off_bench(d: Draft, side: int) -> None:
    """For one who lies: the feet still on the floor."""
    feet = -d.pelvis[:, 2]
    spot = d.hips + d.way(0.42 * d.scale, 0, 0) + np.array([0, feet[1] * 0.15, 0])
    spot[2] = d.seat.floor_m + d.body.ankle_m
    d.step(side, spot + d.way(0, 0.1 * side, 0), d.way(0.6, 0, 1), d.way(1, 0, 0))


def kneeling(d: Draft, side: int) -> None:
    """Shin along the cushion, behind the person."""
    behind = -d.pelvis[:, 0]
    knee = d.hips + d.scale * 0.09 * side * d.pelvis[:, 1]
    shin = d.body.length("lowerleg01.L", "foot.L")
    spot = knee + behind * (shin * 0.9 - 0.06)
    spot[2] = _surface(d) + 0.05
    d.step(side, spot, -behind - np.array([0, 0, 0.8]), behind - np.array([0, 0, 0.2]))


def standing(d: Draft, side: int) -> None:
    """On the floor under the hips."""
    ahead = d.pelvis[:, 0] * np.array([1, 1, 0])
    spot = d.hips + d.scale * (0.13 * side * d.pelvis[:, 1] + d.draw((-0.06, 0.1)) * ahead)
    spot[2] = d.seat.floor_m + d.body.ankle_m
    d.step(side, spot, ahead + np.array([0, 0, 0.1]), ahead + 0.25 * side * d.pelvis[:, 1])


def _onto_floor(d: Draft, side: int, ahead_shins: float, apart: float) -> None:
    thigh = d.body.length("upperleg01.L", "lowerleg01.L")
    shin = d.body.length("lowerleg01.L", "foot.L")
    forward = thigh * 0.92 + shin * ahead_shins
    spot = d.hips + d.way(forward, side * apart * d.scale, 0)
    drop = d.hips[2] - d.seat.floor_m - d.body.ankle_m
    if drop > shin * 1.15:  # short legs hang from the cushion's edge
        edge = float(np.linalg.norm((d.seat.front_edge.mean(axis=0) - d.hips)[:2]))
        spot = d.hips + d.way(max(forward, edge + 0.05), side * apart * d.scale, 0)
        spot[2] = d.hips[2] - shin * 0.85
    else:
        spot[2] = d.seat.floor_m + d.body.ankle_m
    edge = float((d.axes.T @ (d.seat.front_edge.mean(axis=0) - d.hips))[0]) + d.body.radius("left_shin")
    spot = spot + d.way(
        max(edge + min(ahead_shins, 0.0) * shin - float((d.axes.T @ (spot - d.hips))[0]), 0.0), 0, 0
    )
    limit = abs(d.seat.in_front.x_m - d.hips[0]) + _foot_room(d) - _TOES_M * d.scale
    excess = float((d.axes.T @ (spot - d.hips))[0]) - limit
    spot = spot - d.way(max(excess, 0.0), 0, 0)
    d.step(side, spot, d.way(0.3, side * d.draw((-0.05, 0.35)), 1.0))


def _foot_room(d: Draft) -> float:
    """How far feet go under what the knees would meet."""
    return 0.28 if "dash" in d.seat.in_front.name else 0.12


def _onto_cushion(d: Draft, side: int, left: float, from_edge: float) -> None:
    edge = float((d.axes.T @ (d.seat.front_edge.mean(axis=0) - d.hips))[0])
    spot = _on_cushion(d, (edge - from_edge) / d.scale, left, 0.02)
    d.step(side, spot, d.way(0.25, d.draw((0.1, 0.7)) * side, 1), d.way(1, 0.2 * side, 0.05))


def _on_cushion(d: Draft, forward: float, left: float, above_m: float) -> Array:
    spot = d.from_hips(forward, left, 0)
    spot[2] = _surface(d, forward * d.scale) + d.body.ankle_m + above_m
    return spot


def _surface(d: Draft, forward_m: float = 0.0) -> float:
    """Height of the cushion's surface so far before the hip points."""
    rise = d.seat.front_edge[:, 2].mean() - d.seat.cushion_top_m
    run = float(np.linalg.norm((d.seat.front_edge.mean(axis=0) - d.seat.hip_m)[:2]))
    return float(d.seat.cushion_top_m + rise * np.clip(forward_m / run, 0, 1))


FEET: Mapping[str, FootPlace] = MappingProxyType(
    {
        place.__name__: place
        for place in (
            floor, stretched, tucked, on_knee, over_leg, own_seat, tailor, seat_beside, dashboard,
            under_dashboard, along_bench, off_bench, kneeling, standing,
        )
    }
)  # fmt: skip
"""Every place by name."""
