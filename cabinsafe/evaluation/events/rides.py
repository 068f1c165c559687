"""Rides to be judged: the truth about each, and what was reported of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import ClipTruth, read_truth
from cabinsafe.errors import DataError
from cabinsafe.types import Event

TRUTH_FILE: Final = "truth.json"
CABIN_FILE: Final = "cabin.yaml"


class Alarm(NamedTuple):
    """One event as a whole.

    Attributes:
        kind: what was reported.
        seats: of whom, None where unknown.
        t_s: when the alarm was raised, seconds.
        t_start_s, t_end_s: from when to when the act is said to have lasted.
        score: highest score until the alarm was raised.
    """

    kind: str
    seats: tuple[str | None, ...]
    t_s: float
    t_start_s: float
    t_end_s: float
    score: float


class Ride(NamedTuple):
    """A clip with its truth and its alarms.

    Attributes:
        name: of the ride.
        truth: what happens in it.
        alarms: what was reported, in the order of being raised.
        hold_s: hold time of each kind that was watched for; None if that is not known.
    """

    name: str
    truth: ClipTruth
    alarms: tuple[Alarm, ...]
    hold_s: Mapping[str, float] | None = None


class RideFiles(NamedTuple):
    """Where a ride's truth, and what belongs to it, lie."""

    name: str
    truth: Path
    other: Path


def find_rides(truth: Path, other: Path, file_name: str) -> list[RideFiles]:
    """Pairs of a truth and a file of the same ride.

    Args:
        truth: a truth file, a ride's folder that holds one, or a folder of such folders.
        other: accordingly: the file itself, a folder that holds it, or a folder of folders of the same names.
        file_name: what it is called.

    Raises:
        DataError: there is no truth, or a ride has no such file.
    """
    if not truth.is_dir():
        found = [RideFiles(truth.resolve().parent.name, truth, other)]
    elif (truth / TRUTH_FILE).is_file():
        found = [RideFiles(truth.resolve().name, truth / TRUTH_FILE, other)]
    else:
        folders = sorted(path.parent for path in truth.glob(f"*/{TRUTH_FILE}"))
        found = [RideFiles(folder.name, folder / TRUTH_FILE, other / folder.name) for folder in folders]
        if not found:
            raise DataError(
                f"{truth}: expected a ride, or a folder of rides, each with its {TRUTH_FILE}; none is there"
            )
    pairs = [
        ride._replace(other=ride.other / file_name if ride.other.is_dir() else ride.other) for ride in found
    ]
    for ride in pairs:
        if not ride.other.is_file():
            raise DataError(f"ride '{ride.name}': expected its {file_name} at {ride.other}; it is not there")
    return pairs


def cabin_of(ride: RideFiles, cabin: CabinConfig | None = None) -> CabinConfig | None:
    """The given configuration, else that of the cabin file beside the truth, if there is one.

    Raises:
        ConfigError: the file is not valid.
    """
    own = ride.truth.parent / CABIN_FILE
    return load_config(own) if cabin is None and own.is_file() else cabin


def hold_times(cabin: CabinConfig | None) -> dict[str, float] | None:
    """Hold time of each kind that a cabin watches for; None without a configuration."""
    if cabin is None:
        return None
    default = cabin.events.get("default")
    hold_s = {}
    for kind in cabin.detectors:
        options = cabin.events.get(kind, default)
        hold_s[kind] = 1.0 if options is None else options.hold_s
    return hold_s


def read_ride(files: RideFiles, cabin: CabinConfig | None = None) -> Ride:
    """A ride's truth and its ``events.jsonl``.

    Args:
        files: where they lie.
        cabin: the configuration that the events were made with, if known.

    Raises:
        DataError: a file cannot be read, or holds something else.
    """
    return Ride(files.name, read_truth(files.truth), read_alarms(files.other), hold_times(cabin))


def read_alarms(path: Path) -> tuple[Alarm, ...]:
    """The events of a file, one for all its lines of one event id.

    Raises:
        DataError: the file cannot be read, a line is no event, or an event does not begin with its start.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"{path}: no readable file of events: {error.strerror or error}") from error
    events = []
    for number, line in enumerate(lines, start=1):
        try:
            events.append(Event.model_validate_json(line))
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error
    try:
        return alarms_of(events)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def alarms_of(events: list[Event]) -> tuple[Alarm, ...]:
    """Events in all their phases as alarms.

    Raises:
        DataError: an event does not begin with its start.
    """
    lines: dict[str, list[Event]] = {}
    for event in events:
        lines.setdefault(event.event_id, []).append(event)
    alarms = []
    for event_id, (first, *rest) in lines.items():
        if first.phase != "started":
            raise DataError(f"event '{event_id}': expected its phase 'started' first, got '{first.phase}'")
        last = rest[-1] if rest else first
        end_s = last.t_s if last.t_end_s is None else last.t_end_s
        alarms.append(Alarm(first.kind, first.seats, first.t_s, first.t_start_s, end_s, first.peak_score))
    return tuple(sorted(alarms, key=lambda alarm: alarm.t_s))
