"""Rides as files: which truth and which events belong together, and what cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import ClipTruth, write_truth
from cabinsafe.errors import DataError
from cabinsafe.evaluation.events.rides import Alarm, RideFiles, find_rides, read_alarms, read_ride
from cabinsafe.types import Event
from cabinsafe.views import CameraView

KIND, SEAT, EVENTS = "hand_on_leg", "Row1.Pos1", "events.jsonl"
TRUTH = ClipTruth(
    clip="ride.mp4", fps=10, size_wh=(9, 9), duration_s=60,
    rules={KIND: "so", "feet_on_seats": "so"},
    events=[{"kind": KIND, "t_start_s": 0.9, "t_end_s": 9, "seats": [SEAT]}],
)  # fmt: skip


def event(event_id: str, phase: str, t_s: float, **values: Any) -> Event:
    known = {"kind": KIND, "t_start_s": 1.0, "camera_id": "front", "track_ids": (1,), "peak_score": 0.8}
    return Event(event_id=event_id, phase=phase, t_s=t_s, seats=(SEAT,), **known | values)


def test_an_event_in_all_its_phases_is_one_alarm(tmp_path: Path) -> None:
    lines = [
        event("b-2", "started", 3.0),
        event("a-1", "started", 2.0),
        event("a-1", "repeated", 4.0, peak_score=0.9),
        event("a-1", "ended", 6.0, t_end_s=5.0, peak_score=0.95, camera_ids=("front", "rear")),
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(line.model_dump_json() + "\n" for line in lines))
    assert read_alarms(path) == (
        Alarm(KIND, (SEAT,), 2.0, 1.0, 5.0, 0.8, ("front", "rear")),
        Alarm(KIND, (SEAT,), 3.0, 1.0, 3.0, 0.8, ("front",)),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}\n", r"events\.jsonl, line 1: Event: "),
        (b"\xff\n", r"events\.jsonl, line 1: "),
        (
            event("a-1", "ended", 2.0).model_dump_json().encode(),
            r"'a-1': expected its phase 'started' first, got 'ended'",
        ),
        (None, r"events\.jsonl: no readable file of events: No such file"),
    ],
)
def test_what_are_no_events_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "events.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_alarms(tmp_path / "events.jsonl")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Truths and events of two rides."""
    truth, found = tmp_path / "truth", tmp_path / "found"
    for name in ("one", "two"):
        for folder in (truth, found):
            (folder / name).mkdir(parents=True)
        write_truth(truth / name / "truth.json", TRUTH)
        (found / name / EVENTS).touch()
    return truth, found


def test_rides_are_paired_by_folder(folders: tuple[Path, Path]) -> None:
    truth, found = folders
    (found / "notes").mkdir()
    pairs = find_rides(truth, found, EVENTS)
    assert [(p.name, p.other) for p in pairs] == [(name, found / name / EVENTS) for name in ("one", "two")]
    (single,) = find_rides(truth / "one", found / "two", EVENTS)
    assert (single.name, single.other.parent.name) == ("one", "two")
    (file,) = find_rides(truth / "one" / "truth.json", found / "one" / EVENTS, EVENTS)
    assert file.name == "one"


def test_rides_that_only_one_side_has_are_named(folders: tuple[Path, Path]) -> None:
    truth, found = folders
    for name in ("five", "three"):
        (found / name).mkdir()
        (found / name / EVENTS).touch()
    with pytest.raises(DataError, match=r"truth\.json is missing for five, three$"):
        find_rides(truth, found, EVENTS)
    (found / "two" / EVENTS).unlink()
    with pytest.raises(DataError) as refused:
        find_rides(truth, found, EVENTS)
    assert str(refused.value) == (
        f"{found}: expected the rides of {truth}, in folders of the same names, each with its events.jsonl; "
        "events.jsonl is missing for two; truth.json is missing for five, three"
    )
    with pytest.raises(DataError, match=r"expected a ride, or a folder of rides, each with its truth\.json"):
        find_rides(found, found, EVENTS)


