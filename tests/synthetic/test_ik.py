"""Inverse kinematics: reaches what can be reached, never bends a joint beyond its limit, knows no side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cabinsafe.synthetic.body import KEYPOINTS, Body
from cabinsafe.synthetic.posing.ik import place_hand, reach, rest_palm, solve, trunk
from cabinsafe.synthetic.posing.limits import ARM, FLEXION_DEG, LEG, PALM_DEG, Limb, cone_axis, violations
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, SIDES, Foot, Hand, Posture, letter
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import Array, about, cross, from_vector, normalized

REACHED_M = 0.01
WildPosture = Callable[[np.random.Generator], Posture]
LIMBS = pytest.mark.parametrize(("limb", "side"), [(ARM, LEFT), (ARM, RIGHT), (LEG, LEFT), (LEG, RIGHT)])
MIRROR = np.diag([1.0, -1.0, 1.0])


def joints(pose: BonePose, limb: Limb, side: int) -> tuple[Array, Array, Array]:
    """Where a limb's base, hinge and end are."""
    base, hinge, end = (
        pose.head(f"{bone}.{letter(side)}") for bone in (limb.upper[0], limb.lower[0], limb.end)
    )
    return base, hinge, end


def turned_trunk(body: Body, rng: np.random.Generator) -> BonePose:
    pose = BonePose(body.rig)
    pose.turn("root", from_vector(rng.normal(0, 1, 3)))
    pose.move_root(rng.normal(0, 1, 3))
    return pose


def in_cone(rng: np.random.Generator, axis: Array, degrees: float) -> Array:
    """A direction (3,) at most so far from an axis."""
    while True:
        direction = normalized(rng.normal(size=3))
        if direction @ axis > np.cos(np.radians(degrees)):
            return direction


