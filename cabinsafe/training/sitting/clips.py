"""Labelled skeletons from clips whose events are known: the true ones, and those that the analyzer sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import KEYPOINTS, ClipTruth, read_scenes, read_truth
from cabinsafe.data.posture import SAFE
from cabinsafe.detectors.features import Points
from cabinsafe.detectors.unsafe_sitting import UnsafeSittingOptions, judged_points
from cabinsafe.errors import DataError
from cabinsafe.training.sitting.annotated import Labelled, gather
from cabinsafe.training.sitting.samples import Samples
from cabinsafe.training.sitting.sight import Sight, match
from cabinsafe.types import Scene, Track
from cabinsafe.views import CameraView

TRUTH_FILE, SCENES_FILE, CABIN_FILE = "truth.json", "scenes.jsonl", "cabin.yaml"
STEP_S = 0.5
"""Time between two frames that are taken: nearer ones are hardly different."""
BORDER_S = 0.4
"""Nothing is taken so near to the beginning or the end of an act: there, both labels are half right."""
_KIND, _OUT = "unsafe_sitting", "leaning_out"


def read_clip(
    folder: Path,
    sight: Sight | None,
    options: UnsafeSittingOptions,
    cabin: CabinConfig | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Samples:
    """Skeletons of a clip, two a second: the true ones if there are any and, with a ``sight``, those seen.

    A person is unsafe while an event ``unsafe_sitting`` of theirs lasts, leaning out while one of
    ``leaning_out`` does as well, and else safe. With true scenes a seen skeleton is told by them whose it is;
    without, by the seat that the tracker gives it.

    Args:
        folder: with ``truth.json``, the clip it names and, if there are any, the true ``scenes.jsonl`` and
            the clip's own ``cabin.yaml``.
        sight: looks at the clip; None leaves it closed.
        options: which keypoints the detector would judge by.
        cabin: the cabin file, where the folder has none.
        advance: called after each frame looked at.

    Raises:
        DataError: a file is malformed, the truth does not judge unsafe sitting, or nothing says whose
            vehicle it is.
        ConfigError: no cabin file, or it has no such camera.
        MediaError: the clip cannot be read.
    """
    truth = read_truth(folder / TRUTH_FILE)
    if _KIND not in truth.rules:
        raise DataError(f"{folder / TRUTH_FILE}: its rules do not judge {_KIND}; they judge {[*truth.rules]}")
    vehicle, known = _vehicle(folder, truth), {}
    if (folder / SCENES_FILE).is_file():
        known = {round(scene.t_s, 3): scene for scene in read_scenes(folder / SCENES_FILE)}
    own = folder / CABIN_FILE
    used = load_config(own) if own.is_file() else cabin
    if used is None:
        raise DataError(f"{folder}: expected a {CABIN_FILE} there, or a cabin file to be given")
    if truth.camera_id not in used.views:
        raise DataError(f"{folder}: its camera '{truth.camera_id}' is not in the cabin file")
    clip = _Clip(vehicle, truth, known, used.views[truth.camera_id], options)
    rows = list(clip.labelled())
    if sight is not None:
        for scene in sight.scenes(folder / truth.clip, used, truth.camera_id):
            rows += clip.seen(scene)
            advance()
    return gather(iter(rows))


class _Clip:
    """Labels of one clip."""

    def __init__(
        self,
        vehicle: str,
        truth: ClipTruth,
        known: dict[float, Scene],
        view: CameraView,
        options: UnsafeSittingOptions,
    ) -> None:
        self._vehicle, self._truth, self._known = vehicle, truth, known
        self._view, self._options = view, options

    def labelled(self) -> Iterator[Labelled]:
        """True skeletons."""
        for t_s, scene in self._known.items():
            for track in scene.tracks if self._taken(t_s) else ():
                label = self._label(track, t_s)
                if label and track.skeleton is not None:
                    points = self._points(track, track.seat, scene)
                    yield self._row(points, label, track.track_id, "labelled")

    def seen(self, scene: Scene) -> Iterator[Labelled]:
        """Skeletons of a scene that the analyzer made."""
        tracks = [t for t in scene.tracks if t.skeleton is not None] if self._taken(scene.t_s) else []
        for track, true in zip(tracks, self._owners(tracks, scene.t_s), strict=True):
            label = None if true is None else self._label(true, scene.t_s)
            if true is not None and label:
                points = self._points(track, true.seat, scene)
                yield self._row(points, label, true.track_id if self._known else str(true.seat), "seen")

    def _points(self, track: Track, seat: str | None, scene: Scene) -> Points:
        middle = self._view.cushion_middles(scene.size_wh).get(seat or "")
        return judged_points(track.skeleton, middle, self._options, self._view.mirrored)

    def _owners(self, tracks: list[Track], t_s: float) -> list[Track | None]:
        """The true track of each, if there are true scenes; else itself, if it has a seat."""
        if not self._known:
            return [track if track.seat is not None else None for track in tracks]
        scene = self._known.get(round(t_s, 3))
        people = [t for t in scene.tracks if t.skeleton is not None] if scene else []
        if not people:
            return [None] * len(tracks)
        xy = np.stack([[t.skeleton[name] for name in KEYPOINTS] for t in people if t.skeleton is not None])
        skeletons = [t.skeleton for t in tracks if t.skeleton is not None]
        return [people[i] if i >= 0 else None for i in match(skeletons, xy.astype(np.float64))]

    def _taken(self, t_s: float) -> bool:
        frame = round(t_s * self._truth.fps)
        return frame % max(round(STEP_S * self._truth.fps), 1) == 0

    def _label(self, track: Track, t_s: float) -> str | None:
        """What a true track, or a seat, is at a time; None where it is on the move or near a border."""
        if track.presence not in (None, "seated"):
            return None
        kinds = set()
        for event in self._truth.acts:
            whose = track.track_id in event.track_ids if event.track_ids else track.seat in event.seats
            if event.kind not in (_KIND, _OUT) or not whose:
                continue
            if min(abs(t_s - event.t_start_s), abs(t_s - event.t_end_s)) < BORDER_S:
                return None
            if event.t_start_s <= t_s < event.t_end_s:
                kinds.add(event.kind)
        if _KIND not in kinds:
            return SAFE
        return "leaning_out" if _OUT in kinds else "unsafe"

    def _row(self, points: np.ndarray, label: str, who: object, source: str) -> Labelled:
        return Labelled(points, label, self._vehicle, f"{self._vehicle}/{who}", source, label)


def _vehicle(folder: Path, truth: ClipTruth) -> str:
    for key in ("vehicle", "seed"):
        if key in truth.attributes:
            return f"{key} {truth.attributes[key]}"
    raise DataError(f"{folder / TRUTH_FILE}: expected attributes.vehicle: which clips show the same cabin")
