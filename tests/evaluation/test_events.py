"""Events against the truth: worked examples of what counts as found, false, repeated, too brief."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cabinsafe.data import ClipTruth
from cabinsafe.errors import ConfigError, DataError
from cabinsafe.evaluation.events.matching import MatchOptions, Rating, rate
from cabinsafe.evaluation.events.measures import poisson_interval
from cabinsafe.evaluation.events.page import html_page, write_report
from cabinsafe.evaluation.events.report import EVERY_KIND, EventOptions, evaluate_events
from cabinsafe.evaluation.events.rides import Alarm, Ride
from cabinsafe.events import GateOptions

KIND, SEAT, OTHER = "hand_on_leg", "Row1.Pos1", "Row1.Pos2"
GATE = GateOptions()


def act(
    start_s: float, end_s: float, seat: str = SEAT, near: bool = False, kind: str = KIND
) -> dict[str, Any]:
    return {"kind": kind, "t_start_s": start_s, "t_end_s": end_s, "seats": [seat], "near_miss": near}


def alarm(
    start_s: float,
    end_s: float,
    seat: str | None = SEAT,
    score: float = 0.9,
    late_s: float = 1.0,
    kind: str = KIND,
) -> Alarm:
    return Alarm(kind, (seat,), start_s + late_s, start_s, end_s, score)


@pytest.fixture
def ride() -> Callable[..., Ride]:
    def make(
        events: list[dict],
        alarms: list[Alarm],
        name: str = "a",
        gate: GateOptions | None = GATE,
        **known: Any,
    ) -> Ride:
        truth = ClipTruth(
            clip="ride.mp4", fps=10, size_wh=(9, 9), duration_s=3600, events=events, attributes=known,
            rules={KIND: "so", "feet_on_seats": "so", "fighting": "so"},
        )  # fmt: skip
        return Ride(name, truth, tuple(sorted(alarms, key=lambda a: a.t_s)), gate and {KIND: gate})

    return make


def counts(rating: Rating) -> tuple[int, int, int, int]:
    found = sum(one.found for one in rating.acts)
    return found, len(rating.acts) - found, len(rating.false), len(rating.repeats)


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        ([], (0, 1, 0, 0)),
        ([alarm(10.2, 19)], (1, 0, 0, 0)),
        ([alarm(10.2, 19, None)], (1, 0, 0, 0)),
        ([alarm(10.2, 19, OTHER)], (0, 1, 1, 0)),
        ([alarm(30, 40)], (0, 1, 1, 0)),
        ([alarm(20.9, 25)], (1, 0, 0, 0)),
        ([alarm(21.1, 25)], (0, 1, 1, 0)),
        ([alarm(10, 13), alarm(15, 19)], (1, 0, 0, 1)),
        ([alarm(0, 19)], (1, 0, 1, 0)),
        ([alarm(10, 19), alarm(50, 60)], (1, 0, 1, 0)),
    ],
    ids=[
        "nothing", "in time", "seat unknown", "another's seat", "much later", "within the collar",
        "beyond the collar", "twice", "raised long before", "and a false one",
    ],
)  # fmt: skip
def test_one_act_and_its_alarms(ride, alarms: list[Alarm], expected: tuple[int, ...]) -> None:
    assert counts(rate(ride([act(10, 20)], alarms), KIND, MatchOptions())) == expected


def test_an_alarm_that_runs_over_a_pause_finds_both_acts_but_is_only_on_time_for_the_first(ride) -> None:
    rating = rate(ride([act(10, 20), act(20.5, 30)], [alarm(10, 30)]), KIND, MatchOptions())
    assert counts(rating) == (2, 0, 0, 0)
    assert [one.delay_s for one in rating.acts] == [1.0, None]


@pytest.mark.parametrize(
    ("start_s", "expected"),
    [(20.4, (1, 1, 0, 0)), (20.6, (1, 1, 0, 0)), (19.9, (2, 0, 0, 0)), (11.0, (2, 0, 0, 0))],
)
def test_an_alarm_of_an_act_is_not_lent_to_one_that_is_over(
    ride, start_s: float, expected: tuple[int, ...]
) -> None:
    rating = rate(ride([act(10, 20), act(20.5, 30)], [alarm(start_s, 30)]), KIND, MatchOptions())
    assert counts(rating) == expected
    assert [one.delay_s is not None for one in rating.acts] == [start_s < 20, start_s > 20]


def test_an_alarm_between_two_acts_is_of_the_one_that_is_over(ride) -> None:
    acts, both = [act(10, 20), act(21.5, 30)], [alarm(20.2, 21), alarm(21.6, 30)]
    assert counts(rate(ride(acts, both), KIND, MatchOptions())) == (2, 0, 0, 0)
    assert counts(rate(ride(acts, [*both, alarm(25, 29)]), KIND, MatchOptions())) == (2, 0, 0, 1)


def test_acts_shorter_than_the_hold_time_are_not_judged(ride) -> None:
    events, alarms = [act(10, 11.2), act(50, 51.4)], [alarm(10, 11)]
    rating = rate(ride(events, alarms), KIND, MatchOptions())
    assert (counts(rating), rating.brief) == ((0, 1, 0, 0), 1), "neither missed, nor is its alarm false"
    assert rate(ride(events, alarms, gate=None), KIND, MatchOptions()).brief == 0


@pytest.mark.parametrize(
    "place", [{"per_seat": {OTHER: {"hold_s": 5}}}, {"per_view": {"front": {"hold_s": 5}}}]
)
def test_the_hold_time_is_that_of_the_acts_seat_and_view(ride, place: dict) -> None:
    gate, events = GateOptions(hold_s=1, **place), [act(10, 13), act(30, 33, OTHER), act(50, 56, OTHER)]
    rating = rate(ride(events, [alarm(50, 56, OTHER)], gate=gate), KIND, MatchOptions())
    everywhere = "per_view" in place
    assert (counts(rating), rating.brief) == ((1, 0 if everywhere else 1, 0, 0), 2 if everywhere else 1)


def test_a_near_miss_that_is_reported_is_false(ride) -> None:
    events = [act(10, 20, near=True), act(50, 60, near=True), act(50, 60, OTHER)]
    rating = rate(ride(events, [alarm(11, 19), alarm(50, 60, OTHER)]), KIND, MatchOptions())
    assert counts(rating) == (1, 0, 1, 0)
    assert [alarmed for _, alarmed in rating.near_misses] == [True, False]


def test_kinds_that_a_cabin_does_not_watch_for_are_not_judged(ride) -> None:
    report = evaluate_events([ride([act(1, 9, kind="feet_on_seats"), act(1, 9)], [alarm(1, 9)])])
    feet = report.kinds["feet_on_seats"]
    assert (feet.acts, feet.unwatched, feet.hours, feet.recall) == (0, 1, 0.0, None)
    assert report.kinds[KIND].recall == 1.0
    assert json.dumps(report.plain(), allow_nan=False)


def test_figures_over_rides(ride) -> None:
    rides = [
        ride(
            [act(10, 20), act(100, 110)], [alarm(10.5, 20), alarm(100.1, 103)], "a", cabin="van", light="day"
        ),
        ride([act(10, 20)], [alarm(300, 310, score=0.6)], "b", cabin="suv", light="day"),
    ]
    report = evaluate_events(rides, EventOptions(bootstrap_rounds=200), [KIND])
    made = report.kinds[KIND]
    assert (made.acts, made.found, made.false, made.hours) == (3, 2, 1, 2.0)
    assert made.recall == pytest.approx(2 / 3)
    assert made.false_per_hour == 0.5
    assert made.precision == pytest.approx(2 / 3)
    assert made.f1 == pytest.approx(2 / 3)
    assert made.f1_collar == pytest.approx(1 / 3), "the second alarm ended seven seconds too soon"
    assert made.delay_median_s == pytest.approx(1.3)
    assert made.recall_interval == (0.0, 1.0)
    assert report.kinds[EVERY_KIND].acts == 3
    assert report.by["vehicle"]["van"][KIND].recall == 1.0
    assert report.by["light"]["day"][KIND].rides == 2
    assert report.by["view"]["front"][KIND].acts == 3
    assert [(m.ride, m.what) for m in report.mistakes] == [("b", "missed"), ("b", "false")]


def test_recall_within_a_budget_leaves_out_weak_alarms(ride) -> None:
    rides = [
        ride(
            [act(10, 20), act(100, 110)],
            [alarm(10, 20, score=0.9), alarm(100, 110, score=0.5)],
            "a",
            cabin="van",
        ),
        ride([act(10, 20)], [alarm(10, 20, score=0.95), alarm(300, 310, score=0.7)], "b", cabin="suv"),
    ]
    report = evaluate_events(rides, EventOptions(budgets_per_hour=(0.1, 0.5), bootstrap_rounds=0), [KIND])
    strict, loose = report.recall_at[KIND]["0.1"], report.recall_at[KIND]["0.5"]
    assert (strict.min_score, strict.recall, strict.false_per_hour) == (0.9, pytest.approx(2 / 3), 0.0)
    assert (loose.min_score, loose.recall, loose.false_per_hour) == (0.5, 1.0, 0.5)
    new = report.new_vehicle[KIND]
    assert (new["suv"].min_score, new["suv"].false_per_hour) == (0.5, 1.0), "the van alone allows weak alarms"
    assert (new["van"].min_score, new["van"].recall) == (0.95, 0.0)


def test_no_alarm_in_a_short_time_proves_little() -> None:
    assert poisson_interval(0, 2.0) == (0.0, pytest.approx(3.689 / 2, abs=0.001))
    assert poisson_interval(3, 1.0) == (pytest.approx(0.619, abs=0.001), pytest.approx(8.767, abs=0.001))
    assert poisson_interval(0, 0.0) is None


def test_nothing_to_judge_is_refused(ride) -> None:
    with pytest.raises(DataError, match="there are no rides to judge"):
        evaluate_events([])
    with pytest.raises(
        DataError, match="no truth decides smoking; they decide feet_on_seats, fighting, hand_on_leg"
    ):
        evaluate_events([ride([], [])], kinds=["smoking"])
    with pytest.raises(ConfigError, match="collar_s"):
        EventOptions(collar_s=-1)


def test_kinds_beside_the_built_in_ones_are_judged_once_reported(ride) -> None:
    rides = [ride([act(1, 9, kind="fighting")], [alarm(1, 9, kind="fighting")], gate=None)]
    assert evaluate_events(rides).kinds["fighting"].recall == 1.0
    assert "fighting" not in evaluate_events([ride([act(1, 9, kind="fighting")], [], gate=None)]).kinds


def test_the_page_needs_nothing_else_and_escapes_names(tmp_path: Path, ride) -> None:
    report = evaluate_events([ride([act(10, 20)], [alarm(300, 310)], "<b>", cabin="<i>")])
    page = html_page(report, 1)
    assert "<b>" not in page.replace("<b>1</b>", "")
    assert "&lt;b&gt;" in page
    assert "&lt;i&gt;" in page
    assert "http" not in page
    write_report(tmp_path, report, 1)
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["kinds"][KIND]["recall"] == 0.0
    assert (tmp_path / "report.html").read_text() == page
