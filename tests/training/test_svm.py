"""Training on the bundled skeletons, end to end, and all that it refuses."""

from __future__ import annotations

import builtins
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cabinsafe.cli import app
from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import feature_schema, features_of_many, observable
from cabinsafe.errors import DataError, MissingExtraError, ModelError, OutputError
from cabinsafe.training import svm
from cabinsafe.training.sitting import fit as fitting
from cabinsafe.training.sitting.command import SvmJob, run_job
from cabinsafe.training.sitting.fit import Recipe, augmented, spoilt
from cabinsafe.training.sitting.records import read_jsonl
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.training.svm import Trained, overall, save, split, train

pytest.importorskip("sklearn")
pytest.importorskip("onnx")

TINY = Recipe(folds=2, components=24, costs=(4.0,), widths=(1.0,), rows=700, curve=(0.5,))
SEED = 1


@pytest.fixture(scope="module")
def samples(repository: Path) -> Samples:
    return read_jsonl(repository / "demo" / "skeletons.jsonl")


@pytest.fixture(scope="module")
def trained(samples: Samples) -> Trained:
    return train(samples, recipe=TINY, seed=SEED)


@pytest.fixture
def saved(trained: Trained, tmp_path: Path) -> Path:
    return save(trained, tmp_path / "mine")


def test_it_learns_what_it_has_not_seen(trained: Trained) -> None:
    figures = trained.figures["labelled"]
    assert figures["balanced_accuracy"] > 0.8
    assert figures["balanced_accuracy"] > trained.baseline["labelled"]["balanced_accuracy"]
    assert figures["skeletons"] == len(trained.test)
    assert 0 < figures["undecided_share"] < 0.4
    assert [point["share"] for point in trained.curve] == [0.5, 1.0]


