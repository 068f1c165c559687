"""Joint limits: what a body can do, and by how much a pose exceeds it.

Ranges are rounded from the normal ranges of motion of adults (American Academy of Orthopaedic Surgeons, Joint
Motion: Method of Measuring and Recording, 1965). Shoulders and hips are ball joints: the bone must lie in a
cone about the middle of its range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.posing.posture import LEFT, SIDES, letter
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import Array, normalized, rotation_vector

FLEXION_DEG: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"elbow": (0.0, 150.0), "knee": (0.0, 150.0)}
)
SPINE_DEG = ((-30.0, 75.0), (-35.0, 35.0), (-45.0, 45.0))
"""Bent forward, to the left, twisted to the left, over the whole spine."""
HEAD_DEG = ((-50.0, 50.0), (-40.0, 40.0), (-75.0, 75.0))
"""Nod down, tilt to the left, turn to the left, over the whole neck."""
PALM_DEG = 90.0
"""Turn of the forearm either way from the middle."""
ANKLE_DEG = 50.0


@dataclass(frozen=True)
class Limb:
    """A limb of two bones and what hangs on it.

    Attributes:
        upper, lower: the bones of each part, upper end first.
        end: the bone at its end, wrist or foot.
        base: the bone that the limb hangs on.
        hinge: ``elbow`` or ``knee``.
        cone_axis: middle of the upper part's range in the base's rest axes, for the left side.
        cone_deg: half opening of that range.
    """

    upper: tuple[str, str]
    lower: tuple[str, str]
    end: str
    base: str
    hinge: str
    cone_axis: tuple[float, float, float]
    cone_deg: float


ARM = Limb(
    ("upperarm01", "upperarm02"),
    ("lowerarm01", "lowerarm02"),
    "wrist",
    "spine01",
    "elbow",
    (0.62, 0.75, 0.1),
    112.0,
)
LEG = Limb(
    ("upperleg01", "upperleg02"),
    ("lowerleg01", "lowerleg02"),
    "foot",
    "root",
    "knee",
    (0.85, 0.35, -0.3),
    86.0,
)


def cone_axis(limb: Limb, side: int) -> Array:
    """(3,) middle of a limb's range in its base's axes."""
    x, y, z = limb.cone_axis
    return normalized((x, y if side == LEFT else -y, z))


def violations(pose: BonePose, tolerance_deg: float = 0.5) -> dict[str, float]:
    """Joints beyond their limits, and by how many degrees."""
    excess: dict[str, float] = {}
    for side in SIDES:
        name = "left" if side == LEFT else "right"
        for limb in (ARM, LEG):
            upper, lower, end = (
                pose.head(f"{bone}.{letter(side)}") for bone in (limb.upper[0], limb.lower[0], limb.end)
            )
            axis = pose.rotation(limb.base) @ cone_axis(limb, side)
            excess[f"{name}_{limb.upper[0]}"] = _angle_deg(axis, lower - upper) - limb.cone_deg
            low, high = FLEXION_DEG[limb.hinge]
            flexion = _angle_deg(lower - upper, end - lower)
            excess[f"{name}_{limb.hinge}"] = max(low - flexion, flexion - high)
        ankle = pose.rotation(f"lowerleg02.{letter(side)}").T @ pose.rotation(f"foot.{letter(side)}")
        excess[f"{name}_ankle"] = float(np.degrees(np.linalg.norm(rotation_vector(ankle)))) - ANKLE_DEG
    for name, low_bone, high_bone, ranges in (
        ("spine", "root", "spine01", SPINE_DEG),
        ("neck", "spine01", "head", HEAD_DEG),
    ):
        turn = np.degrees(rotation_vector(pose.rotation(low_bone).T @ pose.rotation(high_bone)))
        reach = max(max(abs(low), abs(high)) for low, high in ranges)
        excess[name] = float(np.linalg.norm(turn)) - 1.35 * reach
    return {name: value for name, value in excess.items() if value > tolerance_deg}


def _angle_deg(a: Array, b: Array) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