def test_one_ride_against_many_is_refused_with_what_is_allowed(folders: tuple[Path, Path]) -> None:
    truth, found = folders
    with pytest.raises(DataError) as refused:
        find_rides(truth, found / "one", EVENTS)
    assert str(refused.value) == (
        f"{found / 'one'}: expected the rides of {truth}, in folders of the same names, each with its "
        "events.jsonl; found the events.jsonl of one ride; its truth is one ride's folder, or its truth.json"
    )
    with pytest.raises(DataError) as refused:
        find_rides(truth / "one", found, EVENTS)
    assert str(refused.value) == (
        f"ride 'one': expected its events.jsonl at {found / EVENTS}; it is not there: for one truth, give "
        "one ride's file or the folder that holds it; for a folder of rides, a folder of the same names"
    )


def test_events_of_another_ride_are_refused(folders: tuple[Path, Path]) -> None:
    truth, found = folders
    files = RideFiles("one", truth / "one" / "truth.json", found / "one" / EVENTS)

    def read(*events: Event, cabin: CabinConfig | None = None) -> int:
        files.other.write_text("".join(one.model_dump_json() + "\n" for one in events))
        return len(read_ride(files, cabin).alarms)

    assert read(event("a", "started", 60.0), event("a", "ended", 60.9, t_end_s=60.5)) == 1
    with pytest.raises(DataError) as refused:
        read(event("a", "started", 1000.0, t_start_s=999.0))
    assert str(refused.value) == (
        f"{files.other}: expected events within the 60 s of {files.truth}, got hand_on_leg until 1000 s: "
        "they are of another ride"
    )
    with pytest.raises(DataError, match=r"within the 60 s of .*, got hand_on_leg until 99 s"):
        read(event("a", "started", 2.0), event("a", "ended", 99.0, t_end_s=99.0))
    assert read(event("a", "started", 2.0, camera_id="rear", camera_ids=("rear", "front"))) == 1
    seen_by_rear = event("a", "started", 2.0, camera_id="rear")
    with pytest.raises(DataError) as refused:
        read(seen_by_rear)
    assert str(refused.value) == (
        f"{files.other}: expected events of camera front, which {files.truth} and its cabin file know, "
        "got hand_on_leg of rear"
    )
    shuttle = load_config("shuttle")
    both = CabinConfig(**{**dict(shuttle), "cameras": (*shuttle.cameras, CameraView(camera_id="rear"))})
    assert read(seen_by_rear, cabin=both) == 1
    nameless = TRUTH.model_dump(mode="json", exclude={"camera_id"})
    files.truth.write_text(json.dumps(nameless))
    assert read(seen_by_rear) == 1, "a truth that names no camera is of any"


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "truth" / "a").mkdir(parents=True)
    (tmp_path / "found" / "a").mkdir(parents=True)
    write_truth(tmp_path / "truth" / "a" / "truth.json", TRUTH)
    lines = [event("a-1", "started", 2.0), event("a-1", "ended", 9.5, t_end_s=9.0)]
    (tmp_path / "found" / "a" / "events.jsonl").write_text("".join(e.model_dump_json() + "\n" for e in lines))

    def evaluate(*more: str) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("cabinsafe"), "evaluate", "events"]
        places = [tmp_path / "truth", tmp_path / "found", "--out", tmp_path / "out"]
        words = [*map(str, [*command, *places]), *more]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)

    done = evaluate("--kind", KIND)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["kinds"][KIND]["recall"] == 1.0
    assert report["kinds"][KIND]["delay_median_s"] == pytest.approx(1.1)
    assert evaluate("--cabin", "shuttle").returncode == 0
    refused = evaluate("--kind", "smoking")
    assert refused.returncode == 1
    assert "no truth decides smoking" in refused.stderr
