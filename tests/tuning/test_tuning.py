"""Tuning on rides whose right answer is known: what the search finds, and what it refuses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tall_people import CABIN, HIGH, TALL

from cabinsafe.config import load_config
from cabinsafe.data import read_truth, write_truth
from cabinsafe.errors import ConfigError, DataError
from cabinsafe.evaluation.events.rides import RideFiles
from cabinsafe.tuning.knobs import MARGINS, Setting, margins_of, variants
from cabinsafe.tuning.search import KindTuner
from cabinsafe.tuning.tune import tune

pytest.importorskip("ruamel.yaml")

NO_RIDE = RideFiles("none", Path("no truth"), Path("no scenes"))


def test_it_finds_the_margin_between_acts_and_near_misses(cabin_file: Path, rides: list[RideFiles]) -> None:
    result = tune(load_config(cabin_file), rides, 0.5, margins=TALL)["tall"]
    assert (result.before.recall, result.before.false) == (0.0, 0)
    assert (result.after.recall, result.after.false) == (1.0, 0)
    assert result.held_out_after is not None
    assert (result.held_out_after.recall, result.held_out_after.near_misses_alarmed) == (1.0, 0)
    assert not {*result.rides} & {*result.held_out}
    assert {*result.rides, *result.held_out} == {ride.name for ride in rides}
    assert result.detector


def test_the_curve_rises_and_nothing_on_it_is_beaten(cabin_file: Path, rides: list[RideFiles]) -> None:
    curve = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"].curve
    assert all(a.false_per_hour < b.false_per_hour and a.recall < b.recall for a, b in pairwise(curve))
    assert curve[-1].recall == 1.0


def test_what_is_right_already_stays(cabin_file: Path, rides: list[RideFiles]) -> None:
    cabin_file.write_text(CABIN.replace("margin_px: 60", "margin_px: 30"))
    result = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"]
    assert (result.detector, result.gate) == ({}, {})
    assert result.held_out_before is None


@pytest.mark.parametrize("budget", [0.0, 0.5, 1000.0])
@pytest.mark.parametrize("margin", [2.0, 30.0, 100.0])
def test_it_is_never_worse_than_before_on_the_tuning_rides(
    cabin_file: Path, rides: list[RideFiles], budget: float, margin: float
) -> None:
    cabin_file.write_text(CABIN.replace("margin_px: 60", f"margin_px: {margin}"))
    result = tune(load_config(cabin_file), rides, budget, 0.0, TALL)["tall"]
    over = [max(0.0, m.false_per_hour - budget) for m in (result.before, result.after)]
    assert over[1] <= over[0]
    assert over[1] < over[0] or (result.after.recall or 0) >= (result.before.recall or 0)


def test_the_judged_acts_are_the_same_for_every_hold_time(cabin_file: Path, rides: list[RideFiles]) -> None:
    result = tune(load_config(cabin_file), rides, 0.5, 0.0, TALL)["tall"]
    assert result.before.acts == result.after.acts == 4
    assert result.before.brief == result.after.brief == 0


def test_a_cabin_without_the_kind_or_a_truth_without_it_is_refused(cabin_file: Path, make_ride) -> None:
    ride = make_ride("a", HIGH)
    (ride.truth.parent / "cabin.yaml").write_text(CABIN.replace("tall: {margin_px: 60}", "hand_on_leg: {}"))
    with pytest.raises(
        DataError, match=r"none of the 1 rides .*: expected a truth about tall, .*; found hand_on_leg"
    ):
        tune(load_config(cabin_file), [ride], 0.5, margins=TALL)


def test_a_kind_without_a_truth_does_not_keep_others_from_being_tuned(cabin_file: Path, make_ride) -> None:
    ride = make_ride("a", HIGH)
    truth = read_truth(ride.truth)
    write_truth(ride.truth, truth.model_copy(update={"rules": {"tall": "so"}, "events": truth.events[:1]}))
    cabin_file.write_text(CABIN.replace("detectors:\n", "detectors:\n  hand_on_leg: {}\n"))
    told: list[str] = []
    assert set(tune(load_config(cabin_file), [ride], 0.5, margins=TALL, on_kind=told.append)) == {"tall"}
    assert told == ["tall"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tall.margin", "has no option 'margin'; did you mean 'margin_px'\\? it has margin_px, margins_px"),
        ("tall.margins_px", "is no number that can be tuned"),
        ("tal.margin_px", "no detector of kind 'tal'; did you mean 'tall'\\? it has tall"),
        ("hands.reach", "no detector of kind 'hands'; it has tall"),
    ],
)
def test_margins_that_cannot_be_turned_are_refused_before_rides_are_read(
    cabin_file: Path, name: str, message: str
) -> None:
    kind, _, option = name.partition(".")
    with pytest.raises(ConfigError, match=message):
        tune(load_config(cabin_file), [NO_RIDE], 0.5, margins={kind: (option,)})


def test_a_ride_without_scenes_is_refused(cabin_file: Path, make_ride) -> None:
    ride = make_ride("a", HIGH)
    ride.other.write_text("")
    with pytest.raises(DataError, match=r"a/scenes\.jsonl: expected the scenes of 12 s, found none"):
        tune(load_config(cabin_file), [ride], 0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"duration_s": 25.0},
            r"a/scenes\.jsonl: expected scenes of the 25 s that .*a/truth\.json tells of, found 0 to 11\.8 s",
        ),
        (
            {"size_wh": (640, 480)},
            r"a/scenes\.jsonl: expected frames of the shape 640x480, as .*truth\.json says, found 400x400",
        ),
    ],
)
def test_scenes_of_another_clip_than_the_truths_are_refused(
    cabin_file: Path, make_ride, changes: dict[str, Any], message: str
) -> None:
    ride = make_ride("a", HIGH)
    write_truth(ride.truth, read_truth(ride.truth).model_copy(update=changes))
    with pytest.raises(DataError, match=message):
        tune(load_config(cabin_file), [ride], 0.5)


@pytest.mark.parametrize(
    "changes", [{"duration_s": 23.0}, {"size_wh": (401, 400)}, {"size_wh": (640, 480), "camera_id": "rear"}]
)
def test_scenes_that_may_be_of_the_truths_clip_are_taken(
    cabin_file: Path, make_ride, changes: dict[str, Any]
) -> None:
    ride = make_ride("a", HIGH)
    write_truth(ride.truth, read_truth(ride.truth).model_copy(update=changes))
    assert tune(load_config(cabin_file), [ride], 0.5)["tall"].trials


@pytest.mark.parametrize("kind", MARGINS)
def test_every_knob_of_the_built_in_detectors_turns(kind: str, cabin_file: Path) -> None:
    assert margins_of(kind) == MARGINS[kind], "the detector has the options that are tuned by default"
    cabin = load_config("shuttle")
    start = Setting(cabin.detector_options()[kind], cabin.events["default"])
    knobs = list(variants(kind, start, margins_of(kind), 1.0))
    assert len(knobs) == len(MARGINS[kind]) + 3
    assert all(setting != start for knob in knobs[: len(MARGINS[kind])] for setting in knob)
    assert all(setting.gate.exit_score <= setting.gate.enter_score for knob in knobs for setting in knob)


def test_a_tuner_without_rides_has_no_figures(cabin_file: Path) -> None:
    cabin = load_config(cabin_file)
    start = Setting(cabin.detector_options()["tall"], cabin.events["default"])
    assert KindTuner("tall", [], start.gate).run(start).recall is None
