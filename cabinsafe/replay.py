"""Rules and gate run again on stored scenes: no images, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from pathlib import Path

from cabinsafe.assembly import make_detectors, make_gate
from cabinsafe.config import CabinConfig
from cabinsafe.data import read_scenes
from cabinsafe.errors import DataError, OutputError
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
        return [reading for detector in self._detectors for reading in detector.read(scene)]

    def events(self, scenes: Iterable[Scene]) -> Iterator[Event]:
        """Events of one ride, as they come; what runs at its end is ended.

        Raises:
            FrameOrderError, DataError: the scenes of one camera do not rise in time, or are of no camera of
                the cabin.
        """
        for detector in self._detectors:
            detector.reset()
        self._gate.reset()
        clocks, moment = CameraClocks(), list[Scene]()
        for scene in scenes:
            if moment and scene.t_s > moment[-1].t_s:
                yield from self._miss(clocks, moment)
                moment = []
            yield from self._gate.update(scene, self.readings(scene))
            moment.append(scene)
        yield from self._miss(clocks, moment)
        yield from self._gate.close()

    def _miss(self, clocks: CameraClocks, moment: Sequence[Scene]) -> Iterator[Event]:
        """What it means that the ride's other cameras gave no scene at a moment, as in the run."""
        clocks.note(moment)
        present = {scene.camera_id for scene in moment}
        for camera_id, t_s in clocks.now_s.items():
            if camera_id not in present:
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
    return merge(*(read_scenes(file) for file in files), key=lambda scene: scene.t_s)


def replay_files(cabin: CabinConfig, files: Iterable[Path], out: Path) -> tuple[int, list[Event]]:
    """Write the ``events.jsonl`` of stored scenes; what was found is written also if a scene cannot be read.

    Args:
        cabin: the configuration.
        files: scenes of one ride, one file for each camera.
        out: folder for the events; created if need be.

    Returns:
        How many scenes there were, and the events that ended.

    Raises:
        CabinSafeError: whatever stopped it.
    """
    count, ended = 0, []
    rules = Replay(cabin)

    def counted() -> Iterator[Scene]:
        nonlocal count
        for scene in read_ride(files):
            count += 1
            yield scene

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be created: {error.strerror or error}") from error
    with JsonLinesFile(out / EVENTS_FILE) as file:
        for event in rules.events(counted()):
            file.write(event.model_dump_json())
            if event.phase == "ended":
                ended.append(event)
    return count, ended
