"""Pictures of mistakes: what is labelled on the left, what was found on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS
from cabinsafe.evaluation.accuracy import Prediction
from cabinsafe.evaluation.pairs import Annotation, rows
from cabinsafe.evaluation.worst import Case
from cabinsafe.media import draw_skeleton
from cabinsafe.types import Skeleton

Image = NDArray[np.uint8]

HEIGHT_PX: Final = 420
"""Height of a picture, unless it is very wide."""
_WIDEST_PX: Final = 640
_GAP_PX: Final = 6
_MARGIN_PX: Final = 8
_TRUTH: Final = (90, 210, 60)  # BGR
_FOUND: Final = (0, 140, 255)
_OTHERS: Final = (235, 165, 80)
_HIDDEN: Final = (40, 40, 40)
_SHOULDERS: Final = tuple(COCO_KEYPOINTS.index(f"{side}_shoulder") for side in ("left", "right"))


def draw_case(
    image: Image,
    people: Sequence[Annotation],
    predictions: Sequence[Prediction],
    names: Sequence[str],
    case: Case,
) -> Image:
    """Both sides of a mistake; who it is about has a colour of their own, and a frame.

    Labelled keypoints that are hidden are dark.

    Args:
        image: (H, W, 3) uint8 BGR.
        people: its labelled people.
        predictions: those found.
        names: keypoint names of the predictions.
        case: places in both.

    Returns:
        One picture (h, w, 3) uint8 BGR, about :data:`HEIGHT_PX` high.
    """
    scale = min(HEIGHT_PX / image.shape[0], _WIDEST_PX / image.shape[1])
    size_wh = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    shrinking = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    left = np.asarray(cv2.resize(image, size_wh, interpolation=shrinking), np.uint8)
    right = left.copy()
    for number in _last(len(people), case.person):
        _draw_truth(left, people[number], scale, _TRUTH if number == case.person else _OTHERS)
    for number in _last(len(predictions), case.prediction):
        xy, score, person_score = predictions[number]
        skeleton = _skeleton(names, xy * scale, score, person_score)
        draw_skeleton(right, skeleton, _FOUND if number == case.prediction else _OTHERS, 1)
    _draw_frames((left, right), people, predictions, case, scale)
    gap = np.full((size_wh[1], _GAP_PX, 3), 255, np.uint8)
    return np.hstack([left, gap, right])


def _last(count: int, chosen: int | None) -> list[int]:
    """Places with the chosen one at the end, so that it is drawn over the others."""
    return sorted(range(count), key=lambda number: number == chosen)


def _draw_truth(canvas: Image, person: Annotation, scale: float, color: tuple[int, int, int]) -> None:
    points = rows(person)
    labelled, hidden = points[:, 2] > 0, points[:, 2] == 1
    xy = np.where(labelled[:, None], points[:, :2] * scale, np.nan)
    neck = xy[list(_SHOULDERS)].mean(axis=0)  # not labelled by COCO; it joins the trunk's lines
    xy = np.vstack([xy, neck]).astype(np.float32)
    draw_skeleton(canvas, _skeleton(KEYPOINTS, xy, np.isfinite(xy[:, 0]).astype(np.float32), 1.0), color, 1)
    for x, y in xy[:-1][hidden]:
        cv2.circle(canvas, (int(x), int(y)), 2, _HIDDEN, -1, cv2.LINE_AA)


def _draw_frames(
    sides: Sequence[Image],
    people: Sequence[Annotation],
    predictions: Sequence[Prediction],
    case: Case,
    scale: float,
) -> None:
    """Frame the same part on both sides: all that belongs to the person in question."""
    points: list[NDArray[np.floating]] = []
    if case.person is not None:
        truth = rows(people[case.person])
        points.append(truth[truth[:, 2] > 0, :2])
    if case.prediction is not None:
        found = predictions[case.prediction][0]
        points.append(found[np.isfinite(found[:, 0])])
    xy = np.vstack(points) * scale
    low, high = xy.min(axis=0) - _MARGIN_PX, xy.max(axis=0) + _MARGIN_PX
    for side in sides:
        corners = (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))
        cv2.rectangle(side, *corners, _FOUND if case.person is None else _TRUTH, 1)


def _skeleton(
    names: Sequence[str], xy: NDArray[np.float32], score: NDArray[np.float32], person_score: float
) -> Skeleton:
    return Skeleton(
        topology="evaluation", keypoints=tuple(names), xy=xy, score=score, person_score=person_score
    )
