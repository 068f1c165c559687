"""Object-keypoint-similarity average precision of any pose predictor, by pycocotools.

Free of torch on purpose: the same function scores a checkpoint during training, an ONNX file,
and the shipped library.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import COCO_KEYPOINTS

Prediction = tuple[NDArray[np.float32], NDArray[np.float32], float]
"""One person: xy (K, 2) in image pixels with NaN where absent, score (K,), person score."""

Predictor = Callable[[NDArray[np.uint8]], Sequence[Prediction]]
"""Takes an (H, W, 3) uint8 BGR image and returns its people."""


@dataclass(frozen=True)
class Accuracy:
    """Average precision and recall, 0 to 1, over all sizes and at most 20 people an image."""

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


def coco_results(
    predictions: Mapping[int, Sequence[Prediction]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Turn predictions into COCO's result records, mapping keypoints by name.

    Args:
        predictions: image id to its people.
        names: the K keypoint names of the predictions; names that COCO lacks are dropped, COCO
            keypoints that they lack count as absent.

    Returns:
        One record per person with at least one COCO keypoint. Absent keypoints are written as
        (0, 0, 0), as COCO's format asks.
    """
    source = [names.index(name) if name in names else -1 for name in COCO_KEYPOINTS]
    records: list[dict[str, Any]] = []
    for image_id, people in predictions.items():
        for xy, score, person_score in people:
            rows = np.zeros((len(COCO_KEYPOINTS), 3), np.float64)
            for row, index in enumerate(source):
                if index >= 0 and np.isfinite(xy[index]).all():
                    rows[row] = (xy[index, 0], xy[index, 1], score[index])
            if rows.any():
                records.append(
                    {
                        "image_id": image_id,
                        "category_id": 1,
                        "keypoints": rows.ravel().tolist(),
                        "score": float(person_score),
                    }
                )
    return records


def measure(
    predictions: Mapping[int, Sequence[Prediction]],
    names: Sequence[str],
    annotations: Mapping[str, Any],
    image_ids: Sequence[int] | None = None,
) -> Accuracy:
    """Score predictions against COCO keypoint annotations.

    Args:
        predictions: image id to its people; images without an entry count as empty.
        names: keypoint names of the predictions.
        annotations: a COCO keypoint dictionary (``images``, ``annotations``, ``categories``) of COCO's 17
            keypoints, such as :meth:`cabinsafe.data.KeypointSet.coco`.
        image_ids: images to score, by default those of ``predictions``.

    Returns:
        The accuracy; all zero where nothing was predicted.
    """
    ids = sorted(predictions if image_ids is None else image_ids)
    chosen = set(ids)
    counted = sum(_counts(a) for a in annotations["annotations"] if a["image_id"] in chosen)
    judged = _judge(predictions, names, annotations, ids)
    if judged is None:
        return Accuracy(0.0, 0.0, 0.0, 0.0, 0.0, len(ids), counted)
    with contextlib.redirect_stdout(io.StringIO()):
        judged.accumulate()
        judged.summarize()
    ap, ap50, ap75, ar, ar50 = (max(float(judged.stats[i]), 0.0) for i in (0, 1, 2, 5, 6))
    return Accuracy(ap, ap50, ap75, ar, ar50, len(ids), counted)


def _counts(annotation: Mapping[str, Any]) -> bool:
    return annotation["num_keypoints"] > 0 and not annotation["iscrowd"]


def _judge(
    predictions: Mapping[int, Sequence[Prediction]],
    names: Sequence[str],
    annotations: Mapping[str, Any],
    ids: Sequence[int],
) -> Any:
    """Return pycocotools' COCOeval after matching each image, or None where nothing was predicted.

    What pycocotools prints is thrown away.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    chosen = set(ids)
    records = coco_results({i: people for i, people in predictions.items() if i in chosen}, names)
    if not records:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        ground = COCO()
        ground.dataset = {
            "info": dict(annotations.get("info", {})),
            "images": [image for image in annotations["images"] if image["id"] in chosen],
            "annotations": [dict(a) for a in annotations["annotations"] if a["image_id"] in chosen],
            "categories": list(annotations["categories"]),
        }
        ground.createIndex()
        judged = COCOeval(ground, ground.loadRes(records), "keypoints")
        judged.params.imgIds = list(ids)
        judged.evaluate()
    return judged


def evaluate(
    predict: Predictor,
    names: Sequence[str],
    annotations: Mapping[str, Any],
    image_ids: Sequence[int],
    load_image: Callable[[int], NDArray[np.uint8]],
) -> Accuracy:
    """Run a predictor over images and score it: :func:`predict_all`, then :func:`measure`."""
    predictions = predict_all(predict, load_image, image_ids)
    return measure(predictions, names, annotations, image_ids)


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
    ids = sorted(first)
    if ids != sorted(second):
        raise ValueError("both predictors must cover the same images")
    judges = [_judge(people, names, annotations, ids) for people in (first, second)]
    matches = [None if judge is None else list(judge.evalImgs) for judge in judges]
    generator = np.random.default_rng(seed)
    differences = []
    for _ in range(rounds):
        drawn = generator.integers(len(ids), size=len(ids)).tolist()
        before, after = (
            _redrawn_ap(judge, images, drawn) for judge, images in zip(judges, matches, strict=True)
        )
        differences.append(after - before)
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)


def _redrawn_ap(judge: Any, matches: list[Any] | None, drawn: Sequence[int]) -> float:
    """Return the AP over a redrawn list of images, each given by its place in the id list.

    Args:
        judge: COCOeval after matching, or None for a predictor that found nobody.
        matches: its per-image matches, size range by size range.
        drawn: one place per image, repetitions allowed.
    """
    if judge is None or matches is None:
        return 0.0
    ranges = range(len(matches) // len(drawn))
    judge.evalImgs = [matches[block * len(drawn) + place] for block in ranges for place in drawn]
    with contextlib.redirect_stdout(io.StringIO()):
        judge.accumulate()
    precision = judge.eval["precision"][:, :, 0, 0, 0]
    reached = precision[precision > -1]
    return float(reached.mean()) if reached.size else 0.0
