"""Unsafe-sitting classifiers on fresh people, labelled and as the pose network sees them.

    python -m benchmarks.sitting DATA... [--model CARD]...

DATA is what ``cabinsafe train svm`` takes; nothing of it may have been trained on. Beside a classifier that
must know where the seat is, all are measured on people whose seat is known.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import observable
from cabinsafe.training.sitting.fit import Recipe
from cabinsafe.training.sitting.metrics import Answers, measure
from cabinsafe.training.sitting.read import read_samples
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.training.sitting.sight import Sight


def answers_of(model: str, samples: Samples) -> Answers:
    """What a classifier says of people, by the threshold and the undecided band of its card."""
    classifier = Classifier(model)
    card, seen = classifier.card, observable(samples.points, Recipe().min_keypoints_count)
    probabilities = np.full((len(samples), len(card.classes)), np.nan)
    probabilities[seen] = classifier.probabilities(
        samples.pick(seen).features(with_seat=classifier.with_seat)
    )
    return Answers(card.classes, probabilities, card.threshold, card.undecided)


def show(models: Sequence[str], samples: Samples) -> None:
    """Print a table."""
    print("| classifier | skeletons | unsafe | balanced accuracy | forced | no answer, unsafe ones |")
    print("|---|---|---|---|---|---|")
    for model in models:
        for source, part in measure(samples, answers_of(model, samples)).items():
            print(
                f"| {Path(model).stem} | {part['skeletons']} {source} | {part['unsafe']} "
                f"| {part['balanced_accuracy']:.3f} | {part['balanced_accuracy_forced']:.3f} "
                f"| {part['unsafe_unanswered_share']:.3f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--model", action="append", default=[])
    arguments = parser.parse_args()
    with closing(Sight()) as sight:
        samples = read_samples(arguments.data, sight=sight)
    models = arguments.model or ["unsafe-sitting", "unsafe-sitting-seat"]
    if any(Classifier(model).with_seat for model in models):
        print(f"of {len(samples)} skeletons those whose seat is known, {samples.on_known_seat.mean():.0%}:\n")
        samples = samples.pick(samples.on_known_seat)
    show(models, samples)


if __name__ == "__main__":
    main()
