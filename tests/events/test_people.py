"""One act is one event whoever sees it and under whatever id; cameras that say nothing are an event too."""

from __future__ import annotations

import pytest

from cabinsafe.events import EventGate, GateOptions
from cabinsafe.types import Event, Reading, Scene, State, Track

OPTIONS = GateOptions(hold_s=1.0, release_s=1.0, bridge_s=0.5, cooldown_s=3.0, update_every_s=1000.0)


def act(track_id: int, on: bool = True) -> Reading:
    return Reading(
        kind="act", track_ids=(track_id,), state=State.TRUE if on else State.FALSE, score=0.9 if on else 0.0
    )


def two_views(
    gate: EventGate, front: str, rear: str, tracks: dict[str, Track], start_s: float = 0.0
) -> list[Event]:
    """Two cameras at 10 fps, one sign per frame: # shown, . seen not to be, ? not judged, _ no frame."""
    events = []
    for i, signs in enumerate(zip(front, rear, strict=True)):
        for camera_id, sign in zip(("front", "rear"), signs, strict=True):
            if sign != "_":
                track = tracks[camera_id]
                scene = Scene(t_s=start_s + i / 10, camera_id=camera_id, size_wh=(9, 9), tracks=(track,))
                events += gate.update(scene, [] if sign == "?" else [act(track.track_id, sign == "#")])
    return events


@pytest.fixture
def linked(person) -> dict[str, Track]:
    return {"front": person(1, "Row1.Pos1", 7), "rear": person(4, "Row1.Pos1", 7)}


def test_an_act_that_two_cameras_see_is_one_event(linked) -> None:
    gate = EventGate(default=OPTIONS)
    events = two_views(gate, "#" * 30 + "." * 15, "#" * 30 + "." * 15, linked)
    assert [e.phase for e in events] == ["started", "ended"]
    started, ended = events
    assert started.t_s == pytest.approx(1.0), "two views do not make time pass twice"
    assert (ended.camera_id, set(ended.camera_ids), ended.occupant_ids) == ("front", {"front", "rear"}, (7,))


def test_what_one_view_shows_another_does_not_end(linked) -> None:
    gate = EventGate(default=OPTIONS)
    events = two_views(gate, "#" * 20 + "." * 30 + "." * 15, "?" * 20 + "#" * 30 + "." * 15, linked)
    assert [e.phase for e in events] == ["started", "ended"]
    assert events[-1].t_end_s == pytest.approx(4.9)
    assert events[-1].end_reason == "released"


def test_a_view_that_froze_while_it_showed_the_act_does_not_hold_it_for_ever(linked) -> None:
    gate = EventGate(default=OPTIONS)
    events = two_views(gate, "#" * 20 + "_" * 60, "?" * 20 + "." * 60, linked)
    assert [e.phase for e in events] == ["started", "ended"]
    assert events[-1].t_s <= 1.9 + OPTIONS.frame_gap_s + OPTIONS.release_s + 0.2


def test_an_act_does_not_begin_while_a_view_sees_that_it_is_not_so(linked) -> None:
    gate = EventGate(default=OPTIONS)
    assert two_views(gate, "#" * 30, "." * 30, linked) == []
    (started,) = two_views(gate, "#" * 15, "?" * 15, linked, 3.0)
    assert started.t_start_s == pytest.approx(3.0)
    assert two_views(gate, "#" * 20, "." * 20, linked, 4.5) == [], "once begun it goes on"


def test_without_agreement_one_view_is_enough(linked) -> None:
    gate = EventGate(default=OPTIONS.model_copy(update={"views_agree": False}))
    assert [e.phase for e in two_views(gate, "#" * 15, "." * 15, linked)] == ["started"]


def test_a_view_that_froze_while_it_denied_the_act_does_not_prevent_it_for_ever(linked) -> None:
    gate = EventGate(default=OPTIONS)
    (started,) = two_views(gate, "#" * 50, "." * 5 + "_" * 45, linked)
    assert started.t_s == pytest.approx(0.4 + OPTIONS.frame_gap_s + OPTIONS.hold_s, abs=0.21)


def test_a_restored_gate_knows_who_denied_an_act(linked) -> None:
    gates = EventGate(default=OPTIONS), EventGate(default=OPTIONS)
    two_views(gates[0], "#" * 8, "." * 8, linked)
    gates[1].restore(gates[0].snapshot())
    told = [two_views(gate, "#" * 40, "." * 2 + "_" * 38, linked, 0.8) for gate in gates]
    assert told[0] == told[1] != []


