"""Every time that a cabin file can give: deadline, window, repetition, escalation, vehicle, view, seat."""

from __future__ import annotations

import pytest

from cabinsafe.config import CabinConfig
from cabinsafe.errors import ConfigError, DataError
from cabinsafe.events import EventGate, GateOptions, WhenOptions, unobserved_kind
from cabinsafe.types import Reading, State
from cabinsafe.vehicle import VehicleState


def gate(**options: object) -> EventGate:
    usual = {"hold_s": 1.0, "release_s": 1.0, "bridge_s": 0.5, "cooldown_s": 3.0, "update_every_s": 1000.0}
    return EventGate(default=GateOptions(**usual | options))


def test_a_deadline_warns_of_an_act_that_flickers(play) -> None:
    flicker = "#.." * 20  # seen a third of the time: held for a second after three
    assert play(gate(), flicker)[0].t_s == pytest.approx(3.0)
    (started,) = play(gate(deadline_s=1.5), flicker)
    assert started.t_s == pytest.approx(1.5)
    assert play(gate(deadline_s=1.5), "#" + "." * 30) == [], "an act that is over is not warned of"


def test_time_in_a_window_adds_up_over_interruptions(play) -> None:
    glances = ("####" + "." * 8) * 6  # 0.3 s each, every 1.2 s, too short for the hold time
    assert play(gate(), glances) == []
    (started, *_) = play(gate(cumulative_s=1.0, window_s=10.0), glances)
    assert started.t_s == pytest.approx(3.7)
    assert started.t_start_s == pytest.approx(0.0), "it began with the first of them"
    assert play(gate(cumulative_s=1.0, window_s=2.0), glances) == [], "the window has moved on"


def test_being_seen_to_be_over_sets_the_time_in_the_window_back(play) -> None:
    glances = ("####" + "." * 8) * 6
    assert play(gate(cumulative_s=1.0, window_s=10.0, reset_s=0.7), glances) == []
    hidden = ("####" + "?" * 8) * 6
    assert play(gate(cumulative_s=1.0, window_s=10.0, reset_s=0.7), hidden), "unseen is not over"


def test_the_alarm_is_repeated_while_the_act_lasts(play, phases) -> None:
    events = play(gate(repeat_every_s=2.0), "#" * 66 + "." * 12)
    assert phases(events) == ["started", "repeated", "repeated", "ended"]
    assert [e.t_s for e in events[:3]] == pytest.approx([1.0, 3.0, 5.0])
    assert len({e.event_id for e in events}) == 1


def test_levels_rise_with_time_and_only_once_each(play, phases) -> None:
    events = play(gate(escalate_after_s=(1.0, 3.0)), "#" * 60 + "." * 12)
    assert phases(events) == ["started", "escalated", "escalated", "ended"]
    assert [(e.t_s, e.level) for e in events[:3]] == [
        (pytest.approx(1.0), 1), (pytest.approx(2.0), 2), (pytest.approx(4.0), 3),
    ]  # fmt: skip
    assert events[-1].level == 3


def test_a_stall_over_several_levels_reaches_the_highest(scene_at) -> None:
    one = gate(hold_s=0.0, escalate_after_s=(1.0, 1.5), frame_gap_s=10.0)
    act = Reading(kind="act", track_ids=(1,), state=State.TRUE, score=0.9)
    levels = [e.level for t_s in (0.0, 5.0) for e in one.update(scene_at(t_s), [act])]
    assert levels == [1, 3]


def test_what_cannot_be_judged_for_long_is_an_event_of_its_own(play, phases) -> None:
    one = EventGate({"act": GateOptions(degraded_after_s=2.0)})
    events = play(one, "." * 10 + "?" * 30 + "." * 15)
    assert [e.kind for e in events] == [unobserved_kind("act")] * 2
    assert phases(events) == ["started", "ended"]
    assert [events[0].t_start_s, events[0].t_s, events[1].t_end_s] == pytest.approx([1.0, 3.0, 3.9])
    assert play(EventGate({"act": GateOptions()}), "?" * 60) == []


def test_a_state_of_the_vehicle_suspends_a_kind(play, phases) -> None:
    one = gate(when=WhenOptions(min_speed_m_s=2.0))
    fast, slow = VehicleState(speed_m_s=10.0), VehicleState(speed_m_s=0.5)
    assert phases(play(one, "#" * 20, vehicle=fast)) == ["started"]
    (ended,) = play(one, "#" * 20, 2.0, vehicle=slow)
    assert (ended.phase, ended.end_reason, ended.t_end_s) == ("ended", "suspended", pytest.approx(1.9))
    (again,) = play(one, "#" * 50, 4.0, vehicle=fast)
    assert again.t_start_s == pytest.approx(4.0), "what was seen meanwhile does not count"


