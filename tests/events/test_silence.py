"""A camera that gives no frames is an event, and what it alone saw is lost."""

from __future__ import annotations

import pytest

from cabinsafe.errors import DataError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.vehicle import VehicleState

OPTIONS = GateOptions(hold_s=1.0, release_s=1.0, bridge_s=0.5, cooldown_s=3.0, update_every_s=1000.0)


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


def test_what_two_cameras_saw_is_lost_when_both_are_silent(play, person) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=3.0)}, OPTIONS)
    for camera_id, track_id, frames in (("front", 1, 20), ("rear", 4, 30)):
        tracks = (person(track_id, "Row1.Pos1", 7),)
        play(gate, "#" * frames, camera_id=camera_id, ids=(track_id,), tracks=tracks)
    assert [e.kind for e in gate.tick("front", 5.0)] == ["camera_silent"], "the other might show it"
    lost, silent = gate.tick("rear", 6.0)
    assert (lost.kind, lost.end_reason, silent.kind) == ("act", "lost", "camera_silent")


def test_a_silence_has_a_cooldown(play) -> None:
    gate, events = EventGate({"camera_silent": GateOptions(hold_s=1.0, cooldown_s=10.0)}), []
    for t_s in range(0, 20, 2):
        events += play(gate, ".", t_s)
        events += gate.tick("front", t_s + 1.5)
    assert [e.t_s for e in events if e.phase == "started"] == [1.5, 12.0]


def test_a_silence_is_told_of_only_when_its_options_say(play) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=1.0, when={"trips": ["driving"]})})
    play(gate, ".", vehicle=VehicleState(trip="parked"))
    assert gate.tick("front", 5.0) == []
    play(gate, ".", 6.0, vehicle=VehicleState(trip="driving"))
    assert [e.phase for e in gate.tick("front", 8.0)] == ["started"]
    play(gate, ".", 8.0, camera_id="rear", vehicle=VehicleState(trip="parked"))
    assert [(e.phase, e.end_reason) for e in gate.tick("front", 9.0)] == [("ended", "suspended")]


def test_a_silence_that_the_end_of_the_input_ends_lasted_until_then(play) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=1.0)})
    play(gate, ".")
    gate.tick("front", 2.0)
    gate.tick("front", 60.0)
    (ended,) = gate.close()
    assert (ended.t_s, ended.t_end_s) == (60.0, 60.0)


@pytest.mark.parametrize("t_s", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused_and_changes_nothing(play, t_s: float) -> None:
    gate = EventGate({"camera_silent": GateOptions(hold_s=1.0)})
    play(gate, ".")
    before = gate.snapshot()
    with pytest.raises(DataError, match="a time must be finite, got"):
        gate.tick("front", t_s)
    assert gate.snapshot() == before