def test_unlinked_people_are_judged_in_each_view(person) -> None:
    tracks = {"front": person(1, "Row1.Pos1"), "rear": person(4, "Row1.Pos1")}
    events = two_views(EventGate(default=OPTIONS), "#" * 20, "#" * 20, tracks)
    assert [(e.phase, e.camera_id) for e in events] == [("started", "front"), ("started", "rear")]


def test_an_act_goes_on_when_its_people_are_linked(person, linked) -> None:
    gate = EventGate(default=OPTIONS)
    unlinked = {"front": person(1, "Row1.Pos1"), "rear": person(4, "Row1.Pos1")}
    events = two_views(gate, "#" * 20, "#" * 20, unlinked)
    events += two_views(gate, "#" * 20 + "." * 15, "#" * 20 + "." * 15, linked, 2.0)
    reasons = {(e.camera_id, e.end_reason) for e in events if e.phase == "ended"}
    assert reasons == {("rear", "merged"), ("front", "released")}
    assert len([e for e in events if e.phase == "started"]) == 2


def test_a_new_track_of_the_same_occupant_goes_on(play, person) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "#" * 15, ids=(1,), tracks=(person(1, None, 7),))
    events += play(gate, "#" * 15 + "." * 12, 1.5, ids=(2,), tracks=(person(2, None, 7),))
    assert [e.phase for e in events] == ["started", "ended"]
    assert events[-1].track_ids == (2,)


def test_a_new_track_in_the_same_seat_goes_on_once_the_old_one_is_gone(play, person) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "#" * 8, ids=(1,), tracks=(person(1, "Row1.Pos1"),))
    events += play(gate, "_#" + "#" * 10 + "." * 12, 0.8, ids=(2,), tracks=(person(2, "Row1.Pos1"),))
    assert [(e.phase, e.track_ids) for e in events] == [("started", (2,)), ("ended", (2,))]
    assert events[0].t_start_s == 0.0


def test_somebody_else_beside_starts_an_act_of_their_own(play, person) -> None:
    gate = EventGate(default=OPTIONS)
    both = (person(1, "Row1.Pos1"), person(2, "Row1.Pos2"))
    play(gate, "#" * 15, ids=(1,), tracks=both)
    events = play(gate, "#" * 30, 1.5, ids=(2,), tracks=both)
    assert [(e.phase, e.track_ids) for e in events] == [("ended", (1,)), ("started", (2,))]


def test_the_cooldown_also_goes_by_the_seat(play, person) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "#" * 20 + "." * 12, ids=(1,), tracks=(person(1, "Row1.Pos1"),))
    events += play(gate, "#" * 30, 3.2, ids=(2,), tracks=(person(2, "Row1.Pos1"),))
    first_end = next(e for e in events if e.phase == "ended")
    second = [e for e in events if e.phase == "started"][1]
    assert second.t_s == pytest.approx(first_end.t_end_s + OPTIONS.cooldown_s)
    elsewhere = play(gate, "#" * 30, 6.2, ids=(3,), tracks=(person(3, "Row1.Pos3"),))
    assert [e.t_s for e in elsewhere if e.phase == "started"] == [pytest.approx(7.2)]


def test_twenty_one_alerts_in_fifteen_seconds_are_one(play, person) -> None:
    """Ids that change, readings that flicker, a joint that hides: the field's classic complaint."""
    gate = EventGate(default=GateOptions())
    events, t_s = [], 0.0
    for track_id in range(1, 22):
        events += play(gate, "##?#.##", t_s, ids=(track_id,), tracks=(person(track_id, "Row2.Pos1"),))
        t_s += 0.7
    events += play(gate, "." * 15, t_s, ids=(21,), tracks=(person(21, "Row2.Pos1"),))
    assert [e.phase for e in events if e.phase != "updated"] == ["started", "ended"]


def test_the_cooldown_lasts_when_the_people_are_linked(play, person) -> None:
    gate = EventGate(default=OPTIONS)
    play(gate, "#" * 15 + "." * 12, tracks=(person(1),))
    linked = (person(1, "Row1.Pos1", 7),)
    assert play(gate, "#" * 10, 2.7, tracks=linked) == [], "the event ended at 2.4, the next may come at 4.4"
    (started,) = play(gate, "#" * 15, 3.7, tracks=linked)
    assert started.t_s == pytest.approx(1.4 + OPTIONS.cooldown_s)


