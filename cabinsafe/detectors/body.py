"""A person's joints as plain numbers, and lengths of the body: rules measure against them, not the frame."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import dist, isnan
from typing import NamedTuple

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
        torso_px: length of the torso, None if it cannot be told.
        shin_px: length of a shin, None if it cannot be told.

    Raises:
        DataError: the layout lacks a joint.
    """

    __slots__ = ("shin_px", "sides", "torso_px")

    def __init__(self, skeleton: Skeleton, least_score: float, max_ambiguity: float = 1.0) -> None:
        points, scores = skeleton.xy.tolist(), skeleton.score.tolist()
        joints: list[XY | None] = [
            None if scores[i] < least_score or isnan(points[i][0]) else (points[i][0], points[i][1])
            for i in _positions(skeleton.keypoints)
        ]
        if skeleton.ambiguity > max_ambiguity:
            for i, way in enumerate(_WAYS):
                if skeleton.ambiguity_of(way) > max_ambiguity:
                    joints[i] = None
        self.sides = Side(*joints[:6]), Side(*joints[6:])
        self.torso_px = self._torso()
        self.shin_px = self._shin()

    def _torso(self) -> float | None:
        """The longest that shoulder width and trunk let expect, since either may be foreshortened.

        The trunk runs from mid-shoulders to mid-hips, or along one side where the other is out of sight.
        Without either, the legs tell.
        """
        left, right = self.sides
        length = 0.0
        if left.shoulder is not None and right.shoulder is not None:
            length = dist(left.shoulder, right.shoulder) * _TORSO_PER_SHOULDER_WIDTH
            if left.hip is not None and right.hip is not None:
                trunk = dist(midpoint(left.shoulder, right.shoulder), midpoint(left.hip, right.hip))
                return max(length, trunk) or None
        for side in self.sides:
            if side.shoulder is not None and side.hip is not None:
                length = max(length, dist(side.shoulder, side.hip))
        return length or max(self._thigh(), self._seen_shin()) / _SHIN_PER_TORSO or None

    def _thigh(self) -> float:
        """The longer thigh seen, as long as a shin; 0 if none is."""
        return _SHIN_PER_THIGH * max(
            dist(s.knee, s.hip) if s.knee is not None and s.hip is not None else 0.0 for s in self.sides
        )

    def _seen_shin(self) -> float:
        """The longer shin seen; 0 if none is."""
        return max(
            dist(s.knee, s.ankle) if s.knee is not None and s.ankle is not None else 0.0 for s in self.sides
        )

    def _shin(self) -> float | None:
        """The longer shin, at least what thighs and torso let expect where it is foreshortened."""
        return max((self.torso_px or 0.0) * _SHIN_PER_TORSO, self._thigh(), self._seen_shin()) or None


@lru_cache(maxsize=32)
def _positions(keypoints: tuple[str, ...]) -> tuple[int, ...]:
    """Where the joints of the left side and then of the right are in a layout."""
    names = [f"{side}_{joint}" for side in SIDES for joint in _JOINTS]
    missing = [name for name in names if name not in keypoints]
    if missing:
        raise DataError(f"no keypoint '{missing[0]}' among {', '.join(keypoints)}")
    return tuple(keypoints.index(name) for name in names)
