"""One run over one source: analyse every frame and write what was found as it is found.

Whatever ends the run (the input's end, an error, an interruption), the files written so far are complete
lines and a playable video, and every event that had started has its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cabinsafe.analyzer import CabinAnalyzer, Inspection
from cabinsafe.closing import Closing
from cabinsafe.errors import OutputError
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.media import FrameSource, VideoWriter, draw_scene
from cabinsafe.types import EndReason, Event, Frame, Scene
from cabinsafe.views import CameraView

EVENTS_FILE = "events.jsonl"
SCENES_FILE = "scenes.jsonl"
VIDEO_FILE = "annotated.mp4"


@dataclass
class RunSummary:
    """What a run came to.

    Attributes:
        frames: frames analysed.
        people_frames: sum over frames of the people in them.
        events: every event that ended, in the order of ending.
        interrupted: whether Ctrl-C ended the run.
    """

    frames: int = 0
    people_frames: int = 0
    events: list[Event] = field(default_factory=list)
    interrupted: bool = False

    def add(self, event: Event) -> None:
        """Take note of an event line."""
        if event.phase == "ended":
            self.events.append(event)


class ResultFiles(Closing):
    """``events.jsonl``, ``scenes.jsonl`` and the annotated video of one run; older ones are replaced.

    Args:
        folder: created if need be.
        fps: of the video.
        video: whether to write one.

    Raises:
        OutputError: the folder cannot be created or written to.
    """

    def __init__(self, folder: Path, fps: float, video: bool = True) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._events: IO[str] = (folder / EVENTS_FILE).open("w", encoding="utf-8")
            self._scenes: IO[str] = (folder / SCENES_FILE).open("w", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{folder}: results cannot be written there: {error.strerror or error}"
            ) from error
        self._video = VideoWriter(folder / VIDEO_FILE, fps) if video else None
        self._running: dict[str, Event] = {}

    def write_inspection(self, inspection: Inspection, view: CameraView | None) -> None:
        """Write a frame's scene, events and picture."""
        for event in inspection.events:
            self.write_event(event)
        self._write_line(self._scenes, inspection.scene)
        if self._video is not None:
            self._video.write(
                draw_scene(inspection.frame.image, inspection.scene, view, self._running.values())
            )

    def write_event(self, event: Event) -> None:
        """Write one event line."""
        if event.phase == "ended":
            self._running.pop(event.event_id, None)
        else:
            self._running[event.event_id] = event
        self._write_line(self._events, event)

    @staticmethod
    def _write_line(file: IO[str], record: Event | Scene) -> None:
        """Write a record at once, so that it survives whatever comes next."""
        try:
            file.write(record.model_dump_json() + "\n")
            file.flush()
        except OSError as error:
            raise _unwritable(file, error) from error

    def close(self) -> None:
        """Close all files; the video becomes playable with this.

        Raises:
            OutputError: what was still to be written could not be; all are closed nevertheless.
        """
        failed: OutputError | None = None
        for file in (self._events, self._scenes):
            try:
                file.close()
            except OSError as error:
                failed = _unwritable(file, error)
        if self._video is not None:
            self._video.close()
        if failed is not None:
            raise failed


def _unwritable(file: IO[str], error: OSError) -> OutputError:
    return OutputError(f"{file.name}: cannot be written: {error.strerror or error}")


def run(
    analyzer: CabinAnalyzer,
    source: FrameSource,
    files: ResultFiles,
    on_frame: Callable[[Inspection], None] | None = None,
) -> RunSummary:
    """Analyse a source to its end, or to the first Ctrl-C, which lets the frame at hand be finished.

    Args:
        analyzer: the analyzer; its events are finished when this returns or raises.
        source: frames of one camera.
        files: where results go; the caller closes it.
        on_frame: called after every frame, for a progress bar.

    Raises:
        CabinSafeError: whatever stopped the run; what was found before is written.
    """
    summary = RunSummary()
    reason: EndReason = "interrupted"
    try:
        for frame in _until_interrupted(source, summary):
            inspection = analyzer.inspect(frame)
            files.write_inspection(inspection, analyzer.views.get(frame.camera_id))
            summary.frames += 1
            summary.people_frames += len(inspection.scene.tracks)
            for event in inspection.events:
                summary.add(event)
            if on_frame is not None:
                on_frame(inspection)
        reason = "interrupted" if summary.interrupted else "end_of_input"
    finally:
        for event in analyzer.finish(reason):
            files.write_event(event)
            summary.add(event)
    return summary


def _until_interrupted(source: FrameSource, summary: RunSummary) -> Iterator[Frame]:
    with DeferredInterrupt() as interrupt:
        for frame in source:
            yield frame
            if interrupt.requested:
                summary.interrupted = True
                return
