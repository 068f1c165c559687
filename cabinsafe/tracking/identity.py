"""Who is the one that turned up? A joint decision over the lost and the newcomers, taken when it is clear.

Each newcomer may be one of the lost or somebody new. How likely each pair is, is a product of densities: of
where the newcomer was first seen, against where the lost one was heading, where they sit, or anywhere; of how
they moved then; of their size, against the postures the lost one was seen in; of how their keypoints lie in
their box; of their clothes. The best set of pairs is taken as a whole, and of it only what leads the best set
without it by ``sure_nats``; the rest waits for more evidence. The lead asked for falls to nothing at
``patience_s``.

Two people seen at one time are two: a newcomer can only be one who was unseen when they turned up.

Joint probabilistic matching of broken tracks is described in Bar-Shalom, Willett, Tian, "Tracking and Data
Fusion", 2011, chapter 10 (track segment association).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, hypot, inf, log, pi
from typing import NamedTuple

from cabinsafe.tracking.appearance import colour_cost
from cabinsafe.tracking.claims import Claim
from cabinsafe.tracking.matching import Pair, best_pairs
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person

_HEADING_SHARE, _HOME_SHARE = 0.35, 0.3
_STAYED_SHARE, _EXCHANGED_SHARE, _EXCHANGED_SIZES = 0.3, 0.2, 0.3  # once somebody moved into their place
_ELSEWHERE_SHARE, _MOVE_EVERY_S = 0.005, 150.0  # people change seats unseen once in so many seconds
_HEADING_SIZES, _HEADING_SIZES_PER_S, _HEADING_PER_GONE = 0.06, 0.08, 0.3
_HOME_SIZES, _ELSEWHERE_SIZES, _ELSEWHERE_SIZES_PER_S, _NEW_SIZES = 0.2, 1.0, 1.0, 2.0
_NEW_SHARE, _CLUTTER_SHARE, _CLUTTER_S = 0.03, 1.0, 0.1  # of what turns up in a frame, how much is nobody
_ROOM_SIZES, _ROOM_SHARE = 0.25, 0.95  # what room somebody takes, and how surely
_STRAIGHT_PACE, _REST_PACE, _ANY_PACE = 0.25, 0.2, 0.6  # spread of velocities, sizes per second
_POSTURE_LOG, _ANY_POSTURE_LOG, _ANY_POSTURE_SHARE = 0.06, 0.35, 0.2
_SHAPE_LOG, _ANY_SHAPE_LOG, _ANY_SHAPE_SHARE = 0.06, 0.2, 0.1  # at times a shape says nothing
_TYPICAL_SHAPE = exp(-0.5) / (2.0 * pi * _ANY_SHAPE_LOG**2)  # density of somebody else's
_COLOUR_NATS = 10.0
_LEAST = 1e-12  # of a density, so that it has a logarithm
_DISPLACED_REACH_SIZES = 0.45
_ON_THE_WAY_S = 1.0
_SWAP_REACH_SIZES = 1.4
_MOVING_SIZES_PER_S, _DOUBT_MOVING_S = 0.3, 0.3
_PACE_AFTER_S = 0.15  # a velocity takes so long to be known


class Decision(NamedTuple):
    """What is clear of the newcomers, by position in the sequences asked about.

    Attributes:
        returned: (lost, newcomer) pairs.
        new: newcomers who are none of the lost.
    """

    returned: list[Pair]
    new: list[int]


def decide(lost: Sequence[Person], found: Sequence[Person], options: TrackerOptions) -> Decision:
    """Which of the newcomers ``found`` are which of the lost, as far as it is clear."""
    gains = {}
    for column, newcomer in enumerate(found):
        new = _log_new(newcomer, lost)
        for row, person in enumerate(lost):
            claim = newcomer.claims.get(person.track_id or 0)
            if claim is not None:
                gains[row, column] = _log_same(person, newcomer, claim, options) - new
    pairs, total = best_pairs(gains)
    chosen = {column: (row, column) for row, column in pairs}
    decision = Decision([], [])
    for column, newcomer in enumerate(found):
        left_s = options.patience_s - (newcomer.t_s - newcomer.first_s)
        lead = options.sure_nats * min(max(2.0 * left_s / max(options.patience_s, 1e-9), 0.0), 1.0)
        if column in chosen:
            rest = {pair: gain for pair, gain in gains.items() if pair != chosen[column]}
            if total - best_pairs(rest)[1] >= lead:
                decision.returned.append(chosen[column])
        elif total - _best_if_back(gains, column) >= lead:
            decision.new.append(column)
    return decision


def _best_if_back(gains: Mapping[Pair, float], column: int) -> float:
    """The best total if this newcomer has to be one of the lost."""
    best = -inf
    for pair, gain in gains.items():
        if pair[1] == column:
            rest = {p: g for p, g in gains.items() if p[0] != pair[0] and p[1] != column}
            best = max(best, gain + best_pairs(rest)[1])
    return best


def claim_of(person: Person, newcomer: Person) -> Claim:
    """Where a newcomer, just seen first, turned up, as seen from one of the lost."""
    size, motion = person.motion.size_px, person.motion
    x1, y1, x2, y2 = newcomer.box_if(person)
    x, y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
    on_x, on_y = person.straight_on()
    return Claim(
        hypot(x - motion.x, y - motion.y) / size,
        hypot(x - on_x, y - on_y) / size,
        hypot(x - person.home_x, y - person.home_y) / size,
        hypot(on_x - person.left_x, on_y - person.left_y) / size,
        person.t_s - person.seen_s,
    )


def mark_doubtful(people: Sequence[Person], doubt_s: float) -> None:
    """Find out who of the lost can no longer be taken to sit where they sat.

    One into whose place somebody moved may be where that one came from, and the other way round. In doubt are
    they, and two neighbours who were both unseen for ``doubt_s``: they may have changed places.
    """
    lost = [person for person in people if person.unseen_s > 0.0]
    for person in lost:
        size, unseen_s, pace = person.motion.size_px, person.unseen_s, person.left_pace_sizes
        person.is_doubtful = False
        for other in people:
            if other is person:
                continue
            on_x, on_y = other.straight_on()
            gap = hypot(on_x - person.left_x, on_y - person.left_y) / size
            moved = hypot(on_x - other.home_x, on_y - other.home_y) / size
            if gap < _DISPLACED_REACH_SIZES and moved > gap and other.unseen_s < _ON_THE_WAY_S:
                person.other_home_xy = other.home_x, other.home_y
                if other.unseen_s > 0.0:
                    other.other_home_xy = person.home_x, person.home_y
            if gap < _SWAP_REACH_SIZES and other.track_id is not None:
                is_moving = max(pace, other.left_pace_sizes) > _MOVING_SIZES_PER_S
                if min(unseen_s, other.unseen_s) > (_DOUBT_MOVING_S if is_moving else doubt_s):
                    person.is_doubtful = True


def _log_same(person: Person, newcomer: Person, claim: Claim, options: TrackerOptions) -> float:
    total = _log_place(person, newcomer, claim)
    wide, high = newcomer.log_size_if(person)
    share = (1.0 - _ANY_POSTURE_SHARE) / len(person.postures)
    usual = sum(_bell(hypot(wide - w, high - h), _POSTURE_LOG) for w, h in person.postures)
    off = hypot(wide - person.build_log_w, high - person.build_log_h)
    total += log(share * usual + _ANY_POSTURE_SHARE * _bell(off, _ANY_POSTURE_LOG) + _LEAST)
    shape = person.pose_in_box.scale_off(newcomer.pose_in_box)
    if shape is not None:
        likeness = _bell(shape, _SHAPE_LOG) / _TYPICAL_SHAPE
        total += log((1.0 - _ANY_SHAPE_SHARE) * likeness + _ANY_SHAPE_SHARE)
    if person.colours is not None and newcomer.colours is not None:
        likeness = 0.5 - colour_cost(person.colours, newcomer.colours)
        total += _COLOUR_NATS * options.colour_weight * likeness
    if person.seat is not None and newcomer.seat is not None and person.seat != newcomer.seat:
        total -= options.seat_nats
    return total


def _log_place(person: Person, newcomer: Person, claim: Claim) -> float:
    """Log density of turning up there, moving so: a mixture of what the lost one may have done."""
    size = person.motion.size_px
    reach = _HEADING_SIZES + _HEADING_SIZES_PER_S * claim.unseen_s + _HEADING_PER_GONE * claim.gone_sizes
    rest = _HEADING_SHARE * _bell(claim.rest_sizes, reach)
    straight = _HEADING_SHARE * _bell(claim.straight_sizes, reach)
    home = _HOME_SHARE * _bell(claim.home_sizes, _HOME_SIZES)
    if person.other_home_xy is not None:
        (x, y), (other_x, other_y) = newcomer.first_xy, person.other_home_xy
        rest, home = _STAYED_SHARE * rest, _STAYED_SHARE * home
        home += _EXCHANGED_SHARE * _bell(hypot(x - other_x, y - other_y) / size, _EXCHANGED_SIZES)
    elsewhere = _ELSEWHERE_SHARE + 1.0 - exp(-claim.unseen_s / _MOVE_EVERY_S)
    reach = min(_HOME_SIZES + _ELSEWHERE_SIZES_PER_S * claim.unseen_s, _ELSEWHERE_SIZES)
    anywhere = elsewhere * _bell(claim.home_sizes, reach)
    if newcomer.t_s - newcomer.first_s >= _PACE_AFTER_S:
        vx, vy = newcomer.first_pace_xy
        at_rest = _bell(hypot(vx, vy) / size, _REST_PACE)
        rest, home = rest * at_rest, home * at_rest
        straight *= _bell(hypot(vx - person.left_vx, vy - person.left_vy) / size, _STRAIGHT_PACE)
        anywhere *= _bell(hypot(vx, vy) / size, _ANY_PACE)
    return log(rest + straight + home + anywhere + _LEAST)


def _log_new(newcomer: Person, lost: Sequence[Person]) -> float:
    known_s, share = newcomer.t_s - newcomer.first_s, _NEW_SHARE
    if not newcomer.is_instant:
        share += _CLUTTER_SHARE * exp(-known_s / _CLUTTER_S)
    density = share * _bell(0.0, _NEW_SIZES)
    if known_s >= _PACE_AFTER_S:
        vx, vy = newcomer.first_pace_xy
        density *= _bell(hypot(vx, vy) / newcomer.motion.size_px, _ANY_PACE)
    for person in lost:  # nobody sits where somebody else does
        claim = newcomer.claims.get(person.track_id or 0)
        if claim is not None:
            is_there = exp(-0.5 * (claim.rest_sizes / _ROOM_SIZES) ** 2 - claim.unseen_s / _MOVE_EVERY_S)
            density *= 1.0 - _ROOM_SHARE * is_there
    return log(density * _bell(_ANY_POSTURE_LOG, _ANY_POSTURE_LOG) + _LEAST)


def _bell(off: float, spread: float) -> float:
    """Density of a normal distribution in the plane, at a distance from its centre."""
    variance = spread * spread
    return exp(-0.5 * off * off / variance) / (2.0 * pi * variance)
