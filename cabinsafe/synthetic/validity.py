"""What makes a scene impossible: joints beyond limits, bodies through seats, each other or the camera."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.contact import Figure, gaps, point_gap, samples
from cabinsafe.synthetic.posing.limits import violations
from cabinsafe.synthetic.rotations import Array

SOFT_M = 0.08
"""How deep a body sinks into a cushion, a back or a headrest."""
HARD_M = 0.03
"""How deep into anything else: skin and clothes give way a little."""
FLESH_M = 0.045
"""How deep two bodies press into each other."""
CAMERA_M = 0.12
"""Air between a camera and a body."""

_SOFT = ("cushion", "back", "headrest", "child seat", "blanket", "bag", "jacket")
_JOINT_TOLERANCE_DEG = 3.0


def body_problems(figure: Figure, solids: Sequence[OrientedBox], window_open: bool = False) -> list[str]:
    """What is wrong with one body in a cabin, in words; empty if nothing is.

    Args:
        figure: the body.
        solids: what it must not go through.
        window_open: whether it may reach through the side windows.
    """
    joints = violations(figure.pose, _JOINT_TOLERANCE_DEG)
    found = [f"{joint} is {excess:.0f} degrees beyond its limit" for joint, excess in joints.items()]
    points, radii = samples(figure)
    for solid in solids:
        if window_open and solid.name.endswith("window side"):
            continue
        excess = _sunk(solid, points, radii) - allowed_depth(solid)
        worst = int(np.argmax(excess))
        if excess[worst] > 0:
            name = figure.body.capsules[worst].name
            found.append(f"{name} is {excess[worst]:.3f} m too deep in {solid.name}")
    return found


def pair_problems(figures: Sequence[Figure]) -> list[str]:
    """Which bodies go through each other, in words."""
    found = []
    for (i, first), (j, second) in combinations(enumerate(figures), 2):
        between = gaps(first, second)
        if between.min() < -FLESH_M:
            a, b = np.unravel_index(int(np.argmin(between)), between.shape)
            names = f"{first.body.capsules[a].name} of {i} and {second.body.capsules[b].name} of {j}"
            found.append(f"{names} overlap by {-between.min():.3f} m")
    return found


def camera_problems(figures: Sequence[Figure], camera_m: Array) -> list[str]:
    """Which bodies are too near to a camera (3,), in words."""
    near = [(i, point_gap(figure, camera_m)) for i, figure in enumerate(figures)]
    return [f"body {i} is {gap:.3f} m from the camera" for i, gap in near if gap < CAMERA_M]


def allowed_depth(solid: OrientedBox) -> float:
    """How deep a body may sink into a solid, metres."""
    return SOFT_M if solid.name.endswith(_SOFT) else HARD_M


def _sunk(solid: OrientedBox, points: Array, radii: Array) -> Array:
    """(C,) how deep the surface of each capsule lies in a solid; negative outside."""
    depths: Array = solid.depth(points).max(axis=1) + radii
    return depths
