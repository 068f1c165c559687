"""Laws that the gate keeps with all its options, several people, changing ids, and dropped frames."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.events import EventGate, GateOptions
from cabinsafe.types import Event, Reading, State

_TIMES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
_OPTIONS = st.builds(
    GateOptions,
    hold_s=_TIMES,
    deadline_s=st.sampled_from([None, 1.0, 2.0]),
    cumulative_s=st.sampled_from([None, 0.5, 1.5]),
    window_s=st.sampled_from([2.0, 20.0]),
    reset_s=st.sampled_from([None, 0.5]),
    release_s=_TIMES,
    bridge_s=_TIMES,
    cooldown_s=st.sampled_from([0.0, 1.0, 4.0]),
    repeat_every_s=st.sampled_from([None, 0.5]),
    escalate_after_s=st.sampled_from([(), (0.5,), (0.5, 2.0)]),
    degraded_after_s=st.sampled_from([None, 1.0]),
)
_PERSON = st.tuples(
    st.integers(1, 3), st.integers(1, 2), st.sampled_from("#.?")
)  # track id, seat, what it shows
_FRAMES = st.lists(st.lists(_PERSON, max_size=2, unique_by=lambda p: p[0]), max_size=60)


def by_id(events: list[Event]) -> dict[str, list[Event]]:
    episodes: dict[str, list[Event]] = {}
    for event in events:
        episodes.setdefault(event.event_id, []).append(event)
    return episodes


@settings(max_examples=200, deadline=None)
@given(options=_OPTIONS, frames=_FRAMES, linked=st.booleans(), gap=st.sampled_from([0.125, 0.5]))
def test_every_event_starts_once_ends_once_and_levels_never_fall(
    scene_at, person, options: GateOptions, frames: list, linked: bool, gap: float
) -> None:
    states = {"#": State.TRUE, ".": State.FALSE, "?": State.NOT_OBSERVABLE}
    gate, events = EventGate(default=options), []
    for i, people in enumerate(frames):
        tracks = tuple(person(t, f"Row1.Pos{seat}", 10 + t if linked else None) for t, seat, _ in people)
        readings = [
            Reading(kind="act", track_ids=(t,), state=states[sign], score=0.9 * (sign == "#"))
            for t, _, sign in people
        ]
        events += gate.update(scene_at(i * gap, tracks=tracks), readings)
    events += gate.close()
    for lines in by_id(events).values():
        first, *middle, last = lines
        assert (first.phase, last.phase) == ("started", "ended")
        assert {e.phase for e in middle} <= {"repeated", "escalated", "updated"}
        assert all(a.level <= b.level and a.t_s <= b.t_s for a, b in pairwise(lines))
        assert first.t_start_s <= first.t_s <= last.t_s
        assert last.t_end_s is not None
        assert last.t_end_s >= first.t_s


@settings(max_examples=100, deadline=None)
@given(
    runs=st.lists(st.tuples(st.integers(20, 40), st.integers(15, 30)), min_size=1, max_size=3), data=st.data()
)
def test_dropped_frames_change_times_by_no_more_than_the_gaps(play, runs: list, data) -> None:
    """Acts of 2 s and more, pauses of 1.5 s and more; no three frames in a row are lost."""
    options = GateOptions(hold_s=1.0, release_s=0.8, bridge_s=0.7, cooldown_s=0.0)
    script = "." + "".join("#" * on + "." * off for on, off in runs)
    kept = data.draw(st.lists(st.booleans(), min_size=len(script), max_size=len(script)))
    kept = [keep or i % 3 == 0 for i, keep in enumerate(kept)]

    def spans(frames: list[tuple[float, str]]) -> list[tuple[float, float]]:
        gate, events = EventGate(default=options), []
        for t_s, sign in frames:
            events += play(gate, sign, t_s)
        events += gate.close()
        return [(lines[0].t_start_s, lines[-1].t_end_s) for lines in by_id(events).values()]

    frames = [(i / 10, sign) for i, sign in enumerate(script)]
    whole, thinned = spans(frames), spans([f for f, keep in zip(frames, kept, strict=True) if keep])
    assert len(whole) == len(thinned) == len(runs)
    for (start, end), (thin_start, thin_end) in zip(whole, thinned, strict=True):
        assert thin_start == pytest.approx(start, abs=0.21)
        assert thin_end == pytest.approx(end, abs=0.21)


@settings(max_examples=100, deadline=None)
@given(frames=_FRAMES, cooldown_s=st.sampled_from([0.5, 2.0]))
def test_the_cooldown_law_for_occupants(scene_at, person, frames: list, cooldown_s: float) -> None:
    """Whatever ids come and go, the same occupant raises no second event before the cooldown is over."""
    gate = EventGate(default=GateOptions(hold_s=0.0, release_s=0.25, bridge_s=0.0, cooldown_s=cooldown_s))
    events = []
    for i, people in enumerate(frames):
        tracks = tuple(person(10 * i + t, None, t) for t, _, _ in people)
        readings = [
            Reading(kind="act", track_ids=(10 * i + t,), state=State.TRUE, score=0.9)
            for t, _, sign in people
            if sign == "#"
        ]
        events += gate.update(scene_at(i * 0.125, tracks=tracks), readings)
    events += gate.close()
    for occupant in (1, 2, 3):
        own = [e for e in by_id(events).values() if e[0].occupant_ids == (occupant,)]
        for one, other in pairwise(own):
            assert other[0].t_s >= one[-1].t_end_s + cooldown_s


@settings(max_examples=200, deadline=None)
@given(
    options=_OPTIONS,
    frames=st.lists(st.tuples(*[st.sampled_from("##.?_")] * 2), max_size=60),
)
def test_no_event_starts_while_another_view_denies_it(
    scene_at, person, options: GateOptions, frames: list
) -> None:
    states = {"#": State.TRUE, ".": State.FALSE, "?": State.NOT_OBSERVABLE}
    gate = EventGate(default=options)
    denied_s: dict[str, float] = {}
    for i, signs in enumerate(frames):
        t_s = i * 0.25
        for camera_id, sign in zip(("front", "rear"), signs, strict=True):
            if sign == "_":
                continue
            reading = Reading(kind="act", track_ids=(1,), state=states[sign], score=0.9 * (sign == "#"))
            scene = scene_at(t_s, camera_id, tracks=(person(1, "Row1.Pos1", 7),))
            denied_s.pop(camera_id, None)
            if sign == ".":
                denied_s[camera_id] = t_s
            for event in gate.update(scene, [reading]):
                if event.kind == "act" and event.phase == "started":
                    assert all(t_s - said_s > options.frame_gap_s for said_s in denied_s.values())
