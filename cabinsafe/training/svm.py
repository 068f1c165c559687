"""Training of the unsafe-sitting classifier on labelled skeletons: what ``cabinsafe train svm`` does.

Every split keeps together whoever shares a vehicle or a person: nobody is in training and test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import observable
from cabinsafe.errors import DataError, ModelError, OutputError
from cabinsafe.training.sitting import beside
from cabinsafe.training.sitting import fit as fitting
from cabinsafe.training.sitting.files import Draft, write_draft
from cabinsafe.training.sitting.fit import THRESHOLD, Recipe
from cabinsafe.training.sitting.metrics import Answers, measure
from cabinsafe.training.sitting.samples import Mask, Samples, groups_of

Figures = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """One training: the classifier, and what it and others reach on the same held-out samples.

    Attributes:
        draft: what is to be written.
        test: the held-out samples.
        answers: what the new classifier says of them, as its file gives it.
        figures: of the new classifier, by source.
        baseline: the same of logistic regression on the same features.
        current: the same of the classifier in use, None if there is none to compare with.
        current_answers: what that says.
        why_not: why there is none, or empty.
        curve: share of the training vehicles, number of skeletons, average precision by source.
    """

    draft: Draft
    test: Samples
    answers: Answers
    figures: Figures
    baseline: Figures
    current: Figures | None = None
    current_answers: Answers | None = None
    why_not: str = ""
    curve: list[Figures] = field(default_factory=list)

    @property
    def is_better(self) -> bool:
        """Whether the new one is at least as good as the current one, by :func:`overall`."""
        return self.current is None or overall(self.figures) >= overall(self.current)


def overall(figures: Figures) -> float:
    """Balanced accuracy of the answered, less half of what stays unanswered, mean over the sources.

    Whoever answers nothing is no better than a coin, and a source counts the same however large it is.
    """
    parts = [part for source, part in figures.items() if source != "all" or len(figures) == 1]
    scores = [
        0.5 + ((part["balanced_accuracy"] or 0.5) - 0.5) * (1 - part["unsafe_unanswered_share"])
        for part in parts
    ]
    return float(np.mean(scores))


def train(
    samples: Samples,
    test: Samples | None = None,
    *,
    current: Path | str | None = None,
    recipe: Recipe | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a classifier and measure it beside the current one and a baseline.

    Args:
        samples: to learn from.
        test: to measure on; None holds out a share of ``samples``.
        current: card of the classifier to compare with.
        recipe: how; None for the usual.
        seed: of the split, the augmentation and the choice of rows.
        say: told what is being done.

    Raises:
        MissingExtraError: the [train] extra is not installed.
        DataError: too few vehicles or labels, or ``test`` shares a vehicle or a person with ``samples``.
        ModelError: the ONNX file does not answer as the classifier it was made from.
    """
    recipe = recipe or Recipe()
    fitting.require_sklearn()
    if recipe.with_seat:
        samples = _seated(samples)
        test = None if test is None else _seated(test)
    learn, test = split(samples, recipe, seed) if test is None else (samples, test)
    require_apart(learn, test)
    learn = learn.pick(observable(learn.points, recipe.min_keypoints_count))
    say(f"training on {len(learn)} skeletons")
    fitted = fitting.fit(learn, recipe, seed)
    say("measuring")
    seen = observable(test.points, recipe.min_keypoints_count)
    draft, probabilities = write_draft(fitted, learn, test.pick(seen), recipe, seed)
    answers = _answers(fitted.classes, probabilities, seen, THRESHOLD, recipe.undecided)
    say("baseline and learning curve")
    baseline = beside.baseline(learn, test.pick(seen), recipe, seed)
    plain = _answers(("safe", "unsafe"), baseline, seen, THRESHOLD, (THRESHOLD, THRESHOLD))
    figures = measure(test, answers)
    draft.note_metrics(figures, measure(test, plain))
    trained = Trained(
        draft, test, answers, figures, measure(test, plain),
        curve=beside.learning_curve(learn, test.pick(seen), fitted, recipe, seed),
    )  # fmt: skip
    return trained if current is None else compare(trained, current, seen)


