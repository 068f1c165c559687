"""Figures of events over many rides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaincinv

from cabinsafe.evaluation.events.matching import MatchOptions, Rating, is_on_time
from cabinsafe.evaluation.results import Interval

HOUR_S: Final = 3600.0
_TAIL: Final = 0.025  # of a 95 % interval, on each side


@dataclass(frozen=True)
class Measures:
    """One kind, or several together, over some rides. Shares are None where there is nothing to take them of.

    Attributes:
        rides, hours: how many, and how long they last together.
        acts, found: acts that had to be reported, and those that were.
        recall: their share.
        recall_interval: 95 %, over rides drawn with repetition.
        brief, unwatched: acts that are not judged: too short for the hold time, or in rides without the rule.
        false, repeats: alarms about nothing, and second alarms about one act.
        false_per_hour: both, per hour of the cabin's time.
        false_interval: 95 %, if they come as a Poisson process.
        precision, f1: of alarms that are about an act of their own.
        f1_interval: 95 %, over rides drawn with repetition.
        f1_collar: the same where beginning and end must also be right within the collar.
        delay_median_s, delay_p95_s: from an act's beginning to its alarm.
        delay_interval_s: of the median, 95 %, over rides drawn with repetition.
        near_misses, near_misses_alarmed: what must not be reported, and how many were.
    """

    rides: int
    hours: float
    acts: int
    found: int
    recall: float | None
    recall_interval: Interval | None
    brief: int
    unwatched: int
    false: int
    repeats: int
    false_per_hour: float
    false_interval: Interval | None
    precision: float | None
    f1: float | None
    f1_interval: Interval | None
    f1_collar: float | None
    delay_median_s: float | None
    delay_p95_s: float | None
    delay_interval_s: Interval | None
    near_misses: int
    near_misses_alarmed: int


@dataclass(frozen=True)
class RideTally:
    """What counts of one ride: its hours, and what was made of each kind in question."""

    hours: float
    ratings: tuple[Rating, ...]


def measure(tallies: Sequence[RideTally], options: MatchOptions, rounds: int = 1000) -> Measures:
    """Figures of rides.

    Args:
        tallies: one for each ride.
        options: the collar counts for ``f1_collar``.
        rounds: draws of the rides for intervals; 0 leaves them out.
    """
    rows = np.array([_row(tally, options.collar_s) for tally in tallies], dtype=np.float64).reshape(-1, 5)
    delays = [_delays(tally) for tally in tallies]
    sums = rows.sum(axis=0)
    hours, every = sum(tally.hours for tally in tallies), [r for tally in tallies for r in tally.ratings]
    acts, found, own, wrong = (int(value) for value in sums[:4])
    joined = np.concatenate([*delays, []])
    draws = np.random.default_rng(0).integers(max(len(rows), 1), size=(rounds if len(rows) else 0, len(rows)))

    def interval(value: Callable[[np.ndarray], float | None]) -> Interval | None:
        values = [v for draw in draws if (v := value(draw)) is not None]
        return (float(np.quantile(values, _TAIL)), float(np.quantile(values, 1 - _TAIL))) if values else None

    near = [alarmed for rating in every for _, alarmed in rating.near_misses]
    return Measures(
        rides=len(tallies),
        hours=hours,
        acts=acts,
        found=found,
        recall=_share(found, acts),
        recall_interval=interval(lambda draw: _share(*rows[draw].sum(axis=0)[[1, 0]])),
        brief=sum(rating.brief for rating in every),
        unwatched=sum(rating.unwatched for rating in every),
        false=sum(len(rating.false) for rating in every),
        repeats=sum(len(rating.repeats) for rating in every),
        false_per_hour=wrong / hours if hours else 0.0,
        false_interval=poisson_interval(wrong, hours),
        precision=_share(own, own + wrong),
        f1=_f1(sums, 2),
        f1_interval=interval(lambda draw: _f1(rows[draw].sum(axis=0), 2)),
        f1_collar=_f1(sums, 4),
        delay_median_s=_quantile(joined, 0.5),
        delay_p95_s=_quantile(joined, 0.95),
        delay_interval_s=interval(lambda draw: _quantile(np.concatenate([delays[i] for i in draw]), 0.5)),
        near_misses=len(near),
        near_misses_alarmed=sum(near),
    )


def poisson_interval(count: int, hours: float) -> Interval | None:
    """95 % interval of a rate per hour from a count; None for no time at all.

    Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936).
    """
    if hours <= 0:
        return None
    low = float(gammaincinv(count, _TAIL)) if count else 0.0
    return low / hours, float(gammaincinv(count + 1, 1 - _TAIL)) / hours


def by_value(names: Sequence[str], tallies: Sequence[RideTally]) -> Mapping[str, list[RideTally]]:
    """Rides by the value of something known of each."""
    groups: dict[str, list[RideTally]] = {}
    for name, tally in zip(names, tallies, strict=True):
        groups.setdefault(name, []).append(tally)
    return dict(sorted(groups.items()))


def _row(tally: RideTally, collar_s: float) -> tuple[int, int, int, int, int]:
    """Acts, found, alarms of their own, wrong alarms, own alarms right in time."""
    acts = [one for rating in tally.ratings for one in rating.acts]
    return (
        len(acts),
        sum(one.found for one in acts),
        sum(one.alarm is not None for one in acts),
        sum(len(rating.false) + len(rating.repeats) for rating in tally.ratings),
        sum(is_on_time(one, collar_s) for one in acts),
    )


def _delays(tally: RideTally) -> np.ndarray:
    acts = [one for rating in tally.ratings for one in rating.acts]
    return np.array([one.delay_s for one in acts if one.delay_s is not None])


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _f1(sums: np.ndarray, right: int) -> float | None:
    """Harmonic mean of recall and precision, where the column ``right`` says what is right."""
    acts, _, own, wrong, _ = sums
    return _share(2 * sums[right], acts + own + wrong)


def _quantile(values: np.ndarray, q: float) -> float | None:
    return float(np.quantile(values, q)) if len(values) else None
