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


def test_a_camera_without_frames_is_an_event(play, phases) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=3.0)}, OPTIONS)
    events = play(gate, "#" * 20)
    assert gate.tick("front", 4.0) == []
    lost, silent = gate.tick("front", 5.0)
    assert (lost.kind, lost.phase, lost.end_reason) == ("act", "ended", "lost")
    assert (silent.kind, silent.phase, silent.t_start_s, silent.t_s) == ("camera_silent", "started", 1.9, 5.0)
    assert gate.tick("front", 6.0) == []
    (ended,) = play(gate, ".", 7.0)
    assert (ended.kind, ended.end_reason, ended.t_end_s) == ("camera_silent", "released", 7.0)
    assert phases(events) == ["started"]


def test_a_silence_that_nobody_noticed_is_told_of_afterwards(play) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=3.0)})
    play(gate, "....")
    events = play(gate, "....", 20.0)
    assert [(e.kind, e.phase, e.t_start_s) for e in events] == [
        ("camera_silent", "started", 0.3), ("camera_silent", "ended", 0.3),
    ]  # fmt: skip


def test_a_camera_that_never_gave_a_frame_is_missed_from_the_first_tick_on() -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=3.0)})
    assert gate.tick("rear", 100.0) == []
    (silent,) = gate.tick("rear", 103.0)
    assert (silent.camera_id, silent.t_start_s) == ("rear", 100.0)
    (ended,) = gate.close()
    assert (ended.kind, ended.end_reason) == ("camera_silent", "end_of_input")
