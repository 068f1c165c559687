"""What the tracker remembers of one person."""

from __future__ import annotations

import math

from cabinsafe.tracking.fusion import Observation, PoseInBox
from cabinsafe.tracking.motion import BoxMotion
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.seats import SeatHold
from cabinsafe.types import BoxSource, BoxXyxy, Skeleton, Track


class Person:
    """One person, from the first sighting until forgotten. Memory is constant."""

    def __init__(
        self, t_s: float, observation: Observation, seat: str | None, options: TrackerOptions
    ) -> None:
        self._options = options
        self._pose_in_box = PoseInBox(options.shape_memory_s)
        self._seat = SeatHold(options.seat_hold_s)
        self._t_s = self._first_s = self._seen_s = t_s
        self._motion = BoxMotion(observation.box_xyxy, self._noise_sizes(observation), options)
        self._skeleton_centre_xy = (math.nan, math.nan)
        self.track_id: int | None = None
        self.last_skeleton: Skeleton | None = None
        self._take_in(observation, observation.box_xyxy, seat)

    @property
    def seen_s(self) -> float:
        """When the person was last seen."""
        return self._seen_s

    @property
    def unseen_s(self) -> float:
        """Time since the last sighting."""
        return self._t_s - self._seen_s

    @property
    def seat(self) -> str | None:
        """Name of the person's seat, or None."""
        return self._seat.seat

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The box as seen in this frame, else as predicted, pixels."""
        return self._box_xyxy if self.unseen_s == 0.0 else self._motion.box_xyxy

    @property
    def skeleton(self) -> Skeleton | None:
        """The skeleton of this frame, or None."""
        return self._skeleton if self.unseen_s == 0.0 else None

    @property
    def is_convincing(self) -> bool:
        """Whether a sighting in this frame is reason enough to report the person."""
        options = self._options
        age_s = self._t_s - self._first_s
        return self.unseen_s == 0.0 and (self._score >= options.instant_score or age_s >= options.confirm_s)

    @property
    def size_px(self) -> float:
        """Square root of the box area."""
        return self._motion.size_px

    @property
    def skeleton_shift_xy(self) -> tuple[float, float]:
        """How far the person has moved since the last skeleton, pixels."""
        (x, y), (x0, y0) = self._motion.centre_xy, self._skeleton_centre_xy
        return (x - x0, y - y0) if self.last_skeleton is not None else (0.0, 0.0)

    def advance(self, t_s: float) -> None:
        """Move on to a later time, as if unseen."""
        self._motion.predict(t_s - self._t_s)
        self._t_s = t_s

    def box_for(self, observation: Observation) -> BoxXyxy:
        """The box of this person if the observation is of them."""
        if observation.detected or observation.skeleton is None:
            return observation.box_xyxy
        return self._pose_in_box.box_of(observation.skeleton, observation.box_xyxy, self._motion.size_wh)

    def see(self, observation: Observation, seat: str | None) -> None:
        """Take in a sighting at the present time."""
        box = self.box_for(observation)
        if self.unseen_s > self._options.coast_s:  # where they were going then says nothing now
            self._motion = BoxMotion(box, self._noise_sizes(observation), self._options)
        else:
            self._motion.correct(box, self._noise_sizes(observation))
        self._take_in(observation, box, seat)

    def as_track(self) -> Track | None:
        """The person as the outside sees them; None until confirmed and when unseen for too long."""
        if self.track_id is None or self.unseen_s > self._options.coast_s:
            return None
        return Track(
            track_id=self.track_id,
            box_xyxy=self.box_xyxy,
            box_source=self._box_source if self.unseen_s == 0.0 else "prediction",
            skeleton=self.skeleton,
            velocity_xy=self._motion.velocity_xy,
            age_s=self._t_s - self._first_s,
            unseen_s=self.unseen_s,
            seat=self.seat,
        )

    def _take_in(self, observation: Observation, box_xyxy: BoxXyxy, seat: str | None) -> None:
        self._seen_s = self._t_s
        self._box_xyxy = box_xyxy
        self._box_source: BoxSource = "detection" if observation.detected else "keypoints"
        self._skeleton = observation.skeleton
        self._score = observation.score
        self._seat.see(self._t_s, seat)
        if observation.skeleton is not None:
            self.last_skeleton = observation.skeleton
            self._skeleton_centre_xy = self._motion.centre_xy
            if observation.detected:
                self._pose_in_box.learn(self._t_s, box_xyxy, observation.skeleton)

    def _noise_sizes(self, observation: Observation) -> float:
        options = self._options
        return options.detection_noise_sizes if observation.detected else options.keypoint_noise_sizes
