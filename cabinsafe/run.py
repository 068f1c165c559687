"""One run over the sources of a ride: analyse every frame and write what was found as it is found.

Whatever ends the run (the input's end, an error, an interruption), the files written so far are complete
lines and a playable video, and every event that had started has its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.closing import Closing
from cabinsafe.errors import OutputError
from cabinsafe.inspection import Inspection
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
        dropped: frames that were left out, by camera; a live camera's are, where it is quicker than we are.
    """

    frames: int = 0
    people_frames: int = 0
    events: list[Event] = field(default_factory=list)
    interrupted: bool = False
    dropped: dict[str, int] = field(default_factory=dict)

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
    """``events.jsonl``, ``scenes.jsonl`` and the annotated videos of one run; older ones are replaced.

    Args:
        folder: created if need be.
        videos: frames per second of each video to write, by camera. The only one is ``annotated.mp4``; of
            several each is ``annotated-CAMERA.mp4``.
        protect: files that are read; they are never written over.

    Raises:
        OutputError: the folder cannot be created or written to, or holds one of those under a result's name.
    """

    def __init__(
        self, folder: Path, videos: Mapping[str, float] | None = None, protect: Collection[Path] = ()
    ) -> None:
        rates = {} if videos is None else dict(videos)
        paths = {
            camera: folder / (VIDEO_FILE if len(rates) == 1 else _video_name(camera)) for camera in rates
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            older = {folder / VIDEO_FILE, *paths.values()}
            for path in (folder / EVENTS_FILE, folder / SCENES_FILE, *older):
                if path.exists() and any(path.samefile(file) for file in protect):
                    raise OutputError(f"{path} would be overwritten by the results; choose another folder")
            for path in older:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: results cannot be written there: {error.strerror or error}"
            ) from error
        self._events = JsonLinesFile(folder / EVENTS_FILE)
        self._scenes = JsonLinesFile(folder / SCENES_FILE)
        self._videos = {camera: VideoWriter(paths[camera], fps) for camera, fps in rates.items()}
        self._running: dict[str, Event] = {}

    def write_inspection(self, inspection: Inspection, view: CameraView | None) -> None:
        """Write a frame's scene, events and picture.

        Raises:
            OutputError: the disk is full, say; what was written before is whole.
        """
        for event in inspection.events:
            self.write_event(event)
        self._scenes.write(inspection.scene.model_dump_json())
        video = self._videos.get(inspection.frame.camera_id)
        if video is not None:
            running = [e for e in self._running.values() if e.camera_id == inspection.frame.camera_id]
            video.write(draw_scene(inspection.frame.image, inspection.scene, view, running))

    def write_event(self, event: Event) -> None:
        """Write one event line."""
        if event.phase == "ended":
            self._running.pop(event.event_id, None)
        else:
            self._running[event.event_id] = event
        self._events.write(event.model_dump_json())

    def close(self) -> None:
        """Close all files; the videos become playable with this.

        Raises:
            OutputError: a video could not be written in full.
        """
        with ExitStack() as stack:
            for video in self._videos.values():
                stack.callback(video.close)
            stack.callback(self._scenes.close)
            stack.callback(self._events.close)


def _video_name(camera_id: str) -> str:
    stem, _, suffix = VIDEO_FILE.rpartition(".")
    return f"{stem}-{quote(camera_id, safe='')}.{suffix}"


def run(
    analyzer: CabinAnalyzer,
    sources: Sequence[FrameSource],
    files: ResultFiles,
    on_frame: Callable[[Inspection], None] | None = None,
) -> RunSummary:
    """Analyse sources to their end, or to the first Ctrl-C, which lets the moment at hand be finished.

    Args:
        analyzer: the analyzer; its events are finished when this returns or raises.
        sources: frames of one camera each, joined by capture time.
        files: where results go; the caller closes it.
        on_frame: called after every frame, for a progress bar.

    Raises:
        CabinSafeError: whatever stopped the run; what was found before is written.
    """
    summary = RunSummary()
    reason: EndReason = "interrupted"
    with DeferredInterrupt() as interrupt:
        try:
            with analyzer.inspect_stream(sources) as stream:
                for moment in stream:
                    for inspection in moment:
                        files.write_inspection(inspection, analyzer.views.get(inspection.frame.camera_id))
                        summary.add_inspection(inspection)
                        if on_frame is not None:
                            on_frame(inspection)
                    summary.dropped = stream.dropped
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
