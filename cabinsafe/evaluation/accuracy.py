"""Object-keypoint-similarity average precision of any pose predictor, by pycocotools.

Free of torch on purpose: the same function scores a checkpoint during training, an ONNX file,
and the shipped library.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.errors import MissingExtraError

Prediction = tuple[NDArray[np.float32], NDArray[np.float32], float]
"""One person: xy (K, 2) in image pixels with NaN where absent, score (K,), person score."""

Predictor = Callable[[NDArray[np.uint8]], Sequence[Prediction]]
"""Takes an (H, W, 3) uint8 BGR image and returns its people."""

Size = Literal["all", "small", "medium", "large"]
"""COCO's ranges of a person's area, in square pixels: up to 32**2, up to 96**2, and above."""

_AREAS = ((0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10))
_AT_50, _AT_75 = 0, 5  # places of OKS .50 and .75 among pycocotools' thresholds .50, .55, ..., .95
_PERSON = 1


@dataclass(frozen=True)
class Accuracy:
    """Average precision and recall, 0 to 1, at most 20 people an image; all 0 where nobody is labelled."""

    ap: float
    ap50: float
    ap75: float
    ar: float
    ar50: float
    images: int
    people: int


def predict_all(
    predict: Predictor,
    load_image: Callable[[int], NDArray[np.uint8]],
    image_ids: Sequence[int],
) -> dict[int, list[Prediction]]:
    """Run a predictor over images.

    Args:
        predict: the predictor.
        load_image: image id to an (H, W, 3) uint8 BGR image.
        image_ids: the ids to run on.

    Returns:
        Image id to its people, in that image's pixels.
    """
    return {image_id: list(predict(load_image(image_id))) for image_id in image_ids}


def coco_places(names: Sequence[str]) -> NDArray[np.intp]:
    """Where each of COCO's 17 keypoints stands among ``names``; -1 where it does not."""
    return np.array([names.index(name) if name in names else -1 for name in COCO_KEYPOINTS])