def test_the_file_answers_as_the_classifier_it_was_made_from(trained: Trained, saved: Path) -> None:
    assert trained.draft.card["metrics"]["onnx_largest_difference"] < 1e-3
    classifier = Classifier(saved)
    assert classifier.card.classes[0] == "safe"
    assert set(classifier.card.classes[1:]) == set(trained.test.label.tolist()) - {"safe"}
    seen = observable(trained.test.points, 6)
    found = classifier.probabilities(trained.test.pick(seen).features(with_seat=False))
    np.testing.assert_allclose(found, trained.answers.probabilities[seen], atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_gaps_are_filled_by_the_file_itself(saved: Path, samples: Samples) -> None:
    points = samples.points[observable(samples.points, 6)][:50, :-1].copy()
    points[:, 10:] = np.nan
    probabilities = Classifier(saved).probabilities(features_of_many(points))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_the_card_tells_how_it_was_made(saved: Path, trained: Trained) -> None:
    card = Classifier(saved).card
    assert card.name == "mine"
    assert card.training["seed"] == SEED
    assert card.training["recipe"]["components"] == TINY.components
    assert card.data_digest == trained.draft.card["data_digest"]
    assert card.metrics["held_out"] == json.loads(json.dumps(trained.figures))
    assert card.metrics["reasons_r_squared"] > 0.4
    assert not any(path.suffix in (".pkl", ".pickle", ".joblib") for path in saved.parent.iterdir())


def test_training_is_deterministic(samples: Samples, trained: Trained) -> None:
    again = train(samples, recipe=TINY, seed=SEED)
    assert again.figures == trained.figures
    assert again.draft.content == trained.draft.content


def test_nobody_is_in_training_and_test(samples: Samples) -> None:
    learn, test = split(samples, TINY, SEED)
    assert not set(learn.vehicle.tolist()) & set(test.vehicle.tolist())
    assert not set(learn.person.tolist()) & set(test.person.tolist())
    assert len(learn) + len(test) == len(samples)


def test_someone_who_rides_in_two_vehicles_keeps_them_together(samples: Samples) -> None:
    person = samples.person.copy()
    person[(samples.vehicle == "cabin-001") | (samples.vehicle == "cabin-002")] = "the same"
    for seed in range(5):
        learn, _ = split(replace(samples, person=person), TINY, seed)
        assert ("cabin-001" in learn.vehicle) == ("cabin-002" in learn.vehicle)


def test_a_test_set_that_shares_somebody_is_refused(samples: Samples) -> None:
    learn, test = split(samples, TINY, SEED)
    person = test.person.copy()
    person[0] = learn.person[0]
    with pytest.raises(DataError, match=r"person 'cabin-.* is in training and test"):
        train(learn, replace(test, person=person), recipe=TINY)
    with pytest.raises(DataError, match="vehicle 'cabin-"):
        train(learn, learn, recipe=TINY)
    with pytest.raises(DataError, match="safe and unsafe skeletons to measure on"):
        train(learn, test.pick(~test.unsafe), recipe=TINY)


def test_too_few_vehicles_or_labels_are_refused(samples: Samples) -> None:
    few = samples.pick(np.isin(samples.vehicle, ["cabin-001", "cabin-002"]))
    with pytest.raises(DataError, match="too few to hold out"):
        train(few, recipe=TINY)
    with pytest.raises(DataError, match="got: safe"):
        learn, test = split(samples, TINY, SEED)
        train(learn.pick(~learn.unsafe), test, recipe=TINY)
    lying = np.flatnonzero(learn.label == "lying")[1:]
    rare = learn.pick(~np.isin(np.arange(len(learn)), lying))
    with pytest.raises(DataError, match=r"at least 2 vehicles .* lying 1"):
        train(rare, test, recipe=TINY)


def test_augmentation_keeps_labels_and_mirrors_all(samples: Samples) -> None:
    every = augmented(samples, TINY, np.random.default_rng(0))
    half, seen_nose = len(every) // 2, feature_schema().names.index("seen_nose")
    np.testing.assert_array_equal(every.label[:half], every.label[half:])
    np.testing.assert_allclose(
        every.pick(np.arange(half)).features(with_seat=False)[:, seen_nose],
        every.pick(np.arange(half, len(every))).features(with_seat=False)[:, seen_nose],
    )
    rough = spoilt(samples.points, np.random.default_rng(0))
    assert np.isnan(rough).sum() > 1.5 * np.isnan(samples.points).sum()


def test_a_cleaned_machine_forgets_what_contradicts_it() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(600, 2))
    true = points[:, 0] > 0
    label = np.where(rng.random(600) < 0.2, ~true, true)
    plain, cleaned = (
        fitting.machine(1.0, 477.0, TINY, cleaned=one).fit(points, label) for one in (False, True)
    )
    assert len(cleaned.support_) < 0.5 * len(plain.support_)
    fresh = rng.normal(size=(500, 2))
    assert (cleaned.predict(fresh) == (fresh[:, 0] > 0)).mean() > 0.9
    assert cleaned.get_params() == plain.get_params(), "it is copied as scikit-learn does it"


@pytest.mark.parametrize(("hidden", "package"), [("sklearn", "scikit-learn"), ("onnx", "onnx")])
def test_the_extra_is_named(samples: Samples, monkeypatch, hidden: str, package: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == hidden:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=package) as caught:
        train(samples, recipe=TINY)
    assert caught.value.extra == "train"


