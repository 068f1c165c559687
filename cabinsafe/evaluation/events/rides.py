"""Rides to be judged: the truth about each, and what was reported of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import ClipTruth, TrueEvent, read_truth
from cabinsafe.errors import DataError
from cabinsafe.events import GateOptions
from cabinsafe.types import Event

TRUTH_FILE: Final = "truth.json"
CABIN_FILE: Final = "cabin.yaml"
_MAX_BEYOND_S: Final = 1.0  # of a ride's events past its end: videos are a little longer than they say


class Alarm(NamedTuple):
    """One event as a whole.

    Attributes:
        kind: what was reported.
        seats: of whom, None where unknown.
        t_s: when the alarm was raised, seconds.
        t_start_s, t_end_s: from when to when the act is said to have lasted.
        score: highest score until the alarm was raised.
        camera_ids: views that saw it.
    """

    kind: str
    seats: tuple[str | None, ...]
    t_s: float
    t_start_s: float
    t_end_s: float
    score: float
    camera_ids: tuple[str, ...] = ()


class Ride(NamedTuple):
    """A clip with its truth and its alarms.

    Attributes:
        name: of the ride.
        truth: what happens in it.
        alarms: what was reported, in the order of being raised.
        gate: options of each kind that was watched for; None if that is not known.
    """

    name: str
    truth: ClipTruth
    alarms: tuple[Alarm, ...]
    gate: Mapping[str, GateOptions] | None = None

    def watches(self, kind: str) -> bool:
        """Whether a kind was watched for, as far as known."""
        return self.gate is None or kind in self.gate

    def is_brief(self, act: TrueEvent, margin_s: float) -> bool:
        """Whether an act lasts no longer than a margin and the hold time that applies to its view and seat.

        The seat of a pair is that of the acting person. No act is brief if the hold time is not known.
        """
        if self.gate is None:
            return False
        settings = self.gate[act.kind].at(self.truth.camera_id, next(iter(act.seats), None))
        return act.t_end_s - act.t_start_s <= settings.hold_s + margin_s


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
        DataError: there is no truth, or a ride is on one side alone.
    """
    if truth.is_dir() and not (truth / TRUTH_FILE).is_file():
        return _pair_folders(truth, other, file_name)
    folder, own = (truth, truth / TRUTH_FILE) if truth.is_dir() else (truth.parent, truth)
    file, name = other / file_name if other.is_dir() else other, folder.resolve().name
    if not file.is_file():
        raise DataError(
            f"ride '{name}': expected its {file_name} at {file}; it is not there: for one truth, give one "
            "ride's file or the folder that holds it; for a folder of rides, a folder of the same names"
        )
    return [RideFiles(name, own, file)]


def _pair_folders(truth: Path, other: Path, file_name: str) -> list[RideFiles]:
    names = _folders_with(truth, TRUTH_FILE)
    if not names:
        raise DataError(
            f"{truth}: expected a ride, or a folder of rides, each with its {TRUTH_FILE}; none is there"
        )
    others = _folders_with(other, file_name)
    gaps = [
        f"{file} is missing for {', '.join(sorted(missing))}"
        for file, missing in ((file_name, {*names} - {*others}), (TRUTH_FILE, {*others} - {*names}))
        if missing
    ]
    if other.is_file() or (other / file_name).is_file():
        gaps = [f"found the {file_name} of one ride", f"its truth is one ride's folder, or its {TRUTH_FILE}"]
    if gaps:
        raise DataError(
            f"{other}: expected the rides of {truth}, in folders of the same names, each with its "
            f"{file_name}; {'; '.join(gaps)}"
        )
    return [RideFiles(name, truth / name / TRUTH_FILE, other / name / file_name) for name in names]


def _folders_with(parent: Path, file_name: str) -> list[str]:
    return sorted(path.parent.name for path in parent.glob(f"*/{file_name}") if path.is_file())


def cabin_of(ride: RideFiles, cabin: CabinConfig | None = None) -> CabinConfig | None:
    """The given configuration, else that of the cabin file beside the truth, if there is one.

    Raises:
        ConfigError: the file is not valid.
    """
    own = ride.truth.parent / CABIN_FILE
    return load_config(own) if cabin is None and own.is_file() else cabin


def gate_options(cabin: CabinConfig | None) -> dict[str, GateOptions] | None:
    """Options of each kind that a cabin watches for; None without a configuration."""
    if cabin is None:
        return None
    default = cabin.events.get("default", GateOptions())
    return {kind: cabin.events.get(kind, default) for kind in cabin.detectors}


def read_ride(files: RideFiles, cabin: CabinConfig | None = None) -> Ride:
    """A ride's truth and its ``events.jsonl``.

    Args:
        files: where they lie.
        cabin: the configuration that the events were made with, if known.

    Raises:
        DataError: a file cannot be read, or holds something else, or the events are of another ride.
    """
    ride = Ride(files.name, read_truth(files.truth), read_alarms(files.other), gate_options(cabin))
    for alarm in ride.alarms:
        _require_same_ride(alarm, ride.truth, files, cabin)
    return ride


def _require_same_ride(alarm: Alarm, truth: ClipTruth, files: RideFiles, cabin: CabinConfig | None) -> None:
    last_s = max(alarm.t_s, alarm.t_end_s)
    if last_s > truth.duration_s + _MAX_BEYOND_S:
        raise DataError(
            f"{files.other}: expected events within the {truth.duration_s:g} s of {files.truth}, "
            f"got {alarm.kind} until {last_s:g} s: they are of another ride"
        )
    known = {truth.camera_id, *(() if cabin is None else cabin.views)}
    if "camera_id" in truth.model_fields_set and known.isdisjoint(alarm.camera_ids):
        raise DataError(
            f"{files.other}: expected events of camera {', '.join(sorted(known))}, which {files.truth} "
            f"and its cabin file know, got {alarm.kind} of {', '.join(alarm.camera_ids)}"
        )


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
        cameras = last.camera_ids or (first.camera_id,)
        alarms.append(
            Alarm(first.kind, first.seats, first.t_s, first.t_start_s, end_s, first.peak_score, cameras)
        )
    return tuple(sorted(alarms, key=lambda alarm: alarm.t_s))