def coco_results(
    predictions: Mapping[int, Sequence[Prediction]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Turn predictions into COCO's result records, mapping keypoints by name.

    Args:
        predictions: image id to its people.
        names: the K keypoint names of the predictions; names that COCO lacks are dropped, COCO
            keypoints that they lack count as absent.

    Returns:
        One record per person with at least one COCO keypoint, with the box of its keypoints. Absent
        keypoints are written as (0, 0, 0), as COCO's format asks.
    """
    places = coco_places(names)
    records: list[dict[str, Any]] = []
    for image_id, people in predictions.items():
        for xy, score, person_score in people:
            rows = np.column_stack([xy, score]).astype(np.float64)[places]
            rows[(places < 0) | ~np.isfinite(rows[:, :2]).all(axis=1)] = 0
            if not rows.any():
                continue
            found = rows[rows.any(axis=1), :2]
            corner, extent = found.min(axis=0), np.ptp(found, axis=0)
            records.append(
                {
                    "image_id": image_id,
                    "category_id": _PERSON,
                    "keypoints": rows.ravel().tolist(),
                    "bbox": [*corner.tolist(), *extent.tolist()],
                    "area": float(extent.prod()),
                    "score": float(person_score),
                }
            )
    return records


class Judged:
    """Predictions matched with labelled people, image by image; made by :func:`judge`.

    Args:
        evaluator: pycocotools' COCOeval after matching, with the ranges of :data:`Size`.
        image_ids: the images, rising.
    """

    def __init__(self, evaluator: Any, image_ids: Sequence[int]) -> None:
        self.image_ids = tuple(image_ids)
        self._precision = evaluator.eval["precision"][:, :, 0, :, 0]
        self._recall = evaluator.eval["recall"][:, 0, :, 0]
        self._recall_steps = evaluator.params.recThrs
        images = list(evaluator.evalImgs)
        count = len(image_ids)
        blocks = [images[first : first + count] for first in range(0, len(images), count)]
        self._people = [
            [0 if m is None else int((m["gtIgnore"] == 0).sum()) for m in block] for block in blocks
        ]
        self._sort(blocks[0])

    def _sort(self, matches: Sequence[Any]) -> None:
        """Keep what a redrawn AP needs of people of any size: predictions in falling order of score."""
        filled = [(place, m) for place, m in enumerate(matches) if m is not None]
        scores = np.concatenate([[], *(m["dtScores"] for _, m in filled)])
        order = np.argsort(-scores, kind="mergesort")
        sizes = [len(m["dtScores"]) for _, m in filled]
        self._image_of = np.repeat([place for place, _ in filled], sizes).astype(np.intp)[order]
        thresholds = len(self._precision)
        none = np.zeros((thresholds, 0), bool)
        hit = np.concatenate([none, *(m["dtMatches"] > 0 for _, m in filled)], axis=1)[:, order]
        ignored = np.concatenate([none, *(m["dtIgnore"] for _, m in filled)], axis=1)[:, order]
        self._hit, self._missed = hit & ~ignored, ~hit & ~ignored

    def accuracy(self, size: Size = "all") -> Accuracy:
        """Average precision and recall over people of a range of areas."""
        place = get_args(Size).index(size)
        precision, recall = (np.maximum(a[..., place], 0.0) for a in (self._precision, self._recall))
        return Accuracy(
            ap=float(precision.mean()),
            ap50=float(precision[_AT_50].mean()),
            ap75=float(precision[_AT_75].mean()),
            ar=float(recall.mean()),
            ar50=float(recall[_AT_50]),
            images=len(self.image_ids),
            people=sum(self._people[place]),
        )

    def redrawn_ap(self, times: NDArray[np.intp]) -> float:
        """AP over people of all sizes, with each image counted so many ``times`` (images,)."""
        people = float(times @ np.array(self._people[0]))
        if not people:
            return 0.0
        weight = times[self._image_of]
        hits, misses = (np.cumsum(kind * weight, axis=1) for kind in (self._hit, self._missed))
        precision = hits / np.maximum(hits + misses, 1)
        best_after = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        padded = np.pad(best_after, ((0, 0), (0, 1)))
        reached = [
            row[np.searchsorted(recall, self._recall_steps, side="left")]
            for row, recall in zip(padded, hits / people, strict=True)
        ]
        return float(np.mean(reached))


def judge(
    predictions: Mapping[int, Sequence[Prediction]],
    names: Sequence[str],
    annotations: Mapping[str, Any],
    image_ids: Sequence[int] | None = None,
) -> Judged:
    """Match predictions with COCO keypoint annotations.

    Args:
        predictions: image id to its people; images without an entry count as empty.
        names: keypoint names of the predictions.
        annotations: a COCO keypoint dictionary (``images``, ``annotations``, ``categories``) of COCO's 17
            keypoints and one category, such as :meth:`cabinsafe.data.KeypointSet.coco`.
        image_ids: images to score, by default those of ``predictions``.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    coco, coco_eval = load_pycocotools()
    ids = sorted(predictions if image_ids is None else image_ids)
    chosen = set(ids)
    labelled = [a for a in annotations["annotations"] if a["image_id"] in chosen]
    found = coco_results({i: people for i, people in predictions.items() if i in chosen}, names)
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for records in (labelled, found):
            side = coco()
            # Ids from 1 on: pycocotools takes a match with the id 0 for none.
            own = [r | {"id": n, "category_id": _PERSON} for n, r in enumerate(records, start=1)]
            side.dataset = {"images": [{"id": i} for i in ids], "annotations": own}
            side.dataset["categories"] = [{"id": _PERSON}]
            side.createIndex()
            sides.append(side)
        evaluator = coco_eval(*sides, "keypoints")
        evaluator.params.areaRng = [list(limits) for limits in _AREAS]
        evaluator.params.areaRngLbl = list(get_args(Size))
        evaluator.evaluate()
        evaluator.accumulate()
    return Judged(evaluator, ids)


def load_pycocotools() -> tuple[Any, Any]:
    """Return pycocotools' classes COCO and COCOeval.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise MissingExtraError("average precision", "train", "pycocotools") from error
    return COCO, COCOeval


def measure(
    predictions: Mapping[int, Sequence[Prediction]],
    names: Sequence[str],
    annotations: Mapping[str, Any],
    image_ids: Sequence[int] | None = None,
) -> Accuracy:
    """Score predictions against COCO keypoint annotations; see :func:`judge`."""
    return judge(predictions, names, annotations, image_ids).accuracy()


def bootstrap(judged: Sequence[Judged], rounds: int, seed: int) -> NDArray[np.float64]:
    """AP (rounds, predictors) over images drawn with repetition, the same ones for all predictors.

    Raises:
        ValueError: the predictors do not cover the same images.
    """
    if len({one.image_ids for one in judged}) > 1:
        raise ValueError("all predictors must cover the same images")
    count = len(judged[0].image_ids)
    generator = np.random.default_rng(seed)
    draws = (generator.integers(count, size=count) for _ in range(rounds))
    times = [np.bincount(drawn, minlength=count) for drawn in draws]
    return np.array([[one.redrawn_ap(drawn) for one in judged] for drawn in times])


def interval_95(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the middle 95 % of values (rounds,), low and high."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def bootstrap_difference(
    first: Mapping[int, Sequence[Prediction]],
    second: Mapping[int, Sequence[Prediction]],
    names: Sequence[str],
    annotations: Mapping[str, Any],
    rounds: int,
    seed: int,
) -> tuple[float, float]:
    """Return the 95 % interval of AP(second) - AP(first), resampling images with repetition.

    Raises:
        ValueError: the two do not cover the same images.
    """
    drawn = bootstrap([judge(people, names, annotations) for people in (first, second)], rounds, seed)
    return interval_95(drawn[:, 1] - drawn[:, 0])
