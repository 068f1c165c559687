"""A body as thick lines (capsules): what contact and collision are measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cabinsafe.synthetic.rig import BonePose, Rig
from cabinsafe.synthetic.rotations import Array

_LIMB_CAPSULES = (
    ("upper_arm", "upperarm01", "lowerarm01", 0.0),
    ("forearm", "lowerarm01", "wrist", 0.0),
    ("hand", "wrist", "finger3-1", 0.6),
    ("thigh", "upperleg01", "lowerleg01", 0.0),
    ("shin", "lowerleg01", "foot", 0.0),
    ("foot", "foot", "toe3-1", 0.25),
)
_HAND_THINNING = 0.5
"""A hand is flat: its half thickness as a share of its vertices' median distance from the bone line."""
_TRUNK_CAPSULES = (("pelvis", "root", 0.0), ("belly", "spine04", 0.035), ("chest", "spine02", 0.07))


@dataclass(frozen=True)
class Capsule:
    """A body part as a thick line that follows the bones.

    Attributes:
        name: ``left_thigh``, ``head``, ``chest`` ...
        bones: the bones that carry the line's two ends.
        ends: (2, 3) the ends in rest coordinates.
        radius_m: half thickness.
    """

    name: str
    bones: tuple[str, str]
    ends: Array
    radius_m: float

    def posed(self, pose: BonePose) -> Array:
        """(2, 3) the ends in a pose."""
        heads = [pose.rig.head(bone) for bone in self.bones]
        return np.stack(
            [
                pose.head(bone) + pose.rotation(bone) @ (end - head)
                for bone, end, head in zip(self.bones, self.ends, heads, strict=True)
            ]
        )


def body_capsules(rig: Rig, points: Callable[..., Array]) -> tuple[Capsule, ...]:
    """The capsules of a body.

    Args:
        rig: its bones.
        points: gives (N, 3) rest positions of the vertices of the regions named.
    """
    limbs = [
        _limb(rig, points(part), f"{side}_{part}", (f"{start}.{mark}", f"{end}.{mark}"), beyond)
        for side, mark in (("left", "L"), ("right", "R"))
        for part, start, end, beyond in _LIMB_CAPSULES
    ]
    trunk = points("torso", "pelvis")
    stature = float(np.ptp(np.concatenate([points("head"), points("foot")])[:, 2]))
    across = [_trunk(rig, trunk, name, (bone, rise), stature) for name, bone, rise in _TRUNK_CAPSULES]
    return (*limbs, *across, _head(points("head")))


def _limb(rig: Rig, points: Array, name: str, bones: tuple[str, str], beyond: float) -> Capsule:
    """Along the bones; as thick as the median vertex is far from the line."""
    a, b = (rig.head(bone) for bone in bones)
    ends = np.stack([a, b + (b - a) * beyond])
    along = ends[1] - a
    same_side = points[points[:, 1] * a[1] > 0]
    share = np.clip((same_side - a) @ along / (along @ along), 0, 1)
    gaps = np.linalg.norm(same_side - a - share[:, None] * along, axis=1)
    radius = float(np.median(gaps[(share > 0.05) & (share < 0.95)]))
    if name.endswith("hand"):
        radius *= _HAND_THINNING
    return Capsule(name, bones if beyond == 0 else (bones[0], bones[0]), ends, radius)


def _trunk(rig: Rig, points: Array, name: str, place: tuple[str, float], stature_m: float) -> Capsule:
    """Across the trunk, above a bone by a share of the stature; as thick as it is deep, and as wide."""
    bone, rise = place
    height = rig.head(bone)[2] + rise * stature_m
    slab = points[np.abs(points[:, 2] - height) < 0.03 * stature_m]
    back, front = np.quantile(slab[:, 0], [0.03, 0.97])
    radius = float(front - back) / 2
    half_width = max(float(np.quantile(slab[:, 1], 0.97)) - radius, 0.01)
    middle = (front + back) / 2
    return Capsule(
        name, (bone, bone), np.array([[middle, half_width, height], [middle, -half_width, height]]), radius
    )


def _head(points: Array) -> Capsule:
    low, high = np.quantile(points, [0.02, 0.98], axis=0)
    radius = float(high[1] - low[1]) / 2
    middle = float(low[0] + high[0]) / 2
    top = max(float(high[2]) - radius, float(low[2]) + radius + 0.005)
    return Capsule(
        "head", ("head", "head"), np.array([[middle, 0, low[2] + radius], [middle, 0, top]]), radius
    )
