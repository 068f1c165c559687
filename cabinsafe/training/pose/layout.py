"""Keypoint and channel layout of the embedded pose network, as plain indices for array code.

18 keypoints and a background make 19 heatmaps; 19 limbs with an x and a y component each make
38 part-affinity channels. The layout itself is :meth:`cabinsafe.pose.topology.Topology.openpose`.
"""

from __future__ import annotations

from typing import Final

from cabinsafe.pose.topology import Topology

TOPOLOGY: Final = Topology.openpose()
KEYPOINTS: Final = TOPOLOGY.keypoints
"""Heatmap channel ``k`` belongs to ``KEYPOINTS[k]``; the channel after the last is background."""

HEATMAP_COUNT: Final = TOPOLOGY.heatmap_count
PAF_COUNT: Final = TOPOLOGY.paf_count
STRIDE: Final = 8
"""Input pixels per map cell."""


def limb_indices() -> list[tuple[int, int, int]]:
    """Return (first keypoint, second keypoint, PAF channel of x) of each limb; y comes next."""
    ends = TOPOLOGY.limb_indices
    channels = [limb.x_channel for limb in TOPOLOGY.limbs]
    return [(a, b, channel) for (a, b), channel in zip(ends, channels, strict=True)]


def mirror_order() -> list[int]:
    """Return the keypoint index that takes each keypoint's place in a mirrored image."""
    return [KEYPOINTS.index(_other_side(name)) for name in KEYPOINTS]


def _other_side(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name