def _seated(samples: Samples) -> Samples:
    """Those of whom it is known where the seat is.

    Raises:
        DataError: there are none.
    """
    known = samples.on_known_seat
    if not known.any():
        raise DataError(
            f"none of {len(samples)} skeletons tells where the seat is (docs/sitting.md says how); without "
            "--seat the classifier does not ask"
        )
    return samples.pick(known)


def split(samples: Samples, recipe: Recipe, seed: int) -> tuple[Samples, Samples]:
    """Samples to learn from and samples to measure on, nobody and no vehicle in both.

    Raises:
        DataError: there are too few vehicles.
    """
    groups = groups_of(samples)
    names = np.unique(groups)
    count = round(len(names) * recipe.held_out_share)
    if count < 1 or len(names) - count < recipe.folds:
        raise DataError(
            f"{len(names)} vehicles that share nobody are too few to hold out {recipe.held_out_share:.0%} "
            f"and make {recipe.folds} folds of the others"
        )
    held_out = np.isin(groups, np.random.default_rng(seed).permutation(names)[:count])
    return samples.pick(~held_out), samples.pick(held_out)


def require_apart(learn: Samples, test: Samples) -> None:
    """Check that nobody and no vehicle is in both.

    Raises:
        DataError: one is; the message names it.
    """
    for what in ("vehicle", "person"):
        both = sorted(set(getattr(learn, what).tolist()) & set(getattr(test, what).tolist()))
        if both:
            raise DataError(f"{what} '{both[0]}' is in training and test: measure on others")
    if not test.unsafe.any() or test.unsafe.all():
        raise DataError(
            f"expected safe and unsafe skeletons to measure on, got {int((~test.unsafe).sum())} and "
            f"{int(test.unsafe.sum())}"
        )


def compare(trained: Trained, current: Path | str, seen: Mask) -> Trained:
    """The same with the figures of the current classifier, or why it has none."""
    values = {name: getattr(trained, name) for name in trained.__dataclass_fields__}
    try:
        classifier = Classifier(current)
        if classifier.with_seat and not trained.test.on_known_seat.all():
            raise ModelError(f"{classifier.card.path} must know where the seat is, the new one need not")
        probabilities = classifier.probabilities(
            trained.test.pick(seen).features(with_seat=classifier.with_seat)
        )
    except ModelError as error:
        return Trained(**{**values, "why_not": str(error)})
    card = classifier.card
    answers = _answers(card.classes, probabilities, seen, card.threshold, card.undecided)
    return Trained(**{**values, "current": measure(trained.test, answers), "current_answers": answers})


def _answers(
    classes: tuple[str, ...],
    probabilities: np.ndarray,
    seen: Mask,
    threshold: float,
    undecided: tuple[float, float],
) -> Answers:
    spread = np.full((len(seen), len(classes)), np.nan)
    spread[seen] = probabilities
    return Answers(classes, spread, threshold, undecided)


def card_path(out: Path) -> Path:
    """The card's path: ``out`` itself, or with the ending that it lacks or has of the ONNX file.

    Raises:
        OutputError: ``out`` names no file.
    """
    if not out.name:
        raise OutputError(f"{out}: expected the name of a card, got a folder")
    if out.suffix in (".json", ".onnx"):
        return out.with_suffix(".json")
    return out.with_name(f"{out.name}.json")


def save(trained: Trained, card_file: Path, *, force: bool = False) -> Path:
    """Write the ONNX file and its card; returns the card's path.

    Args:
        trained: of :func:`train`, compared with what lies at ``card_file`` if anything does.
        card_file: name of the card to be, with or without its ending; the ONNX file lies beside it.
        force: also over a better classifier, or one that cannot be compared.

    Raises:
        ModelError: a better classifier lies there, or one that could not be compared.
        OutputError: the files cannot be written.
    """
    path = card_path(card_file)
    if path.exists() and not force:
        if trained.current is None:
            raise ModelError(
                f"{path} cannot be compared with the new classifier: {trained.why_not or 'it was not read'}. "
                "--force replaces it"
            )
        if not trained.is_better:
            raise ModelError(
                f"{path} is better than the new classifier, {overall(trained.current):.4f} to "
                f"{overall(trained.figures):.4f} on the same held-out skeletons; --force replaces it"
            )
    trained.draft.write(path)
    return path
