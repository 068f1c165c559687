"""run(): whatever ends it, what was found is on disk, whole."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cabinsafe import CabinAnalyzer, Event, Frame, Reading, Scene
from cabinsafe.detectors.base import DetectorOptions
from cabinsafe.errors import FrameOrderError, MediaError, OutputError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.inspection import Inspection
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.media import FrameSource, open_source
from cabinsafe.run import EVENTS_FILE, SCENES_FILE, VIDEO_FILE, ResultFiles, run
from cabinsafe.tracking import Tracker
from cabinsafe.types import State


class Present:
    """Detector: somebody is there."""

    Options = DetectorOptions
    kind = "present"
    needs: frozenset[str] = frozenset()

    @property
    def digests(self) -> dict[str, str]:
        return {}

    def read(self, scene: Scene) -> list[Reading]:
        return [
            Reading(kind=self.kind, track_ids=(t.track_id,), state=State.TRUE, score=1.0)
            for t in scene.tracks
        ]

    def reset(self) -> None:
        pass


class ListSource(FrameSource):
    """Frames at the given times; an exception in the list is raised."""

    camera_id = "front"
    fps = 10.0

    def __init__(self, *steps: float | Exception) -> None:
        self.steps = steps

    def __iter__(self) -> Iterator[Frame]:
        image = np.zeros((48, 64, 3), np.uint8)
        for index, step in enumerate(self.steps):
            if isinstance(step, Exception):
                raise step
            yield Frame(image=image, t_s=step, index=index)


@pytest.fixture
def analyzer(make_skeleton) -> CabinAnalyzer:
    person = make_skeleton()
    estimator = SimpleNamespace(
        estimate=lambda frames, expected: [SimpleNamespace(skeletons=(person,), boxes=None) for _ in frames],
        close=lambda: None,
    )
    gate = EventGate(default=GateOptions(hold_s=0, cooldown_s=0))
    return CabinAnalyzer(estimator, Tracker(), [Present()], gate)


def check_files(folder: Path, frames: int, reason: str) -> None:
    scenes = [Scene.model_validate_json(line) for line in (folder / SCENES_FILE).read_text().splitlines()]
    events = [Event.model_validate_json(line) for line in (folder / EVENTS_FILE).read_text().splitlines()]
    assert len(scenes) == frames
    assert [event.phase for event in events] == ["started", "ended"]
    assert events[-1].end_reason == reason
    assert len(list(open_source(folder / VIDEO_FILE))) == frames


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ((0.0, 0.1, 0.05), FrameOrderError),
        ((0.0, 0.1, 0.1), FrameOrderError),
        ((0.0, 0.1, MediaError("the stream ended")), MediaError),
        ((0.0, 0.1, RuntimeError("a defect")), RuntimeError),
    ],
    ids=["time runs backwards", "time stands still", "bad frame", "defect"],
)
def test_an_error_in_mid_run_loses_nothing(analyzer, tmp_path: Path, steps, error) -> None:
    with pytest.raises(error), ResultFiles(tmp_path, {"front": 10}) as files:
        run(analyzer, [ListSource(*steps)], files)
    check_files(tmp_path, 2, "interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_frame_at_hand_be_finished(analyzer, tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    source = ListSource(*(i / 10 for i in range(100)))

    def interrupt(inspection: Inspection) -> None:
        if inspection.frame.index == 2:
            os.kill(os.getpid(), number)

    with ResultFiles(tmp_path, {"front": 10}) as files:
        summary = run(analyzer, [source], files, interrupt)
    assert summary.interrupted
    check_files(tmp_path, 3, "interrupted")
    assert signal.getsignal(number) is before, "the old handler is back"


def test_a_run_to_the_end(analyzer, tmp_path: Path) -> None:
    seen = []
    with ResultFiles(tmp_path / "new" / "folder", {"front": 10}) as files:
        summary = run(analyzer, [ListSource(0.0, 0.1, 0.2)], files, seen.append)
    assert (summary.frames, summary.people_frames, len(summary.events), len(seen)) == (3, 3, 1, 3)
    assert not summary.interrupted
    check_files(tmp_path / "new" / "folder", 3, "end_of_input")


def test_it_runs_outside_the_main_thread(analyzer, tmp_path: Path) -> None:
    def work() -> None:
        with ResultFiles(tmp_path, {"front": 10}) as files:
            run(analyzer, [ListSource(0.0, 0.1)], files)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    check_files(tmp_path, 2, "end_of_input")


def test_a_second_ctrl_c_acts_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), DeferredInterrupt() as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        os.kill(os.getpid(), signal.SIGINT)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out: results cannot be written there: Not a directory"):
        ResultFiles(tmp_path / "file" / "out")


def test_a_full_disk_is_an_error_of_ours_and_the_other_files_are_closed(analyzer, tmp_path: Path) -> None:
    (tmp_path / SCENES_FILE).symlink_to("/dev/full")
    with (
        pytest.raises(OutputError, match=r"scenes\.jsonl: cannot be written: No space left on device"),
        ResultFiles(tmp_path, {"front": 10}) as files,
    ):
        run(analyzer, [ListSource(0.0, 0.1)], files)
    events = [Event.model_validate_json(line) for line in (tmp_path / EVENTS_FILE).read_text().splitlines()]
    assert [event.phase for event in events] == ["started", "ended"]
