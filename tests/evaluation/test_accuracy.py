"""Perfect predictions score 1, none score 0, and names decide which keypoint is which."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocotools")

from cabinsafe.data import COCO_KEYPOINTS, KEYPOINTS, read_keypoints
from cabinsafe.errors import MissingExtraError
from cabinsafe.evaluation.accuracy import (
    bootstrap,
    bootstrap_difference,
    coco_results,
    judge,
    measure,
    predict_all,
)

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
    nothing = predict_all(lambda _: [], lambda _: np.zeros((8, 8, 3), np.uint8), [1, 2, 3])
    accuracy = measure(nothing, NAMES, annotations)
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


def test_ids_from_zero_and_any_category_count() -> None:
    """pycocotools takes a match with the annotation 0 for none, and scores each category alone."""
    annotations = people(6)
    perfect = truth_as_predictions(annotations)
    for annotation in annotations["annotations"]:
        annotation["id"] -= 1
        annotation["category_id"] = 7
    annotations["categories"][0]["id"] = 7
    assert measure(perfect, NAMES, annotations).ap == pytest.approx(1.0)


def test_sizes_count_their_own_people_only() -> None:
    annotations = people(6)
    predictions = truth_as_predictions(annotations)
    for annotation, area in zip(
        annotations["annotations"], [500, 900, 5000, 6000, 10_000, 20_000], strict=True
    ):
        annotation["area"] = float(area)
    predictions[3] = []
    judged = judge(predictions, NAMES, annotations)
    found = {size: judged.accuracy(size) for size in ("small", "medium", "large")}
    assert {size: accuracy.people for size, accuracy in found.items()} == dict.fromkeys(found, 2)
    assert found["small"].ap == found["medium"].ap == pytest.approx(1.0)
    assert found["large"].ap == 0


def test_a_size_of_nobody_has_no_people() -> None:
    annotations = people(4)
    small = judge(truth_as_predictions(annotations), NAMES, annotations).accuracy("small")
    assert (small.ap, small.people) == (0, 0)


def rough_predictions(annotations: dict, seed: int) -> dict:
    generator = np.random.default_rng(seed)
    predictions = truth_as_predictions(annotations)
    for image_id, found in predictions.items():
        predictions[image_id] = [
            (xy + generator.normal(0, 6, xy.shape).astype(np.float32), score, float(generator.random()))
            for xy, score, _ in found
        ]
        predictions[image_id].append(
            (generator.uniform(0, 90, (18, 2)), np.ones(18), float(generator.random()))
        )
    return predictions


@pytest.mark.parametrize("seed", range(4))
def test_an_image_drawn_twice_counts_as_two_images(seed: int) -> None:
    annotations = people(12)
    predictions = rough_predictions(annotations, seed)
    times = np.random.default_rng(seed).integers(0, 3, len(predictions))
    copies = [
        (i, 100 * n + i) for i, count in zip(sorted(predictions), times, strict=True) for n in range(count)
    ]
    repeated = {new: predictions[old] for old, new in copies}
    labels = [
        {**annotation, "image_id": new}
        for old, new in copies
        for annotation in annotations["annotations"]
        if annotation["image_id"] == old
    ]
    expected = measure(repeated, NAMES, {"annotations": labels}).ap
    assert 0 < expected < 1
    assert judge(predictions, NAMES, annotations).redrawn_ap(times) == pytest.approx(expected, abs=1e-12)


def test_draws_are_the_same_for_all_predictors_and_for_equal_seeds() -> None:
    annotations = people(12)
    judged = judge(rough_predictions(annotations, 1), NAMES, annotations)
    drawn = bootstrap([judged, judged], rounds=20, seed=3)
    assert drawn.shape == (20, 2)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    assert len(set(drawn[:, 0])) > 5
    np.testing.assert_array_equal(drawn, bootstrap([judged, judged], rounds=20, seed=3))


def test_images_without_people_have_no_ap_however_drawn() -> None:
    judged = judge({1: [], 2: []}, NAMES, {"annotations": []})
    assert judged.accuracy().people == 0
    assert bootstrap([judged], rounds=2, seed=0).tolist() == [[0.0], [0.0]]


def test_without_pycocotools_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(MissingExtraError, match=r"pycocotools.*pip install 'cabinsafe\[train\]'"):
        measure({1: []}, NAMES, people(2))
