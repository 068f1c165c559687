"""Where keypoints usually lie on an upright body: what the decoder knows of people besides the maps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cabinsafe.pose.topology import Topology

BodyPoint = tuple[float, float, float]
"""x to the person's left and y down, in torso lengths from the neck; and how far people stray from there."""

_MIDDLE: Mapping[str, BodyPoint] = MappingProxyType({"neck": (0.0, 0.0, 0.1), "nose": (0.0, -0.32, 0.12)})
_LEFT: Mapping[str, BodyPoint] = MappingProxyType(
    {
        "eye": (0.09, -0.4, 0.13),
        "ear": (0.2, -0.36, 0.14),
        "shoulder": (0.34, 0.02, 0.14),
        "elbow": (0.5, 0.5, 0.3),
        "wrist": (0.5, 0.85, 0.5),
        "hip": (0.18, 1.0, 0.15),
        "knee": (0.25, 1.65, 0.35),
        "ankle": (0.25, 2.3, 0.5),
    }
)
_SIDES: Mapping[str, float] = MappingProxyType({"left": 1.0, "right": -1.0})
_UNKNOWN: BodyPoint = (0.0, 0.0, 0.0)


def body_of(topology: Topology) -> tuple[BodyPoint, ...]:
    """Body point of each keypoint, by its name; a spread of 0 for names that are not of the human body.

    The proportions are those of adults, front view; spreads are wide where joints above bend.
    """
    return tuple(_point(name) for name in topology.keypoints)


def mirrored_limbs(topology: Topology) -> tuple[int, ...]:
    """For each limb the one of the other side, by the keypoints' names; -1 for none."""
    ends = [frozenset((limb.start, limb.end)) for limb in topology.limbs]
    place = {pair: i for i, pair in enumerate(ends)}
    mirrored = (place.get(frozenset(map(_other_side, pair)), -1) for pair in ends)
    return tuple(-1 if other == i else other for i, other in enumerate(mirrored))


def _point(name: str) -> BodyPoint:
    side, _, part = name.partition("_")
    if side in _SIDES and part in _LEFT:
        x, y, spread = _LEFT[part]
        return _SIDES[side] * x, y, spread
    return _MIDDLE.get(name, _UNKNOWN)


def _other_side(name: str) -> str:
    side, _, part = name.partition("_")
    swapped = {"left": "right", "right": "left"}.get(side)
    return f"{swapped}_{part}" if swapped and part else name
