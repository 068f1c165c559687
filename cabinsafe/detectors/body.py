"""Lengths of a body in frame pixels: distances are measured against them, not against the frame."""

from __future__ import annotations

from cabinsafe.geometry import distance, midpoint
from cabinsafe.types import Skeleton

SIDES = ("left", "right")
# Median ratios of an adult body (Winter, Biomechanics and Motor Control of Human Movement, segment lengths as
# fractions of height: trunk .288, shoulder breadth .259, shank .246).
_TORSO_PER_SHOULDER_WIDTH = 0.288 / 0.259
_SHIN_PER_TORSO = 0.246 / 0.288


def torso_px(skeleton: Skeleton) -> float | None:
    """Length from mid-shoulders to mid-hips; estimated from the shoulder width where the hips are hidden.

    The larger of the two where both can be had, since either may be foreshortened. None if neither can.
    """
    lengths = []
    if skeleton.sees("left_shoulder", "right_shoulder"):
        shoulders = skeleton["left_shoulder"], skeleton["right_shoulder"]
        lengths.append(distance(*shoulders) * _TORSO_PER_SHOULDER_WIDTH)
        if skeleton.sees("left_hip", "right_hip"):
            hips = skeleton["left_hip"], skeleton["right_hip"]
            lengths.append(distance(midpoint(*shoulders), midpoint(*hips)))
    return max(lengths, default=0.0) or None


def shin_px(skeleton: Skeleton) -> float | None:
    """Length of the longer shin seen, at least what the torso lets expect where a shin is foreshortened.

    None if neither a shin nor the torso can be measured.
    """
    shins = [
        distance(skeleton[f"{side}_knee"], skeleton[f"{side}_ankle"])
        for side in SIDES
        if skeleton.sees(f"{side}_knee", f"{side}_ankle")
    ]
    torso = torso_px(skeleton)
    if torso is not None:
        shins.append(torso * _SHIN_PER_TORSO)
    return max(shins, default=0.0) or None
