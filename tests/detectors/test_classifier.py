"""The unsafe-sitting classifier: its card, its file, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from cabinsafe.detectors import classifier as classifier_module
from cabinsafe.detectors.classifier import Classifier, ClassifierCard
from cabinsafe.detectors.features import feature_schema
from cabinsafe.detectors.unsafe_sitting import UnsafeSitting
from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.resources import sha256_of


def test_a_tampered_file_is_refused(copied: Path) -> None:
    file = copied.with_suffix(".onnx")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="expected sha256"):
        Classifier(copied)


def test_a_missing_file_is_refused(copied: Path) -> None:
    copied.with_suffix(".onnx").unlink()
    with pytest.raises(ModelError, match="does not exist"):
        Classifier(copied)


def test_other_features_are_refused_with_both_digests(copied: Path, edit) -> None:
    edit(features=json.loads(copied.read_text())["features"] | {"digest": "0" * 64})
    with pytest.raises(ModelError, match="0" * 64) as caught:
        Classifier(copied)
    assert feature_schema().digest in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "pose"}, "kind"),
        ({"card_version": 2}, "card_version"),
        ({"file": "../unsafe-sitting.onnx"}, "file"),
        ({"threshold": 0}, "threshold"),
        ({"safe_reference": {"median": [0.0], "weight": [1.0]}}, "safe_reference"),
        ({"classes": ["unsafe", "safe"]}, "classes must be safe, then"),
        ({"classes": ["safe"]}, "classes"),
        ({"classes": ["safe", "lying", "lying"]}, "classes must be safe, then"),
        ({"classes": ["safe", "flying"]}, "classes must be safe, then"),
        ({"undecided": [0.6, 0.7]}, "undecided must hold the threshold"),
        ({"data_digest": "none"}, "data_digest"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_malformed_cards_are_refused(copied: Path, edit, values: dict, message: str) -> None:
    edit(**values)
    with pytest.raises(ModelError, match=message):
        ClassifierCard.load(copied)


def test_a_card_that_is_no_json_or_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(b"\xff{")
    with pytest.raises(ModelError, match="not a readable JSON card"):
        ClassifierCard.load(file)
    with pytest.raises(ModelError, match="unsafe-sitting"):
        ClassifierCard.load("no-such-model")


def test_a_file_that_is_no_onnx_is_refused(copied: Path, edit) -> None:
    file = copied.with_suffix(".onnx")
    file.write_bytes(b"no graph")
    edit(sha256=sha256_of(file))
    with pytest.raises(ModelError, match=r"cannot load"):
        Classifier(copied)


@pytest.mark.parametrize(("key", "name"), [("input", "pixels"), ("probabilities", "heatmaps")])
def test_a_network_of_another_kind_is_refused(copied: Path, edit, key: str, name: str) -> None:
    edit(**{key: name})
    with pytest.raises(ModelError, match=name):
        Classifier(copied)


@pytest.mark.parametrize("key", ["median", "weight"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_reference_that_is_not_finite_is_refused(copied: Path, edit, key: str, value: float) -> None:
    reference = json.loads(copied.read_text())["safe_reference"]
    reference[key][3] = value
    edit(safe_reference=reference)
    with pytest.raises(ModelError, match=rf"safe_reference\.{key}\.3: .*finite.*got {value}"):
        Classifier(copied)


def test_a_card_with_a_class_less_than_the_network_is_refused_at_load(copied: Path, edit) -> None:
    classes = json.loads(copied.read_text())["classes"]
    edit(classes=classes[:-1])
    expected = rf"expected probabilities float \(N, {len(classes) - 1}\), got .*{len(classes)}\]"
    with pytest.raises(ModelError, match=expected):
        Classifier(copied)


def test_features_are_checked_and_failures_mapped(copied: Path) -> None:
    classifier = Classifier(copied)
    count = classifier.card.features.count
    classes = len(classifier.card.classes)
    assert classifier.probabilities(np.zeros((0, count), np.float32)).shape == (0, classes)
    assert classifier.probabilities(np.full((2, count), np.nan, np.float32)).shape == (2, classes)
    for wrong in (np.zeros((1, count)), np.zeros((1, count - 1), np.float32)):
        with pytest.raises(ShapeError, match="features"):
            classifier.probabilities(wrong)

    class Broken:
        def run(self, *_: object) -> None:
            raise RuntimeError("out of memory")

    classifier._session = Broken()
    with pytest.raises(EngineError, match="out of memory"):
        classifier.probabilities(np.zeros((1, count), np.float32))


def test_the_module_does_not_import_onnxruntime() -> None:
    assert "onnxruntime" not in vars(classifier_module)
    assert "sklearn" not in vars(sys.modules[UnsafeSitting.__module__])
