"""How well a posture classifier does on samples that it has not seen: by source, class, act, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.sitting.samples import SOURCES, Mask, Samples, Words

Array = NDArray[np.float64]

NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Answers:
    """What a classifier says of N samples.

    Attributes:
        classes: its C classes, safe first.
        probabilities: (N, C); NaN where too little is seen.
        threshold: sum of the unsafe probabilities from which the answer is unsafe.
        undecided: such sums between these are no answer.
    """

    classes: tuple[str, ...]
    probabilities: Array
    threshold: float
    undecided: tuple[float, float]

    @property
    def unsafe(self) -> Array:
        """(N,) probability of unsafe, NaN where too little is seen."""
        total: Array = self.probabilities[:, 1:].sum(axis=1)
        return total

    @property
    def judged(self) -> Mask:
        """(N,) whether enough is seen."""
        mask: Mask = ~np.isnan(self.unsafe)
        return mask

    @property
    def decided(self) -> Mask:
        """(N,) whether there is an answer."""
        low, high = self.undecided
        mask: Mask = self.judged & ((self.unsafe <= low) | (self.unsafe >= high))
        return mask

    @property
    def alarm(self) -> Mask:
        """(N,) whether unsafe is the likelier, answered or not."""
        mask: Mask = self.unsafe >= self.threshold
        return mask

    def words(self) -> Words:
        """(N,) the answer: safe, the likeliest kind of unsafe, or :data:`NO_ANSWER`."""
        kind = np.nan_to_num(self.probabilities[:, 1:]).argmax(axis=1) + 1
        word = np.array(self.classes)[np.where(self.alarm, kind, 0)]
        return np.where(self.decided, word, NO_ANSWER)


def measure(samples: Samples, answers: Answers) -> dict[str, Any]:
    """Metrics of each source there is, and ``all`` of them together; see :func:`measure_one`."""
    parts = {source: samples.source == source for source in SOURCES}
    parts = {source: rows for source, rows in parts.items() if rows.any()}
    if len(parts) > 1:
        parts["all"] = np.ones(len(samples), bool)
    return {source: measure_one(samples, answers, rows) for source, rows in parts.items()}


def measure_one(samples: Samples, answers: Answers, rows: Mask) -> dict[str, Any]:
    """Metrics of some samples.

    ``balanced_accuracy``, ``recall`` and ``safe_alarm_rate`` are of those that were answered;
    ``balanced_accuracy_forced`` takes the likelier side of the undecided as well. ``recall_by_class`` and
    ``alarm_rate_by_act`` are of those answered, with their number.
    """
    unsafe, decided, judged = samples.unsafe, answers.decided & rows, answers.judged & rows
    recall, safe_alarm_rate = _rates(answers.alarm, unsafe, decided)
    forced = _rates(answers.alarm, unsafe, judged)
    figures = {
        "balanced_accuracy": (recall + 1 - safe_alarm_rate) / 2,
        "balanced_accuracy_forced": (forced[0] + 1 - forced[1]) / 2,
        "recall": recall,
        "safe_alarm_rate": safe_alarm_rate,
        "average_precision": _average_precision(answers.unsafe[judged], unsafe[judged]),
        "calibration_error": calibration_error(answers.unsafe[judged], unsafe[judged]),
        "too_little_seen_share": 1 - judged.sum() / rows.sum(),
        "undecided_share": (judged & ~decided).sum() / max(judged.sum(), 1),
        "unsafe_unanswered_share": 1 - (decided & unsafe).sum() / max((rows & unsafe).sum(), 1),
    }
    return {
        "skeletons": int(rows.sum()),
        "unsafe": int((rows & unsafe).sum()),
        "vehicles": len(np.unique(samples.vehicle[rows])),
        **{name: None if np.isnan(value) else round(float(value), 4) for name, value in figures.items()},
        "recall_by_class": _by(samples.label, answers.alarm, decided & unsafe),
        "alarm_rate_by_act": _by(samples.note, answers.alarm, decided & ~unsafe),
    }


def confusion(
    samples: Samples, answers: Answers, rows: Mask
) -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Labels, answers, and how often each comes with each (labels, answers)."""
    labels = [label for label in (*answers.classes, "unsafe") if (samples.label[rows] == label).any()]
    columns = [*answers.classes, NO_ANSWER]
    words = answers.words()[rows]
    table = [
        [int(((samples.label[rows] == label) & (words == column)).sum()) for column in columns]
        for label in labels
    ]
    return labels, columns, np.array(table, dtype=np.int64).reshape(len(labels), len(columns))


def precision_recall(probability: Array, unsafe: Mask) -> tuple[Array, Array]:
    """Precision and recall at every threshold, from the highest down."""
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(unsafe[order])
    return hits / np.arange(1, len(order) + 1), hits / max(hits[-1] if len(hits) else 0, 1)


def calibration_error(probability: Array, unsafe: Mask, bins: int = 10) -> float:
    """Expected calibration error where safe and unsafe weigh the same, over even bins."""
    if not len(unsafe) or unsafe.all() or not unsafe.any():
        return float("nan")
    _, frequency, weight, mean = reliability(probability, unsafe, bins)
    return float(np.nansum(np.abs(frequency - mean) * weight))


def reliability(probability: Array, unsafe: Mask, bins: int = 10) -> tuple[Array, Array, Array, Array]:
    """Centre, share of unsafe, weight and mean probability of each bin; safe and unsafe weigh half each."""
    weight = np.where(unsafe, 0.5 / max(unsafe.sum(), 1), 0.5 / max((~unsafe).sum(), 1))
    which = np.minimum((probability * bins).astype(int), bins - 1)
    total = np.bincount(which, weight, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):
        frequency = np.bincount(which, weight * unsafe, minlength=bins) / total
        mean = np.bincount(which, weight * probability, minlength=bins) / total
    return (np.arange(bins) + 0.5) / bins, frequency, total, mean


def _average_precision(probability: Array, unsafe: Mask) -> float:
    if not unsafe.any():
        return float("nan")
    precision, _ = precision_recall(probability, unsafe)
    hit = unsafe[np.argsort(-probability, kind="stable")]
    return float(precision[hit].mean())


def _rates(alarm: Mask, unsafe: Mask, rows: Mask) -> tuple[float, float]:
    """Share of alarms among the unsafe and among the safe ones; NaN where there are none."""
    sides = (alarm[rows & unsafe], alarm[rows & ~unsafe])
    recall, false = (float(side.mean()) if len(side) else float("nan") for side in sides)
    return recall, false


def _by(words: Words, alarm: Mask, rows: Mask) -> dict[str, tuple[float, int]]:
    """Rate and number for each word."""
    return {
        str(word): (
            round(float(alarm[rows & (words == word)].mean()), 3),
            int((rows & (words == word)).sum()),
        )
        for word in np.unique(words[rows])
    }
