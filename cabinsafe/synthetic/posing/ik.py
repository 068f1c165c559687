"""Inverse kinematics: a posture's targets to a pose of the bones, within the joint limits.

Limbs are two bones and a hinge, solved in closed form: the hinge lies on a circle about the line from base to
target, and is turned along it (the swivel angle of Tolani, Goswami and Badler, Graphical Models 62(5), 2000)
from where the posture wants it until the ball joint's cone allows it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.posing.limits import (
    ANKLE_DEG,
    ARM,
    FLEXION_DEG,
    HEAD_DEG,
    LEG,
    NECK,
    PALM_DEG,
    SPINE,
    SPINE_DEG,
    Limb,
    bent,
    cone_axis,
    hinge_axis,
)
from cabinsafe.synthetic.posing.posture import LEFT, SIDES, Foot, Hand, Posture, letter
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import (
    Array,
    about,
    cross,
    from_vector,
    normalized,
    rotation_vector,
)

_STRAIGHTEST = 0.998
_STRAIGHT = 1e-3
"""Sine of the flexion below which two bones do not say where their hinge points."""
_FINGER_CURL_RAD = 1.35


def solve(body: Body, posture: Posture) -> BonePose:
    """The pose nearest to a posture that the joints allow."""
    pose = trunk(body, posture)
    for side in SIDES:
        _place_foot(pose, side, posture.foot(side))
        place_hand(pose, side, posture.hand(side))
    return pose


def trunk(body: Body, posture: Posture) -> BonePose:
    """The pose with hips, spine and head only; limbs hang as in the rest pose."""
    pose = BonePose(body.rig)
    pose.turn("root", posture.pelvis)
    for bones, angles, ranges in ((SPINE, posture.spine, SPINE_DEG), (NECK, posture.head, HEAD_DEG)):
        low, high = np.radians(ranges).T
        forward, left, twist = np.clip(angles, low, high) / len(bones)
        for bone in bones:
            pose.turn(bone, bent(forward, left, twist))
    hips = (pose.head("upperleg01.L") + pose.head("upperleg01.R")) / 2
    pose.move_root(posture.hips_m - hips)
    return pose


def reach(pose: BonePose, limb: Limb, side: int, target: Array, pole: Array) -> None:
    """Bend a limb so that its end comes to ``target`` (3,), or as near as the joints allow.

    Args:
        pose: changed in place.
        limb: arm or leg.
        side: which.
        target: (3,) for the wrist or the ankle.
        pole: (3,) direction in which the hinge should stick out.
    """
    names = [f"{bone}.{letter(side)}" for bone in (*limb.upper, *limb.lower, limb.end)]
    rest = [pose.rig.head(names[i]) for i in (0, 2, 4)]
    upper_m, lower_m = (float(np.linalg.norm(b - a)) for a, b in pairwise(rest))
    base = pose.head(names[0])
    straight = target - base
    distance = float(np.clip(np.linalg.norm(straight), *_span(limb, upper_m, lower_m)))
    line = normalized(straight) if np.linalg.norm(straight) > 1e-6 else normalized(pole)
    along = (upper_m**2 - lower_m**2 + distance**2) / (2 * distance)
    height = float(np.sqrt(max(upper_m**2 - along**2, 0.0)))
    out = _allowed_pole(pose, limb, side, (line, _across(line, pole)), (along, height))
    upper = normalized(line * along + out * height)
    kept = _in_cone(pose, limb, side, upper)
    hinge = base + kept * upper_m
    lower = _bent_within(limb, kept, normalized(base + line * distance - hinge))
    normal = cross(kept, lower)  # the hinge bends one way only
    if np.linalg.norm(normal) < _STRAIGHT:
        normal = cross(out, line)
    rest_normal = hinge_axis(pose.rig, limb, side)
    for bones, direction, resting in (
        (names[0:2], kept, rest[1] - rest[0]),
        (names[2:4], lower, rest[2] - rest[1]),
    ):
        turned = _frame(direction, normal) @ _frame(resting, rest_normal).T
        for bone in bones:
            pose.orient(bone, turned)


def _span(limb: Limb, upper_m: float, lower_m: float) -> tuple[float, float]:
    """Shortest and longest distance from base to end."""
    most = np.radians(FLEXION_DEG[limb.hinge][1] - 1)
    nearest = np.sqrt(upper_m**2 + lower_m**2 + 2 * upper_m * lower_m * np.cos(most))
    return float(nearest), _STRAIGHTEST * (upper_m + lower_m)


def _across(line: Array, pole: Array) -> Array:
    """The part of ``pole`` across ``line``, as a unit vector."""
    for candidate in (pole, np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0])):
        across = candidate - line * (line @ candidate)
        if np.linalg.norm(across) > 1e-3 * max(float(np.linalg.norm(candidate)), 1e-9):
            return normalized(across)
    raise AssertionError("one of two perpendicular directions is across any line")


def _allowed_pole(
    pose: BonePose, limb: Limb, side: int, axes: tuple[Array, Array], triangle: tuple[float, float]
) -> Array:
    """The direction of the hinge nearest to the wanted one at which the upper bone is in its cone.

    Turned by the angle t about the line, the upper bone has the component a + b cos t + c sin t along the
    cone's axis: largest at t = atan2(c, b), and large enough so far to either side.
    """
    line, wanted = axes
    along, height = triangle
    axis = pose.rotation(limb.base) @ cone_axis(limb, side)
    a, b, c = along * line @ axis, height * wanted @ axis, height * cross(line, wanted) @ axis
    largest = float(np.hypot(b, c))
    if largest < 1e-9:
        return wanted
    enough = float(np.hypot(along, height)) * np.cos(np.radians(limb.cone_deg))
    room = np.arccos(np.clip((enough - a) / largest, -1, 1))
    best = np.arctan2(c, b)
    return about(line, float(best + np.clip(-best, -room, room))) @ wanted


def _in_cone(pose: BonePose, limb: Limb, side: int, upper: Array) -> Array:
    """The direction nearest to ``upper`` (3,) in the cone of the limb's ball joint."""
    axis = pose.rotation(limb.base) @ cone_axis(limb, side)
    limit = np.radians(limb.cone_deg)
    if upper @ axis >= np.cos(limit):
        return upper
    return normalized(np.cos(limit) * axis + np.sin(limit) * _across(axis, upper))


