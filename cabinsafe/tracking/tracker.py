"""The tracker: predict, match, update, begin, forget."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cabinsafe.errors import CapacityError, DataError, FrameOrderError
from cabinsafe.tracking.appearance import checked_image, torso_colours
from cabinsafe.tracking.boxes import checked_boxes, checked_size
from cabinsafe.tracking.costs import costs_of, is_double, is_strong
from cabinsafe.tracking.identity import claim_of, decide, mark_doubtful
from cabinsafe.tracking.ids import TrackIds
from cabinsafe.tracking.keypoints import ExpectedPerson, Smoothed, smooth
from cabinsafe.tracking.matching import assign
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.owners import Owners
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.seats import SeatMap
from cabinsafe.tracking.sightings import Observation, checked_poses, join
from cabinsafe.tracking.snapshot import dump_snapshot, read_snapshot
from cabinsafe.types import Skeleton, Track
from cabinsafe.views import CameraView

_COLOURS_EVERY_S = 0.5
_GAP_S, _LONGEST_STEP_S = 0.2, 0.5  # seen within the one, or in the last frame within the other: still there


class Tracker:
    """Follows the people of one camera.

    A person is reported as soon as the evidence is good (in the first frame, or the first for long, where
    nobody can have been seen before, that is one good sighting), coasts through short gaps as a prediction,
    is remembered silently for longer ones, and then forgotten; ids are never used twice.
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
            ids: where track ids come from, never the same twice; share one :class:`TrackIds` between the
                trackers of several cameras. By default 1, 2, 3, ...
        """
        self.options = options
        self.view = view
        self._seats = SeatMap(view)
        self._ids: Iterator[int] = TrackIds() if ids is None else ids
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
        image: NDArray[np.uint8] | None = None,
    ) -> list[Track]:
        """Take in what was seen at one time. When this raises, nothing has changed.

        Args:
            t_s: capture time, seconds, later than the last one.
            boxes: detection boxes (N, 5), pixels xyxy and score in [0, 1]; None if no detector ran, which
                follows people just as a detector that found nobody would.
            skeletons: what the pose network found; lone ones of under ``min_keypoints`` are left out.
            size_wh: frame width and height, pixels; needed if the view has seats. Who is predicted to be
                outside the frame is not reported.
            image: the frame, (H, W, 3) uint8 BGR; people are then also known by their clothes.

        Returns:
            The people in sight and those who coast, by rising id.

        Raises:
            FrameOrderError: t_s does not lie after the last one.
            DataError: an argument is not what it should be; a ShapeError for boxes that are not (N, 5).
            CapacityError: more people than ``max_people``.
        """
        now = self._checked_time(t_s)
        observations = self._observed(now, boxes, skeletons)
        size = None if size_wh is None and not self._seats.names else checked_size(size_wh)
        picture = checked_image(image)
        if size is not None and self._seats.names:
            self._seats.place(observations, size, self.options.seat_reach_sizes)

        before_s, self._t_s = self._t_s, now
        is_first = now - before_s > self.options.memory_s
        self._advance(now)
        seen = self._match(observations, picture, before_s)
        if is_first:
            for person, observation in seen:
                person.is_instant = observation.score >= self.options.instant_score
        if picture is not None:
            self._colour(seen, picture)
        self._recognise(seen)
        mark_doubtful(self._people, self.options.doubt_s)
        self._smooth(seen)
        self._forget()
        tracks = [p.as_track(bool(self._seats.names)) for p in self._people if _is_reported(p, size)]
        tracks.sort(key=lambda track: track.track_id)
        return tracks

    def expected_people(self, t_s: float) -> list[ExpectedPerson]:
        """Where the reported people's keypoints are to be expected: what a decoder may take as its prior.

        Args:
            t_s: a time at or after the last update, seconds; nobody is moved by the question.
        """
        expected = []
        for person in sorted(self._people, key=lambda person: person.track_id or 0):
            keypoints = person.keypoints
            if person.track_id is None or keypoints is None or not person.is_in_sight:
                continue
            xy = person.expected_keypoints(max(t_s - self._t_s, 0.0))
            unseen_s = np.maximum(t_s - keypoints.seen_s, 0.0)
            for array in (xy, unseen_s):
                array.setflags(write=False)
            names = (person.track_id, keypoints.kind[0], xy, unseen_s, person.motion.size_px)
            expected.append(ExpectedPerson(*names))
        return expected

    def snapshot(self) -> str:
        """All that is remembered, as JSON text for :meth:`restore`."""
        next_id = self._ids.next_id if isinstance(self._ids, TrackIds) else None
        return dump_snapshot(self._t_s, next_id, self._people)

    def restore(self, snapshot: str) -> None:
        """Go on from where another tracker of the same options and view was; an error changes nothing.

        Ids go on behind those of both, if they are counted by :class:`TrackIds`; an iterator of the caller's
        own is the caller's to set.

        Raises:
            DataError: not what :meth:`snapshot` gave.
        """
        self._t_s, next_id, self._people = read_snapshot(snapshot, self.options)
        if next_id is not None and isinstance(self._ids, TrackIds):
            self._ids.next_id = max(self._ids.next_id, next_id)

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

    def _observed(
        self, now: float, boxes: ArrayLike | None, skeletons: Sequence[Skeleton]
    ) -> list[Observation]:
        """What was seen, one observation per person."""
        options = self.options
        owners = Owners(self._people, self._t_s, now)
        observations = join(
            checked_boxes(boxes),
            checked_poses(skeletons),
            options.join_share,
            options.min_keypoints,
            options.keypoint_margin_sizes,
            owners.strangeness if owners.are_close else None,
        )
        if len(observations) > options.max_people:
            raise CapacityError(f"{len(observations)} people in a frame, max_people is {options.max_people}")
        return observations

    def _advance(self, now: float) -> None:
        """Let go of those who were gone for too long, and predict where the others are."""
        self._people = [p for p in self._people if now - p.seen_s <= self.options.memory_s]
        for person in self._people:
            person.advance(now)

    def _match(
        self, observations: Sequence[Observation], picture: NDArray[np.uint8] | None, before_s: float
    ) -> list[tuple[Person, Observation]]:
        """Who was seen as what; people without a match stay unseen, observations without one may be new.

        Somebody with an id who was not seen a moment ago has to be recognised, see :meth:`_recognise`.
        """
        seen = []
        since_s = max(min(self._t_s - _GAP_S, before_s), self._t_s - _LONGEST_STEP_S)
        people = [p for p in self._people if p.track_id is None or p.seen_s >= since_s]
        costs, boxes = costs_of(people, observations, self.options, picture)
        for row, column in assign(costs):
            person, observation = people[row], observations[column]
            person.see(observation, boxes.get((row, column), observation.box_xyxy))
            seen.append((person, observation))
        if len(seen) < len(observations):
            matched = {id(observation) for _, observation in seen}
            rest = [o for o in observations if id(o) not in matched]
            seen += self._begin(sorted(rest, key=lambda o: -o.score))
        return seen

    def _begin(self, observations: Sequence[Observation]) -> list[tuple[Person, Observation]]:
        """Newcomers, who may be one of those unseen now."""
        begun = []
        lost = [p for p in self._people if p.track_id is not None and p.unseen_s > 0.0]
        for observation in observations:
            if self._may_begin(observation):
                newcomer = Person(self._t_s, observation, self.options)
                newcomer.claims = {p.track_id or 0: claim_of(p, newcomer) for p in lost}
                self._people.append(newcomer)
                begun.append((newcomer, observation))
        return begun

    def _may_begin(self, observation: Observation) -> bool:
        """Not if the evidence is poor or it is the double of somebody in sight."""
        if not is_strong(observation, self.options):
            return False
        return not any(
            person.unseen_s == 0.0 and is_double(person, observation, self.options) for person in self._people
        )

    def _smooth(self, seen: Sequence[tuple[Person, Observation]]) -> None:
        """Repair and smooth the keypoints of those seen, all of one kind at once."""
        posed = [(p, p.keypoints, o.pose) for p, o in seen if o.pose is not None and p.keypoints is not None]
        for kind in {pose.kind for _, _, pose in posed}:
            people, memories, poses = zip(*(row for row in posed if row[2].kind == kind), strict=True)
            sizes = [person.motion.size_px for person in people]
            smoothed = smooth(self._t_s, memories, poses, sizes, self.options)
            for person, pose, done in zip(people, poses, smoothed, strict=True):
                person.remember_keypoints(_moved(pose.skeleton, done))

    def _colour(self, seen: Sequence[tuple[Person, Observation]], picture: NDArray[np.uint8]) -> None:
        """Look at the clothes of those seen, now and then."""
        for person, observation in seen:
            if person.colours is None or self._t_s - person.coloured_s >= _COLOURS_EVERY_S:
                colours = torso_colours(picture, observation)
                if colours is not None:
                    person.remember_colours(colours)

    def _recognise(self, seen: list[tuple[Person, Observation]]) -> None:
        """Newcomers who are clearly somebody lost are them again; the others get ids when earned."""
        found = [person for person, _ in seen if person.track_id is None]
        if not found:
            return
        lost = [person for person in self._people if person.track_id is not None and person.unseen_s > 0.0]
        returned, new = decide(lost, found, self.options)
        for row, column in returned:
            person, newcomer = lost[row], found[column]
            at = next(i for i, (other, _) in enumerate(seen) if other is newcomer)
            observation = seen[at][1]
            if newcomer.first_s == self._t_s:
                person.see(observation, person.box_for(observation))
            else:
                person.become(newcomer, observation)
            self._people.remove(newcomer)
            seen[at] = person, observation
        ready = [found[column] for column in new if found[column].is_convincing]
        for person in sorted(ready, key=lambda person: person.box_xyxy):
            track_id = next(self._ids, None)
            if track_id is None:
                raise CapacityError("the iterator of track ids has come to its end")
            person.track_id = track_id
            person.claims = {}

    def _forget(self) -> None:
        """Drop the unconfirmed who vanished, and the longest unseen beyond ``max_people``."""
        options = self.options
        people = [p for p in self._people if p.track_id is not None or p.unseen_s <= options.confirm_s]
        if len(people) > options.max_people:
            people = sorted(people, key=lambda person: person.unseen_s)[: options.max_people]
        self._people = people


def _is_reported(person: Person, size_wh: tuple[int, int] | None) -> bool:
    if person.track_id is None or not person.is_in_sight:
        return False
    if size_wh is None or person.t_s == person.seen_s:
        return True
    return 0.0 <= person.motion.x <= size_wh[0] and 0.0 <= person.motion.y <= size_wh[1]


def _moved(skeleton: Skeleton, done: Smoothed) -> Skeleton:
    """The same skeleton with other places, and scores if they changed."""
    values = {**skeleton.__dict__, "xy": done.xy}
    done.xy.setflags(write=False)
    if done.score is not None:
        done.score.setflags(write=False)
        values["score"] = done.score
    return Skeleton.of_checked(values)
