"""Perfect predictions score 1, none score 0, and names decide which keypoint is which."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocotools")

from cabinsafe.data import COCO_KEYPOINTS, read_keypoints
from cabinsafe.training.pose.evaluate import (
    bootstrap_difference,
    coco_results,
    evaluate,
    measure,
)
from cabinsafe.training.pose.layout import KEYPOINTS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NAMES = ("neck", *reversed(COCO_KEYPOINTS))


def people(count: int) -> dict:
    generator = np.random.default_rng(count)
    annotations = []
    for number in range(count):
        corner = generator.uniform(10, 60, 2)
        rows = np.column_stack([corner + generator.uniform(0, 100, (17, 2)), np.full(17, 2)])
        rows[generator.integers(17)] = 0
        annotations.append(
            {
                "id": number + 1,
                "image_id": number // 2 + 1,
                "category_id": 1,
                "iscrowd": 0,
                "area": 6000.0,
                "bbox": [*corner.tolist(), 100.0, 100.0],
                "num_keypoints": int((rows[:, 2] > 0).sum()),
                "keypoints": rows.ravel().tolist(),
            }
        )
    return {
        "images": [{"id": i + 1} for i in range((count + 1) // 2)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO_KEYPOINTS), "skeleton": []}],
    }


def truth_as_predictions(annotations: dict) -> dict:
    predictions: dict = {image["id"]: [] for image in annotations["images"]}
    for annotation in annotations["annotations"]:
        rows = np.array(annotation["keypoints"], np.float32).reshape(17, 3)
        xy = np.full((len(NAMES), 2), np.nan, np.float32)
        for name, (x, y, seen) in zip(COCO_KEYPOINTS, rows, strict=True):
            if seen:
                xy[NAMES.index(name)] = (x, y)
        score = np.isfinite(xy[:, 0]).astype(np.float32)
        predictions[annotation["image_id"]].append((xy, score, 1.0))
    return predictions


def test_perfect_predictions_score_one(capsys: pytest.CaptureFixture[str]) -> None:
    annotations = people(6)
    accuracy = measure(truth_as_predictions(annotations), NAMES, annotations)
    assert accuracy.ap == pytest.approx(1.0)
    assert accuracy.ar == pytest.approx(1.0)
    assert (accuracy.images, accuracy.people) == (3, 6)
    assert capsys.readouterr().out == ""


def test_labels_in_another_layout_with_a_neck_are_scored_by_name(tmp_path: Path) -> None:
    annotations = people(6)
    perfect = truth_as_predictions(annotations)
    for annotation in annotations["annotations"]:
        rows = dict(zip(COCO_KEYPOINTS, np.reshape(annotation["keypoints"], (17, 3)), strict=True))
        rows["neck"] = np.array([3.0, 4.0, 2.0])
        annotation["keypoints"] = [value for name in KEYPOINTS for value in rows[name].tolist()]
        annotation["num_keypoints"] += 1
    annotations["categories"][0]["keypoints"] = list(KEYPOINTS)
    annotations["images"] = [image | {"file_name": "a.png"} for image in annotations["images"]]
    (tmp_path / "people.json").write_text(json.dumps(annotations), encoding="utf-8")
    labels = read_keypoints(tmp_path / "people.json")
    assert measure(perfect, NAMES, labels.coco()).ap == pytest.approx(1.0)


def test_no_predictions_score_zero() -> None:
    annotations = people(6)
    accuracy = evaluate(lambda _: [], NAMES, annotations, [1, 2, 3], lambda _: np.zeros((8, 8, 3), np.uint8))
    assert accuracy.ap == 0
    assert accuracy.people == 6


def test_images_without_an_entry_count_as_missed() -> None:
    annotations = people(6)
    predictions = {1: truth_as_predictions(annotations)[1]}
    assert measure(predictions, NAMES, annotations, [1, 2, 3]).ap < 0.5


def test_mirrored_names_lower_the_score() -> None:
    annotations = people(6)
    other = {"left": "right", "right": "left"}
    swapped = ["_".join(other.get(word, word) for word in name.split("_")) for name in NAMES]
    assert measure(truth_as_predictions(annotations), swapped, annotations).ap < 0.5


def test_a_person_of_neck_only_is_dropped() -> None:
    xy = np.full((len(NAMES), 2), np.nan, np.float32)
    xy[0] = (5, 5)
    assert coco_results({1: [(xy, np.ones(len(NAMES), np.float32), 1.0)]}, NAMES) == []


def test_bootstrap_of_equal_predictors_is_zero_and_of_worse_ones_negative() -> None:
    annotations = people(8)
    perfect = truth_as_predictions(annotations)
    nothing: dict = {image_id: [] for image_id in perfect}
    assert bootstrap_difference(perfect, perfect, NAMES, annotations, rounds=3, seed=0) == (0.0, 0.0)
    low, high = bootstrap_difference(perfect, nothing, NAMES, annotations, rounds=3, seed=0)
    assert low == pytest.approx(-1.0)
    assert high == pytest.approx(-1.0)


def test_bootstrap_refuses_different_images() -> None:
    with pytest.raises(ValueError, match="same images"):
        bootstrap_difference({1: []}, {2: []}, NAMES, people(4), rounds=1, seed=0)
