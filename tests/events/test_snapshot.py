"""A gate that is restored in the middle of a ride goes on as if nothing had been."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import DataError
from cabinsafe.events import EventGate, GateOptions

OPTIONS = {
    "act": GateOptions(
        hold_s=0.5, release_s=0.5, bridge_s=0.3, cooldown_s=1.0, cumulative_s=0.8, window_s=5.0,
        repeat_every_s=1.0, escalate_after_s=(0.7,), degraded_after_s=0.6,
    ),
    "camera_silent": GateOptions(hold_s=0.4),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    before=st.text("#.?_", max_size=40),
    after=st.text("#.?_", max_size=40),
    seat=st.sampled_from([None, "Row1.Pos1"]),
)
def test_restored_it_says_the_same(play, person, before: str, after: str, seat: str | None) -> None:
    tracks = (person(1, seat, 5),)
    whole, first, second = (EventGate(OPTIONS, config_digest="c") for _ in range(3))
    play(whole, before, tracks=tracks)
    whole.tick("rear", 4.0)
    play(first, before, tracks=tracks)
    first.tick("rear", 4.0)
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    rest = play(whole, after, 5.0, tracks=tracks) + whole.tick("rear", 5.0) + whole.close()
    assert play(second, after, 5.0, tracks=tracks) + second.tick("rear", 5.0) + second.close() == rest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a snapshot of a gate"),
        ("{}", "not a snapshot of a gate"),
        ("[1]", "not a snapshot of a gate"),
        ('"count": 1', "not a snapshot of a gate"),
    ],
)
def test_what_is_no_snapshot_is_refused_and_changes_nothing(play, text: str, message: str) -> None:
    gate = EventGate(OPTIONS)
    play(gate, "###")
    before = gate.snapshot()
    with pytest.raises(DataError, match=message):
        gate.restore(text)
    assert gate.snapshot() == before


def test_a_snapshot_of_another_version_is_refused() -> None:
    snapshot = EventGate().snapshot().replace('"version":2', '"version":3')
    with pytest.raises(DataError, match="of version 3, expected 2"):
        EventGate().restore(snapshot)


def test_no_id_comes_twice_after_a_restore(play) -> None:
    gate = EventGate(OPTIONS)
    snapshot = gate.snapshot()
    (first, *_) = play(gate, "#" * 30)
    gate.restore(snapshot)
    (again, *_) = play(gate, "#" * 30)
    assert again.event_id != first.event_id
