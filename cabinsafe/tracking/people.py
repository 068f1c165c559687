"""What the tracker remembers of one person."""

from __future__ import annotations

from math import exp, hypot, inf, log

import numpy as np

from cabinsafe.geometry import Array
from cabinsafe.tracking.claims import Claim
from cabinsafe.tracking.fusion import PoseInBox
from cabinsafe.tracking.keypoints import KeypointMemory
from cabinsafe.tracking.motion import BoxMotion
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.seats import SeatHold
from cabinsafe.tracking.sightings import Observation, Pose
from cabinsafe.types import BoxSource, BoxXyxy, Presence, Skeleton, Track

_BUILD_MEMORY_S = 10.0
_SETTLED_S = 0.5  # who was gone for longer is not on the move, but found somewhere else
_LEAST_COAST_S = 0.3  # of one seen once; others coast no longer beyond it than they have been known
_COLOURS_NEWNESS = 0.3
_UNPROVEN_CONFIRM, _UNPROVEN_COAST = 1.75, 0.5  # one of poor scores has to be seen longer, and coasts less
_MANY_SIGHTINGS = 3  # one seen less often has to be known for twice as long
_FIRST_PACE_S = 0.4
_STRAIGHT_ON_S = 1.2
_POSTURES, _POSTURE_EVERY_S = 12, 1.0


