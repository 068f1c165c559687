"""What it costs to take an observation for a person who was seen a moment ago.

The distance to where they are expected counts in standard deviations of the motion model; beyond five of
them there is no pair, and who jumps so is looked at as a newcomer. Then size, keypoints and clothes; the cost
is a sum of squares in the way of a log likelihood, as a share of the most that is allowed.

Keypoints and clothes take time to compare, and are compared only where they can matter: where a person or an
observation has several possible partners.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np
from numpy.typing import NDArray

from cabinsafe.tracking.appearance import colour_cost, torso_colours
from cabinsafe.tracking.boxes import overlap
from cabinsafe.tracking.matching import Pair, keypoint_cost, rivals
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.sightings import Observation
from cabinsafe.types import BoxXyxy

_SURPRISE = 5.0  # standard deviations that are too far
_LEAST_GATE_SIZES = 0.1
_LOG_SIZE_RANGE = 1.5  # natural log of width ratio plus height ratio that counts as another person
_KEYPOINT_SLACK_SIZES = 0.6  # between the middle of keypoints and that of the box
_COMMON_SHARE, _REST_REACH_SIZES = 0.25, 0.3  # parts of one share few keypoints, and lie where expected


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
        motion = person.motion
        size_px = motion.size_px
        farthest_px = options.gate_sizes * size_px
        for column, seen in enumerate(observations):
            away_px = hypot(seen.x - motion.x, seen.y - motion.y)
            if seen.detected:
                log_w, log_h = seen.log_w, seen.log_h
                sd_px = motion.spread_px(options.detection_noise_sizes)
            else:
                if away_px > farthest_px + _KEYPOINT_SLACK_SIZES * size_px:
                    continue
                boxes[row, column] = box = person.box_for(seen)
                other = Observation(box, False, None, 0.0)
                away_px = hypot(other.x - motion.x, other.y - motion.y)
                log_w, log_h = other.log_w, other.log_h
                sd_px = motion.spread_px(options.keypoint_noise_sizes)
            if away_px > farthest_px or away_px > max(_SURPRISE * sd_px, _LEAST_GATE_SIZES * size_px):
                continue
            change = (abs(log_w - motion.log_w) + abs(log_h - motion.log_h)) / _LOG_SIZE_RANGE
            far = min(away_px / (_SURPRISE * sd_px), 1.0)
            base[row, column] = far * far + options.size_weight * min(change, 1.0)
    if not base:
        return {}, boxes
    return _refined(base, people, observations, options, picture), boxes


def is_strong(observation: Observation, options: TrackerOptions) -> bool:
    """Whether an observation may be somebody new or back; a weak one only goes on with who is there."""
    if observation.score < options.birth_score:
        return False
    pose = observation.pose
    if observation.detected or pose is None:
        return True
    if observation.score < (options.birth_pose_score or 0.0):
        return False
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
    """The same as shares of what is allowed, with keypoints and clothes where there is a choice."""
    contested = rivals(base)
    weight = 1.0 + options.size_weight
    costs = {}
    for pair, start in base.items():
        person, observation = people[pair[0]], observations[pair[1]]
        total, divisor = start, weight
        if pair in contested:
            keypoints = _keypoint_cost(person, observation)
            if keypoints is not None:
                total += options.keypoint_weight * keypoints
                divisor += options.keypoint_weight
            if picture is not None and person.colours is not None:
                colours = torso_colours(picture, observation)
                if colours is not None:
                    total += options.colour_weight * colour_cost(person.colours, colours)
                    divisor += options.colour_weight
        costs[pair] = min(total / divisor, 0.99)
    return costs


def _keypoint_cost(person: Person, observation: Observation) -> float | None:
    if person.keypoints is None or observation.pose is None or person.keypoints.kind != observation.pose.kind:
        return None
    return keypoint_cost(person.expected_keypoints(), observation.pose.xy, person.motion.size_px)
