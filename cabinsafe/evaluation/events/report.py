"""An evaluation of events as a whole: by kind and by what is known of the rides, and what went wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from cabinsafe.data import ClipTruth
from cabinsafe.detectors.base import BUILT_IN
from cabinsafe.errors import DataError
from cabinsafe.evaluation.events.matching import MatchOptions, Rating, rate
from cabinsafe.evaluation.events.measures import HOUR_S, Measures, RideTally, by_value, measure
from cabinsafe.evaluation.events.rides import Ride

NOTHING_KNOWN: Final = "unknown"
EVERY_KIND: Final = "all kinds"


class EventOptions(MatchOptions):
    """How events are evaluated."""

    budgets_per_hour: tuple[float, ...] = Field(
        (0.1, 0.5, 1.0, 5.0), min_length=1, description="False alarms per cabin-hour at which recall is given"
    )
    held_out_budget_per_hour: float = Field(
        0.5, ge=0, description="The budget by which the other vehicles choose the threshold of a new one"
    )
    bootstrap_rounds: int = Field(1000, ge=0, le=100000, description="Draws of the rides for intervals")


@dataclass(frozen=True)
class Point:
    """What only the alarms of at least a score would have come to; None in place of a score allows none."""

    min_score: float | None
    recall: float | None
    false_per_hour: float


@dataclass(frozen=True)
class Mistake:
    """One alarm or act that went wrong; ``what`` is missed, false, repeat or near miss."""

    ride: str
    kind: str
    what: str
    t_start_s: float
    t_end_s: float
    seats: tuple[str | None, ...]


@dataclass(frozen=True)
class EventReport:
    """An evaluation.

    Attributes:
        options: how it was made.
        kinds: figures of each kind, and of all together under :data:`EVERY_KIND`.
        by: attribute, then its value, then the kind, to figures.
        recall_at: kind to budget to the point with the highest recall within it.
        curve: kind to points of falling score.
        new_vehicle: kind to vehicle to what it gets with the threshold that the other vehicles choose.
        mistakes: each of them.
    """

    options: EventOptions
    kinds: Mapping[str, Measures]
    by: Mapping[str, Mapping[str, Mapping[str, Measures]]]
    recall_at: Mapping[str, Mapping[str, Point]]
    curve: Mapping[str, tuple[Point, ...]]
    new_vehicle: Mapping[str, Mapping[str, Point]]
    mistakes: tuple[Mistake, ...]

    def plain(self) -> dict[str, Any]:
        """The report as JSON knows values."""
        shallow = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        plain: dict[str, Any] = _plain(shallow | {"options": self.options.model_dump(mode="json")})
        return plain


def evaluate_events(
    rides: Sequence[Ride], options: EventOptions | None = None, kinds: Sequence[str] = ()
) -> EventReport:
    """Judge the alarms of some rides.

    Args:
        rides: with their truth.
        options: collar, budgets, rounds.
        kinds: which to judge; by default the built-in ones and what was reported, where a truth decides them.

    Raises:
        DataError: there are no rides, or none whose truth decides one of the kinds.
    """
    chosen, judged = options or EventOptions(), _kinds(rides, kinds)
    ratings = {kind: [rate(ride, kind, chosen) for ride in rides] for kind in judged}
    tallies = {kind: _tallies(rides, kind, ratings[kind]) for kind in judged}
    tallies[EVERY_KIND] = [
        RideTally(ride.truth.duration_s / HOUR_S, tuple(ratings[kind][i] for kind in judged))
        for i, ride in enumerate(rides)
    ]
    known = [attributes_of(ride.truth) for ride in rides]
    by = {
        key: _by_attribute([values.get(key, NOTHING_KNOWN) for values in known], tallies, chosen)
        for key in ("vehicle", "view", "light")
    }
    vehicles = [values.get("vehicle", NOTHING_KNOWN) for values in known]
    curves = {kind: _curve(rides, kind, chosen) for kind in judged}
    return EventReport(
        options=chosen,
        kinds={kind: measure(own, chosen, chosen.bootstrap_rounds) for kind, own in tallies.items()},
        by=by,
        recall_at={
            kind: {f"{budget:g}": within(curve, budget) for budget in chosen.budgets_per_hour}
            for kind, curve in curves.items()
        },
        curve=curves,
        new_vehicle={kind: _new_vehicles(rides, vehicles, kind, chosen) for kind in judged},
        mistakes=tuple(_mistakes(rides, ratings)),
    )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def attributes_of(truth: ClipTruth) -> dict[str, str]:
    """Vehicle, view and light of a clip, as far as its truth knows them."""
    known = {
        "vehicle": truth.attributes.get("vehicle", truth.attributes.get("cabin")),
        "view": truth.attributes.get("mount", truth.camera_id),
        "light": truth.attributes.get("light"),
    }
    return {key: str(value) for key, value in known.items() if value is not None}


def within(curve: Sequence[Point], budget_per_hour: float) -> Point:
    """The point of highest recall with no more false alarms than the budget."""
    allowed = [point for point in curve if point.false_per_hour <= budget_per_hour]
    return max(allowed, key=lambda point: (point.recall or 0.0, -point.false_per_hour))


def _kinds(rides: Sequence[Ride], wanted: Sequence[str]) -> list[str]:
    if not rides:
        raise DataError("there are no rides to judge")
    decided = {kind for ride in rides for kind in ride.truth.rules}
    asked = wanted or [
        *BUILT_IN,
        *sorted({alarm.kind for ride in rides for alarm in ride.alarms} - {*BUILT_IN}),
    ]
    kinds = [kind for kind in asked if kind in decided]
    if not kinds or (wanted and len(kinds) < len(wanted)):
        unknown = ", ".join(sorted({*asked} - decided))
        raise DataError(f"no truth decides {unknown}; they decide {', '.join(sorted(decided))}")
    return kinds


def _tallies(rides: Sequence[Ride], kind: str, ratings: Sequence[Rating]) -> list[RideTally]:
    """Only rides in which the kind was looked for count their hours."""
    return [
        RideTally(ride.truth.duration_s / HOUR_S if ride.watches(kind) else 0.0, (rating,))
        for ride, rating in zip(rides, ratings, strict=True)
    ]


def _by_attribute(
    values: Sequence[str], tallies: Mapping[str, Sequence[RideTally]], options: EventOptions
) -> dict[str, dict[str, Measures]]:
    figures: dict[str, dict[str, Measures]] = {}
    for kind, own in tallies.items():
        for value, group in by_value(values, own).items():
            figures.setdefault(value, {})[kind] = measure(group, options, 0)
    return dict(sorted(figures.items()))


def _curve(rides: Sequence[Ride], kind: str, options: EventOptions) -> tuple[Point, ...]:
    """Points of falling score, from no alarm at all to all alarms."""
    scores = sorted(
        {alarm.score for ride in rides for alarm in ride.alarms if alarm.kind == kind}, reverse=True
    )
    return tuple(_point(rides, kind, options, score) for score in [None, *scores])


def _point(rides: Sequence[Ride], kind: str, options: EventOptions, score: float | None) -> Point:
    least = float("inf") if score is None else score
    figures = measure(_tallies(rides, kind, [rate(ride, kind, options, least) for ride in rides]), options, 0)
    return Point(score, figures.recall, figures.false_per_hour)


def _new_vehicles(
    rides: Sequence[Ride], vehicles: Sequence[str], kind: str, options: EventOptions
) -> dict[str, Point]:
    """Leave one vehicle out: its figures with the score that is best within the budget on all others."""
    points = {}
    for vehicle in sorted(set(vehicles)):
        own = [ride for ride, name in zip(rides, vehicles, strict=True) if name == vehicle]
        others = [ride for ride, name in zip(rides, vehicles, strict=True) if name != vehicle]
        if others:
            chosen = within(_curve(others, kind, options), options.held_out_budget_per_hour)
            points[vehicle] = _point(own, kind, options, chosen.min_score)
    return points


def _mistakes(rides: Sequence[Ride], ratings: Mapping[str, Sequence[Rating]]) -> list[Mistake]:
    found = []
    for kind, own in ratings.items():
        for ride, rating in zip(rides, own, strict=True):
            groups: dict[str, Sequence[Any]] = {
                "missed": [one.act for one in rating.acts if not one.found],
                "false": rating.false,
                "repeat": rating.repeats,
                "near miss": [near for near, alarmed in rating.near_misses if alarmed],
            }
            found += [
                Mistake(ride.name, kind, what, one.t_start_s, one.t_end_s, tuple(one.seats))
                for what, group in groups.items()
                for one in group
            ]
    return sorted(found, key=lambda mistake: (mistake.ride, mistake.t_start_s))
