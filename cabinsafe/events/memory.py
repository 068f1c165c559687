"""All that a gate remembers, and its text form."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from cabinsafe.errors import DataError
from cabinsafe.events.episode import Episode, Key, Seats
from cabinsafe.events.options import GateSettings
from cabinsafe.events.words import Word
from cabinsafe.vehicle import VehicleState

_VERSION: Final = 2


@dataclass
class SeenTime:
    """When one act was seen within a window that moves on, over all interruptions.

    Attributes:
        window_s: length of the window.
        spans: begin and end of each time, and the frame of the begin, if it is known.
        off_since_s: since when the act is seen to be over.
    """

    window_s: float
    spans: list[tuple[float, float, int | None]] = field(default_factory=list)
    off_since_s: float | None = None

    def add(self, from_s: float, to_s: float, frame: int | None) -> float:
        """Add a time in which the act was seen, from a frame; returns how long it was seen in the window."""
        self.off_since_s = None
        if self.spans and self.spans[-1][1] >= from_s:
            self.spans[-1] = (self.spans[-1][0], to_s, self.spans[-1][2])
        else:
            self.spans.append((from_s, to_s, frame))
        begin = to_s - self.window_s
        self.spans = [
            (max(first, begin), last, frame if first >= begin else None)
            for first, last, frame in self.spans
            if last > begin
        ]
        return sum(last - first for first, last, _ in self.spans)

    def is_reset(self, observed: bool, t_s: float, settings: GateSettings) -> bool:
        """Whether the act, which this frame does not show, was seen to be over for long enough."""
        if not observed:
            self.off_since_s = None
        elif self.off_since_s is None:
            self.off_since_s = t_s
        long_s = 0.0 if self.off_since_s is None else t_s - self.off_since_s
        return observed and settings.reset_s is not None and long_s >= settings.reset_s

    def is_past(self, t_s: float) -> bool:
        """Whether the window has moved on past all of it."""
        return not self.spans or self.spans[-1][1] <= t_s - self.window_s


@dataclass
class Memory:
    """All that a gate knows of the past.

    Attributes:
        count: events so far.
        episodes: acts that go on.
        seen: times of the acts whose options count them in a window.
        cooling: view and end of the time in which the same people, or seats, raise no new event.
        clock_s: last time of each camera.
        awaited_s: since when cameras are awaited that never gave a frame.
        words: what each view said last.
        vehicle: its state in the last scene, if known.
    """

    count: int = 0
    episodes: dict[Key, Episode] = field(default_factory=dict)
    seen: dict[Key, SeenTime] = field(default_factory=dict)
    cooling: dict[Hashable, tuple[str, float]] = field(default_factory=dict)
    clock_s: dict[str, float] = field(default_factory=dict)
    awaited_s: dict[str, float] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    vehicle: VehicleState | None = None


@dataclass
class _Stored:
    """A memory with lists in place of mappings: keys in JSON are text only."""

    version: int
    count: int
    episodes: list[tuple[Key, Episode]]
    seen: list[tuple[Key, SeenTime]]
    cooling_people: list[tuple[Key, tuple[str, float]]]
    cooling_seats: list[tuple[Seats, tuple[str, float]]]
    clock_s: dict[str, float]
    awaited_s: dict[str, float]
    words: dict[str, Word]
    vehicle: VehicleState | None


def dump_memory(memory: Memory) -> str:
    """A memory as JSON text; floats come back bit by bit."""
    people = [(key, end) for key, end in memory.cooling.items() if isinstance(key, Key)]
    seats = [(key, end) for key, end in memory.cooling.items() if isinstance(key, Seats)]
    stored = _Stored(
        _VERSION,
        memory.count,
        list(memory.episodes.items()),
        list(memory.seen.items()),
        people,
        seats,
        memory.clock_s,
        memory.awaited_s,
        memory.words,
        memory.vehicle,
    )
    return TypeAdapter(_Stored).dump_json(stored).decode()


def read_memory(text: str) -> Memory:
    """The memory of :func:`dump_memory`.

    Raises:
        DataError: the text is none.
    """
    try:
        stored = TypeAdapter(_Stored).validate_json(text)
    except (ValidationError, DataError) as error:
        raise DataError(f"not a snapshot of a gate: {error}") from error
    if stored.version != _VERSION:
        raise DataError(f"a gate's snapshot of version {stored.version}, expected {_VERSION}")
    return Memory(
        stored.count,
        dict(stored.episodes),
        dict(stored.seen),
        {**dict(stored.cooling_people), **dict(stored.cooling_seats)},
        stored.clock_s,
        stored.awaited_s,
        stored.words,
        stored.vehicle,
    )
