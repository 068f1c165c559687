"""What it costs to take an observation for a person.

Distance to where they are expected counts as a share of a gate that grows while they are unseen; beyond the
gate there is no pair. Then size, keypoints and clothes, each in [0, 1]; the cost is their weighted mean, over
what is known. After a gap, somebody may be where they were going or where they sit, in the shape they had or
the usual one.

Keypoints and clothes take time to compare, and are compared only where they can matter: where a person or an
observation has several possible partners, or where the pair could fail on them. The matching is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, log

import numpy as np
from numpy.typing import NDArray

from cabinsafe.tracking.appearance import colour_cost, torso_colours
from cabinsafe.tracking.boxes import overlap
from cabinsafe.tracking.matching import Pair, keypoint_cost, rivals
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.sightings import Observation
from cabinsafe.types import BoxXyxy

_LOG_SIZE_RANGE = 1.5  # natural log of width ratio plus height ratio that counts as another person
_LOG_BUILD_RANGE = 0.5  # the same for averages of both
_PACE_RANGE_SIZES_PER_S, _PACE_MEMORY_S = 0.8, 0.7
_SURPRISE, _DOUBT_AWAY_SIZES, _DOUBT_REACH_SIZES = 3.0, 0.12, 1.0
_COMMON_SHARE, _REST_REACH_SIZES = (
    0.25,
    0.3,
)  # parts of one person share few keypoints, and lie where expected
_ABSENCE_COST = 0.1  # for someone gone as long as the memory: those still here come first
_GAP_S = 0.2  # unseen for longer, somebody may also have gone back to where and how they sit
_KEYPOINT_SLACK_SIZES = 0.6  # between the middle of keypoints and that of the box


def costs_of(
    people: Sequence[Person],
    observations: Sequence[Observation],
    options: TrackerOptions,
    picture: NDArray[np.uint8] | None,
) -> tuple[dict[Pair, float], dict[Pair, BoxXyxy]]:
    """Cost of each possible pair (person, observation); the box of each that has none from the detector."""
    base: dict[Pair, float] = {}
    boxes: dict[Pair, BoxXyxy] = {}
    for row, person in enumerate(people):
        for column, observation in enumerate(observations):
            x, y = person.motion.x, person.motion.y
            unseen_s = person.t_s - person.seen_s
            gate_px = (
                options.gate_sizes + options.gate_growth_sizes_per_s * unseen_s
            ) * person.motion.size_px
            away_px = hypot(observation.x - x, observation.y - y)
            if unseen_s > _GAP_S and not is_strong(observation, options):
                continue
            seen = observation
            if not observation.detected:
                if away_px > gate_px + _KEYPOINT_SLACK_SIZES * person.motion.size_px:
                    continue
                boxes[row, column] = box = person.box_for(observation)
                seen = Observation(box, False, None, 0.0)
                away_px = hypot(seen.x - x, seen.y - y)
            if unseen_s > _GAP_S:
                away_px = min(away_px, hypot(seen.x - person.home_x, seen.y - person.home_y))
            if away_px <= gate_px:
                size = min(_size_cost(person, seen, unseen_s), 1.0)
                base[row, column] = away_px / gate_px + options.size_weight * size
    if not base:
        return {}, boxes
    return _refined(base, people, observations, options, picture), boxes


def return_costs(
    lost: Sequence[Person], found: Sequence[Person], options: TrackerOptions
) -> dict[Pair, float]:
    """Cost of each possible pair of somebody lost and somebody who turned up: how likely they are the same.

    Here people are compared by what lasts (build, how keypoints lie in the box, clothes), and distance counts
    little: people swap seats unseen.
    """
    costs = {}
    for row, person in enumerate(lost):
        for column, other in enumerate(found):
            x, y, unseen_s = other.motion.x, other.motion.y, person.t_s - person.seen_s
            gate_px = (
                options.return_gate_sizes + options.gate_growth_sizes_per_s * unseen_s
            ) * person.motion.size_px
            away_px = min(
                hypot(x - person.motion.x, y - person.motion.y), hypot(x - person.home_x, y - person.home_y)
            )
            if away_px > gate_px:
                continue
            total, divisor = away_px / gate_px, 1.0
            build = _build_cost(person, other)
            if build is not None:
                total += options.build_weight * build
                divisor += options.build_weight
            pace = hypot(other.pace_xy[0] - person.pace_xy[0], other.pace_xy[1] - person.pace_xy[1])
            turn = min(pace / person.motion.size_px / _PACE_RANGE_SIZES_PER_S, 1.0)
            pace_weight = options.pace_weight * exp(-unseen_s / _PACE_MEMORY_S)
            total += pace_weight * turn
            divisor += pace_weight
            if person.colours is not None and other.colours is not None:
                total += options.colour_weight * colour_cost(person.colours, other.colours)
                divisor += options.colour_weight
            absence = _ABSENCE_COST * unseen_s / max(options.memory_s, 1e-9)
            costs[row, column] = (total / divisor + absence) / options.return_cost
    return costs


def _build_cost(person: Person, other: Person) -> float | None:
    """How differently two are built, [0, 1]: size, and where keypoints lie in the box; None if unknown."""
    parts = []
    if person.is_built == other.is_built:
        change = abs(other.build_log_w - person.build_log_w) + abs(other.build_log_h - person.build_log_h)
        now = abs(other.motion.log_w - person.motion.log_w) + abs(other.motion.log_h - person.motion.log_h)
        parts.append(min(change, now))
    if other.pose is not None and person.keypoints is not None:
        x1, y1, x2, y2 = person.frame_of(other.pose, other.pose.extent)
        wide, high = (
            (other.build_log_w, other.build_log_h)
            if other.is_built
            else (person.build_log_w, person.build_log_h)
        )
        parts.append(abs(log(x2 - x1) - wide) + abs(log(y2 - y1) - high))
    if not parts:
        return None
    return min(sum(parts) / len(parts) / _LOG_BUILD_RANGE, 1.0)


def is_doubtful(person: Person, observation: Observation, lost: Sequence[Person]) -> bool:
    """Whether what looks like this person may be one of those lost: somebody moves, and paths cross."""
    motion = person.motion
    noise_sizes = person.noise_sizes(observation)
    jumps = motion.surprise(observation.x, observation.y, noise_sizes) > _SURPRISE and (
        hypot(observation.x - motion.x, observation.y - motion.y) > _DOUBT_AWAY_SIZES * motion.size_px
    )
    for other in lost:
        near_px = _DOUBT_REACH_SIZES * other.motion.size_px
        if hypot(observation.x - other.motion.x, observation.y - other.motion.y) > near_px:
            continue
        moved = max(other.away_sizes, person.away_sizes) > _DOUBT_AWAY_SIZES
        if jumps or (moved and person.t_s - person.seen_s > _GAP_S):
            return True
    return False


def is_strong(observation: Observation, options: TrackerOptions) -> bool:
    """Whether an observation may be somebody new or back; a weak one only goes on with who is there."""
    if observation.score < options.birth_score:
        return False
    pose = observation.pose
    if observation.detected or pose is None:
        return True
    return pose.count >= options.birth_keypoints_share * len(pose.xy)


def is_double(person: Person, observation: Observation, options: TrackerOptions) -> bool:
    """Whether an observation is one more of somebody seen now: a second box, or the rest of a skeleton."""
    mine, other = person.pose, observation.pose
    if mine is None or other is None:
        return overlap(observation.box_xyxy, person.box_xyxy) > options.duplicate_iou
    if observation.detected or mine.kind != other.kind:
        return False
    common = np.count_nonzero(~np.isnan(mine.xy[:, 0] + other.xy[:, 0]))
    if common > _COMMON_SHARE * min(mine.count, other.count):
        return False
    rest = other.xy - person.expected_keypoints()
    near_px = _REST_REACH_SIZES * person.motion.size_px
    return int(np.count_nonzero(np.hypot(rest[:, 0], rest[:, 1]) < near_px)) >= other.count / 2.0


def _refined(
    base: dict[Pair, float],
    people: Sequence[Person],
    observations: Sequence[Observation],
    options: TrackerOptions,
    picture: NDArray[np.uint8] | None,
) -> dict[Pair, float]:
    contested = rivals(base)
    weight, longest_s = 1.0 + options.size_weight, max(options.memory_s, 1e-9)
    costs = {}
    for pair, start in base.items():
        person, observation = people[pair[0]], observations[pair[1]]
        extra = _ABSENCE_COST * (person.t_s - person.seen_s) / longest_s
        if person.seat is not None and observation.seat is not None and person.seat != observation.seat:
            extra += options.seat_cost
        total, divisor = start, weight
        worst = options.keypoint_weight + options.colour_weight
        if pair in contested or (start + worst) / (weight + worst) + extra >= 1.0:
            keypoints = _keypoint_cost(person, observation)
            if keypoints is not None:
                total += options.keypoint_weight * keypoints
                divisor += options.keypoint_weight
            if picture is not None and person.colours is not None:
                colours = torso_colours(picture, observation)
                if colours is not None:
                    total += options.colour_weight * colour_cost(person.colours, colours)
                    divisor += options.colour_weight
        cost = total / divisor + extra
        if person.track_id is None or person.t_s - person.seen_s <= _GAP_S or cost < options.gap_cost:
            costs[pair] = cost
    return costs


def _size_cost(person: Person, seen: Observation, unseen_s: float) -> float:
    motion = person.motion
    change = abs(seen.log_w - motion.log_w) + abs(seen.log_h - motion.log_h)
    if unseen_s > _GAP_S:
        usual = abs(seen.log_w - person.build_log_w) + abs(seen.log_h - person.build_log_h)
        change = min(change, usual)
    return change / _LOG_SIZE_RANGE


def _keypoint_cost(person: Person, observation: Observation) -> float | None:
    if person.keypoints is None or observation.pose is None or person.keypoints.kind != observation.pose.kind:
        return None
    return keypoint_cost(person.expected_keypoints(), observation.pose.xy, person.motion.size_px)
