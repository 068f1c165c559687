"""The tracker: predict, match, update, begin, forget."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cabinsafe.errors import CapacityError, DataError, FrameOrderError
from cabinsafe.geometry import Array, box_iou
from cabinsafe.tracking import matching
from cabinsafe.tracking.boxes import checked_boxes, checked_size, checked_skeletons
from cabinsafe.tracking.fusion import Observation, join
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.seats import seat_point
from cabinsafe.types import Skeleton, Track
from cabinsafe.views import CameraView


class Tracker:
    """Follows the people of one camera.

    A person is reported from the first good sighting, coasts through short gaps as a prediction, is
    remembered silently for longer ones, and then forgotten; ids are never used twice.
    """

    def __init__(
        self,
        options: TrackerOptions = TrackerOptions(),  # noqa: B008 - it is immutable
        view: CameraView | None = None,
        ids: Iterator[int] | None = None,
    ) -> None:
        """Start with nobody.

        Args:
            options: settings.
            view: the camera's seats; without it tracks have no seat.
            ids: where track ids come from, never the same twice; share one iterator between the trackers of
                several cameras. By default 1, 2, 3, ...
        """
        self.options = options
        self.view = view
        self._ids: Iterator[int] = itertools.count(1) if ids is None else ids
        self._people: list[Person] = []
        self._t_s = -math.inf

    def reset(self) -> None:
        """Forget everybody and the time; ids go on from where they were."""
        self._people = []
        self._t_s = -math.inf

    def update(
        self,
        t_s: float,
        boxes: ArrayLike | None,
        skeletons: Sequence[Skeleton],
        size_wh: tuple[int, int] | None = None,
    ) -> list[Track]:
        """Take in what was seen at one time. When this raises, nothing has changed.

        Args:
            t_s: capture time, seconds, later than the last one.
            boxes: detection boxes (N, 5), pixels xyxy and score in [0, 1]; None if no detector ran, which
                follows people just as a detector that found nobody would.
            skeletons: what the pose network found; lone ones of under ``min_keypoints`` are left out.
            size_wh: frame width and height, pixels; needed if the view has seats.

        Returns:
            The people in sight and those who coast, by rising id.

        Raises:
            FrameOrderError: t_s does not lie after the last one.
            DataError: an argument is not what it should be; a ShapeError for boxes that are not (N, 5).
            CapacityError: more people than ``max_people``.
        """
        now = self._checked_time(t_s)
        observations = self._observed(boxes, skeletons)
        seats = self._seats(observations, size_wh)

        self._t_s = now
        self._advance(now)
        pairs = matching.assign(self._costs(observations, seats))
        for row, column in pairs:
            self._people[row].see(observations[column], seats[column])
        matched = {column for _, column in pairs}
        for i in sorted(set(range(len(observations))) - matched, key=lambda i: -observations[i].score):
            self._begin(observations[i], seats[i])
        self._confirm()
        self._forget()
        tracks = [track for person in self._people if (track := person.as_track()) is not None]
        return sorted(tracks, key=lambda track: track.track_id)

    def _checked_time(self, t_s: Any) -> float:
        try:
            now = float(t_s)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"t_s must be seconds, got {t_s!r}") from error
        if not math.isfinite(now):
            raise DataError(f"t_s must be finite, got {now}")
        if now <= self._t_s:
            raise FrameOrderError(f"a frame at {now} s came after one at {self._t_s} s: time must rise")
        return now

    def _observed(self, boxes: ArrayLike | None, skeletons: Sequence[Skeleton]) -> list[Observation]:
        """What was seen, one observation per person."""
        options = self.options
        observations = join(
            checked_boxes(boxes), checked_skeletons(skeletons), options.join_share, options.min_keypoints
        )
        if len(observations) > options.max_people:
            raise CapacityError(f"{len(observations)} people in a frame, max_people is {options.max_people}")
        return observations

    def _seats(self, observations: Sequence[Observation], size_wh: Any) -> list[str | None]:
        """Seat that each observation is in."""
        if self.view is None or not self.view.seats:
            return [None] * len(observations)
        size = checked_size(size_wh)
        return [self.view.seat_at(seat_point(o.box_xyxy, o.skeleton), size) for o in observations]

    def _advance(self, now: float) -> None:
        """Let go of those who were gone for too long, and predict where the others are."""
        self._people = [p for p in self._people if now - p.seen_s <= self.options.memory_s]
        for person in self._people:
            person.advance(now)

    def _costs(self, observations: Sequence[Observation], seats: Sequence[str | None]) -> Array:
        """Cost (T, O) of each observation being each person."""
        people, options = self._people, self.options
        if not people or not observations:
            return np.ones((len(people), len(observations)))
        predicted = np.array([person.box_xyxy for person in people])
        observed = np.array([[person.box_for(o) for o in observations] for person in people])
        unseen_s = np.array([person.unseen_s for person in people])
        gates = options.gate_sizes + options.gate_growth_sizes_per_s * unseen_s
        costs = matching.match_costs(
            matching.distance_costs(predicted, observed, gates),
            matching.size_costs(predicted, observed),
            matching.keypoint_costs(
                [person.last_skeleton for person in people],
                np.array([person.skeleton_shift_xy for person in people]),
                np.array([person.size_px for person in people]),
                [o.skeleton for o in observations],
            ),
            unseen_s / max(options.memory_s, unseen_s.max()),
            options.size_weight,
            options.keypoint_weight,
        )
        elsewhere = [[p.seat is not None and s is not None and p.seat != s for s in seats] for p in people]
        return costs + options.seat_cost * np.array(elsewhere)

    def _begin(self, observation: Observation, seat: str | None) -> None:
        """A new person, unless the evidence is poor or they are the double of somebody in sight."""
        if observation.score < self.options.birth_score:
            return
        in_sight = [person for person in self._people if person.unseen_s == 0.0]
        for person in in_sight:
            two_skeletons = observation.skeleton is not None and person.skeleton is not None
            overlap = box_iou(observation.box_xyxy, person.box_xyxy)[0, 0]
            if overlap > self.options.duplicate_iou and not two_skeletons:
                return
        self._people.append(Person(self._t_s, observation, seat, self.options))

    def _confirm(self) -> None:
        """Ids for those in sight who have earned one, from left to right."""
        ready = [person for person in self._people if person.track_id is None and person.is_convincing]
        for person in sorted(ready, key=lambda person: person.box_xyxy):
            track_id = next(self._ids, None)
            if track_id is None:
                raise CapacityError("the iterator of track ids has come to its end")
            person.track_id = track_id

    def _forget(self) -> None:
        """Drop the unconfirmed who vanished, and the longest unseen beyond ``max_people``."""
        options = self.options
        people = [p for p in self._people if p.track_id is not None or p.unseen_s <= options.confirm_s]
        self._people = sorted(people, key=lambda person: person.unseen_s)[: options.max_people]