@LIMBS
def test_what_forward_kinematics_reaches_is_reached(adult_body: Body, limb: Limb, side: int) -> None:
    """A limb bent at random within its limits; the end is the target, the hinge's direction the pole."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        pose = turned_trunk(adult_body, rng)
        base, hinge, end = joints(pose, limb, side)
        upper_m, lower_m = np.linalg.norm(hinge - base), np.linalg.norm(end - hinge)
        axis = pose.rotation(limb.base) @ cone_axis(limb, side)
        upper = in_cone(rng, axis, limb.cone_deg)
        bend = normalized(np.cross(upper, rng.normal(size=3)))
        flexion = np.radians(rng.uniform(0, FLEXION_DEG[limb.hinge][1] - 1))
        lower = about(bend, flexion) @ upper
        target = base + upper * upper_m + lower * lower_m
        reach(pose, limb, side, target, upper * upper_m - normalized(target - base))
        _, hinge, end = joints(pose, limb, side)
        assert np.linalg.norm(end - target) < REACHED_M
        assert violations(pose) == {}
        if flexion > 0.3:
            np.testing.assert_allclose(hinge, base + upper * upper_m, atol=0.01)


@LIMBS
def test_targets_at_any_distance_are_reached_where_some_turn_of_the_limb_allows_it(
    adult_body: Body, limb: Limb, side: int
) -> None:
    """Whether one does is found by trying a degree at a time; the pole may ask for something else."""
    rng = np.random.default_rng(2)
    reachable = 0
    for _ in range(60):
        pose = turned_trunk(adult_body, rng)
        base, hinge, end = joints(pose, limb, side)
        a, b = np.linalg.norm(hinge - base), np.linalg.norm(end - hinge)
        distance = rng.uniform(0.36, 0.99) * (a + b)
        line = normalized(rng.normal(size=3))
        along = (a**2 - b**2 + distance**2) / (2 * distance)
        across = normalized(np.cross(line, rng.normal(size=3))) * np.sqrt(max(a**2 - along**2, 0))
        axis = pose.rotation(limb.base) @ cone_axis(limb, side)
        cosines = [(line * along + about(line, t) @ across) @ axis / a for t in np.radians(range(360))]
        reach(pose, limb, side, base + line * distance, rng.normal(size=3))
        short = np.linalg.norm(joints(pose, limb, side)[2] - base - line * distance)
        assert violations(pose) == {}
        if max(cosines) > np.cos(np.radians(limb.cone_deg)):
            reachable += 1
            assert short < REACHED_M
    assert reachable > 15


def test_no_posture_however_wild_exceeds_a_limit(
    adult_body: Body, child_body: Body, wild_posture: WildPosture
) -> None:
    rng = np.random.default_rng(3)
    for i in range(300):
        pose = solve(child_body if i % 4 == 0 else adult_body, wild_posture(rng))
        assert violations(pose, 0.1) == {}
        assert np.isfinite(pose.transforms).all()
        np.testing.assert_allclose(np.linalg.det(pose.rotations), 1, atol=1e-9)


@LIMBS
def test_the_hinge_goes_where_the_pole_points(adult_body: Body, limb: Limb, side: int) -> None:
    pose = BonePose(adult_body.rig)
    base, hinge, end = joints(pose, limb, side)
    length = np.linalg.norm(hinge - base) + np.linalg.norm(end - hinge)
    for pole in ((1, 0, 0), (1, side, 0), (1, 0.5 * side, 1)):
        target = base + np.array([0.35, 0.1 * side, -0.55]) * length
        reach(pose, limb, side, target, np.array(pole, np.float64))
        base, hinge, _ = joints(pose, limb, side)
        line = normalized(target - base)
        out = (hinge - base) - line * (line @ (hinge - base))
        wanted = np.array(pole) - line * (line @ np.array(pole))
        assert normalized(out) @ normalized(wanted) > 0.999


@LIMBS
def test_a_limb_points_straight_at_what_is_out_of_reach(adult_body: Body, limb: Limb, side: int) -> None:
    pose = BonePose(adult_body.rig)
    base, _, _ = joints(pose, limb, side)
    target = base + 3 * normalized((1.0, 0.4 * side, -0.5))
    reach(pose, limb, side, target, np.array([0.0, side, 1.0]))
    base, hinge, end = joints(pose, limb, side)
    straightness = np.linalg.norm(end - base) / (np.linalg.norm(hinge - base) + np.linalg.norm(end - hinge))
    assert straightness > 0.99
    assert normalized(end - base) @ normalized(target - base) > 0.9999


@LIMBS
def test_a_target_in_the_joint_itself_folds_the_limb(adult_body: Body, limb: Limb, side: int) -> None:
    pose = BonePose(adult_body.rig)
    base, _, _ = joints(pose, limb, side)
    reach(pose, limb, side, base, np.array([1.0, 0.0, 0.0]))
    assert violations(pose) == {}
    _, hinge, end = joints(pose, limb, side)
    assert np.linalg.norm(end - base) < 0.6 * np.linalg.norm(hinge - base)


def test_a_mirrored_posture_is_a_mirrored_pose(adult_body: Body, wild_posture: WildPosture) -> None:
    rng = np.random.default_rng(4)
    swap = [KEYPOINTS.index(_other(name)) for name in KEYPOINTS]
    for _ in range(40):
        posture = wild_posture(rng)
        here, there = (adult_body.keypoints(solve(adult_body, p)) for p in (posture, _mirrored(posture)))
        np.testing.assert_allclose(there[swap] @ MIRROR, here, atol=5e-3)  # the body is so symmetric


def _other(name: str) -> str:
    side, _, part = name.partition("_")
    return f"{'right' if side == 'left' else 'left'}_{part}" if part else name


def _mirrored(p: Posture) -> Posture:
    hands = {
        s: Hand(p.hand(s).wrist_m @ MIRROR, p.hand(s).elbow @ MIRROR, p.hand(s).palm @ MIRROR) for s in SIDES
    }
    feet = {
        s: Foot(p.foot(s).ankle_m @ MIRROR, p.foot(s).knee @ MIRROR, p.foot(s).toes @ MIRROR) for s in SIDES
    }
    bends = np.array([1, -1, -1])
    return Posture(
        p.hips_m @ MIRROR, MIRROR @ p.pelvis @ MIRROR, p.spine * bends, p.head * bends,
        hands[RIGHT], hands[LEFT], feet[RIGHT], feet[LEFT],
    )  # fmt: skip


def test_the_trunk_bends_as_asked_up_to_its_limits(adult_body: Body, wild_posture: WildPosture) -> None:
    posture = replace(wild_posture(np.random.default_rng(0)), pelvis=np.eye(3), head=np.zeros(3))
    upright = trunk(adult_body, replace(posture, spine=np.zeros(3)))
    hips = (upright.head("upperleg01.L") + upright.head("upperleg01.R")) / 2
    np.testing.assert_allclose(hips, posture.hips_m, atol=1e-12)
    for spine, moves in (((0.5, 0, 0), (0, 1)), ((0, 0.4, 0), (1, 1))):
        bent = trunk(adult_body, replace(posture, spine=np.array(spine)))
        axis, sign = moves
        assert (bent.head("head") - upright.head("head"))[axis] * sign > 0.1
    twisted = trunk(adult_body, replace(posture, spine=np.array([0, 0, 0.4])))
    np.testing.assert_allclose(
        twisted.rotation("spine01") @ [1, 0, 0], [np.cos(0.4), np.sin(0.4), 0], atol=1e-9
    )
    most, beyond = (trunk(adult_body, replace(posture, spine=np.array([a, 0, 0]))) for a in (1.31, 9.0))
    np.testing.assert_allclose(most.heads, beyond.heads, atol=2e-3)


@pytest.mark.parametrize("side", SIDES)
def test_palms_face_where_asked_within_the_forearms_range(adult_body: Body, side: int) -> None:
    rng = np.random.default_rng(6)
    mark, faced = letter(side), 0
    for _ in range(60):
        pose = BonePose(adult_body.rig)
        wrist = pose.head(f"upperarm01.{mark}") + np.array([0.3, 0.0, -0.2])
        elbow = np.array([-0.3, 0.5 * side, -1.0])
        place_hand(pose, side, Hand(wrist, elbow, np.zeros(3)))
        forearm = normalized(pose.head(f"wrist.{mark}") - pose.head(f"lowerarm01.{mark}"))
        falls = _across(forearm, pose.rotation(f"wrist.{mark}") @ rest_palm(pose, side))
        wanted = _across(forearm, rng.normal(size=3))
        place_hand(pose, side, Hand(wrist, elbow, wanted))
        faces = _across(forearm, pose.rotation(f"wrist.{mark}") @ rest_palm(pose, side))
        assert violations(pose) == {}
        needed = np.degrees(np.arccos(np.clip(falls @ wanted, -1, 1)))
        off = np.degrees(np.arccos(np.clip(faces @ wanted, -1, 1)))
        faced += needed <= PALM_DEG
        assert off == pytest.approx(max(needed - PALM_DEG, 0), abs=0.1)
    assert 10 < faced < 50


def _across(line: Array, direction: Array) -> Array:
    return normalized(direction - line * (line @ direction))


@pytest.mark.parametrize("side", SIDES)
def test_fingers_curl_towards_the_palm(adult_body: Body, side: int) -> None:
    mark = letter(side)
    tips = {}
    for curl in (0.0, 0.5, 1.0):
        pose = BonePose(adult_body.rig)
        palm = rest_palm(pose, side)
        place_hand(
            pose, side, Hand(pose.head(f"wrist.{mark}"), np.array([-1.0, side, -1.0]), np.zeros(3), curl)
        )
        hand = pose.rotation(f"wrist.{mark}")
        tips[curl] = {
            finger: hand.T @ (pose.head(f"finger{finger}-3.{mark}") - pose.head(f"wrist.{mark}")) @ palm
            for finger in range(2, 6)
        }
    for finger in range(2, 6):
        assert tips[0.0][finger] < tips[0.5][finger] - 0.01
        assert tips[1.0][finger] > tips[0.0][finger] + 0.01


@pytest.mark.parametrize("side", SIDES)
def test_soles_face_down_where_the_ankle_allows_it(
    adult_body: Body, wild_posture: WildPosture, side: int
) -> None:
    posture = replace(wild_posture(np.random.default_rng(0)), hips_m=np.zeros(3), pelvis=np.eye(3))
    foot = Foot(np.array([0.4, 0.12 * side, -0.4]), np.array([0.3, 0, 1.0]), np.array([1.0, 0.2 * side, 0]))
    pose = solve(adult_body, posture.with_foot(side, foot))
    turned = pose.rotation(f"foot.{letter(side)}")
    np.testing.assert_allclose(turned @ [1, 0, 0], normalized(foot.toes), atol=1e-6)
    np.testing.assert_allclose(turned @ [0, 0, 1], [0, 0, 1], atol=1e-6)


def test_knees_bend_forward_and_elbows_do_not_bend_back(adult_body: Body, wild_posture: WildPosture) -> None:
    posture = replace(wild_posture(np.random.default_rng(0)), hips_m=np.zeros(3), pelvis=np.eye(3))
    for side in SIDES:
        foot = Foot(np.array([0.4, 0.1 * side, -0.5]), np.array([0.5, 0, 1.0]), np.array([1.0, 0, 0]))
        pose = solve(adult_body, posture.with_foot(side, foot))
        hip, knee, ankle = joints(pose, LEG, side)
        assert cross(knee - hip, ankle - knee)[1] > 0  # about the vehicle's left: the shin swings back
        assert (knee - (hip + ankle) / 2)[0] > 0
