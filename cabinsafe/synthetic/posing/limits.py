"""Joint limits: what a body can do, and by how much a pose exceeds it.

Ranges are rounded from the normal ranges of motion of adults (American Academy of Orthopaedic Surgeons, Joint
Motion: Method of Measuring and Recording, 1965). Shoulders and hips are ball joints: the bone must lie in a
cone about the middle of its range; how far the bone turns about itself follows from where its hinge points,
and has no limit of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cabinsafe.synthetic.posing.posture import LEFT, SIDES, letter, side_name
from cabinsafe.synthetic.rig import BonePose, Rig
from cabinsafe.synthetic.rotations import (
    Array,
    about_x,
    about_y,
    about_z,
    cross,
    normalized,
    rotation_vector,
)

FLEXION_DEG: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"elbow": (0.0, 150.0), "knee": (0.0, 150.0)}
)
SPINE_DEG = ((-30.0, 75.0), (-35.0, 35.0), (-45.0, 45.0))
"""Bent forward, to the left, twisted to the left, over the whole spine."""
HEAD_DEG = ((-50.0, 50.0), (-40.0, 40.0), (-75.0, 75.0))
"""Nod down, tilt to the left, turn to the left, over the whole neck."""
SPINE = ("spine05", "spine04", "spine03", "spine02", "spine01")
NECK = ("neck01", "neck02", "neck03", "head")
"""The bones that share these angles evenly."""
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


def hinge_axis(rig: Rig, limb: Limb, side: int) -> Array:
    """(3,) axis in the rest pose about which a limb's hinge bends: arms rest slightly bent, legs straight."""
    if limb is LEG:
        return np.array([0.0, 1.0, 0.0])
    upper, lower, end = (rig.head(f"{b}.{letter(side)}") for b in (limb.upper[0], limb.lower[0], limb.end))
    return normalized(cross(lower - upper, end - lower))


def bent(forward: float, left: float, twist: float) -> Array:
    """(3, 3) turn of one bone of spine or neck; radians forward, to the left, and twisted to the left."""
    return about_z(twist) @ about_y(forward) @ about_x(-left)


def violations(pose: BonePose, tolerance_deg: float = 0.5) -> dict[str, float]:
    """Joints beyond their limits, and by how many degrees.

    Hinges bend one way only: a knee or an elbow that is bent backward has a negative flexion.
    """
    excess: dict[str, float] = {}
    for side in SIDES:
        name, mark = side_name(side), letter(side)
        for limb in (ARM, LEG):
            upper, lower, end = (
                pose.head(f"{bone}.{mark}") for bone in (limb.upper[0], limb.lower[0], limb.end)
            )
            axis = pose.rotation(limb.base) @ cone_axis(limb, side)
            excess[f"{name}_{limb.upper[0]}"] = _angle_deg(axis, lower - upper) - limb.cone_deg
            hinge = pose.rotation(f"{limb.upper[1]}.{mark}") @ hinge_axis(pose.rig, limb, side)
            backward = cross(lower - upper, end - lower) @ hinge < 0
            flexion = _angle_deg(lower - upper, end - lower) * (-1 if backward else 1)
            excess[f"{name}_{limb.hinge}"] = _beyond(flexion, FLEXION_DEG[limb.hinge])
        for joint, low_bone, high_bone, limit in (
            ("ankle", "lowerleg02", "foot", ANKLE_DEG),
            ("forearm", "lowerarm01", "wrist", PALM_DEG),
        ):
            turn = pose.rotation(f"{low_bone}.{mark}").T @ pose.rotation(f"{high_bone}.{mark}")
            excess[f"{name}_{joint}"] = float(np.degrees(np.linalg.norm(rotation_vector(turn)))) - limit
    for name, bones, ranges in (("spine", SPINE, SPINE_DEG), ("neck", NECK, HEAD_DEG)):
        bends = np.degrees(sum(_bend(pose, bone) for bone in bones))
        excess[name] = max(_beyond(bend, between) for bend, between in zip(bends, ranges, strict=True))
    return {name: value for name, value in excess.items() if value > tolerance_deg}


def _bend(pose: BonePose, bone: str) -> Array:
    """(3,) radians of one bone against its parent: the angles that :func:`bent` makes it from."""
    parent = pose.rig.labels[pose.rig.parents[pose.rig.index[bone]]]
    r = pose.rotation(parent).T @ pose.rotation(bone)
    return np.array(
        [np.arcsin(np.clip(-r[2, 0], -1, 1)), -np.arctan2(r[2, 1], r[2, 2]), np.arctan2(r[1, 0], r[0, 0])]
    )


def _beyond(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return float(max(low - value, value - high))


def _angle_deg(a: Array, b: Array) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(cross(a, b)), a @ b)))
