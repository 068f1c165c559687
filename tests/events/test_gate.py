"""EventGate: worked examples, and the laws it keeps whatever the readings do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import ConfigError, DataError, FrameOrderError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.types import Event, Reading, State

OPTIONS = GateOptions(hold_s=1.0, release_s=1.0, bridge_s=0.5, cooldown_s=3.0, update_every_s=2.0)
FPS = 10


def test_one_episode_is_one_event_with_start_updates_and_end(play, phases) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "." * 5 + "#" * 50 + "." * 15)
    assert phases(events) == ["started", "updated", "ended"]
    started, *_, ended = events
    assert started.t_start_s == pytest.approx(0.5)
    assert started.t_s == pytest.approx(1.5), "the event starts once the act was held for a second"
    assert ended.t_end_s == pytest.approx(5.4), (
        "the end is when the act was last seen, not when it was given up"
    )
    assert ended.end_reason == "released"
    assert len({event.event_id for event in events}) == 1


def test_an_act_shorter_than_the_hold_time_is_no_event(play) -> None:
    assert play(EventGate(default=OPTIONS), "#" * 10 + "." * 20) == []


@pytest.mark.parametrize("gap", ["....", "????", "____", ".?_."])
def test_short_interruptions_are_bridged_and_long_ones_not(play, phases, gap: str) -> None:
    assert phases(play(EventGate(default=OPTIONS), "######" + gap + "######")) == ["started"]
    assert play(EventGate(default=OPTIONS), "######" + gap * 3 + "######") == []


def test_what_is_not_observable_does_not_hold_an_event_for_ever(play, phases) -> None:
    events = play(EventGate(default=OPTIONS), "#" * 20 + "?" * 20)
    assert phases(events) == ["started", "ended"]
    assert events[-1].end_reason == "lost"


def test_time_unseen_does_not_count_as_held(play) -> None:
    assert play(EventGate(default=OPTIONS), "###????" * 2 + "#") == []


def test_exit_level_lies_below_the_enter_level(play, phases, scene_at) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "#" * 20)
    for i in range(20, 60):  # weaker than needed to enter, stronger than needed to leave
        events += gate.update(
            scene_at(i / FPS), [Reading(kind="act", track_ids=(1,), state=State.FALSE, score=0.4)]
        )
    assert "ended" not in phases(events)
    fresh = EventGate(default=OPTIONS)
    assert play(fresh, "#" * 40, score=0.5) == []


def test_cooldown_delays_the_next_event_and_keeps_its_true_start(play) -> None:
    gate = EventGate(default=OPTIONS)
    events = play(gate, "#" * 20 + "." * 11 + "#" * 40)
    first_end = next(e for e in events if e.phase == "ended")
    second = [e for e in events if e.phase == "started"][1]
    assert second.t_s >= first_end.t_end_s + OPTIONS.cooldown_s
    assert second.t_start_s == pytest.approx(3.1)
    assert second.event_id != first_end.event_id


def test_people_and_kinds_do_not_disturb_each_other(scene_at) -> None:
    gate = EventGate({"rare": GateOptions(hold_s=5.0)}, OPTIONS)
    events = []
    for i in range(15):
        events += gate.update(
            scene_at(i / FPS),
            [
                Reading(kind="act", track_ids=(1, 2), state=State.TRUE, score=0.9),
                Reading(kind="act", track_ids=(2, 1), state=State.TRUE, score=0.9),
                Reading(kind="rare", track_ids=(1,), state=State.TRUE, score=0.9),
            ],
        )
    assert [(e.kind, e.track_ids) for e in events] == [("act", (1, 2)), ("act", (2, 1))]


def test_cameras_are_judged_each_by_itself_with_clocks_of_their_own(scene_at) -> None:
    """Also where both trackers count from 1 and the clocks are far apart."""
    gate = EventGate(default=OPTIONS)
    act = Reading(kind="act", track_ids=(1,), state=State.TRUE, score=0.9)
    calm = Reading(kind="act", track_ids=(1,), state=State.FALSE, score=0.0)
    events = []
    for i in range(20):
        events += gate.update(scene_at(100 + i / FPS, "front"), [act])
        events += gate.update(scene_at(i / FPS, "rear"), [act])
        events += gate.update(scene_at(50 + i / FPS, "roof"), [calm])
    assert [(e.camera_id, e.t_start_s, e.t_s) for e in events] == [
        ("front", 100.0, 101.0),
        ("rear", 0.0, 1.0),
    ]
    assert len({e.event_id for e in events}) == 2


def test_an_act_that_flickers_is_held_for_as_long_as_it_is_seen(play) -> None:
    (started,) = play(EventGate(default=OPTIONS), "#." * 12)
    assert started.t_s == pytest.approx(2.0), "seen half of the time, it takes twice as long"


def test_seen_to_be_over_for_one_frame_and_then_unseen_is_lost(play) -> None:
    events = play(EventGate(default=OPTIONS), "#" * 20 + "." + "?" * 20)
    assert [e.end_reason for e in events] == [None, "lost"]


def test_what_little_is_seen_keeps_an_event_running(play, scene_at) -> None:
    """Half of the evidence is hidden: not enough to observe the act, enough not to end it."""
    gate = EventGate(default=OPTIONS)
    play(gate, "#" * 20)
    weak = Reading(kind="act", track_ids=(1,), state=State.NOT_OBSERVABLE, score=0.4)
    found = [e.phase for i in range(18) for e in gate.update(scene_at(2 + i / FPS), [weak])]
    assert found == ["updated"]
    fresh = EventGate(default=OPTIONS)
    strong = Reading(kind="act", track_ids=(1,), state=State.NOT_OBSERVABLE, score=0.9)
    assert [e for i in range(30) for e in fresh.update(scene_at(i / FPS), [strong])] == [], "nor start one"


def test_close_ends_what_runs_and_nothing_else(play) -> None:
    gate = EventGate(default=OPTIONS, config_digest="c", model_digests={"m.onnx": "d"})
    play(gate, "#" * 20)
    ended = gate.close("interrupted")
    assert [(e.phase, e.end_reason, e.config_digest, e.model_digests) for e in ended] == [
        ("ended", "interrupted", "c", {"m.onnx": "d"})
    ]
    assert gate.close() == []


def test_peak_score_and_its_evidence_are_kept(scene_at) -> None:
    gate = EventGate(default=OPTIONS)
    for i, score in enumerate([0.6, 0.95, 0.7] + [0.6] * 10):
        reading = Reading(
            kind="act", track_ids=(1,), state=State.TRUE, score=score, evidence={"height_px": score}
        )
        gate.update(scene_at(i / FPS), [reading])
    (ended,) = gate.close()
    assert ended.peak_score == 0.95
    assert ended.evidence == {"height_px": 0.95}


def test_time_running_backwards_is_refused_and_changes_nothing(play, phases, scene_at) -> None:
    gate = EventGate(default=OPTIONS)
    play(gate, "#" * 8)
    with pytest.raises(FrameOrderError, match=r"0\.700 s.*0\.700 s"):
        gate.update(scene_at(0.7), [])
    assert phases(play(gate, "#" * 5, start_s=0.8)) == ["started"]


def test_a_stall_without_frames_is_bridged_like_one_with_them(play, phases) -> None:
    gate = EventGate(default=GateOptions(hold_s=1.0, bridge_s=5.0))
    play(gate, "#" * 20)
    assert play(gate, "#" * 5, start_s=5.0) == []
    assert phases(play(gate, "#" * 5, start_s=11.0)) == ["ended"]


def test_after_a_stall_a_new_act_must_reach_the_enter_level(play, phases, scene_at) -> None:
    """The level of the event that the stall ended is not that of the next one."""
    gate = EventGate(default=GateOptions(hold_s=0, cooldown_s=0))
    play(gate, "#")
    weak = Reading(kind="act", track_ids=(1,), state=State.FALSE, score=0.4)
    assert phases(gate.update(scene_at(9.0), [weak])) == ["ended"]
    assert gate.update(scene_at(9.1), [weak]) == []


def test_two_readings_of_one_act_in_a_scene_are_refused(scene_at) -> None:
    gate = EventGate()
    readings = [
        Reading(kind="a", track_ids=(1,), state=state, score=0.5) for state in (State.TRUE, State.FALSE)
    ]
    with pytest.raises(DataError, match="two readings of one kind"):
        gate.update(scene_at(0.0), readings)
    gate.update(scene_at(0.0), readings[:1])


@pytest.mark.parametrize("name", ["enter_score", "exit_score"])
def test_a_level_of_zero_would_never_end(name: str) -> None:
    with pytest.raises(ConfigError, match="more than 0"):
        GateOptions(**{"exit_score": 0.1, name: 0})


def test_zero_times_report_at_once(play, phases) -> None:
    gate = EventGate(default=GateOptions(hold_s=0, release_s=0, bridge_s=0, cooldown_s=0))
    assert phases(play(gate, "##.#.")) == ["started", "ended", "started", "ended"]


def test_exit_level_above_enter_level_is_refused() -> None:
    with pytest.raises(ConfigError, match="must not exceed"):
        GateOptions(enter_score=0.4, exit_score=0.5)


_TIMES = st.sampled_from([0.0, 0.2, 0.5, 1.0, 2.0])
_OPTIONS = st.builds(
    GateOptions,
    hold_s=_TIMES,
    release_s=_TIMES,
    bridge_s=_TIMES,
    cooldown_s=_TIMES,
    frame_gap_s=st.sampled_from([0.3, 2.0]),
    update_every_s=st.sampled_from([0.1, 1.0]),
)
_STEPS = st.lists(st.tuples(st.integers(1, 8), st.sampled_from("#.?_")), max_size=120)


@settings(max_examples=300, deadline=None)
@given(options=_OPTIONS, steps=_STEPS)
def test_laws(phases, scene_at, options: GateOptions, steps: list[tuple[int, str]]) -> None:
    """No episode overlaps, none is left without an end, hold and cooldown are kept, at any frame rate."""
    gate = EventGate(default=options)
    events, t_s = [], 0.0
    states = {"#": State.TRUE, ".": State.FALSE, "?": State.NOT_OBSERVABLE}
    for ticks, sign in steps:
        t_s += ticks / 16
        readings = []
        if sign in states:
            readings = [Reading(kind="act", track_ids=(1,), state=states[sign], score=0.9 * (sign == "#"))]
        events += gate.update(scene_at(t_s), readings)
    events += gate.close()
    episodes: dict[str, list[Event]] = {}
    for event in events:
        episodes.setdefault(event.event_id, []).append(event)
    for episode in episodes.values():
        assert phases(episode) == ["started", *["updated"] * (len(episode) - 2), "ended"]
        started, ended = episode[0], episode[-1]
        assert started.t_s - started.t_start_s >= options.hold_s - 1e-6
        assert started.t_start_s <= started.t_s <= ended.t_s
        assert ended.t_end_s is not None
        assert ended.t_end_s >= started.t_s
    for one, other in pairwise(episodes.values()):
        assert other[0].t_start_s > one[-1].t_end_s
        assert other[0].t_s >= one[-1].t_end_s + options.cooldown_s


@settings(max_examples=100, deadline=None)
@given(steps=_STEPS, factor=st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_all_times_scales_the_events(scene_at, steps: list[tuple[int, str]], factor: float) -> None:
    def events_with(scale: float) -> list[tuple[str, float]]:
        options = GateOptions(
            hold_s=0.5 * scale, release_s=0.5 * scale, bridge_s=0.25 * scale, cooldown_s=scale,
            frame_gap_s=2 * scale, update_every_s=scale,
        )  # fmt: skip
        gate, found, t_s = EventGate(default=options), [], 0.0
        for ticks, sign in steps:
            t_s += ticks / 16 * scale
            state = State.TRUE if sign == "#" else State.FALSE
            found += gate.update(
                scene_at(t_s), [Reading(kind="a", track_ids=(1,), state=state, score=0.9 * (sign == "#"))]
            )
        return [(e.phase, e.t_s / scale) for e in found]

    assert events_with(factor) == events_with(1.0)