def test_a_file_that_answers_otherwise_is_refused(samples: Samples, monkeypatch) -> None:
    monkeypatch.setattr("cabinsafe.training.sitting.files.LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match="differ"):
        train(samples, recipe=TINY, seed=SEED)


def test_a_better_classifier_is_not_overwritten_unless_forced(saved: Path, trained: Trained) -> None:
    before = saved.read_bytes()
    seen = observable(trained.test.points, TINY.min_keypoints_count)
    compared = svm.compare(trained, saved, seen)
    assert compared.current == trained.figures
    assert save(compared, saved) == saved, "as good is good enough"
    worse = replace(compared, figures={k: v | {"balanced_accuracy": 0.6} for k, v in trained.figures.items()})
    with pytest.raises(ModelError, match=r"is better than the new classifier.*--force"):
        save(worse, saved)
    assert saved.read_bytes() == before
    save(worse, saved, force=True)


def test_one_that_cannot_be_compared_is_not_overwritten_unless_forced(saved: Path, trained: Trained) -> None:
    saved.with_suffix(".onnx").write_bytes(b"tampered")
    seen = observable(trained.test.points, TINY.min_keypoints_count)
    compared = svm.compare(trained, saved, seen)
    assert "expected sha256" in compared.why_not
    with pytest.raises(ModelError, match=r"cannot be compared .*expected sha256.*--force"):
        save(compared, saved)
    save(compared, saved, force=True)
    Classifier(saved)


def test_answering_nothing_is_no_better_than_a_coin(trained: Trained) -> None:
    silent = {"labelled": trained.figures["labelled"] | {"unsafe_unanswered_share": 1.0}}
    assert overall(silent) == 0.5 < overall(trained.figures)


def test_the_command_from_end_to_end(repository: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("cabinsafe.training.sitting.command.Recipe", lambda: TINY)
    data = repository / "demo" / "skeletons.jsonl"
    arguments = ["train", "svm", str(data), "--out", str(tmp_path / "new" / "mine"), "--keep", str(tmp_path)]
    result = CliRunner().invoke(
        app, [*arguments, "--cabin", "sedan", "--licence", "ours"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "labelled: balanced accuracy" in result.output
    page = (tmp_path / "new" / "mine.html").read_text(encoding="utf-8")
    for part in ("Confusion matrix", "Learning curve", "Calibration", "Precision and recall", "logistic"):
        assert part in page
    assert page.count('class="person"') > 0
    assert "<img" not in page
    assert "current" in page, "compared with the embedded one"
    assert len(read_jsonl(tmp_path / "train.jsonl")) == len(data.read_text().splitlines())
    card = Classifier(tmp_path / "new" / "mine.json").card
    assert (card.name, card.licence) == ("mine", "ours")
    assert card.sources == ({"what": "skeletons.jsonl"},)


def test_the_report_is_written_even_if_the_classifier_is_not(
    repository: Path, saved: Path, monkeypatch
) -> None:
    monkeypatch.setattr(Trained, "is_better", property(lambda _: False))
    job = SvmJob((repository / "demo" / "skeletons.jsonl",), saved, seed=SEED, recipe=TINY)
    before = saved.read_bytes()
    with pytest.raises(ModelError, match="better"):
        run_job(job)
    assert saved.read_bytes() == before
    assert "current" in saved.with_suffix(".html").read_text()


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"out": "file/b"}, "file: cannot be made"),
        ({"out": "taken.json"}, r"taken\.json: cannot be written: Is a directory"),
        ({"report": "taken.json"}, r"taken\.json: cannot be written: Is a directory"),
        ({"keep": "file/kept"}, "file/kept: cannot be made"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_anything_is_read(
    places: dict[str, str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken.json").mkdir()
    job = SvmJob(
        (tmp_path / "no data",),
        **{"out": tmp_path / "b"} | {key: tmp_path / place for key, place in places.items()},
    )
    with pytest.raises(OutputError, match=message):
        run_job(job)


def test_a_card_needs_a_name() -> None:
    with pytest.raises(OutputError, match="expected the name of a card, got a folder"):
        run_job(SvmJob((Path("no data"),), Path()))


def test_the_thin_script_is_the_command(repository: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    script = shutil.copy(repository / "scripts" / "train_svm.py", tmp_path)
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert "DATA" in done.stdout
    assert "--force" in done.stdout


def test_no_kind_is_cut_off_where_rows_are_few() -> None:
    labels = np.array(["safe"] * 5 + ["lying"] * 90 + ["safe", "standing", "lying", "standing"])
    same = np.full(len(labels), "-")
    samples = Samples(np.zeros((len(labels), 18, 2)), labels, same, same, same, same)
    rows = samples.unsafe_rows(10)
    assert (np.diff(rows) > 0).all()
    assert sorted(labels[rows]) == ["lying"] * 8 + ["standing"] * 2