@pytest.mark.parametrize(
    ("when", "vehicle", "holds"),
    [
        ({}, VehicleState(speed_m_s=3), True),
        ({"min_speed_m_s": 2}, None, True),
        ({"min_speed_m_s": 2}, VehicleState(trip="driving"), True),
        ({"min_speed_m_s": 2}, VehicleState(speed_m_s=2), True),
        ({"min_speed_m_s": 2}, VehicleState(speed_m_s=1.9), False),
        ({"max_speed_m_s": 2}, VehicleState(speed_m_s=2.1), False),
        ({"doors_open": False}, VehicleState(doors_open=True), False),
        ({"doors_open": False}, VehicleState(doors_open=False), True),
        ({"doors_open": True}, VehicleState(), True),
        ({"trips": ("driving",)}, VehicleState(trip="boarding"), False),
        ({"trips": ("driving", "boarding")}, VehicleState(trip="boarding"), True),
    ],
)
def test_only_what_is_known_forbids(when: dict, vehicle: VehicleState | None, holds: bool) -> None:
    assert WhenOptions(**when).holds(vehicle) is holds


def test_a_vehicle_does_not_drive_at_no_number() -> None:
    with pytest.raises(DataError, match="speed_m_s"):
        VehicleState(speed_m_s=float("nan"))


def test_views_and_seats_have_settings_of_their_own(play, person) -> None:
    options = GateOptions(
        hold_s=1.0,
        per_view={"rear": {"hold_s": 2.0, "enter_score": 0.95}},
        per_seat={"Row1.Pos1": {"hold_s": 0.5}},
    )

    def start_s(camera_id: str, seat: str, score: float = 0.99) -> float | None:
        one = EventGate({"act": options})
        events = play(one, "#" * 30, score=score, camera_id=camera_id, tracks=(person(1, seat),))
        return events[0].t_s if events else None

    assert start_s("front", "Row1.Pos2") == pytest.approx(1.0)
    assert start_s("rear", "Row1.Pos2") == pytest.approx(2.0)
    assert start_s("front", "Row1.Pos1") == pytest.approx(0.5)
    assert start_s("rear", "Row1.Pos1") == pytest.approx(0.5), "the seat's word counts"
    assert start_s("rear", "Row1.Pos1", 0.9) is None, "the rest is the view's"


def test_an_event_names_the_thresholds_that_applied(play, person) -> None:
    one = EventGate({"act": GateOptions(hold_s=1.0, per_seat={"Row1.Pos1": {"hold_s": 0.5}})})
    (event,) = play(one, "#" * 9, tracks=(person(1, "Row1.Pos1"),))
    assert event.thresholds == {"enter_score": 0.55, "exit_score": 0.35, "hold_s": 0.5, "release_s": 1.0}


def test_an_event_names_the_frames_of_its_start_and_peak(scene_at) -> None:
    one = gate(hold_s=0.5)
    for i, score in enumerate([0.0, 0.6, 0.7, 0.95, 0.8, 0.7, 0.7]):
        state = State.TRUE if score > 0.5 else State.FALSE
        one.update(
            scene_at(i / 10, frame_index=100 + i),
            [Reading(kind="act", track_ids=(1,), state=state, score=score)],
        )
    (event,) = one.close()
    assert (event.start_frame, event.peak_frame, event.peak_s) == (101, 103, pytest.approx(0.3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hold_s": 2, "deadline_s": 1}, r"deadline_s 1\.0 must not be below hold_s 2\.0"),
        ({"cumulative_s": 70}, r"cumulative_s 70\.0 must not exceed window_s 60\.0"),
        ({"escalate_after_s": (2, 2)}, "the times must rise"),
        ({"per_view": {"rear": {"exit_score": 0.9}}}, r"exit_score 0\.9 must not exceed .* \(rear\)"),
        ({"per_seat": {"driver": {}}}, "per_seat.driver"),
        (
            {"per_seat": {"Row1.Pos1": {"hold": 1}}},
            r"per_seat\.Row1\.Pos1\.hold: unknown key; did you mean 'hold_s'",
        ),
        ({"per_view": {"rear": {"per_seat": {}}}}, r"per_view\.rear\.per_seat: unknown key"),
        ({"when": {"min_speed": 1}}, r"when\.min_speed: unknown key"),
        ({"repeat_every_s": 0}, "repeat_every_s: .*more than 0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GateOptions(**options)


def test_an_override_that_repeats_the_default_still_counts() -> None:
    """Also in the digest: two files that behave differently must not be taken for the same."""

    def cabin(**rear: float) -> CabinConfig:
        events = {"hand_on_leg": {"hold_s": 3.0, "per_view": {"rear": rear}}}
        return CabinConfig(
            name="a", cameras=[{"camera_id": "rear"}], detectors={"hand_on_leg": {}}, events=events
        )

    assert cabin(hold_s=1.0).events["hand_on_leg"].at("rear", None).hold_s == 1.0
    assert cabin().events["hand_on_leg"].at("rear", None).hold_s == 3.0
    assert cabin(hold_s=1.0).digest != cabin().digest


def test_a_cabin_file_may_name_events_about_cameras() -> None:
    events = {"camera_blind": {"hold_s": 3.0}, "camera_silent": {"hold_s": 2.0}}
    cabin = CabinConfig(
        name="a", cameras=[{"camera_id": "front"}], detectors={"hand_on_leg": {}}, events=events
    )
    assert cabin.events["camera_silent"].hold_s == 2.0
