"""One hand of a person against another's legs: how near it is, and whether it rests there."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist, inf
from typing import NamedTuple

from pydantic import Field

from cabinsafe.detectors.base import TunableOptions, logistic
from cabinsafe.detectors.body import Body
from cabinsafe.geometry import XY, box_distance, segment_distance
from cabinsafe.types import FALSE, NOT_OBSERVABLE, TRUE, BoxXyxy, State

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
        torso_px: length of the torso.
        hands: left and right, None where the wrist, or the elbow it hangs on, was not seen, or the wrist is
            doubtful.
        legs: thighs and shins that are seen.
        legs_box: the box around them.
        thighs: whether the left and the right one are seen.
        away: what a hand is that is not near what is seen of the legs: away only if both thighs are seen.
        options: those that apply to the person.
        wrist_scores: left and right, as the evidence shows them.
    """

    torso_px: float
    hands: tuple[XY | None, XY | None]
    legs: tuple[Part, ...]
    legs_box: BoxXyxy
    thighs: tuple[bool, bool]
    away: State
    options: HandOnLegOptions
    wrist_scores: tuple[float, float]


class Hand(NamedTuple):
    """What one hand says of one other person."""

    state: State = NOT_OBSERVABLE
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
    hand, unit_px, options = actor.hands[number], other.torso_px, actor.options
    if hand is None or not other.legs:
        return UNSEEN, None
    low = hand[0], hand[1] + options.lift_torsos * unit_px  # the hand is lowered, not the legs lifted
    far_torsos = options.reach_torsos - _FAR * options.softness_torsos
    gap = box_distance(other.legs_box, low) / unit_px
    if gap >= far_torsos:
        return Hand(other.away, 0.0, gap), None
    gap, part = _nearest(low, other.legs, unit_px, options)
    if part is None or gap >= far_torsos:
        return Hand(other.away, 0.0, gap), None
    (ax, ay), (bx, by) = part.start, part.end
    spot = Spot(t_s, part[:2], (hand[0] - (ax + bx) / 2.0, hand[1] - (ay + by) / 2.0))
    speed = _speed(spot, last, unit_px, options)
    score = logistic((options.reach_torsos - gap) / options.softness_torsos)
    if speed is not None:
        score /= 1.0 + (speed / options.settled_torsos_per_s) ** 2
    if score < 0.5:
        return Hand(other.away, score, gap, speed), spot
    if _nearest(low, actor.legs, unit_px, options)[0] < gap * options.own_leg_factor:
        return Hand(FALSE, 0.0, gap, speed), spot
    state = TRUE if actor.thighs[number] else NOT_OBSERVABLE
    return Hand(state, score, gap, speed), spot


def _nearest(
    low: XY, legs: Sequence[Part], unit_px: float, options: HandOnLegOptions
) -> tuple[float, Part | None]:
    """Distance of a lowered hand from legs, and their nearest part."""
    gap, nearest = inf, None
    for part in legs:
        away = segment_distance(low, part.start, part.end) / unit_px
        if part.is_shin:
            away += options.shin_penalty_torsos
        if away < gap:
            gap, nearest = away, part
    return gap, nearest


def legs_of(body: Body) -> tuple[Part, ...]:
    """Thighs and shins that are seen."""
    legs = []
    for i, (_, _, _, hip, knee, ankle) in enumerate(body.sides):
        if knee is not None:
            if hip is not None:
                legs.append(Part(i, False, hip, knee))
            if ankle is not None:
                legs.append(Part(i, True, knee, ankle))
    return tuple(legs)


def box_of(legs: Sequence[Part]) -> BoxXyxy:
    """The box around some parts; of none it is empty."""
    xs: list[float] = []
    ys: list[float] = []
    for _, _, (ax, ay), (bx, by) in legs:
        xs += (ax, bx)
        ys += (ay, by)
    return (min(xs), min(ys), max(xs), max(ys)) if legs else (0.0, 0.0, 0.0, 0.0)


def _speed(now: Spot, last: Spot | None, unit_px: float, options: HandOnLegOptions) -> float | None:
    """Speed of a hand against the part of a leg that it is near, torsos per second; None if not known."""
    if last is None or last.part != now.part or not 0.0 < now.t_s - last.t_s <= options.memory_s:
        return None
    return dist(now.offset, last.offset) / unit_px / (now.t_s - last.t_s)
