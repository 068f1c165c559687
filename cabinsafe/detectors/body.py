"""A person's joints as plain numbers, and lengths of the body: rules measure against them, not the frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import dist
from operator import itemgetter
from typing import Any, NamedTuple

from cabinsafe.errors import DataError
from cabinsafe.geometry import XY, midpoint
from cabinsafe.types import Skeleton

SIDES = ("left", "right")
# Median ratios of an adult body (Winter, Biomechanics and Motor Control of Human Movement, segment lengths as
# fractions of height: trunk .288, shoulder breadth .259, thigh .245, shank .246).
_TORSO_PER_SHOULDER_WIDTH = 0.288 / 0.259
_SHIN_PER_TORSO = 0.246 / 0.288
_SHIN_PER_THIGH = 0.246 / 0.245
_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_LEAST_POSITIVE = 5e-324
_WAYS = tuple(
    tuple((f"{side}_{a}", f"{side}_{b}") for a, b in limbs)
    for side in SIDES
    for chain in (_JOINTS[:3], _JOINTS[3:])
    for limbs in (tuple(pairwise(chain))[:count] for count in range(3))
)
"""For each joint the limbs between it and the trunk."""


class Side(NamedTuple):
    """Joints of one side in pixels, None where unseen or weak."""

    shoulder: XY | None
    elbow: XY | None
    wrist: XY | None
    hip: XY | None
    knee: XY | None
    ankle: XY | None


class Body:
    """What rules need of one skeleton.

    Args:
        skeleton: the person.
        least_score: joints that are weaker are unseen.
        max_ambiguity: joints that hang on a limb that is contested more are unseen; all are where that is
            known of the person as a whole only.

    Attributes:
        sides: left and right joints.
        wrist_scores, ankle_scores: left and right, also of those that are unseen.
        trunk: mid-shoulders and mid-hips, None unless both shoulders and both hips are seen.
        torso_px: length of the torso, None if it cannot be told.

    Raises:
        DataError: the layout lacks a joint.
    """

    __slots__ = ("ankle_scores", "sides", "torso_px", "trunk", "wrist_scores")

    def __init__(self, skeleton: Skeleton, least_score: float, max_ambiguity: float = 1.0) -> None:
        of_joints = _of_joints(skeleton.keypoints)
        xs, ys = skeleton.xy.T.tolist()
        scores = of_joints(skeleton.score.tolist())
        least_seen = least_score or _LEAST_POSITIVE  # what is absent has the score 0
        points = zip(of_joints(xs), of_joints(ys), strict=True)
        joints: list[XY | None] = [
            point if score >= least_seen else None for point, score in zip(points, scores, strict=True)
        ]
        if skeleton.ambiguity > max_ambiguity:
            for i, way in enumerate(_WAYS):
                if skeleton.ambiguity_of(way) > max_ambiguity:
                    joints[i] = None
        left, right = self.sides = Side(*joints[:6]), Side(*joints[6:])
        self.trunk = _trunk(left, right)
        self.wrist_scores = scores[2], scores[8]
        self.ankle_scores = scores[5], scores[11]
        self.torso_px = _torso(left, right, self.trunk) or _leg(left, right) / _SHIN_PER_TORSO or None

    def shin_px(self) -> float | None:
        """Length of a shin, None if it cannot be told."""
        return max((self.torso_px or 0.0) * _SHIN_PER_TORSO, _leg(*self.sides)) or None


def _length(start: XY | None, end: XY | None) -> float:
    """Length of a limb, pixels; 0 if it is not seen."""
    return 0.0 if start is None or end is None else dist(start, end)


def _leg(left: Side, right: Side) -> float:
    """Length of a shin as the legs alone let expect; 0 if they are unseen."""
    shin = max(_length(left.knee, left.ankle), _length(right.knee, right.ankle))
    thigh = max(_length(left.hip, left.knee), _length(right.hip, right.knee))
    return max(shin, _SHIN_PER_THIGH * thigh)


def _trunk(left: Side, right: Side) -> tuple[XY, XY] | None:
    if left.shoulder and right.shoulder and left.hip and right.hip:
        return midpoint(left.shoulder, right.shoulder), midpoint(left.hip, right.hip)
    return None


def _torso(left: Side, right: Side, trunk: tuple[XY, XY] | None) -> float:
    """The longest that shoulder width and trunk let expect, since either may be foreshortened; 0 if unseen.

    The trunk runs from mid-shoulders to mid-hips, or along one side where the other is out of sight.
    """
    width = _length(left.shoulder, right.shoulder) * _TORSO_PER_SHOULDER_WIDTH
    if trunk is not None:
        return max(width, dist(*trunk))
    return max(width, _length(left.shoulder, left.hip), _length(right.shoulder, right.hip))


@lru_cache(maxsize=32)
def _of_joints(keypoints: tuple[str, ...]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """What picks those of the left side's joints and then of the right's from a list for all keypoints."""
    names = [f"{side}_{joint}" for side in SIDES for joint in _JOINTS]
    missing = [name for name in names if name not in keypoints]
    if missing:
        raise DataError(f"no keypoint '{missing[0]}' among {', '.join(keypoints)}")
    return itemgetter(*map(keypoints.index, names))
