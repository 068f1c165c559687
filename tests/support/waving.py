"""An analyzer of parts that need no network: a stand-in for it, and a detector of raised wrists."""

from __future__ import annotations

from types import SimpleNamespace

from cabinsafe import CabinAnalyzer
from cabinsafe.detectors.base import DetectorOptions
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.tracking import Tracker
from cabinsafe.types import Reading, State


class FakeEstimator:
    """Stands in for the network: each call returns the skeletons it was given for that camera."""

    def __init__(self, by_camera: dict[str, list]) -> None:
        self.by_camera = by_camera
        self.batches: list[list[str]] = []
        self.expected: list = []
        self.closed = 0
        self.error: Exception | None = None

    @property
    def keypoints(self):
        return next(s.keypoints for skeletons in self.by_camera.values() for s in skeletons)

    def estimate(self, frames, expected=None):
        if self.error:
            raise self.error
        self.expected.append(expected)
        self.batches.append([frame.camera_id for frame in frames])
        return [SimpleNamespace(skeletons=tuple(self.by_camera[f.camera_id]), boxes=None) for f in frames]

    def close(self) -> None:
        self.closed += 1


class LeftWristUp:
    """A detector of ten lines: is the left wrist above the nose?"""

    Options = DetectorOptions
    kind = "left_wrist_up"
    needs = frozenset({"left_wrist", "nose"})

    @property
    def digests(self):
        return {}

    def read(self, scene):
        return [
            Reading(
                kind=self.kind,
                track_ids=(t.track_id,),
                state=State.TRUE if up else State.FALSE,
                score=float(up),
            )
            for t in scene.tracks
            if t.skeleton is not None
            for up in [t.skeleton["left_wrist"][1] < t.skeleton["nose"][1]]
        ]

    def reset(self) -> None:
        pass


AT_ONCE = GateOptions(hold_s=0, release_s=0.5, bridge_s=0.5, cooldown_s=0)


def analyzer_of(estimator, **options) -> CabinAnalyzer:
    return CabinAnalyzer(
        estimator, options.pop("tracker", Tracker()), [LeftWristUp()], EventGate(default=AT_ONCE), **options
    )