class Person:
    """One person, from the first sighting until forgotten. Memory is constant.

    Attributes:
        track_id: None until confirmed.
        other_home_xy: where one came from who, unseen or not, exchanged places with this person, unseen.
        is_doubtful: whether, unseen, they may have changed places with a neighbour.
        is_instant: whether one sighting was evidence enough.
        t_s, seen_s: the present, and when last seen.
        motion: the box through time.
        home_x, home_y: where they have been lately, pixels.
        build_log_w, build_log_h: logs of the usual width and height.
        keypoints: None until seen as a skeleton.
        colours: shares of torso colours, or None; coloured_s says as of when.
        skeleton: of this frame; pose is what it was made of.
        away_sizes: how far they were, when last seen, from where they have been lately.
        left_x, left_y, left_vx, left_vy: where they were last seen, and how they moved then, pixels, seconds.
        first_xy, first_pace_xy: where they turned up, and how they moved then, pixels per second.
        claims: of those who were unseen when this person turned up, by track id.
        postures: latest (log width, log height), a second apart.
        pose_in_box: where their keypoints lie in their box.
        is_proven: whether a sighting had a score of ``instant_score``.
        is_built: whether the build is that of detection boxes.
        sightings: how often they were seen, up to three times.
    """

    __slots__ = (
        "away_sizes", "build_log_h", "build_log_w", "claims", "coloured_s", "colours", "first_pace_xy",
        "first_s", "first_xy", "home_x", "home_y", "is_built", "is_doubtful", "is_instant", "is_proven",
        "keypoints", "left_vx", "left_vy", "left_x", "left_y", "motion", "options", "other_home_xy", "pose",
        "pose_in_box", "posed_x", "posed_y", "postured_s", "postures", "seat_hold", "seen_box_source",
        "seen_box_xyxy", "seen_s", "sightings", "skeleton", "t_s", "track_id",
    )  # fmt: skip

    def __init__(self, t_s: float, observation: Observation, options: TrackerOptions) -> None:
        self.options = options
        self.pose_in_box = PoseInBox(options.shape_memory_s)
        self.seat_hold = SeatHold(options.seat_hold_s)
        self.t_s = self.first_s = self.seen_s = t_s
        self.motion = BoxMotion(observation.box_xyxy, self.noise_sizes(observation), options)
        self.home_x, self.home_y = self.motion.x, self.motion.y
        self.build_log_w, self.build_log_h = self.motion.log_w, self.motion.log_h
        self.first_xy = self.motion.x, self.motion.y
        self.first_pace_xy = (0.0, 0.0)
        self.claims: dict[int, Claim] = {}
        self.postures: list[tuple[float, float]] = []
        self.postured_s = -inf
        self.is_built = observation.detected
        self.is_instant = self.is_doubtful = self.is_proven = False
        self.other_home_xy: tuple[float, float] | None = None
        self.away_sizes = self.posed_x = self.posed_y = 0.0
        self.track_id: int | None = None
        self.sightings = 0
        self.keypoints: KeypointMemory | None = None
        self.colours: Array | None = None
        self.coloured_s = t_s
        self.skeleton: Skeleton | None = None
        self.pose: Pose | None = None
        self._take_in(observation, observation.box_xyxy)

    @property
    def unseen_s(self) -> float:
        """Time since the last sighting."""
        return self.t_s - self.seen_s

    @property
    def seat(self) -> str | None:
        """Name of the person's seat, or None."""
        return self.seat_hold.seat

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The box as seen in this frame, else as predicted, pixels."""
        return self.seen_box_xyxy if self.t_s == self.seen_s else self.motion.box_xyxy

    @property
    def is_convincing(self) -> bool:
        """Whether a sighting in this frame is reason enough to report the person."""
        if self.t_s != self.seen_s:
            return False
        return self.is_instant or self.is_ripe

    @property
    def is_ripe(self) -> bool:
        """Whether the person has been known for long enough."""
        least_s = self.options.confirm_s * (1.0 if self.is_proven else _UNPROVEN_CONFIRM)
        known_s = self.t_s - self.first_s
        return known_s >= least_s * (1.0 if self.sightings >= _MANY_SIGHTINGS else 2.0)

    @property
    def is_in_sight(self) -> bool:
        """Whether the person is seen, or was a moment ago, so that they can be taken to be there still."""
        coast_s = self.options.travel_coast_s if self.is_travelling else self.options.coast_s
        if self.is_doubtful or self.other_home_xy is not None:
            return False
        known_s = self.seen_s - self.first_s
        least_s = known_s + _LEAST_COAST_S if self.is_proven else _UNPROVEN_COAST * known_s
        return self.t_s - self.seen_s <= min(coast_s, least_s)

    @property
    def is_travelling(self) -> bool:
        """Whether the person was on the move, not seated, when last seen."""
        return self.away_sizes > self.options.travel_sizes

    def straight_on(self) -> tuple[float, float]:
        """Where the person would be had they gone straight on since last seen, for a second at most."""
        ahead_s = min(self.t_s - self.seen_s, _STRAIGHT_ON_S)
        return self.left_x + ahead_s * self.left_vx, self.left_y + ahead_s * self.left_vy

    @property
    def left_pace_sizes(self) -> float:
        """Speed when last seen, in sizes per second."""
        return hypot(self.left_vx, self.left_vy) / self.motion.size_px

    def expected_centre(self, ahead_s: float) -> tuple[float, float]:
        """Where the middle of the box would be in a while, pixels."""
        return self.motion.x + ahead_s * self.motion.vx, self.motion.y + ahead_s * self.motion.vy

    def expected_keypoints(self, ahead_s: float = 0.0) -> Array:
        """Where the keypoints (K, 2) would be in a while, pixels, NaN for those never seen."""
        if self.keypoints is None:
            return np.zeros((0, 2))
        x, y = self.expected_centre(ahead_s)
        expected: Array = self.keypoints.xy + np.array([x - self.posed_x, y - self.posed_y])
        return expected

    def advance(self, t_s: float) -> None:
        """Move on to a later time, as if unseen."""
        options = self.options
        decay_s = options.travel_decay_s if self.is_travelling else options.velocity_decay_s
        self.motion.predict(t_s - self.t_s, decay_s)
        self.t_s = t_s

    def box_for(self, observation: Observation) -> BoxXyxy:
        """The box of this person if the observation is of them."""
        if observation.detected or observation.pose is None:
            return observation.box_xyxy
        return self._box_of(observation.pose, exp(self.motion.log_w), exp(self.motion.log_h))

    def frame_of(self, pose: Pose) -> BoxXyxy:
        """Box of this person, as they are usually built, if the keypoints were theirs."""
        return self._box_of(pose, exp(self.build_log_w), exp(self.build_log_h))

    def box_if(self, other: Person) -> BoxXyxy:
        """Box of this person if they were another one, whose keypoints may lie otherwise in their box."""
        if self.is_built or self.pose is None:
            return self.box_xyxy
        return other.frame_of(self.pose)

    def log_size_if(self, other: Person) -> tuple[float, float]:
        """Logs of width and height if this person were another one."""
        if self.is_built or self.pose is None:
            return self.motion.log_w, self.motion.log_h
        x1, y1, x2, y2 = other.frame_of(self.pose)
        return log(x2 - x1), log(y2 - y1)

    def see(self, observation: Observation, box_xyxy: BoxXyxy) -> None:
        """Take in a sighting at the present time, with the box that it would be of this person."""
        unseen_s = self.t_s - self.seen_s
        if unseen_s > self.options.coast_s:  # where they were going then says nothing now
            self.motion = BoxMotion(box_xyxy, self.noise_sizes(observation), self.options)
        else:
            self.motion.correct(box_xyxy, self.noise_sizes(observation))
        self._settle(unseen_s, observation)
        self._take_in(observation, box_xyxy)

    def remember_keypoints(self, skeleton: Skeleton) -> None:
        """Take in this frame's skeleton, repaired and smoothed."""
        self.skeleton = skeleton
        self.posed_x, self.posed_y = self.motion.x, self.motion.y

    def remember_colours(self, colours: Array) -> None:
        """Take in torso colours seen now."""
        known = colours if self.colours is None else self.colours
        self.colours, self.coloured_s = known + _COLOURS_NEWNESS * (colours - known), self.t_s

    def become(self, other: Person, observation: Observation) -> None:
        """Be the one who turned up as somebody new and is observed now: same id and build, their place."""
        for name in _OF_THE_MOMENT:
            setattr(self, name, getattr(other, name))
        if other.seat is not None or self.seat not in observation.near_seats:
            other.seat_hold.was_seated |= self.seat_hold.was_seated
            self.seat_hold = other.seat_hold
        self.seat_hold.see(self.t_s, observation.seat, observation.near_seats)
        if other.keypoints is not None:
            self.keypoints = other.keypoints
        if other.colours is not None:
            self.remember_colours(other.colours)
        self.postures = [*self.postures, *other.postures][-_POSTURES:]
        self.is_proven |= other.is_proven

    def as_track(self, with_seats: bool) -> Track:
        """The person as the outside sees them."""
        seen, motion = self.t_s == self.seen_s, self.motion
        return Track.of_checked(
            {
                "track_id": self.track_id,
                "box_xyxy": self.box_xyxy,
                "box_source": self.seen_box_source if seen else "prediction",
                "skeleton": self.skeleton if seen else None,
                "raw_skeleton": self.pose.skeleton if seen and self.pose is not None else None,
                "velocity_xy": (motion.vx, motion.vy),
                "age_s": self.t_s - self.first_s,
                "unseen_s": self.t_s - self.seen_s,
                "seat": self.seat_hold.seat,
                "presence": self._presence() if with_seats else None,
                "occupant_id": None,
            }
        )

    def _box_of(self, pose: Pose, width: float, height: float) -> BoxXyxy:
        found = self.pose_in_box.box_of(pose, (width, height))
        return found or pose.box(0.0 if self.is_built else self.options.keypoint_margin_sizes)

    def _presence(self) -> Presence:
        away: Presence = "leaving" if self.seat_hold.was_seated else "entering"
        return away if self.seat is None or self.is_travelling else "seated"

    def _settle(self, unseen_s: float, observation: Observation) -> None:
        """Follow where the person has been lately, and how they are built."""
        motion, options = self.motion, self.options
        known_s = self.t_s - self.first_s
        if known_s <= _FIRST_PACE_S:
            x, y = self.first_xy
            self.first_pace_xy = (motion.x - x) / known_s, (motion.y - y) / known_s
        newness = 1.0 if unseen_s > _SETTLED_S else 1.0 - exp(-unseen_s / options.settle_s)
        self.home_x += newness * (motion.x - self.home_x)
        self.home_y += newness * (motion.y - self.home_y)
        self.away_sizes = hypot(motion.x - self.home_x, motion.y - self.home_y) / motion.size_px
        if observation.detected or not self.is_built:
            first = observation.detected and not self.is_built
            newness = 1.0 if first else 1.0 - exp(-unseen_s / _BUILD_MEMORY_S)
            self.is_built = observation.detected
            self.build_log_w += newness * (motion.log_w - self.build_log_w)
            self.build_log_h += newness * (motion.log_h - self.build_log_h)

    def _take_in(self, observation: Observation, box_xyxy: BoxXyxy) -> None:
        pose = observation.pose
        self.seen_s = self.t_s
        self.sightings = min(self.sightings + 1, _MANY_SIGHTINGS)
        self.is_proven |= observation.score >= self.options.instant_score
        self.is_doubtful, self.other_home_xy = False, None
        self.left_x, self.left_y = self.motion.x, self.motion.y
        self.left_vx, self.left_vy = self.motion.vx, self.motion.vy
        self.seen_box_xyxy = box_xyxy
        if self.t_s - self.postured_s >= _POSTURE_EVERY_S or len(self.postures) < 2:
            self.postured_s = self.t_s
            self.postures = [*self.postures[1 - _POSTURES :], (self.motion.log_w, self.motion.log_h)]
        self.seen_box_source: BoxSource = "detection" if observation.detected else "keypoints"
        self.seat_hold.see(self.t_s, observation.seat, observation.near_seats)
        self.seat_hold.was_seated |= self.seat_hold.seat is not None and not self.is_travelling
        self.skeleton, self.pose = None, pose
        if pose is not None:
            if self.keypoints is None or self.keypoints.kind != pose.kind:
                self.keypoints = KeypointMemory(pose.kind)
            if observation.detected:
                self.is_instant = observation.score >= self.options.instant_score
            self.pose_in_box.learn(self.t_s, observation.box_xyxy, pose, observation.detected)

    def noise_sizes(self, observation: Observation) -> float:
        """Standard deviation of an observation's box, in sizes."""
        options = self.options
        return options.detection_noise_sizes if observation.detected else options.keypoint_noise_sizes


_OF_THE_MOMENT = (
    "seen_box_source", "seen_box_xyxy", "posed_x", "posed_y", "home_x", "home_y", "is_doubtful",
    "away_sizes", "left_vx", "left_vy", "left_x", "left_y", "motion", "other_home_xy", "pose", "seen_s",
    "skeleton",
)  # fmt: skip
"""Attributes of where and how somebody was seen last."""
