"""CabinAnalyzer: frames become poses, poses tracks, tracks a scene, readings, events. The whole story."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from typing_extensions import Self, Unpack

from cabinsafe.assembly import assemble
from cabinsafe.camera_health import CameraHealth
from cabinsafe.closing import Closing
from cabinsafe.config import CabinConfig, find_config, load_config
from cabinsafe.detectors import Detector, read_all
from cabinsafe.errors import DataError, within
from cabinsafe.events import EventGate
from cabinsafe.inspection import Boxes, Inspection
from cabinsafe.person_detectors import PersonDetector
from cabinsafe.pose import Engine, PosePrior, PoseResult
from cabinsafe.stream import (
    CameraClocks,
    Estimator,
    ResultStream,
    Source,
    Stage,
    StagedEstimator,
    StreamOptions,
    steps_of,
)
from cabinsafe.tracking import CameraTrackers, OccupantLinker, Tracker, occupancy
from cabinsafe.types import EndReason, Event, Frame, Reading, Scene
from cabinsafe.vehicle import VehicleState
from cabinsafe.views import CameraView


class CabinAnalyzer(Closing):
    """Turns a cabin's frames into safety events.

    Args:
        estimator: frames to skeletons, and to boxes where the network has a head for them.
        tracker: one tracker for a single camera, or one per camera id.
        detectors: read each scene.
        gate: turns readings into events.
        person_detector: optional second source of people, in place of the network's own boxes.
        views: camera views by id; a mirrored one has its skeletons' sides swapped.
        linker: makes tracks of several cameras one occupant.
        expect_s: a keypoint seen no longer ago is expected in the next frame; 0 expects nobody.
        health: watches over the cameras themselves; None leaves that out.

    Attributes:
        vehicle: what the vehicle reported last, for the caller to set; scenes carry it from then on.
    """

    def __init__(
        self,
        estimator: Estimator,
        tracker: Tracker | Mapping[str, Tracker],
        detectors: Sequence[Detector],
        gate: EventGate,
        *,
        person_detector: PersonDetector | None = None,
        views: Mapping[str, CameraView] | None = None,
        linker: OccupantLinker | None = None,
        expect_s: float = 0.0,
        health: CameraHealth | None = None,
    ) -> None:
        self._estimator = estimator
        self._views = dict(views or {})
        self._trackers = CameraTrackers(tracker, self._views, linker)
        self._detectors = tuple(detectors)
        self._gate = gate
        self._person_detector = person_detector
        self._expect_s = expect_s
        self._health = health
        self.vehicle: VehicleState | None = None
        self._clocks = CameraClocks()

    @classmethod
    def from_config(cls, config: str | Path | CabinConfig, *, engine: Engine | None = None) -> Self:
        """Build all parts from a cabin file, or from a configuration already loaded.

        Args:
            config: path of the YAML file, or the configuration.
            engine: runs the network in place of the one the configuration names.

        Raises:
            ConfigError: the file is not valid, or a detector needs a keypoint that the network lacks.
            ModelError: a network or classifier is missing, or is not the one its card describes.
        """
        if not isinstance(config, CabinConfig):
            cabin = load_config(config)
            with within(find_config(config)):
                return cls.from_config(cabin, engine=engine)
        parts = assemble(config, engine)
        return cls(
            *parts[:4],
            person_detector=parts.person_detector,
            views=config.views,
            linker=parts.linker,
            expect_s=config.pose.expect_s,
            health=parts.health,
        )

    @property
    def views(self) -> Mapping[str, CameraView]:
        """Camera views by camera id."""
        return self._views

    @property
    def silent_s(self) -> dict[str, float]:
        """For each camera of the ride how long another one has gone on since its last frame, seconds."""
        return self._clocks.silent_s

    def frames(self, source: str | Path, camera_id: str | None = None) -> Iterator[Frame]:
        """Frames of a video file, a folder or glob of images, or a camera index / stream URL.

        Args:
            source: what to read.
            camera_id: view the frames belong to; by default the first of the cabin.

        Raises:
            MediaError: it cannot be read.
        """
        from cabinsafe.media import open_source

        with open_source(source, camera_id or next(iter(self._views), "front")) as opened:
            yield from opened

    def process(self, frame: Frame | Sequence[Frame], boxes: Boxes | None = None) -> list[Event]:
        """Events that one frame, or one synchronised batch of cameras, brings about.

        Args:
            frame: one frame, or one per camera.
            boxes: (N, 5) person boxes, xyxy and score, in frame pixels, of a single frame; None takes
                those of the configured person detector, else those of the pose network, if it has any.

        Raises:
            FrameOrderError: a frame is not later than the last of its camera. Nothing is changed.
            DataError: a camera that the analyzer does not know, or twice in one batch. Nothing is changed.
            EngineError, DetectorError: the network, or a detector, failed.
            CapacityError: more people than the limits allow.
        """
        seen = [self.inspect(frame, boxes)] if isinstance(frame, Frame) else self.inspect(frame, boxes)
        return [event for inspection in seen for event in inspection.events]

    @overload
    def inspect(self, frame: Frame, boxes: Boxes | None = None) -> Inspection: ...

    @overload
    def inspect(self, frame: Sequence[Frame], boxes: Boxes | None = None) -> list[Inspection]: ...

    def inspect(
        self, frame: Frame | Sequence[Frame], boxes: Boxes | None = None
    ) -> Inspection | list[Inspection]:
        """The same as :meth:`process`, with every intermediate; a list for a list."""
        frames = [frame] if isinstance(frame, Frame) else list(frame)
        if boxes is not None and len(frames) != 1:
            raise DataError(f"boxes belong to a single frame, got {len(frames)} frames")
        self._check_order(frames)
        poses = self._estimator.estimate(frames, self._expected_in(frames))
        inspections = self._conclude(frames, poses, boxes)
        return inspections[0] if isinstance(frame, Frame) else inspections

    def process_stream(self, sources: Sequence[Source], **options: Unpack[StreamOptions]) -> Iterator[Event]:
        """Events of whole sources, as they come about; :meth:`inspect_stream` says how it is done."""
        for moment in self.inspect_stream(sources, **options):
            for inspection in moment:
                yield from inspection.events

    def inspect_stream(
        self, sources: Sequence[Source], **options: Unpack[StreamOptions]
    ) -> ResultStream[list[Inspection]]:
        """Inspections of whole sources, a list for each moment: the same as :meth:`inspect` gives, sooner.

        Reading, pre-processing, the network and decoding run in threads of their own, ahead of tracking and
        the rules, which run in the caller's. A quick stage waits for a slow one. Leaving the loop, for
        whatever reason, stops and joins the threads; call :meth:`finish` and close the sources afterwards.

        Args:
            sources: frames of one camera each, files or live.
            options: :class:`~cabinsafe.stream.StreamOptions`.

        Raises:
            DataError: a camera that the analyzer does not know or twice, or a value out of range.
        """
        cameras = [source.camera_id for source in sources]
        self._trackers.check(cameras)
        stream = ResultStream(sources, *self._stages(), **options)
        self._clocks.expect(cameras)
        return stream

    def _stages(self) -> tuple[list[Stage], Callable[[Any], list[Inspection]]]:
        """What of a moment's work can run ahead, and the rest."""
        if not isinstance(self._estimator, StagedEstimator):
            return [list], self.inspect
        expect = self._expected_in if self._expect_s > 0.0 else None
        return steps_of(self._estimator, expect, self._conclude)

    def _conclude(
        self, frames: Sequence[Frame], poses: Sequence[PoseResult], boxes: Boxes | None = None
    ) -> list[Inspection]:
        """All that follows from the poses of one moment."""
        self._check_order(frames)
        found = [self._detect(f, p) if boxes is None else boxes for f, p in zip(frames, poses, strict=True)]
        # Step by step over all cameras, the gate last: if a step fails, no camera's events are lost.
        scenes = [self._track(f, p, b) for f, p, b in zip(frames, poses, found, strict=True)]
        self._clocks.note(frames)
        occupied = [self._occupancy(scene) for scene in scenes]
        readings = [tuple(read_all(self._detectors, scene)) for scene in scenes]
        events = [self._gate.update(s, r) for s, r in zip(scenes, readings, strict=True)]
        if events:
            events[-1] += self._miss([frame.camera_id for frame in frames])
        rows = zip(frames, poses, found, scenes, occupied, readings, map(tuple, events), strict=True)
        return [Inspection(*row) for row in rows]

    def finish(self, reason: EndReason = "end_of_input") -> list[Event]:
        """End every running event: call it when the ride is over or interrupted."""
        return self._gate.close(reason)

    def reset(self) -> None:
        """Forget tracks, readings and events: the next frame begins another ride."""
        self._trackers.reset()
        for detector in self._detectors:
            detector.reset()
        self._gate.reset()
        self._clocks.reset()
        if self._health is not None:
            self._health.reset()

    def snapshot(self) -> str:
        """Tracks, occupants and events of the ride, as JSON text: a service that restarts loses none of them.

        Detectors and cameras' pictures begin anew.
        """
        return json.dumps({"trackers": self._trackers.snapshot(), "gate": self._gate.snapshot()})

    def restore(self, snapshot: str) -> None:
        """Go on from where an analyzer of the same configuration was when :meth:`snapshot` was taken.

        Raises:
            DataError: not what :meth:`snapshot` gave; all is forgotten then.
        """
        try:
            trackers, gate = (str(json.loads(snapshot)[part]) for part in ("trackers", "gate"))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a snapshot of an analyzer: {type(error).__name__}: {error}") from error
        self.reset()
        try:
            self._trackers.restore(trackers)
            self._gate.restore(gate)
        except DataError:
            self.reset()
            raise

    def close(self) -> None:
        """Free the engine and the person detector; closing twice is allowed."""
        self._estimator.close()
        if self._person_detector is not None:
            self._person_detector.close()

    def _check_order(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if not isinstance(frame, Frame):
                raise DataError(f"expected frames, got {type(frame).__name__}")
        cameras = [frame.camera_id for frame in frames]
        self._trackers.check(list(dict.fromkeys(cameras)))
        if len(set(cameras)) != len(cameras):
            raise DataError(f"one batch holds one frame per camera, got {cameras}")
        self._clocks.check(frames)

    def _miss(self, present: Sequence[str]) -> list[Event]:
        """What it means that the ride's other cameras gave no frame."""
        absent = {camera: t_s for camera, t_s in self._clocks.now_s.items() if camera not in present}
        return [event for camera, t_s in absent.items() for event in self._gate.tick(camera, t_s)]

    def _detect(self, frame: Frame, pose: PoseResult) -> Boxes | None:
        """Boxes of the person detector; the network's own only where there is none, so sources never mix."""
        found = pose.boxes if self._person_detector is None else self._person_detector.detect(frame)
        return None if found is None else np.array([[*box.xyxy, box.score] for box in found]).reshape(-1, 5)

    def _expected_in(self, frames: Sequence[Frame]) -> list[PosePrior | None] | None:
        return [self._expected(frame) for frame in frames] if self._expect_s > 0.0 else None

    def _expected(self, frame: Frame) -> PosePrior | None:
        """Who is expected where in the frame, by what was seen no longer than ``expect_s`` ago."""
        people = self._trackers.expected_people(frame, self._estimator.keypoints)
        if not people:
            return None
        fresh = [np.where(p.unseen_s[:, None] <= self._expect_s, p.xy, np.nan) for p in people]
        return PosePrior(np.stack(fresh).astype(np.float32), [p.track_id for p in people])

    def _track(self, frame: Frame, pose: PoseResult, boxes: Boxes | None) -> Scene:
        seen = () if self._health is None else self._health.read(frame)
        return self._trackers.update(frame, boxes, pose.skeletons, seen, self.vehicle)

    def _occupancy(self, scene: Scene) -> tuple[Reading, ...]:
        return occupancy(self._views[scene.camera_id], scene.tracks) if scene.camera_id in self._views else ()
