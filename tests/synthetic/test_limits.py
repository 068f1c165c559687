"""Joint limits: what is beyond one is named, by how much; what is within is not."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.posing.limits import (
    ANKLE_DEG,
    ARM,
    HEAD_DEG,
    LEG,
    NECK,
    SPINE,
    SPINE_DEG,
    bent,
    hinge_axis,
    violations,
)
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, letter
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import Array, about, about_x, about_y, about_z


def turned(body: Body, *turns: tuple[str, Array]) -> BonePose:
    pose = BonePose(body.rig)
    for bone, turn in turns:
        pose.turn(bone, turn)
    return pose


def test_the_rest_pose_is_within_all_limits(adult_body: Body, child_body: Body) -> None:
    assert violations(BonePose(adult_body.rig)) == {}
    assert violations(BonePose(child_body.rig)) == {}


@pytest.mark.parametrize("side", [LEFT, RIGHT])
@pytest.mark.parametrize(("limb", "hinge"), [(ARM, "elbow"), (LEG, "knee")])
def test_hinges_bend_one_way(adult_body: Body, side: int, limb: object, hinge: str) -> None:
    limb = ARM if hinge == "elbow" else LEG
    name, bone = "left" if side == LEFT else "right", f"{limb.lower[0]}.{letter(side)}"
    axis = hinge_axis(adult_body.rig, limb, side)
    for angle in (20, 60, 100):
        assert violations(turned(adult_body, (bone, about(axis, np.radians(angle))))) == {}
    for angle in (-60, 170):
        found = violations(turned(adult_body, (bone, about(axis, np.radians(angle)))))
        assert list(found) == [f"{name}_{hinge}"]
        assert found[f"{name}_{hinge}"] > 15


def test_a_hyperextended_knee_is_named(adult_body: Body) -> None:
    forward = about_y(np.radians(-40))  # the shin swings ahead of the thigh
    found = violations(turned(adult_body, ("lowerleg01.R", forward)))
    assert found == {"right_knee": pytest.approx(40, abs=12)}


@pytest.mark.parametrize(
    ("bone", "turn", "joint"),
    [
        ("upperleg01.L", about_y(np.radians(80)), "left_upperleg01"),  # a leg far behind
        ("upperleg01.R", about_x(np.radians(80)), "right_upperleg01"),  # across the other
        ("upperarm01.L", about_z(np.radians(170)), "left_upperarm01"),  # behind and across the back
        ("foot.L", about_y(np.radians(ANKLE_DEG + 20)), "left_ankle"),
        ("wrist.R", about_x(np.radians(150)), "right_forearm"),
        ("head", about_z(np.radians(150)), "neck"),
        ("spine03", about_y(np.radians(-60)), "spine"),
    ],
)
def test_bad_joints_are_named(adult_body: Body, bone: str, turn: Array, joint: str) -> None:
    assert list(violations(turned(adult_body, (bone, turn)))) == [joint]


@pytest.mark.parametrize(("name", "bones", "ranges"), [("spine", SPINE, SPINE_DEG), ("neck", NECK, HEAD_DEG)])
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("end", [0, 1])
def test_every_angle_of_spine_and_neck_has_its_own_range(
    adult_body: Body, name: str, bones: tuple[str, ...], ranges: tuple[tuple[float, float], ...],
    which: int, end: int,
) -> None:  # fmt: skip
    for beyond, expected in ((-0.1, {}), (7.0, {name: pytest.approx(7.0, abs=1e-6)})):
        angles = np.array([ranges[i][1 - end] for i in range(3)])  # the others at their limits, too
        angles[which] = ranges[which][end] + beyond * (1 if end else -1)
        turn = bent(*np.radians(angles) / len(bones))
        assert violations(turned(adult_body, *((bone, turn) for bone in bones))) == expected


def test_the_tolerance_is_in_degrees(adult_body: Body) -> None:
    pose = turned(adult_body, ("foot.L", about_y(np.radians(ANKLE_DEG + 2))))
    assert violations(pose, 1.9) == {"left_ankle": pytest.approx(2)}
    assert violations(pose, 2.1) == {}
