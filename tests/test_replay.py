"""Stored scenes give the same events again, without images and without the network's file."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cabinsafe import CabinAnalyzer, Event, Frame, Scene
from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import read_scenes
from cabinsafe.detectors.feet_on_seats import FeetOnSeats
from cabinsafe.errors import DataError, DetectorError, FrameOrderError, OutputError
from cabinsafe.media import FrameSource, open_source
from cabinsafe.replay import Replay, read_ride, replay_files, with_rules
from cabinsafe.run import EVENTS_FILE, SCENES_FILE, ResultFiles, run
from cabinsafe.types import Reading, State
from cabinsafe.vehicle import VehicleState

COMMAND = [str(Path(sys.executable).with_name("cabinsafe"))]


@pytest.fixture(scope="module")
def cabin() -> CabinConfig:
    """The demo's cabin, so impatient that a few frames of somebody who puts a foot up are an event."""
    file = load_config("shuttle")
    events = {"default": {"hold_s": 0.3, "release_s": 0.2, "cooldown_s": 0.0, "update_every_s": 0.2}}
    return CabinConfig(**{key: value for key, value in file if key != "events"}, events=events)


@pytest.fixture(scope="module")
def stored(tmp_path_factory, repository: Path, cabin: CabinConfig) -> Path:
    """A run over the demo ride from 3.3 s on, when a foot is put up, at a third of its frames."""

    class Cut(FrameSource):
        camera_id, fps = "front", 5.0

        def __iter__(self):
            with open_source(repository / "demo" / "ride.mp4") as source:
                yield from islice(source, 50, 95, 3)

    out = tmp_path_factory.mktemp("run")
    with CabinAnalyzer.from_config(cabin) as analyzer, ResultFiles(out) as files:
        run(analyzer, [Cut()], files)
    return out


def read_events(path: Path) -> list[Event]:
    return [Event.model_validate_json(line) for line in path.read_text().splitlines()]


def test_a_replay_gives_the_events_of_the_run(stored: Path, cabin: CabinConfig, tmp_path: Path) -> None:
    before = read_events(stored / EVENTS_FILE)
    assert {event.phase for event in before} == {"started", "updated", "ended"}
    count, ended = replay_files(cabin, [stored / SCENES_FILE], tmp_path / "again")
    assert read_events(tmp_path / "again" / EVENTS_FILE) == before
    assert count == 15
    assert ended == [event for event in before if event.phase == "ended"]


def test_one_replay_serves_ride_after_ride(stored: Path, cabin: CabinConfig) -> None:
    rules = Replay(cabin)
    first, second = (list(rules.events(read_scenes(stored / SCENES_FILE))) for _ in range(2))
    assert first
    assert [e.model_copy(update={"event_id": ""}) for e in first] == [
        e.model_copy(update={"event_id": ""}) for e in second
    ]


def test_no_network_is_needed(stored: Path, cabin: CabinConfig, tmp_path: Path, repository: Path) -> None:
    shutil.copy(repository / "models" / "cabinsafe-pose.json", tmp_path / "net.json")
    pose = cabin.pose.model_copy(update={"model": str(tmp_path / "net.json")})
    bare = cabin.model_copy(update={"pose": pose})
    assert list(Replay(bare).events(read_scenes(stored / SCENES_FILE)))


def test_what_the_camera_and_the_vehicle_said_is_replayed_too(tmp_path: Path, cabin: CabinConfig) -> None:
    blind = Reading(kind="camera_blind", track_ids=(), state=State.TRUE, score=1.0)
    lines = []
    for i in range(80):
        scene = Scene(
            t_s=i / 10, camera_id="front", size_wh=(9, 9), camera_readings=(blind,),
            vehicle=VehicleState(speed_m_s=3.0, trip="driving"),
        )  # fmt: skip
        lines.append(scene.model_dump_json())
    (tmp_path / SCENES_FILE).write_text("\n".join(lines))
    events = list(Replay(cabin).events(read_scenes(tmp_path / SCENES_FILE)))
    assert [(e.kind, e.phase) for e in events] == [
        ("camera_blind", "started"), ("camera_blind", "ended"),
    ]  # fmt: skip


