"""Hand on leg: a hand of one person on the thigh or shin of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import dist, inf
from typing import ClassVar, NamedTuple

from pydantic import Field

from cabinsafe.detectors.base import LocalOptions, TunableOptions, any_of, logistic
from cabinsafe.detectors.body import SIDES, Body
from cabinsafe.geometry import XY, midpoint, segment_distance
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView


class HandOnLegOptions(TunableOptions):
    """Options of the detector; lengths are in torso lengths of the person whose leg it is.

    The defaults were fitted to rendered people; ``benchmarks/detectors.py`` says how well they do on others.
    Those that ``per_seat`` changes apply to the person whose hand it is.
    """

    reach_torsos: float = Field(
        0.14,
        gt=0,
        le=2,
        description="Distance of the hand from the leg's upper side at which the score is .5",
    )
    softness_torsos: float = Field(
        0.03, gt=0, le=1, description="Distance over which the score falls from .5 to .27"
    )
    lift_torsos: float = Field(
        0.18,
        ge=0,
        le=1,
        description="The upper side of a leg lies this far above the line between its joints in the picture; "
        "0 for a camera that looks straight down",
    )
    shin_penalty_torsos: float = Field(
        0.2, ge=0, le=2, description="Hands seem this much farther from a shin: most only pass before it"
    )
    hand_extension: float = Field(
        0.4, ge=0, le=1, description="The hand lies this far past the wrist, in forearms"
    )
    own_leg_factor: float = Field(
        1.0,
        ge=0,
        le=10,
        description="A hand nearer to the person's own leg than this times the gap is at rest",
    )
    settled_torsos_per_s: float = Field(
        2.0,
        gt=0,
        le=100,
        description="Speed of the hand against the leg at which its score is halved: it may only pass",
    )
    memory_s: float = Field(
        0.5, ge=0, le=5, description="The speed is measured between scenes no further apart than this"
    )
    max_size_ratio: float = Field(
        3.0, ge=1, le=20, description="People whose torsos differ by more are not side by side"
    )
    max_raw_shift_torsos: float = Field(
        0.5,
        gt=0,
        le=10,
        description="A wrist that the tracker moved farther from where it was seen may be another's",
    )
    min_keypoint_score: float = Field(
        0.15, ge=0, le=1, description="Weaker wrists, elbows, hips, knees, ankles are unseen"
    )
    max_ambiguity: float = Field(
        0.9, ge=0, le=1, description="Forearms, upper arms, thighs, shins more contested than this are unseen"
    )


class _Part(NamedTuple):
    """A thigh or a shin, of the left (0) or the right leg."""

    side: int
    is_shin: bool
    start: XY
    end: XY


class _Limbs(NamedTuple):
    """One person ready to be judged.

    Attributes:
        body: joints and lengths.
        hands: left and right, None where the wrist, or the elbow it hangs on, was not seen, or the wrist is
            doubtful.
        scores: of the wrists.
        legs: thighs and shins that are seen.
        options: those that apply to the person.
    """

    body: Body
    hands: tuple[XY | None, XY | None]
    scores: tuple[float, float]
    legs: tuple[_Part, ...]
    options: HandOnLegOptions


class _Hand(NamedTuple):
    """What one hand says of one other person."""

    state: State = State.NOT_OBSERVABLE
    score: float = 0.0
    gap_torsos: float = inf
    speed_torsos_per_s: float | None = None


class _Spot(NamedTuple):
    """When a hand was near which part of a leg, and where it was against that part's middle, pixels."""

    t_s: float
    part: tuple[int, bool]
    offset: XY


_Spots = dict[tuple[int, int, int], _Spot]
_UNSEEN = _Hand()
_FAR = -10.0  # a score below .0001 is none


