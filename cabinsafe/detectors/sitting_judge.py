"""A classifier of postures and the reasons of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import Features, Points, features_of_seated
from cabinsafe.errors import ModelError

_SHOWN_FEATURES: Final = 3


class Verdict(NamedTuple):
    """What is said of one person.

    Attributes:
        judge: who says it.
        probabilities: of the classes of its card.
        reasons: the distances that speak most for it in body scales, and what each adds to the log-odds.
    """

    judge: SittingJudge
    probabilities: list[float]
    reasons: dict[str, float]

    @property
    def unsafe(self) -> float:
        """Sum of the unsafe classes' probabilities."""
        return min(sum(self.probabilities[1:]), 1.0)

    @property
    def evidence(self) -> dict[str, float]:
        """Probability of each class, and the reasons."""
        names = self.judge.class_names
        return {name: round(p, 4) for name, p in zip(names, self.probabilities, strict=True)} | self.reasons


class SittingJudge:
    """A classifier that says why, by a linear model that follows it.

    Args:
        model: a classifier's card file, or the bare name of an embedded one.
        with_seat: whether it is one that must know where the seat is.

    Attributes:
        card: of the classifier.
        class_names: what the probabilities are called in the evidence.

    Raises:
        ModelError: the classifier cannot be used, or is one of the other sort.
    """

    def __init__(self, model: str, *, with_seat: bool) -> None:
        self._classifier = Classifier(model)
        self.card = self._classifier.card
        if self._classifier.with_seat is not with_seat:
            own, other = ("seat_model", "model") if with_seat else ("model", "seat_model")
            needs = "does not look at" if with_seat else "must know"
            raise ModelError(f"{self.card.path}: {needs} where the seat is: name it as {other}, not as {own}")
        self.class_names = [f"{name}_probability" for name in self.card.classes]
        self._names = self._classifier.schema.names
        self._usual, self._weight = map(
            np.array, (self.card.safe_reference.median, self.card.safe_reference.weight)
        )
        self._weight[[name.startswith("seen_") for name in self._names]] = 0.0

    def verdicts(self, points: Points, scale: Points, thresholds: Sequence[float]) -> list[Verdict]:
        """One for each of N people.

        Args:
            points: (N, P, 2) in the order of :data:`~cabinsafe.detectors.features.SEATED_KEYPOINTS`.
            scale: (N,) their body scales, pixels.
            thresholds: from which probability on each of them is unsafe.

        Raises:
            EngineError: the classifier failed.
        """
        features = features_of_seated(points, scale, with_seat=self._classifier.with_seat)
        probabilities = self._classifier.probabilities(features)
        reasons = self._reasons(features, probabilities, thresholds)
        return [Verdict(self, *said) for said in zip(probabilities.tolist(), reasons, strict=True)]

    def _reasons(
        self, features: Features, probabilities: Points, thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        added = (features - self._usual) * self._weight
        is_unsafe = probabilities[:, 1:].sum(axis=1) >= np.array(thresholds)
        speaks = np.nan_to_num(np.where(is_unsafe[:, None], added, -added))
        most = np.argsort(-speaks, axis=1, kind="stable")[:, :_SHOWN_FEATURES]
        reasons = []
        for n, columns in enumerate(most.tolist()):
            mine: dict[str, float] = {}
            for i in columns:
                if speaks[n, i] > 0:
                    mine[f"{self._names[i]}_body_scales"] = round(float(features[n, i]), 3)
                    mine[f"{self._names[i]}_adds_logits"] = round(float(added[n, i]), 3)
            reasons.append(mine)
        return reasons
