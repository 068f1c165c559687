"""The mistakes most worth a look: people who are not there, people missed, people badly placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cabinsafe.evaluation.accuracy import Prediction
from cabinsafe.evaluation.pairs import NEAR_OKS, RECALLED_OKS, Pairs

Kind = Literal["false", "missed", "misplaced"]


@dataclass(frozen=True)
class Case:
    """One mistake.

    Attributes:
        kind: ``false``: somebody found where nobody is; ``missed``: somebody of whom nothing is found;
            ``misplaced``: somebody found, but too far off to be recalled.
        image_id: where.
        person: place among that image's labelled people with keypoints, None if the case has none.
        prediction: place among its predictions, None if the case has none.
        value: person score of a false one, area in square pixels of a missed one, OKS of a misplaced one.
    """

    kind: Kind
    image_id: int
    person: int | None
    prediction: int | None
    value: float


def worst_cases(
    pairs: Sequence[Pairs], found: Mapping[int, Sequence[Prediction]], count: int
) -> tuple[Case, ...]:
    """Return up to ``count`` mistakes of each kind, the worst first, one of a kind per image."""
    cases = [case for one in pairs for case in _cases(one, found[one.image_id])]
    return (
        *_first(sorted((c for c in cases if c.kind == "false"), key=lambda c: -c.value), count),
        *_first(sorted((c for c in cases if c.kind == "missed"), key=lambda c: -c.value), count),
        *_first(sorted((c for c in cases if c.kind == "misplaced"), key=lambda c: c.value), count),
    )


def _cases(one: Pairs, predictions: Sequence[Prediction]) -> list[Case]:
    cases = [
        Case("false", one.image_id, None, number, predictions[number][2])
        for number in range(len(predictions))
        if one.owner[number] < 0 and not one.excused[number]
    ]
    for number, person in enumerate(one.people):
        oks = float(one.oks[number])
        if not one.asked[number] or oks > RECALLED_OKS:
            continue
        if oks < NEAR_OKS:
            cases.append(Case("missed", one.image_id, number, None, float(person["area"])))
        else:
            cases.append(Case("misplaced", one.image_id, number, int(one.prediction_of[number]), oks))
    return cases


def _first(cases: Sequence[Case], count: int) -> list[Case]:
    of_image: dict[int, Case] = {}
    for case in cases:
        of_image.setdefault(case.image_id, case)
    return list(of_image.values())[:count]