def test_the_end_of_an_older_act_in_the_seat_does_not_shorten_a_cooldown(scene_at, person) -> None:
    gate = EventGate(default=OPTIONS.model_copy(update={"hold_s": 0.0, "bridge_s": 3.0}))
    both, states = (person(1, "Row1.Pos1"), person(2, "Row1.Pos1")), (State.NOT_OBSERVABLE, State.FALSE)
    for i in range(45):  # one act is lost from .9 s on, the other over from 2.4 s on; it ends first
        readings = [
            act(n)
            if i < (10, 25)[n - 1]
            else Reading(kind="act", track_ids=(n,), state=states[n - 1], score=0)
            for n in (1, 2)
        ]
        gate.update(scene_at(i / 10, tracks=both), readings)
    third = (person(3, "Row1.Pos1"),)
    events = [e for i in range(45, 70) for e in gate.update(scene_at(i / 10, tracks=third), [act(3)])]
    assert events[0].t_s == pytest.approx(2.4 + OPTIONS.cooldown_s)


def test_an_act_stays_with_its_occupant_while_another_view_shows_it(person) -> None:
    gate, events = EventGate(default=OPTIONS), []
    one, two = (person(1, "Row1.Pos1", 1), person(2, "Row1.Pos2", 2)), person(2, "Row1.Pos1", 2)
    for i in range(90):  # from 3 to 6 s somebody hides the first in front, and leans into that seat
        front = (two,) if 30 <= i < 60 else one
        for camera_id, tracks, acting in (("front", front, 1), ("rear", (person(11, "Row1.Pos1", 1),), 11)):
            scene = Scene(t_s=i / 10, camera_id=camera_id, size_wh=(9, 9), tracks=tracks)
            events += gate.update(scene, [act(t.track_id, t.track_id == acting) for t in tracks])
    assert [(e.phase, e.occupant_ids) for e in events] == [("started", (1,))]


def test_time_seen_in_all_goes_over_to_new_ids(play, person) -> None:
    gate, events = EventGate(default=GateOptions(hold_s=20.0, cumulative_s=3.0)), []
    for n in range(5):
        events += play(gate, "#" * 10, n * 1.0, ids=(n,), tracks=(person(n, "Row1.Pos1"),), frame_index=n)
    (started,) = events
    assert (started.t_s, started.t_start_s, started.start_frame) == (pytest.approx(3.0), 0.0, 0)


def test_the_thresholds_shown_are_those_of_the_view_that_made_it_an_event(linked) -> None:
    views = {"front": {"hold_s": 5.0, "enter_score": 0.8}, "rear": {"hold_s": 0.5, "enter_score": 0.6}}
    gate = EventGate({"act": GateOptions(per_view=views)})
    (started,) = two_views(gate, "#" + "_" * 9, "#" * 10, linked)
    assert (started.t_s, started.thresholds["hold_s"]) == (pytest.approx(0.5), 0.5)
    assert started.thresholds["enter_score"] == 0.6


@pytest.mark.parametrize(("hold_s", "rear"), [(0.0, "." * 40), (1.0, ("." + "_" * 14) * 2 + "." * 10)])
def test_a_view_denies_also_what_has_not_begun_or_with_few_frames(linked, hold_s: float, rear: str) -> None:
    gate = EventGate(default=OPTIONS.model_copy(update={"hold_s": hold_s}))
    assert two_views(gate, "_" + "#" * 39, rear[:40], linked) == []


def test_a_camera_that_something_is_wrong_with_denies_nothing(linked) -> None:
    gate, events = EventGate(default=OPTIONS), []
    frozen = Reading(kind="camera_frozen", track_ids=(), state=State.TRUE, score=1.0)
    for i in range(20):
        for camera_id, on in (("rear", False), ("front", True)):
            wrong = () if on else (frozen,)
            track = linked[camera_id]
            scene = Scene(
                t_s=i / 10, camera_id=camera_id, size_wh=(9, 9), tracks=(track,), camera_readings=wrong
            )
            events += gate.update(scene, [act(track.track_id, on)])
    assert [(e.kind, e.t_s) for e in events] == [("act", pytest.approx(1.0))]


def test_what_another_view_can_judge_is_not_unobserved(scene_at, linked) -> None:
    gate, events = EventGate({"act": GateOptions(degraded_after_s=1.0)}), []
    for i in range(80):
        for camera_id, state in (("front", "?"), ("rear", "?" if i < 30 else ".")):
            said = State.FALSE if state == "." else State.NOT_OBSERVABLE
            track = linked[camera_id]
            reading = Reading(kind="act", track_ids=(track.track_id,), state=said, score=0.0)
            events += gate.update(scene_at(i / 10, camera_id, tracks=(track,)), [reading])
    assert [(e.kind, e.phase) for e in events if e.phase != "updated"] == [
        ("act_unobserved", "started"), ("act_unobserved", "ended"),
    ]  # fmt: skip
    assert events[-1].t_end_s == pytest.approx(3.0, abs=0.11)
