"""Who was found: labelled people of an image paired with predicted ones by object keypoint similarity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cabinsafe.evaluation.accuracy import Prediction, coco_places

Annotation = Mapping[str, Any]

RECALLED_OKS: Final = 0.5
"""A person is recalled by a prediction more similar than this."""
NEAR_OKS: Final = 0.1
"""A prediction less similar than this to everybody is of nobody."""
LEAST_SEEN: Final = 5
"""Fewest keypoints in sight of a person who can be asked for."""

SIGMAS: Final = (
    *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
    *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)
"""COCO's per-keypoint constants, in its order (cocodataset.org, keypoint evaluation)."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """One image: N labelled people, M predictions.

    Attributes:
        image_id: the image.
        people: those labelled with keypoints, crowds left out.
        prediction_of: (N,) the prediction paired with each person, -1 for none; a prediction is paired once.
        oks: (N,) similarity of each person and their prediction, 0 without one.
        owner: (M,) the person most like each prediction, -1 where nobody is as near as :data:`NEAR_OKS`.
        excused: (M,) whether most of a prediction lies on a crowd or on somebody without labelled keypoints.
    """

    image_id: int
    people: Sequence[Annotation]
    prediction_of: NDArray[np.intp]
    oks: NDArray[np.float64]
    owner: NDArray[np.intp]
    excused: NDArray[np.bool_]

    @property
    def recalled(self) -> NDArray[np.bool_]:
        """Whether each person was recalled (N,)."""
        return self.oks > RECALLED_OKS

    @property
    def asked(self) -> NDArray[np.bool_]:
        """Whether enough is seen of each person (N,) to ask for them: :data:`LEAST_SEEN` keypoints."""
        return np.array([(rows(p)[:, 2] == 2).sum() >= LEAST_SEEN for p in self.people], bool)

    @property
    def false(self) -> NDArray[np.bool_]:
        """Whether each prediction (M,) recalls nobody, and is not excused."""
        useful = np.isin(np.arange(len(self.owner)), self.prediction_of[self.recalled])
        return ~useful & ~self.excused


def rows(annotation: Annotation) -> NDArray[np.float64]:
    """x, y, visibility (17, 3) of an annotation."""
    return np.array(annotation["keypoints"], np.float64).reshape(-1, 3)


def pair(
    image_id: int, annotations: Sequence[Annotation], predictions: Sequence[Prediction], names: Sequence[str]
) -> Pairs:
    """Pair an image's people with predictions so that the sum of the similarities is largest.

    Args:
        image_id: the image.
        annotations: COCO annotations of that image, with COCO's 17 keypoints.
        predictions: M predicted people.
        names: keypoint names of the predictions.
    """
    people = [a for a in annotations if a["num_keypoints"] > 0 and not a["iscrowd"]]
    others = [a for a in annotations if not (a["num_keypoints"] > 0 and not a["iscrowd"])]
    similar = similarities(people, predictions, names)
    prediction_of = np.full(len(people), -1)
    oks = np.zeros(len(people))
    matched, by = linear_sum_assignment(similar, maximize=True)
    prediction_of[matched], oks[matched] = by, similar[matched, by]
    prediction_of[oks == 0] = -1
    owner = np.full(len(predictions), -1)
    if people:
        owner = np.where(similar.max(axis=0, initial=0) >= NEAR_OKS, similar.argmax(axis=0), -1)
    excused = np.array([_lies_on(p, others) for p in predictions], bool) & (owner < 0)
    return Pairs(image_id, people, prediction_of, oks, owner, excused)


def similarities(
    people: Sequence[Annotation], predictions: Sequence[Prediction], names: Sequence[str]
) -> NDArray[np.float64]:
    """Object keypoint similarity (N, M); keypoints that a prediction lacks count as 0.

    COCO's measure (cocodataset.org, keypoint evaluation): the mean over the labelled keypoints of
    ``exp(-distance**2 / (2 * area * (2 * sigma)**2))``.
    """
    table = np.zeros((len(people), len(predictions)))
    if not table.size:
        return table
    places = coco_places(names)
    found = np.stack([xy[places] for xy, _, _ in predictions]).astype(np.float64)
    found[:, places < 0] = np.nan
    for row, person in enumerate(people):
        truth = rows(person)
        scale = 2 * person["area"] * (2 * np.array(SIGMAS)) ** 2 + np.spacing(1)
        closeness = np.nan_to_num(np.exp(-((found - truth[:, :2]) ** 2).sum(axis=2) / scale), nan=0.0)
        table[row] = closeness[:, truth[:, 2] > 0].mean(axis=1)
    return table


def _lies_on(prediction: Prediction, others: Sequence[Annotation]) -> bool:
    """Whether more than half of a prediction's keypoints are in the box of one of ``others``."""
    xy = prediction[0][np.isfinite(prediction[0][:, 0])]
    corners = [np.array(other["bbox"][:2]) for other in others]
    extents = [np.array(other["bbox"][2:]) for other in others]
    inside = [
        ((xy >= corner) & (xy <= corner + extent)).all(axis=1)
        for corner, extent in zip(corners, extents, strict=True)
    ]
    return any(bool(shares.mean() > 0.5) for shares in inside if len(shares))
