"""The trackers of all cameras of a cabin: scenes of each, people known across them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from cabinsafe.errors import DataError
from cabinsafe.tracking.keypoints import ExpectedPerson
from cabinsafe.tracking.linking import OccupantLinker
from cabinsafe.tracking.tracker import Tracker
from cabinsafe.types import Frame, Reading, Scene, Skeleton, side_swap
from cabinsafe.vehicle import VehicleState
from cabinsafe.views import CameraView

_VERSION = 1


class CameraTrackers:
    """One tracker per camera, and who of several cameras is the same person.

    Args:
        tracker: one for a single camera of any id, or one per camera id.
        views: camera views by id; skeletons of a mirrored one have their sides swapped before tracking.
        linker: gives tracks of several cameras their occupant ids; None leaves them without.
    """

    def __init__(
        self,
        tracker: Tracker | Mapping[str, Tracker],
        views: Mapping[str, CameraView],
        linker: OccupantLinker | None = None,
    ) -> None:
        self._tracker = tracker
        self._views = views
        self._linker = linker
        self._only_camera: str | None = None

    def check(self, camera_ids: Sequence[str]) -> None:
        """Make sure that frames of these cameras can be followed together.

        Raises:
            DataError: a camera that is not known, or several where there is one tracker.
        """
        if len(camera_ids) > 1 and not isinstance(self._tracker, Mapping):
            raise DataError(f"one tracker follows one camera only, got frames of {list(camera_ids)}")
        for camera_id in camera_ids:
            self._of(camera_id)

    def update(
        self,
        frame: Frame,
        boxes: ArrayLike | None,
        skeletons: Sequence[Skeleton],
        camera_readings: tuple[Reading, ...] = (),
        vehicle: VehicleState | None = None,
    ) -> Scene:
        """Take in what was seen in a frame; :meth:`Tracker.update` says what may be refused.

        Args:
            frame: the frame.
            boxes: (N, 5) person boxes, pixels xyxy and score, or None.
            skeletons: of the pose network, as the picture shows them.
            camera_readings: what the picture says of its camera, for the scene.
            vehicle: what the vehicle reported by then, for the scene.
        """
        if self._is_mirrored(frame.camera_id):
            skeletons = [skeleton.with_sides_swapped() for skeleton in skeletons]
        tracker = self._of(frame.camera_id)
        tracks = tracker.update(frame.t_s, boxes, skeletons, frame.size_wh, frame.image)
        self._only_camera = frame.camera_id
        scene = Scene(
            t_s=frame.t_s,
            camera_id=frame.camera_id,
            size_wh=frame.size_wh,
            tracks=tuple(tracks),
            frame_index=frame.index,
            camera_readings=camera_readings,
            vehicle=vehicle,
        )
        return scene if self._linker is None else self._linker.link(scene)

    def expected_people(self, frame: Frame, keypoints: Sequence[str]) -> list[ExpectedPerson]:
        """Who is expected in a frame, their keypoints in this order and as the picture shows them."""
        people = self._of(frame.camera_id).expected_people(frame.t_s)
        people = [person for person in people if len(person.xy) == len(keypoints)]
        if not self._is_mirrored(frame.camera_id):
            return people
        order = side_swap(keypoints)
        return [p._replace(xy=p.xy[order], unseen_s=p.unseen_s[order]) for p in people]

    def reset(self) -> None:
        """Forget everybody; ids go on."""
        for tracker in self._trackers.values():
            tracker.reset()
        if self._linker is not None:
            self._linker.reset()
        self._only_camera = None

    def snapshot(self) -> str:
        """All that is remembered, as JSON text for :meth:`restore`."""
        trackers = {camera: json.loads(tracker.snapshot()) for camera, tracker in self._trackers.items()}
        linker = None if self._linker is None else json.loads(self._linker.snapshot())
        content = {"version": _VERSION, "camera": self._only_camera, "trackers": trackers, "linker": linker}
        return json.dumps(content, allow_nan=False)

    def restore(self, snapshot: str) -> None:
        """Go on from where the trackers of a cabin with the same cameras and options were.

        Raises:
            DataError: not what :meth:`snapshot` gave, or of other cameras; then all is forgotten.
        """
        try:
            camera, trackers, linker = self._parts_of(snapshot)
            for name, tracker in self._trackers.items():
                tracker.restore(json.dumps(trackers[name]))
            if self._linker is not None:
                self._linker.restore(json.dumps(linker))
        except DataError:
            self.reset()
            raise
        self._only_camera = camera

    def _parts_of(self, snapshot: str) -> tuple[str | None, dict[str, Any], Any]:
        """The only camera, trackers and linker of a snapshot that is of these cameras."""
        try:
            content = json.loads(snapshot)
            version, trackers, linker = content["version"], content["trackers"], content["linker"]
            camera, found = content["camera"], sorted(trackers)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not a snapshot of trackers: {type(error).__name__}: {error}") from error
        if (
            version != _VERSION
            or found != sorted(self._trackers)
            or (linker is None) != (self._linker is None)
        ):
            raise DataError(
                f"a snapshot of version {version} for cameras {found}, expected version {_VERSION} for "
                f"{sorted(self._trackers)}"
            )
        return camera, trackers, linker

    @property
    def _trackers(self) -> Mapping[str, Tracker]:
        return self._tracker if isinstance(self._tracker, Mapping) else {"": self._tracker}

    def _is_mirrored(self, camera_id: str) -> bool:
        return camera_id in self._views and self._views[camera_id].mirrored

    def _of(self, camera_id: str) -> Tracker:
        if not isinstance(self._tracker, Mapping):
            if self._only_camera not in (None, camera_id):
                raise DataError(f"camera '{camera_id}': one tracker follows one camera only")
            return self._tracker
        if camera_id not in self._tracker:
            raise DataError(f"no camera '{camera_id}' in this cabin; it has {', '.join(self._tracker)}")
        return self._tracker[camera_id]
