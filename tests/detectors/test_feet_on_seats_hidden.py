"""Feet on seats where legs are hidden, weak, contested or doubtful, or the seat is not known."""

from __future__ import annotations

import numpy as np
import pytest
from feet_rule import CUSHION, LINE, UP, detector, read_one

from cabinsafe.types import State


def test_a_hidden_ankle_stays_where_it_was_while_its_knee_does(make_skeleton, make_scene) -> None:
    rule = detector(CUSHION, hidden_ankle_s=0.5)
    hidden = UP | {"left_ankle": None, "right_ankle": None}
    for t_s in (0.0, 1.0):
        assert read_one(rule, make_scene(make_skeleton(**UP), t_s=t_s)).state is State.TRUE
    assert read_one(rule, make_scene(make_skeleton(**hidden), t_s=1.4)).state is State.TRUE
    assert read_one(rule, make_scene(make_skeleton(**hidden), t_s=1.6)).state is State.NOT_OBSERVABLE
    for t_s in (1.7, 2.7):
        assert read_one(rule, make_scene(make_skeleton(**UP), t_s=t_s)).state is State.TRUE
    moved = hidden | {"left_knee": (230, 215)}
    assert read_one(rule, make_scene(make_skeleton(**moved), t_s=2.8)).state is State.NOT_OBSERVABLE
    rule.reset()
    assert read_one(rule, make_scene(make_skeleton(**hidden), t_s=2.9)).state is State.NOT_OBSERVABLE


def test_a_hidden_ankle_stays_no_longer_than_it_was_seen(make_skeleton, make_scene) -> None:
    rule = detector(CUSHION, hidden_ankle_s=1.0)
    hidden = UP | {"left_ankle": None, "right_ankle": None}
    rule.read(make_scene(make_skeleton(**UP), t_s=0.0))
    once = read_one(rule, make_scene(make_skeleton(**hidden), t_s=0.1))
    assert once.state is State.NOT_OBSERVABLE, "one frame may be an error"
    for t_s in (1.0, 1.2):
        rule.read(make_scene(make_skeleton(**UP), t_s=t_s))
    assert read_one(rule, make_scene(make_skeleton(**hidden), t_s=1.4)).state is State.TRUE
    assert read_one(rule, make_scene(make_skeleton(**hidden), t_s=1.5)).state is State.NOT_OBSERVABLE


def test_ankles_are_remembered_for_their_own_track_only(make_skeleton, make_scene) -> None:
    rule = detector(CUSHION)
    hidden = make_skeleton(**UP | {"left_ankle": None, "right_ankle": None})
    for t_s in (0.0, 0.5):
        rule.read(make_scene(make_skeleton(**UP), t_s=t_s))
    scene = make_scene(None, hidden, t_s=0.6)
    assert [reading.state for reading in rule.read(scene)] == [State.NOT_OBSERVABLE] * 2


def test_weak_ankles_are_unseen(make_skeleton, make_scene) -> None:
    skeleton = make_skeleton(**UP)
    weak = skeleton.model_copy(update={"score": skeleton.score * np.float32(0.3)})
    assert read_one(detector(CUSHION), make_scene(weak)).state is State.NOT_OBSERVABLE
    assert read_one(detector(CUSHION, min_keypoint_score=0.2), make_scene(weak)).state is State.TRUE


def test_a_person_seen_only_as_a_box_is_not_observable(make_scene) -> None:
    (reading,) = detector(LINE).read(make_scene(None))
    assert reading.state is State.NOT_OBSERVABLE


def test_contested_limbs_withhold_the_reading(make_skeleton, make_scene) -> None:
    contested = make_skeleton(ambiguity=0.95, **UP)
    assert read_one(detector(LINE, max_ambiguity=0.9), make_scene(contested)).state is State.NOT_OBSERVABLE
    assert read_one(detector(LINE), make_scene(contested)).state is State.TRUE, "by default, arms may cross"


@pytest.mark.parametrize(
    ("limb", "state"),
    [
        ("left_ankle-left_knee", State.NOT_OBSERVABLE),
        ("left_hip-left_knee", State.NOT_OBSERVABLE),
        ("right_knee-right_ankle", State.TRUE),
        ("left_elbow-left_wrist", State.TRUE),
    ],
)
def test_only_contested_legs_withhold_the_reading(make_skeleton, make_scene, limb: str, state) -> None:
    scene = make_scene(make_skeleton(limbs={limb: 0.95}, **UP))
    assert read_one(detector(CUSHION, max_ambiguity=0.9), scene).state is state


def test_feet_are_not_down_where_the_view_does_not_know_the_persons_seat(make_skeleton, make_scene) -> None:
    rule = detector(None, CUSHION)
    assert read_one(rule, make_scene(make_skeleton(), seat="Row1.Pos2")).state is State.FALSE
    assert read_one(rule, make_scene(make_skeleton(), seat="Row1.Pos1")).state is State.NOT_OBSERVABLE


def test_a_view_that_is_not_configured_is_not_observable(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton()).model_copy(update={"camera_id": "rear"})
    assert read_one(detector(LINE), scene).state is State.NOT_OBSERVABLE


def test_a_doubtful_ankle_must_be_deeper_over_the_cushion(make_skeleton, make_scene) -> None:
    skeleton = make_skeleton(**UP)
    weak = skeleton.model_copy(update={"score": skeleton.score * np.float32(0.5)})
    rule = {"margin_shins": 0.0, "softness_shins": 0.3}
    sure, doubtful = (read_one(detector(CUSHION, **rule), make_scene(one)).score for one in (skeleton, weak))
    trusting = detector(CUSHION, margin_per_doubt=0, **rule)
    same = {read_one(trusting, make_scene(one)).score for one in (skeleton, weak)}
    assert sure > doubtful > 0.5
    assert len(same) == 1


@pytest.mark.parametrize("y", range(262, 310, 4))
def test_an_ankle_that_gets_hidden_is_as_sure_as_it_was(make_skeleton, make_scene, y: float) -> None:
    rule, ankles = detector(CUSHION), ("left_ankle", "right_ankle")
    seen = make_skeleton(left_ankle=(228, y), right_ankle=(172, y))
    for i in range(11):
        before = read_one(rule, make_scene(seen, t_s=i / 10))
    hidden = read_one(rule, make_scene(make_skeleton(**dict.fromkeys(ankles)), t_s=1.1))
    assert (hidden.state, hidden.score, hidden.evidence) == (before.state, before.score, before.evidence)
