"""One run over one source: analyse every frame and write what was found as it is found.

Whatever ends the run (the input's end, an error, an interruption), the files written so far are complete
lines and a playable video, and every event that had started has its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from cabinsafe.analyzer import CabinAnalyzer, Inspection
from cabinsafe.closing import Closing
from cabinsafe.errors import OutputError
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.jsonl import JsonLinesFile
from cabinsafe.media import FrameSource, VideoWriter, draw_scene
from cabinsafe.types import EndReason, Event
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

    def add_inspection(self, inspection: Inspection) -> None:
        """Take note of a frame."""
        self.frames += 1
        self.people_frames += len(inspection.scene.tracks)
        for event in inspection.events:
            self.add(event)

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
        protect: files that are read; they are never written over.

    Raises:
        OutputError: the folder cannot be created or written to, or holds one of those under a result's name.
    """

    def __init__(self, folder: Path, fps: float, video: bool = True, protect: Collection[Path] = ()) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (EVENTS_FILE, SCENES_FILE, VIDEO_FILE):
                if (folder / name).exists() and any((folder / name).samefile(file) for file in protect):
                    raise OutputError(
                        f"{folder / name} would be overwritten by the results; choose another folder"
                    )
            (folder / VIDEO_FILE).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: results cannot be written there: {error.strerror or error}"
            ) from error
        self._events = JsonLinesFile(folder / EVENTS_FILE)
        self._scenes = JsonLinesFile(folder / SCENES_FILE)
        self._video = VideoWriter(folder / VIDEO_FILE, fps) if video else None
        self._running: dict[str, Event] = {}

    def write_inspection(self, inspection: Inspection, view: CameraView | None) -> None:
        """Write a frame's scene, events and picture.

        Raises:
            OutputError: the disk is full, say; what was written before is whole.
        """
        for event in inspection.events:
            self.write_event(event)
        self._scenes.write(inspection.scene.model_dump_json())
        if self._video is not None:
            picture = draw_scene(inspection.frame.image, inspection.scene, view, self._running.values())
            self._video.write(picture)

    def write_event(self, event: Event) -> None:
        """Write one event line."""
        if event.phase == "ended":
            self._running.pop(event.event_id, None)
        else:
            self._running[event.event_id] = event
        self._events.write(event.model_dump_json())

    def close(self) -> None:
        """Close all files; the video becomes playable with this.

        Raises:
            OutputError: the video could not be written in full.
        """
        self._events.close()
        self._scenes.close()
        if self._video is not None:
            self._video.close()


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
    with DeferredInterrupt() as interrupt:
        try:
            for frame in source:
                inspection = analyzer.inspect(frame)
                files.write_inspection(inspection, analyzer.views.get(frame.camera_id))
                summary.add_inspection(inspection)
                if on_frame is not None:
                    on_frame(inspection)
                if interrupt.requested:
                    summary.interrupted = True
                    break
            else:
                reason = "end_of_input"
        finally:
            for event in analyzer.finish(reason):
                files.write_event(event)
                summary.add(event)
    return summary
