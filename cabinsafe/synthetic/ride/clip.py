"""A ride on disk: video if wanted, true scenes, event truth, cabin file; by several processes, resumable."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cabinsafe.data import ClipTruth, TrueEvent, write_truth
from cabinsafe.errors import MissingExtraError, OutputError
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.jsonl import JsonLinesFile
from cabinsafe.media import VideoWriter
from cabinsafe.media.stills import decode_image, encode_png
from cabinsafe.synthetic.body import BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.views import cabin_file
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.ride.film import Film, FilmFrame
from cabinsafe.synthetic.ride.spec import RideSpec
from cabinsafe.synthetic.truth import RULES
from cabinsafe.synthetic.workers import catch_up
from cabinsafe.types import Scene
from cabinsafe.whole_files import replace_file
from cabinsafe.yaml_file import write_mapping

VIDEO_FILE, SCENES_FILE, TRUTH_FILE = "ride.mp4", "scenes.jsonl", "truth.json"
SPEC_FILE, CABIN_FILE, FRAMES = "ride.json", "cabin.yaml", "frames"
BRIDGE_S, SHORTEST_S = 0.25, 0.5
"""Interruptions up to the first are none; what lasts less than the second is a brush in passing and none."""

NOTE = (
    "Rendered: times and people are those of the bodies in space, not of any detector. People who come, go "
    f"or change seats are not judged; interruptions up to {BRIDGE_S} s are bridged, and what lasts less "
    f"than {SHORTEST_S} s is left out."
)

Held = dict[tuple[str, tuple[int, ...]], tuple[str, ...]]
"""Events that hold in a frame: kind and riders, and their seats."""


@dataclass(frozen=True)
class ClipJob:
    """What to make.

    Attributes:
        spec: the ride.
        folder: where the clip goes.
        assets: MakeHuman's asset folder, or None.
        video: whether to take the pictures; without them all else takes about a tenth of the time.
    """

    spec: RideSpec
    folder: Path
    assets: Path | None = None
    video: bool = True

    def maker(self) -> Callable[[int], None]:
        """Set up what frames share; returns what makes the frame of a number and writes its files."""
        return partial(self._make, Film(self.spec, BodyModel(), self.assets))

    def picture_file(self, index: int) -> Path:
        """Where a frame's picture lies until the video is made."""
        return self.folder / FRAMES / f"{index:06d}.png"

    def record_file(self, index: int) -> Path:
        """Where a frame's truth lies until then; it is written last."""
        return self.folder / FRAMES / f"{index:06d}.json"

    def _make(self, film: Film, index: int) -> None:
        frame = film.frame(index) if self.video else film.truth(index)
        facts = [[fact.kind, list(fact.seats), [frame.riders[s] for s in fact.seats]] for fact in frame.facts]
        record = {"scene": frame.scene.model_dump(mode="json"), "facts": facts}
        if isinstance(frame, FilmFrame):
            picture = encode_png(frame.image)
            record["picture_sha256"] = hashlib.sha256(picture).hexdigest()
            replace_file(self.picture_file(index), picture)
        replace_file(self.record_file(index), json.dumps(record).encode())

    def is_whole(self, index: int) -> bool:
        """Whether a frame's record, and its picture if wanted, are there and are what was written."""
        try:
            record = json.loads(self.record_file(index).read_bytes())
            if not self.video:
                return "scene" in record
            digest = hashlib.sha256(self.picture_file(index).read_bytes()).hexdigest()
            return bool(record["picture_sha256"] == digest)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    @property
    def is_complete(self) -> bool:
        """Whether all that is wanted is there: the truth is written last."""
        wanted = (TRUTH_FILE, VIDEO_FILE) if self.video else (TRUTH_FILE,)
        return all((self.folder / name).is_file() for name in wanted)


def make_clip(job: ClipJob, processes: int = 1, on_frame: Callable[[int, int], None] | None = None) -> bool:
    """Make a clip, or what is missing of it.

    Args:
        job: what to make.
        processes: of one thread each, at least 1.
        on_frame: called with the numbers of frames made and kept, at first and after every frame.

    Returns:
        Whether it is complete; False after Ctrl-C, and then the same call goes on from there.

    Raises:
        MissingExtraError: the [synthetic] extra is not installed.
        OutputError: the folder holds another ride, or cannot be written to.
    """
    if importlib.util.find_spec("anny") is None:
        raise MissingExtraError("synthetic people", "synthetic", "anny")
    _claim(job)
    if job.is_complete:
        shutil.rmtree(job.folder / FRAMES, ignore_errors=True)
        return True
    count = job.spec.frame_count
    with DeferredInterrupt() as interrupt:
        made, kept = catch_up(
            job.maker, job.is_whole, count, processes, lambda: interrupt.requested, on_frame
        )
        if made + kept < count:
            return False
        _assemble(job)
    return True


