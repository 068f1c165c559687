from __future__ import annotations

import builtins
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import FEATURE_KEYPOINTS, features_of_many, observable, with_neck
from cabinsafe.errors import DataError, MissingExtraError, ModelError
from cabinsafe.training.sitting.geometry import PoseSamples, make_samples
from cabinsafe.training.sitting.metrics import calibration_error, measure
from cabinsafe.training.sitting.repertoire import KEYPOINTS
from cabinsafe.training.svm import Recipe, main, train

pytest.importorskip("skl2onnx")

TINY = Recipe(folds=2, components=24, costs=(4.0,), widths=(1.0,), search_rows=300, rows=900)
SEED = 5


@pytest.fixture(scope="module")
def samples() -> PoseSamples:
    return make_samples(2600, SEED, vehicles=12)


@pytest.fixture(scope="module")
def trained(samples: PoseSamples, tmp_path_factory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("classifier")
    return folder, train(samples, folder, SEED, TINY)


def test_it_learns_what_it_has_not_seen(trained) -> None:
    _, metrics = trained
    assert metrics["balanced_accuracy"] > 0.7
    assert metrics["safe_alarm_rate"] < 0.12
    assert (
        metrics["by_pose"]["lying_on_side"]["alarm_rate"] > metrics["by_pose"]["resting"]["alarm_rate"] + 0.4
    )
    assert metrics["vehicles"] == 4
    assert 0 < metrics["abstained_share_safe"] < 0.6


def test_the_file_answers_as_the_classifier_it_was_made_from(trained) -> None:
    folder, metrics = trained
    assert metrics["onnx_largest_difference"] < 1e-4
    assert sorted(path.name for path in folder.iterdir()) == ["unsafe-sitting.json", "unsafe-sitting.onnx"]


def test_the_card_tells_how_it_was_made(trained) -> None:
    folder, metrics = trained
    card = Classifier(folder / "unsafe-sitting.json").card
    assert card.training["seed"] == SEED
    assert card.training["rows"] <= TINY.rows
    assert card.metrics["held_out"]["recall"] == metrics["recall"]
    assert "pose geometry" in card.sources[0]["what"]
    assert len(card.limits) >= 4
    assert "threshold" not in card.training


def test_a_missing_leg_is_filled_in_by_the_file_itself(trained, samples: PoseSamples) -> None:
    classifier = Classifier(trained[0] / "unsafe-sitting.json")
    points = with_neck(samples.xy[:, [KEYPOINTS.index(name) for name in FEATURE_KEYPOINTS]])
    some = points[observable(points, 6)][:50]
    assert np.isnan(some).any()
    probability = classifier.probability(features_of_many(some))
    assert ((probability > 0) & (probability < 1)).all()


def test_training_is_deterministic(samples: PoseSamples, trained, tmp_path: Path) -> None:
    assert train(samples, tmp_path, SEED, TINY) == trained[1]


def test_a_person_in_two_vehicles_is_refused(samples: PoseSamples, tmp_path: Path) -> None:
    shared = replace(samples, person=np.zeros_like(samples.person))
    with pytest.raises(DataError, match="several vehicles"):
        train(shared, tmp_path, SEED, TINY)


def test_too_few_vehicles_are_refused(samples: PoseSamples, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few"):
        train(samples.pick(samples.vehicle < 2), tmp_path, SEED, TINY)


@pytest.mark.parametrize(("hidden", "package"), [("sklearn", "scikit-learn"), ("skl2onnx", "skl2onnx")])
def test_the_extra_is_named(samples, tmp_path: Path, monkeypatch, hidden: str, package: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == hidden:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=package) as caught:
        train(samples, tmp_path, SEED, TINY)
    assert caught.value.extra == "train"


def test_nothing_is_written_unless_the_parity_check_passes(samples, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "unsafe-sitting.onnx").write_bytes(b"the earlier one")
    monkeypatch.setattr("cabinsafe.training.svm._LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match="differ"):
        train(samples, tmp_path, SEED, TINY)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the earlier one"]


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys) -> None:
    assert main(["--out", str(tmp_path / "out"), "--samples", "20", "--vehicles", "2"]) == 1
    assert "too few" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_metrics_count_what_they_say() -> None:
    pose = np.array(["resting"] * 4 + ["lying_on_back"] * 4)
    ids = np.arange(8) // 4
    made = PoseSamples(np.zeros((8, 18, 2)), pose == "lying_on_back", pose, ids, ids)
    probability = np.array([0.1, 0.2, 0.9, np.nan, 0.8, 0.7, 0.4, 0.6])
    metrics = measure(made, probability, threshold=0.5)
    assert metrics["judged"] == 7
    assert metrics["recall"] == metrics["recall_in_sight"] == pytest.approx(0.75)
    assert metrics["safe_alarm_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert metrics["balanced_accuracy"] == pytest.approx((0.75 + 2 / 3) / 2, abs=1e-4)
    assert metrics["precision"] == pytest.approx(0.75)
    assert metrics["abstained_share_safe"] == pytest.approx(0.25)
    assert metrics["abstained_share_unsafe"] == 0
    assert metrics["by_pose"]["resting"] == {"judged": 3, "alarm_rate": 0.3333, "abstained_share": 0.25}


def test_calibration_error() -> None:
    always = np.ones(10, dtype=bool)
    assert calibration_error(np.full(10, 0.95), always) == pytest.approx(0.05)
    half = np.arange(10) % 2 == 0
    assert calibration_error(np.full(10, 0.5), half) == pytest.approx(0.0)
    assert calibration_error(np.array([0.0, 1.0]), np.array([True, False])) == pytest.approx(1.0)


def test_command_line(tmp_path: Path, monkeypatch, capsys) -> None:
    calls = []

    def fake_train(samples: PoseSamples, out: Path, seed: int) -> dict[str, float]:
        calls.append((len(samples), out, seed))
        return {"recall": 0.5}

    monkeypatch.setattr("cabinsafe.training.svm.train", fake_train)
    assert main(["--out", str(tmp_path), "--samples", "50", "--vehicles", "5", "--seed", "3"]) == 0
    assert calls == [(50, tmp_path, 3)]
    assert json.loads(capsys.readouterr().out) == {"recall": 0.5}
