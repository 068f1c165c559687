"""One person seen twice: joining detection boxes with skeletons, and boxes derived from keypoints.

A detector's box and the box around the keypoints differ in shape (hair, shoes, hidden feet; +-15 % and more).
:class:`PoseInBox` learns, per person, where in the detector's box each keypoint lies; from then on keypoints
alone say where that box would be, even when some of them are hidden.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cabinsafe.geometry import Array, box_iou
from cabinsafe.tracking.boxes import extent, from_centre
from cabinsafe.tracking.matching import assign
from cabinsafe.types import BoxXyxy, Skeleton

_LEAST_SHAPE = 0.25  # a person is at least a quarter as wide as tall, and the other way round
_LEAST_SPAN = 0.3  # of the box that keypoints must span to tell its size


@dataclass(frozen=True, eq=False)
class Observation:
    """One person in one frame, as detector and pose network saw them; at least one of the two did.

    Attributes:
        box_xyxy: detection box, else the box around the keypoints, pixels.
        detected: whether the box is the detector's.
        skeleton: keypoints, or None.
        score: the better of the scores, [0, 1].
    """

    box_xyxy: BoxXyxy
    detected: bool
    skeleton: Skeleton | None
    score: float


def join(
    boxes: Array, skeletons: Sequence[Skeleton], join_share: float, min_keypoints: int
) -> list[Observation]:
    """Pair boxes (N, 5) with skeletons by one global assignment.

    Args:
        boxes: xyxy and score, checked.
        skeletons: each with at least one keypoint.
        join_share: least share of a skeleton's keypoints inside its box.
        min_keypoints: what a skeleton without a box must have; poorer ones are noise and left out.
    """
    partner = dict(assign(_join_costs(boxes, skeletons, join_share))) if len(boxes) and skeletons else {}
    observations = []
    for row, (*xyxy, score) in enumerate(boxes.tolist()):
        skeleton = skeletons[partner[row]] if row in partner else None
        best = score if skeleton is None else max(score, skeleton.person_score)
        observations.append(Observation(tuple(xyxy), True, skeleton, best))
    for column in sorted(set(range(len(skeletons))) - set(partner.values())):
        skeleton = skeletons[column]
        box = keypoint_box(skeleton, min_keypoints)
        if box is not None:
            observations.append(Observation(box, False, skeleton, skeleton.person_score))
    return observations


def keypoint_box(skeleton: Skeleton, min_keypoints: int) -> BoxXyxy | None:
    """Box around the keypoints with a person's least width and height; None if there are too few to say."""
    x1, y1, x2, y2 = extent(skeleton.xy)
    width, height = x2 - x1, y2 - y1
    if np.count_nonzero(~np.isnan(skeleton.xy[:, 0])) < min_keypoints or max(width, height) < 1.0:
        return None
    sides = max(width, _LEAST_SHAPE * height), max(height, _LEAST_SHAPE * width)
    return from_centre(((x1 + x2) / 2.0, (y1 + y2) / 2.0), sides)


def _join_costs(boxes: Array, skeletons: Sequence[Skeleton], join_share: float) -> Array:
    """Cost (N, M): 0 for a box full of its keypoints, 1 where too few of them lie inside."""
    costs = np.ones((len(boxes), len(skeletons)))
    overlaps = box_iou(boxes[:, :4], [extent(skeleton.xy) for skeleton in skeletons])
    for column, skeleton in enumerate(skeletons):
        points = skeleton.xy[~np.isnan(skeleton.xy[:, 0]), np.newaxis]
        inside = ((points >= boxes[:, :2]) & (points <= boxes[:, 2:4])).all(axis=2)
        share = inside.mean(axis=0)
        costs[:, column] = np.where(share >= join_share, 1.0 - (share + overlaps[:, column]) / 2.0, 1.0)
    return costs


class PoseInBox:
    """Where a person's keypoints lie in their detection box, learned while both are seen.

    Positions (K, 2) are in box widths and heights from the box's centre, so -0.5 to 0.5 inside.
    """

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._layout: str | None = None
        self._places: Array = np.zeros((0, 2))
        self._learned_s = -math.inf

    def learn(self, t_s: float, box_xyxy: BoxXyxy, skeleton: Skeleton) -> None:
        """Take in a detection box and a skeleton of one moment."""
        x1, y1, x2, y2 = box_xyxy
        places: Array = (skeleton.xy.astype(np.float64) - ((x1 + x2) / 2.0, (y1 + y2) / 2.0)) / (
            x2 - x1,
            y2 - y1,
        )
        if self._layout == skeleton.topology and self._places.shape == places.shape:
            newness = 1.0 - math.exp((self._learned_s - t_s) / self._memory_s)
            blended = self._places + newness * (places - self._places)
            places = np.where(np.isnan(places), self._places, np.where(np.isnan(blended), places, blended))
        self._layout, self._places, self._learned_s = skeleton.topology, places, t_s

    def box_of(self, skeleton: Skeleton, union_xyxy: BoxXyxy, expected_wh: tuple[float, float]) -> BoxXyxy:
        """Detection box that the keypoints speak for; the box around them as long as nothing was learned.

        Args:
            skeleton: the keypoints.
            union_xyxy: the box around them, with area.
            expected_wh: the person's width and height so far, for keypoints that span too little of them.
        """
        if self._layout != skeleton.topology or self._places.shape != skeleton.xy.shape:
            return union_xyxy
        common = ~np.isnan(skeleton.xy[:, 0]) & ~np.isnan(self._places[:, 0])
        if not common.any():
            return union_xyxy
        seen, learned = extent(skeleton.xy[common]), extent(self._places[common])
        cx, width = _stretch(seen[0], seen[2], learned[0], learned[2], expected_wh[0])
        cy, height = _stretch(seen[1], seen[3], learned[1], learned[3], expected_wh[1])
        return from_centre((cx, cy), (width, height))


def _stretch(
    low: float, high: float, low_place: float, high_place: float, side: float
) -> tuple[float, float]:
    """Centre and length of a box side whose part from low_place to high_place is seen at low to high."""
    span = high_place - low_place
    if span >= _LEAST_SPAN and high > low:
        side = (high - low) / span
    return (low + high) / 2.0 - side * (low_place + high_place) / 2.0, side
