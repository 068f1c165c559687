"""Rules and gate run again on stored scenes: no images, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import merge
from itertools import chain, islice
from pathlib import Path

from cabinsafe.assembly import make_detectors, make_gate
from cabinsafe.config import CabinConfig
from cabinsafe.data import read_scenes
from cabinsafe.detectors import read_all
from cabinsafe.errors import DataError, FrameOrderError, OutputError, within
from cabinsafe.interrupts import DeferredInterrupt
from cabinsafe.jsonl import JsonLinesFile
from cabinsafe.pose import PoseCard
from cabinsafe.run import EVENTS_FILE
from cabinsafe.stream import CameraClocks
from cabinsafe.types import Event, Reading, Scene


class Replay:
    """The rules and the gate of a cabin, for one ride after the other.

    Args:
        cabin: the configuration; of its network only the card is read.

    Raises:
        ConfigError, ModelError: a detector cannot be made, or the card is missing.
    """

    def __init__(self, cabin: CabinConfig) -> None:
        with within("pose.model"):
            card = PoseCard.load(cabin.pose.model)
        self._cameras = frozenset(cabin.views)
        self._detectors = make_detectors(cabin, card)
        self._gate = make_gate(cabin, card, self._detectors)

    def readings(self, scene: Scene) -> list[Reading]:
        """What the detectors say of a scene.

        Raises:
            DataError: the cabin has no such camera.
        """
        if scene.camera_id not in self._cameras:
            known = ", ".join(sorted(self._cameras))
            raise DataError(f"no camera '{scene.camera_id}' in this cabin; it has {known}")
        return read_all(self._detectors, scene)

    def events(self, scenes: Iterable[Scene]) -> Iterator[Event]:
        """Events of one ride, as they come; what runs at its end, or when something stops it, is ended.

        Raises:
            FrameOrderError, DataError: the scenes of one camera do not rise in time, or are of no camera of
                the cabin; comes after the last event.
        """
        for detector in self._detectors:
            detector.reset()
        self._gate.reset()
        try:
            yield from self._running(scenes)
        except (Exception, KeyboardInterrupt):
            yield from self._gate.close("interrupted")
            raise
        yield from self._gate.close()

    def _running(self, scenes: Iterable[Scene]) -> Iterator[Event]:
        """Events of one ride but for the end of those that run to its end.

        Scenes do not say which frames were taken together: they are of one moment until a camera comes again.
        """
        clocks, moment = CameraClocks(), dict[str, Scene]()
        for scene in scenes:
            if scene.camera_id in moment:
                yield from self._miss(clocks, moment)
                moment = {}
            yield from self._gate.update(scene, self.readings(scene))
            moment[scene.camera_id] = scene
        yield from self._miss(clocks, moment)

    def _miss(self, clocks: CameraClocks, moment: Mapping[str, Scene]) -> Iterator[Event]:
        """What it means that the ride's other cameras gave no scene at a moment, as in the run."""
        clocks.note(list(moment.values()))
        for camera_id, t_s in clocks.now_s.items():
            if camera_id not in moment:
                yield from self._gate.tick(camera_id, t_s)


def with_rules(cabin: CabinConfig, rules: CabinConfig) -> CabinConfig:
    """A cabin with another's detectors and gate, as far as they are of kinds that it watches for itself.

    Its cameras, seats and network stay: so one set of rules can be tried on rides in many vehicles.
    """
    kinds = [kind for kind in rules.detectors if kind in cabin.detectors]
    ruled = [kind for kind in rules.events if kind in kinds or kind not in rules.detectors]
    return CabinConfig(
        **{key: value for key, value in cabin if key not in ("detectors", "events")},
        detectors={kind: rules.detectors[kind] for kind in kinds},
        events={kind: rules.events[kind] for kind in ruled},
    )


def read_ride(files: Iterable[Path]) -> Iterator[Scene]:
    """Scenes of one ride in the order of time, from one file for each camera.

    Raises:
        DataError: while iterating: a file cannot be read, or a line is no scene.
    """
    return (scene for _, scene in _placed(files))


def replay_files(cabin: CabinConfig, files: Iterable[Path], out: Path) -> tuple[int, list[Event]]:
    """Write the ``events.jsonl`` of stored scenes.

    An older one is replaced once the first scene is read and judged. Whatever stops the replay then, what was
    found until there is written, and every event that had started has its end. Ctrl-C lets the scene at hand
    be finished.

    Args:
        cabin: the configuration.
        files: scenes of one ride, one file for each camera.
        out: folder for the events; created if need be.

    Returns:
        How many scenes there were, and the events that ended.

    Raises:
        CabinSafeError: whatever stopped it; what scenes are to blame for names their file and line.
    """
    ended, rules, ride = [], Replay(cabin), _Ride(files)
    with ride.named_in_errors():
        first = list(islice(ride, 1))
        for scene in first:
            rules.readings(scene)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{out}: cannot be created: {error.strerror or error}") from error
        with DeferredInterrupt() as interrupt, JsonLinesFile(out / EVENTS_FILE) as file:
            for event in rules.events(_until(interrupt, chain(first, ride))):
                file.write(event.model_dump_json())
                if event.phase == "ended":
                    ended.append(event)
    return ride.count, ended


class _Ride(Iterator[Scene]):
    """The scenes of :func:`read_ride`, and where they are from.

    Attributes:
        count: how many were given.
        place: file and line of the one at hand; empty while the next is read.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.count, self.place = 0, ""
        self._scenes = _placed(files)

    def __next__(self) -> Scene:
        self.place = ""
        self.place, scene = next(self._scenes)
        self.count += 1
        return scene

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Say of which scene an error is; reading says it already."""
        try:
            yield
        except (DataError, FrameOrderError) as error:
            if not self.place:
                raise
            kind = FrameOrderError if isinstance(error, FrameOrderError) else DataError
            raise kind(f"{self.place}: {error}") from error


def _placed(files: Iterable[Path]) -> Iterator[tuple[str, Scene]]:
    """Scenes of all files in the order of time, each with its file and line."""
    return merge(*map(_placed_in, files), key=lambda placed: placed[1].t_s)


def _placed_in(file: Path) -> Iterator[tuple[str, Scene]]:
    for number, scene in enumerate(read_scenes(file), start=1):
        yield f"{file}, line {number}", scene


def _until(interrupt: DeferredInterrupt, scenes: Iterable[Scene]) -> Iterator[Scene]:
    for scene in scenes:
        if interrupt.requested:
            raise KeyboardInterrupt
        yield scene