class HandOnLeg:
    """Whether a hand of one person lies on a leg of another; one reading per ordered pair.

    A wrist counts only where the elbow it hangs on was seen too, so that it is the first person's own. A hand
    near the other's leg counts as resting if the person's own leg is nearer still, and as not observed if the
    own thigh of its side is hidden: it may rest there. A hand counts as away only if both thighs of the other
    are seen. The reading is true if either hand touches, false if neither does, not observable otherwise.
    """

    Options: ClassVar[type[HandOnLegOptions]] = HandOnLegOptions
    kind: ClassVar[str] = "hand_on_leg"
    needs: ClassVar[frozenset[str]] = frozenset(
        f"{side}_{joint}"
        for side in SIDES
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    )

    def __init__(self, options: HandOnLegOptions, views: Mapping[str, CameraView]) -> None:
        self._options = LocalOptions(options, views)
        self.reset()

    @property
    def digests(self) -> dict[str, str]:
        """No model files."""
        return {}

    def reset(self) -> None:
        """Forget where hands were."""
        self._spots: dict[str, _Spots] = {}

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per ordered pair of tracks, the acting person first."""
        before = self._spots.get(scene.camera_id, {})
        after = self._spots[scene.camera_id] = {}
        people = [(track, self._limbs(track, scene.camera_id)) for track in scene.tracks]
        return [
            self._read_pair(one, other, scene.t_s, before, after)
            for one in people
            for other in people
            if other is not one
        ]

    def _read_pair(
        self,
        actor: tuple[Track, _Limbs | None],
        other: tuple[Track, _Limbs | None],
        t_s: float,
        before: _Spots,
        after: _Spots,
    ) -> Reading:
        (one, limbs), (two, others) = actor, other
        hands, evidence = [_UNSEEN], dict[str, float]()
        if limbs is not None and others is not None and _side_by_side(limbs, others):
            hands = []
            evidence["reach_torsos"] = limbs.options.reach_torsos
            for i, name in enumerate(SIDES):
                hand, spot = _judge(i, limbs, others, t_s, before.get((one.track_id, two.track_id, i)))
                if spot is not None:
                    after[one.track_id, two.track_id, i] = spot
                hands.append(hand)
                if hand.gap_torsos < inf:
                    evidence[f"{name}_hand_gap_torsos"] = round(hand.gap_torsos, 3)
                    evidence[f"{name}_wrist_score"] = round(limbs.scores[i], 3)
                if hand.speed_torsos_per_s is not None:
                    evidence[f"{name}_hand_speed_torsos_per_s"] = round(hand.speed_torsos_per_s, 3)
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (one.track_id, two.track_id),
                "state": any_of(hand.state for hand in hands),
                "score": max(hand.score for hand in hands),
                "evidence": evidence,
                "seats": (),
            }
        )

    def _limbs(self, track: Track, camera_id: str) -> _Limbs | None:
        skeleton = track.skeleton
        options = self._options.at(camera_id, track.seat)
        if skeleton is None:
            return None
        body = Body(skeleton, options.min_keypoint_score, options.max_ambiguity)
        if body.torso_px is None:
            return None
        raw = track.raw_skeleton
        doubtful_px = options.max_raw_shift_torsos * body.torso_px
        hands: list[XY | None] = []
        for name, side in zip(SIDES, body.sides, strict=True):
            hand = None
            if (
                side.wrist is not None
                and side.elbow is not None
                and not _moved(raw, name, side.wrist, doubtful_px)
            ):
                (ex, ey), (wx, wy) = side.elbow, side.wrist
                hand = wx + options.hand_extension * (wx - ex), wy + options.hand_extension * (wy - ey)
            hands.append(hand)
        scores = skeleton.score_of("left_wrist"), skeleton.score_of("right_wrist")
        return _Limbs(body, (hands[0], hands[1]), scores, tuple(_legs(body)), options)


def _moved(raw: Skeleton | None, side: str, wrist: XY, most_px: float) -> bool:
    """Whether a wrist is far from both wrists as the network saw them: repaired, bridged, or in a swing."""
    if raw is None or dist(raw[f"{side}_wrist"].tolist(), wrist) <= most_px:
        return False
    return not any(dist(raw[f"{name}_wrist"].tolist(), wrist) <= most_px for name in SIDES if name != side)


def _side_by_side(one: _Limbs, other: _Limbs) -> bool:
    """Whether two people may be at the same distance from the camera."""
    a, b = one.body.torso_px or 0.0, other.body.torso_px or 0.0
    return max(a, b) <= one.options.max_size_ratio * min(a, b)


def _judge(
    number: int, actor: _Limbs, other: _Limbs, t_s: float, last: _Spot | None
) -> tuple[_Hand, _Spot | None]:
    """State and score of one hand against another person's legs, and what to remember of it."""
    hand, unit_px, options = actor.hands[number], other.body.torso_px, actor.options
    if hand is None or unit_px is None:
        return _UNSEEN, None
    gap, part = _gap(hand, other.legs, unit_px, options)
    if part is None:
        return _UNSEEN, None
    nearness = (options.reach_torsos - gap) / options.softness_torsos
    spot, speed, score = None, None, 0.0
    if nearness > _FAR:
        x, y = midpoint(part.start, part.end)
        spot = _Spot(t_s, part[:2], (hand[0] - x, hand[1] - y))
        speed = _speed(spot, last, unit_px, options)
        score = logistic(nearness)
        if speed is not None:
            score /= 1.0 + (speed / options.settled_torsos_per_s) ** 2
    if score < 0.5:
        away = sum(not leg.is_shin for leg in other.legs) == len(SIDES)
        return _Hand(State.FALSE if away else State.NOT_OBSERVABLE, score, gap, speed), spot
    if _gap(hand, actor.legs, unit_px, options)[0] < gap * options.own_leg_factor:
        return _Hand(State.FALSE, 0.0, gap, speed), spot
    own_thigh_seen = any(leg.side == number and not leg.is_shin for leg in actor.legs)
    return _Hand(State.TRUE if own_thigh_seen else State.NOT_OBSERVABLE, score, gap, speed), spot


def _gap(
    hand: XY, legs: Sequence[_Part], unit_px: float, options: HandOnLegOptions
) -> tuple[float, _Part | None]:
    """Distance of a hand from legs, and their nearest part: the hand is lowered, not the legs lifted."""
    low = hand[0], hand[1] + options.lift_torsos * unit_px
    gap, nearest = inf, None
    for part in legs:
        away = segment_distance(low, part.start, part.end) / unit_px
        if part.is_shin:
            away += options.shin_penalty_torsos
        if away < gap:
            gap, nearest = away, part
    return gap, nearest


def _legs(body: Body) -> Iterator[_Part]:
    """Thighs and shins that are seen."""
    for i, side in enumerate(body.sides):
        if side.knee is not None:
            if side.hip is not None:
                yield _Part(i, False, side.hip, side.knee)
            if side.ankle is not None:
                yield _Part(i, True, side.knee, side.ankle)


def _speed(now: _Spot, last: _Spot | None, unit_px: float, options: HandOnLegOptions) -> float | None:
    """Speed of a hand against the part of a leg that it is near, torsos per second; None if not known."""
    if last is None or last.part != now.part or not 0.0 < now.t_s - last.t_s <= options.memory_s:
        return None
    return dist(now.offset, last.offset) / unit_px / (now.t_s - last.t_s)
