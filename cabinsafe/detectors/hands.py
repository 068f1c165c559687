"""One hand of a person against another's legs: how near it is, and whether it rests there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import dist, inf
from typing import NamedTuple

from pydantic import Field

from cabinsafe.detectors.base import TunableOptions, logistic
from cabinsafe.detectors.body import SIDES, Body
from cabinsafe.geometry import XY, box_distance, midpoint, segment_distance
from cabinsafe.types import BoxXyxy, State

_FAR = -10.0  # a score below .0001 is none


class HandOnLegOptions(TunableOptions):
    """Options of the detector; lengths are in torso lengths of the person whose leg it is.

    The defaults were fitted to rendered people; ``benchmarks/detectors.py`` says how well they do on others.
    Those that ``per_seat`` changes apply to the person whose hand it is.
    """

    reach_torsos: float = Field(
        0.1,
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


class Part(NamedTuple):
    """A thigh or a shin, of the left (0) or the right leg."""

    side: int
    is_shin: bool
    start: XY
    end: XY


class Limbs(NamedTuple):
    """One person ready to be judged.

    Attributes:
        body: joints and lengths.
        hands: left and right, None where the wrist, or the elbow it hangs on, was not seen, or the wrist is
            doubtful.
        scores: of the wrists.
        legs: thighs and shins that are seen.
        legs_box: the box around them.
        options: those that apply to the person.
    """

    body: Body
    hands: tuple[XY | None, XY | None]
    scores: tuple[float, float]
    legs: tuple[Part, ...]
    legs_box: BoxXyxy
    options: HandOnLegOptions


class Hand(NamedTuple):
    """What one hand says of one other person."""

    state: State = State.NOT_OBSERVABLE
    score: float = 0.0
    gap_torsos: float = inf
    speed_torsos_per_s: float | None = None


UNSEEN = Hand()


class Spot(NamedTuple):
    """When a hand was near which part of a leg, and where it was against that part's middle, pixels."""

    t_s: float
    part: tuple[int, bool]
    offset: XY


def judge_hand(
    number: int, actor: Limbs, other: Limbs, t_s: float, last: Spot | None
) -> tuple[Hand, Spot | None]:
    """State and score of one hand against another person's legs, and what to remember of it.

    Of a hand that is far, the gap is that to the box around the legs.
    """
    hand, unit_px, options = actor.hands[number], other.body.torso_px, actor.options
    if hand is None or unit_px is None or not other.legs:
        return UNSEEN, None
    spot, speed, score, part = None, None, 0.0, None
    far_torsos = options.reach_torsos - _FAR * options.softness_torsos
    gap = box_distance(other.legs_box, (hand[0], hand[1] + options.lift_torsos * unit_px)) / unit_px
    if gap < far_torsos:
        gap, part = _gap(hand, other.legs, unit_px, options)
    nearness = (options.reach_torsos - gap) / options.softness_torsos
    if part is not None and nearness > _FAR:
        x, y = midpoint(part.start, part.end)
        spot = Spot(t_s, part[:2], (hand[0] - x, hand[1] - y))
        speed = _speed(spot, last, unit_px, options)
        score = logistic(nearness)
        if speed is not None:
            score /= 1.0 + (speed / options.settled_torsos_per_s) ** 2
    if score < 0.5:
        away = sum(not leg.is_shin for leg in other.legs) == len(SIDES)
        return Hand(State.FALSE if away else State.NOT_OBSERVABLE, score, gap, speed), spot
    if _gap(hand, actor.legs, unit_px, options)[0] < gap * options.own_leg_factor:
        return Hand(State.FALSE, 0.0, gap, speed), spot
    own_thigh_seen = any(leg.side == number and not leg.is_shin for leg in actor.legs)
    return Hand(State.TRUE if own_thigh_seen else State.NOT_OBSERVABLE, score, gap, speed), spot


def _gap(
    hand: XY, legs: Sequence[Part], unit_px: float, options: HandOnLegOptions
) -> tuple[float, Part | None]:
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


def legs_of(body: Body) -> Iterator[Part]:
    """Thighs and shins that are seen."""
    for i, side in enumerate(body.sides):
        if side.knee is not None:
            if side.hip is not None:
                yield Part(i, False, side.hip, side.knee)
            if side.ankle is not None:
                yield Part(i, True, side.knee, side.ankle)


def box_of(legs: Sequence[Part]) -> BoxXyxy:
    """The box around some parts; of none it is empty."""
    ends = [end for part in legs for end in part[2:]]
    if not ends:
        return 0.0, 0.0, 0.0, 0.0
    xs, ys = zip(*ends, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _speed(now: Spot, last: Spot | None, unit_px: float, options: HandOnLegOptions) -> float | None:
    """Speed of a hand against the part of a leg that it is near, torsos per second; None if not known."""
    if last is None or last.part != now.part or not 0.0 < now.t_s - last.t_s <= options.memory_s:
        return None
    return dist(now.offset, last.offset) / unit_px / (now.t_s - last.t_s)
