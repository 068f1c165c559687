"""What the tests of the gate share: scenes and readings written down as a line of signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cabinsafe.events import EventGate
from cabinsafe.types import Event, Reading, Scene, State, Track

FPS = 10
STATES = {"#": State.TRUE, ".": State.FALSE, "?": State.NOT_OBSERVABLE}


@pytest.fixture(scope="session")
def scene_at() -> Callable[..., Scene]:
    """An empty scene of a time; keywords are further fields of it."""

    def scene_at(t_s: float, camera_id: str = "front", **fields: Any) -> Scene:
        return Scene(t_s=t_s, camera_id=camera_id, size_wh=(100, 100), **fields)

    return scene_at


@pytest.fixture(scope="session")
def person() -> Callable[..., Track]:
    """A track without a skeleton."""

    def person(track_id: int, seat: str | None = None, occupant_id: int | None = None) -> Track:
        return Track(
            track_id=track_id,
            box_xyxy=(0, 0, 10, 10),
            box_source="detection",
            seat=seat,
            occupant_id=occupant_id,
        )

    return person


@pytest.fixture(scope="session")
def play(scene_at) -> Callable[..., list[Event]]:
    """Events of a script, one character per frame: # true, . false, ? not observable, _ no reading at all."""

    def play(
        gate: EventGate,
        script: str,
        start_s: float = 0.0,
        score: float = 0.9,
        ids: tuple[int, ...] = (1,),
        fps: float = FPS,
        **fields: Any,
    ) -> list[Event]:
        events = []
        for i, sign in enumerate(script):
            readings = []
            if sign in STATES:
                value = score if sign == "#" else 0.0
                readings = [Reading(kind="act", track_ids=ids, state=STATES[sign], score=value)]
            events += gate.update(scene_at(start_s + i / fps, **fields), readings)
        return events

    return play


@pytest.fixture(scope="session")
def phases() -> Callable[[list[Event]], list[str]]:
    def phases(events: list[Event]) -> list[str]:
        return [event.phase for event in events]

    return phases
