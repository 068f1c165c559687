"""Training with the middle of the seat: what tells it, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import feature_schema
from cabinsafe.detectors.unsafe_sitting import UnsafeSittingOptions
from cabinsafe.errors import DataError, ModelError
from cabinsafe.training import svm
from cabinsafe.training.sitting.clips import read_clip
from cabinsafe.training.sitting.fit import Recipe, spoilt
from cabinsafe.training.sitting.read import read_samples
from cabinsafe.training.sitting.records import read_jsonl, write_jsonl
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.training.svm import Trained, save, train

QUICK = Recipe(with_seat=True, folds=2, components=24, costs=(4.0,), widths=(1.0,), rows=700, curve=(0.5,))


@pytest.fixture(scope="module")
def samples(repository: Path) -> Samples:
    return read_jsonl(repository / "demo" / "skeletons.jsonl")


@pytest.fixture(scope="module")
def trained(samples: Samples) -> Trained:
    pytest.importorskip("sklearn")
    pytest.importorskip("onnx")
    return train(samples, recipe=QUICK, seed=1)


def unseated(samples: Samples) -> Samples:
    points = samples.points.copy()
    points[:, -1] = np.nan
    return Samples(points, samples.label, samples.vehicle, samples.person, samples.source, samples.note)


def test_a_record_may_tell_where_the_seat_is(tmp_path: Path) -> None:
    record: dict[str, Any] = {
        "keypoints": {"left_hip": [220, 249]}, "label": "safe", "vehicle": "bus-07", "person": "anna",
    }  # fmt: skip
    lines = [record | {"seat": [214, 262.5]}, record | {"seat": None}, record]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read_jsonl(tmp_path / "a.jsonl")
    assert found.on_known_seat.tolist() == [True, False, False]
    assert found.points[0, -1].tolist() == [214, 262.5]
    write_jsonl(tmp_path / "b.jsonl", found)
    np.testing.assert_array_equal(read_jsonl(tmp_path / "b.jsonl").points, found.points)
    (tmp_path / "a.jsonl").write_text(json.dumps(record | {"seat": [1]}) + "\n")
    with pytest.raises(DataError, match=r"line 1: .*seat"):
        read_jsonl(tmp_path / "a.jsonl")


def test_annotated_people_may_tell_it(coco) -> None:
    known = {"posture": "safe", "seat_middle": [30.0, 44.0]}
    found = read_samples([coco(known, {"posture": "lying"}, image={"vehicle": "a", "mirrored": True})])
    assert found.points[0, -1].tolist() == [-30.0, 44.0], "mirrored back as the keypoints are"
    assert found.on_known_seat.tolist() == [True, False]
    with pytest.raises(DataError, match=r"image 1: expected 'seat_middle' to be \[x, y\] in pixels, got 7"):
        read_samples([coco({"posture": "safe", "seat_middle": 7}, image={"vehicle": "a"})])


def test_the_cabin_file_tells_it_of_clips(tmp_path: Path, make_scene, make_skeleton) -> None:
    truth = {
        "clip": "ride.mp4", "fps": 2.0, "size_wh": [400, 300], "duration_s": 1.0, "events": [],
        "rules": {"unsafe_sitting": "so"}, "attributes": {"seed": 9},
    }  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "cabin.yaml").write_text(
        "name: x\ncameras: [{camera_id: front, seats: [{name: Row1.Pos1, "
        "cushion: [[0.4, 0.6], [0.6, 0.6], [0.6, 0.8], [0.4, 0.8]]}]}]\n"
    )
    scene = make_scene(make_skeleton(), make_skeleton((60, 0)))
    seats = ("Row1.Pos1", "Row1.Pos2")
    tracks = tuple(t.model_copy(update={"seat": seat}) for t, seat in zip(scene.tracks, seats, strict=True))
    (tmp_path / "scenes.jsonl").write_text(
        scene.model_copy(update={"tracks": tracks}).model_dump_json() + "\n"
    )
    found = read_clip(tmp_path, None, UnsafeSittingOptions())
    width, height = scene.size_wh
    np.testing.assert_allclose(found.points[0, -1], [0.5 * width, 0.7 * height])
    assert found.on_known_seat.tolist() == [True, False]


def test_it_is_never_missing_from_a_spoilt_copy(samples: Samples) -> None:
    known = samples.pick(samples.on_known_seat)
    rough = spoilt(known.points, np.random.default_rng(0))
    assert not np.isnan(rough[:, -1]).any()
    assert not np.array_equal(rough[:, -1], known.points[:, -1]), "outlines are not drawn exactly"


def test_the_classifier_asks_for_it(trained: Trained, tmp_path: Path) -> None:
    assert trained.test.on_known_seat.all(), "others can be neither learnt nor measured"
    assert trained.figures["labelled"]["balanced_accuracy"] > 0.8
    classifier = Classifier(save(trained, tmp_path / "mine"))
    assert classifier.with_seat
    assert classifier.schema == feature_schema(with_seat=True)
    assert classifier.card.training["recipe"]["with_seat"] is True


def test_it_is_compared_on_the_same_people(trained: Trained) -> None:
    seen = np.ones(len(trained.test), bool)
    compared = svm.compare(trained, "unsafe-sitting", seen)
    assert compared.current is not None
    assert compared.current["labelled"]["skeletons"] == trained.figures["labelled"]["skeletons"]


def test_one_that_asks_for_it_cannot_be_compared_where_it_is_not_known(
    trained: Trained, samples: Samples, tmp_path: Path
) -> None:
    path = save(trained, tmp_path / "mine")
    plain = train(
        unseated(samples), recipe=Recipe(**{**vars(QUICK), "with_seat": False}), current=path, seed=1
    )
    assert "must know where the seat is" in plain.why_not
    with pytest.raises(ModelError, match=r"cannot be compared .*--force"):
        save(plain, path)


def test_data_that_never_tells_it_is_refused(samples: Samples) -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(DataError, match=r"none of 440 skeletons tells where the seat is .*--seat"):
        train(unseated(samples), recipe=QUICK)