def _claim(job: ClipJob) -> None:
    text = job.spec.model_dump_json(indent=1).encode() + b"\n"
    note = job.folder / SPEC_FILE
    try:
        if note.exists() and note.read_bytes() != text:
            raise OutputError(f"{job.folder}: holds another ride; choose another folder")
        if not note.exists() and job.folder.exists() and any(job.folder.iterdir()):
            raise OutputError(f"{job.folder}: is not empty and holds no {SPEC_FILE}; choose another folder")
        (job.folder / FRAMES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{job.folder}: cannot be used for a clip: {error.strerror or error}") from error
    replace_file(note, text)


def _assemble(job: ClipJob) -> None:
    """Put the frames together; they are removed when all is written."""
    spec = job.spec
    held: list[Held] = []
    (job.folder / TRUTH_FILE).unlink(missing_ok=True)  # of the ride without its video
    with (
        closing(VideoWriter(job.folder / VIDEO_FILE, spec.fps)) if job.video else nullcontext() as video,
        JsonLinesFile(job.folder / SCENES_FILE) as scenes,
    ):
        for index in range(spec.frame_count):
            record = json.loads(job.record_file(index).read_bytes())
            scenes.write(Scene.model_validate(record["scene"]).model_dump_json())
            held.append({(kind, tuple(riders)): tuple(seats) for kind, seats, riders in record["facts"]})
            if video is not None:
                video.write(decode_image(job.picture_file(index).read_bytes()))
    write_mapping(job.folder / CABIN_FILE, cabin_file(Cabin(spec.cabin), Camera(spec.camera)))
    write_truth(job.folder / TRUTH_FILE, clip_truth(spec, held))
    shutil.rmtree(job.folder / FRAMES)


def clip_truth(spec: RideSpec, held: Sequence[Held]) -> ClipTruth:
    """The truth of a clip from what holds in each of its frames."""
    events = [*true_events(held, spec.fps), *near_misses(spec, held)]
    attributes: dict[str, Any] = {
        "cabin": spec.cabin.kind, "drive_side": spec.cabin.drive_side, "mount": spec.camera.mount,
        "lens": spec.camera.model, "light": spec.light.kind, "riders": len(spec.riders), "seed": spec.seed,
    }  # fmt: skip
    return ClipTruth(
        clip=VIDEO_FILE,
        fps=spec.fps,
        size_wh=spec.camera.size_wh,
        duration_s=spec.frame_count / spec.fps,
        camera_id=spec.camera.camera_id,
        rules=dict(RULES),
        events=tuple(sorted(events, key=lambda event: (event.t_start_s, event.kind))),
        attributes=attributes,
        note=NOTE,
    )


def true_events(held: Sequence[Held], fps: float) -> Iterator[TrueEvent]:
    """Each event from its first frame to the end of its last, over short interruptions."""
    for kind, riders in sorted({key for frame in held for key in frame}):
        frames = [i for i, frame in enumerate(held) if (kind, riders) in frame]
        for first, last in _runs(frames, BRIDGE_S * fps):
            if (last + 1 - first) / fps >= SHORTEST_S:
                seats = held[first][(kind, riders)]
                yield TrueEvent(
                    kind=kind,
                    t_start_s=round(first / fps, 3),
                    t_end_s=round((last + 1) / fps, 3),
                    seats=seats,
                    track_ids=riders,
                )


def near_misses(spec: RideSpec, held: Sequence[Held]) -> Iterator[TrueEvent]:
    """Acts that look like an event and are none: while they are held, as long as the event does not hold."""
    for number, rider in enumerate(spec.riders, 1):
        last_s = spec.duration_s if rider.leaves_s is None else rider.leaves_s
        ends = [*(min(act.start_s, last_s) for act in rider.acts[1:]), last_s]
        for act, next_s in zip(rider.acts, ends, strict=True):
            kind = STYLES[act.style].near_miss_of
            end_s = min(next_s, spec.duration_s)
            if kind is None or end_s - act.held_s < SHORTEST_S:
                continue
            frames = held[round(act.held_s * spec.fps) : round(end_s * spec.fps)]
            if not any(key[0] == kind and key[1][0] == number for frame in frames for key in frame):
                pair = (number, act.partner) if kind == "hand_on_leg" and act.partner else (number,)
                seats = tuple(spec.riders[n - 1].act_at(act.held_s).seat for n in pair)
                yield TrueEvent(
                    kind=kind,
                    t_start_s=round(act.held_s, 3),
                    t_end_s=round(end_s, 3),
                    seats=seats,
                    track_ids=pair,
                    near_miss=True,
                )


def _runs(frames: Iterable[int], bridge: float) -> Iterator[tuple[int, int]]:
    """First and last of each run of numbers, over gaps of at most ``bridge``."""
    first = last = None
    for frame in frames:
        if first is None or last is None:
            first = last = frame
        elif frame - last - 1 <= bridge:
            last = frame
        else:
            yield first, last
            first = last = frame
    if first is not None and last is not None:
        yield first, last