@pytest.mark.parametrize("absent", [{"rear"}, {"front"}, {"left", "rear"}], ids=["last", "first", "two"])
@pytest.mark.parametrize(
    "clocks_s",
    [(0.0, 0.0, 0.0), (0.0, 0.03, 0.02), (0.0, 0.03, 1000.0)],
    ids=["in step", "one clock", "own clocks"],
)
def test_a_silence_of_the_run_is_one_of_the_replay(
    absent: set[str], clocks_s: tuple[float, float, float]
) -> None:
    cameras = ("front", "left", "rear")
    cabin = CabinConfig(
        name="three cameras",
        cameras=[{"camera_id": camera} for camera in cameras],
        detectors={},
        events={"camera_silent": {"hold_s": 0.4, "update_every_s": 0.3}},
        camera_health=None,
    )
    image, scenes, events = np.zeros((96, 96, 3), np.uint8), [], []
    with CabinAnalyzer.from_config(cabin) as analyzer:
        for i in range(20):
            moment = [
                Frame(image=image, t_s=i / 10 + offset_s, index=i, camera_id=camera)
                for camera, offset_s in zip(cameras, clocks_s, strict=True)
                if camera not in absent or i < 3 or i > 15
            ]
            for inspection in analyzer.inspect(moment):
                scenes.append(inspection.scene)
                events += inspection.events
        events += analyzer.finish()
    assert {event.camera_id for event in events} == absent
    assert list(dict.fromkeys(event.phase for event in events)) == ["started", "updated", "ended"]
    assert list(Replay(cabin).events(scenes)) == events


def test_cameras_of_one_ride_are_merged_in_time(tmp_path: Path) -> None:
    for camera_id, offset in (("front", 0.0), ("rear", 0.05)):
        write_scenes(tmp_path / camera_id, [i / 10 + offset for i in range(3)], camera_id=camera_id)
    times = [scene.t_s for scene in read_ride([tmp_path / "front", tmp_path / "rear"])]
    assert times == sorted(times)
    assert len(times) == 6


def write_scenes(path: Path, times: Iterable[float], **values: Any) -> Path:
    scenes = [Scene(**({"t_s": t_s, "camera_id": "front", "size_wh": (9, 9)} | values)) for t_s in times]
    path.write_text("".join(f"{scene.model_dump_json()}\n" for scene in scenes))
    return path


