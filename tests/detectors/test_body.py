"""Joints and lengths of a body."""

from __future__ import annotations

import pytest

from cabinsafe.detectors.body import SIDES, Body
from cabinsafe.errors import DataError
from cabinsafe.types import Skeleton

JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def test_joints_are_those_seen_well_enough_and_scores_those_of_all(make_skeleton) -> None:
    skeleton = make_skeleton(left_ankle=None)
    scores = dict(zip(skeleton.keypoints, skeleton.score.tolist(), strict=True)) | {"right_wrist": 0.2}
    weak = Skeleton(**dict(skeleton) | {"score": list(scores.values())})
    body = Body(weak, 0.3)
    left, right = body.sides
    assert left.shoulder == (235.0, 140.0)
    assert (left.ankle, right.wrist) == (None, None)
    assert right.ankle == (172.0, 375.0)
    assert body.wrist_scores == pytest.approx((0.9, 0.2))
    assert body.ankle_scores == pytest.approx((0.0, 0.9))
    assert Body(weak, 0.0).sides[1].wrist == (165.0, 245.0)
    assert Body(weak, 0.0).sides[0].ankle is None


@pytest.mark.parametrize(
    ("hidden", "torso_px"),
    [
        ((), 110.0),
        (("left_hip",), 110.8),
        (("left_shoulder",), 110.8),
        (("left_hip", "right_hip"), 70 * 0.288 / 0.259),
        (("left_shoulder", "right_shoulder"), 80.0 * 0.288 / 0.246),
    ],
    ids=["trunk", "one side of it", "the other side", "shoulder width", "legs"],
)
def test_the_torso_is_told_by_what_is_seen(make_skeleton, hidden: tuple[str, ...], torso_px: float) -> None:
    body = Body(make_skeleton(**dict.fromkeys(hidden)), 0.3)
    assert body.torso_px == pytest.approx(torso_px, rel=1e-3)
    assert body.shin_px() == pytest.approx(max(80.0, torso_px * 0.246 / 0.288), rel=1e-3)


def test_the_trunk_is_known_only_with_both_shoulders_and_both_hips(make_skeleton) -> None:
    assert Body(make_skeleton(), 0.3).trunk == ((200.0, 140.0), (200.0, 250.0))
    assert all(
        Body(make_skeleton(**{f"left_{joint}": None}), 0.3).trunk is None for joint in ("shoulder", "hip")
    )


def test_a_head_alone_has_no_lengths(make_skeleton) -> None:
    joints = [f"{side}_{joint}" for side in SIDES for joint in JOINTS]
    body = Body(make_skeleton(**dict.fromkeys(joints)), 0.3)
    assert (body.torso_px, body.shin_px()) == (None, None)


def test_a_layout_without_a_joint_is_refused(make_skeleton) -> None:
    values = dict(make_skeleton())
    short = Skeleton(**values | {"keypoints": ("left_shoulder",), "xy": [(1, 2)], "score": [0.5]})
    with pytest.raises(DataError, match="no keypoint 'left_elbow' among left_shoulder"):
        Body(short, 0.3)