def _bent_within(limb: Limb, upper: Array, lower: Array) -> Array:
    """``lower`` with no more flexion against ``upper`` than the hinge has."""
    limit = np.radians(FLEXION_DEG[limb.hinge][1])
    if upper @ lower >= np.cos(limit):
        return lower
    return normalized(np.cos(limit) * upper + np.sin(limit) * _across(upper, lower))


def _frame(direction: Array, normal: Array) -> Array:
    """Axes (3, 3) in columns: along a bone, across it in the hinge's axis, and the third."""
    x = normalized(direction)
    y = _across(x, normal)
    return np.stack([x, y, cross(x, y)], axis=1)


def _place_foot(pose: BonePose, side: int, foot: Foot) -> None:
    reach(pose, LEG, side, foot.ankle_m, foot.knee)
    name, shin = f"foot.{letter(side)}", pose.rotation(f"lowerleg02.{letter(side)}")
    up = np.array([0.0, 0.0, 1.0]) if abs(normalized(foot.toes)[2]) < 0.95 else np.array([-1.0, 0.0, 0.0])
    toes = normalized(foot.toes)
    sole = np.stack([toes, _across(toes, cross(up, toes)), np.zeros(3)], axis=1)
    sole[:, 2] = cross(sole[:, 0], sole[:, 1])
    bend = rotation_vector(shin.T @ sole)
    angle = float(np.linalg.norm(bend))
    limit = np.radians(ANKLE_DEG - 1)
    pose.orient(name, shin @ from_vector(bend * min(1.0, limit / max(angle, 1e-9))))


def place_hand(pose: BonePose, side: int, hand: Hand) -> None:
    """Bring one arm of a pose, in place, to where a hand should be."""
    reach(pose, ARM, side, hand.wrist_m, hand.elbow)
    mark = letter(side)
    if np.linalg.norm(hand.palm) > 0:
        forearm = normalized(pose.head(f"wrist.{mark}") - pose.head(f"lowerarm01.{mark}"))
        facing = _across(forearm, pose.rotation(f"lowerarm02.{mark}") @ rest_palm(pose, side))
        wanted = _across(forearm, hand.palm)
        limit = np.radians(PALM_DEG)
        turn = float(np.clip(np.arctan2(cross(facing, wanted) @ forearm, facing @ wanted), -limit, limit))
        lower = pose.rotation(f"lowerarm02.{mark}")
        pose.orient(f"lowerarm02.{mark}", about(forearm, turn / 2) @ lower)
        pose.orient(f"wrist.{mark}", about(forearm, turn) @ lower)
    _curl(pose, side, hand.curl)


def rest_palm(pose: BonePose, side: int) -> Array:
    """(3,) direction that a palm faces in the rest pose."""
    mark = letter(side)
    wrist, first, last = (pose.rig.head(f"{bone}.{mark}") for bone in ("wrist", "finger2-1", "finger5-1"))
    return normalized(cross(first - wrist, last - wrist) * (1.0 if side == LEFT else -1.0))


def _curl(pose: BonePose, side: int, curl: float) -> None:
    """Bend the fingers towards the palm, each joint about the line across the knuckles."""
    mark = letter(side)
    across = normalized(pose.rig.head(f"finger2-1.{mark}") - pose.rig.head(f"finger5-1.{mark}"))
    sign = 1.0 if side == LEFT else -1.0
    for finger in range(2, 6):
        for joint in range(1, 4):
            pose.turn(f"finger{finger}-{joint}.{mark}", about(across, sign * curl * _FINGER_CURL_RAD * 0.6))