def test_a_bad_line_stops_it_and_what_was_found_is_kept_and_ended(
    stored: Path, cabin: CabinConfig, tmp_path: Path
) -> None:
    lines = (stored / SCENES_FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / SCENES_FILE).write_bytes(b"".join([*lines[:8], b"no scene\n"]))
    with pytest.raises(DataError, match=rf"^{tmp_path}/scenes\.jsonl, line 9: (?!.*scenes\.jsonl)"):
        replay_files(cabin, [tmp_path / SCENES_FILE], tmp_path / "out")
    *found, last = read_events(tmp_path / "out" / EVENTS_FILE)
    assert found
    assert found == read_events(stored / EVENTS_FILE)[: len(found)]
    assert (last.phase, last.end_reason, last.event_id) == ("ended", "interrupted", found[0].event_id)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("a fault"), DetectorError),
        (DataError("too many"), DataError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_detector_that_raises_leaves_no_event_without_its_end(
    error: BaseException,
    expected: type[BaseException],
    stored: Path,
    cabin: CabinConfig,
    tmp_path: Path,
    monkeypatch,
) -> None:
    read = FeetOnSeats.read

    def failing(self: FeetOnSeats, scene: Scene) -> list[Reading]:
        if scene.frame_index > 75:
            raise error
        return read(self, scene)

    monkeypatch.setattr(FeetOnSeats, "read", failing)
    with pytest.raises(expected):
        replay_files(cabin, [stored / SCENES_FILE], tmp_path)
    events = read_events(tmp_path / EVENTS_FILE)
    assert (events[0].phase, events[-1].phase, events[-1].end_reason) == ("started", "ended", "interrupted")


def test_ctrl_c_ends_it_after_the_scene_at_hand(
    stored: Path, cabin: CabinConfig, tmp_path: Path, monkeypatch
) -> None:
    read = FeetOnSeats.read

    def interrupted(self: FeetOnSeats, scene: Scene) -> list[Reading]:
        if scene.frame_index == 74:
            signal.raise_signal(signal.SIGINT)
        return read(self, scene)

    monkeypatch.setattr(FeetOnSeats, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replay_files(cabin, [stored / SCENES_FILE], tmp_path)
    last = read_events(tmp_path / EVENTS_FILE)[-1]
    assert (last.phase, last.end_reason) == ("ended", "interrupted")


@pytest.mark.parametrize("content", [None, b"no scene\n", b'{"t_s": 1.0'])
def test_scenes_that_cannot_be_read_leave_earlier_results_alone(
    content: bytes | None, stored: Path, cabin: CabinConfig, tmp_path: Path
) -> None:
    shutil.copy(stored / EVENTS_FILE, tmp_path)
    if content is not None:
        (tmp_path / SCENES_FILE).write_bytes(content)
    with pytest.raises(DataError, match=r"scenes\.jsonl"):
        replay_files(cabin, [stored / SCENES_FILE, tmp_path / SCENES_FILE], tmp_path)
    assert (tmp_path / EVENTS_FILE).read_bytes() == (stored / EVENTS_FILE).read_bytes()


def test_scenes_of_another_cabin_leave_earlier_results_alone_and_are_named(
    cabin: CabinConfig, tmp_path: Path
) -> None:
    (tmp_path / EVENTS_FILE).write_text("earlier")
    file = write_scenes(tmp_path / SCENES_FILE, [0.0], camera_id="roof")
    with pytest.raises(
        DataError, match=r"scenes\.jsonl, line 1: no camera 'roof' in this cabin; it has front"
    ):
        replay_files(cabin, [file], tmp_path)
    assert (tmp_path / EVENTS_FILE).read_text() == "earlier"


def test_scenes_that_the_rules_refuse_are_named_by_file_and_line(cabin: CabinConfig, tmp_path: Path) -> None:
    first, second = write_scenes(tmp_path / "a", [0.0, 0.2]), write_scenes(tmp_path / "b", [0.1, 0.1])
    with pytest.raises(
        FrameOrderError, match=r"b, line 2: camera 'front': a scene at 0\.100 s cannot follow"
    ):
        replay_files(cabin, [first, second], tmp_path)
    blind = Reading(kind="camera_blind", track_ids=(), state=State.TRUE, score=1.0)
    twice = write_scenes(tmp_path / "c", [0.0], camera_readings=(blind, blind))
    with pytest.raises(DataError, match=r"c, line 1: two readings of one kind about the same people"):
        replay_files(cabin, [twice], tmp_path)


def test_scenes_of_another_cabin_or_order_are_refused(cabin: CabinConfig) -> None:
    scene = Scene(t_s=1.0, camera_id="roof", size_wh=(9, 9))
    with pytest.raises(DataError, match="no camera 'roof' in this cabin; it has front"):
        list(Replay(cabin).events([scene]))
    scenes = [Scene(t_s=t_s, camera_id="front", size_wh=(9, 9)) for t_s in (1.0, 0.5)]
    with pytest.raises(FrameOrderError):
        list(Replay(cabin).events(scenes))


def test_a_folder_that_cannot_be_made(tmp_path: Path, cabin: CabinConfig) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out: cannot be created: Not a directory"):
        replay_files(cabin, [], tmp_path / "file" / "out")


def test_rules_of_one_cabin_in_another(cabin: CabinConfig) -> None:
    other = CabinConfig(
        name="b",
        cameras=[{"camera_id": "roof"}],
        detectors={"hand_on_leg": {}},
        events={"hand_on_leg": {"hold_s": 9}},
    )
    rules = CabinConfig(
        **{key: value for key, value in cabin if key not in ("detectors", "events")},
        detectors={"hand_on_leg": {"reach_torsos": 0.2}, "feet_on_seats": {"margin_shins": 0.3}},
        events={"default": {"hold_s": 3}, "feet_on_seats": {"hold_s": 4}, "camera_blind": {"hold_s": 2}},
    )
    both = with_rules(other, rules)
    assert both.cameras == other.cameras
    assert both.detectors == {"hand_on_leg": {"reach_torsos": 0.2}}
    assert {kind: options.hold_s for kind, options in both.events.items()} == {
        "default": 3,
        "camera_blind": 2,
    }


def test_the_command(stored: Path, tmp_path: Path) -> None:
    def replay(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, "replay", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    done = replay(stored, "--cabin", "shuttle", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("15 scenes, ")
    assert (tmp_path / EVENTS_FILE).exists()
    shutil.copy(stored / SCENES_FILE, tmp_path / EVENTS_FILE)
    refused = replay(tmp_path / EVENTS_FILE, "--cabin", "shuttle", "--out", tmp_path)
    assert refused.returncode == 1
    assert "would be overwritten by the results; choose another folder" in " ".join(refused.stderr.split())
    assert replay(tmp_path / "none", "--cabin", "shuttle", "--out", tmp_path / "x").returncode == 1


def test_frames_keep_their_index_in_stored_scenes(stored: Path) -> None:
    assert [scene.frame_index for scene in read_scenes(stored / SCENES_FILE)] == list(range(50, 95, 3))
