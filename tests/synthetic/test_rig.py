"""Bones: children follow their parents, and only what was turned moves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from cabinsafe.synthetic.rig import BonePose, Rig, Skin
from cabinsafe.synthetic.rotations import about, about_x, about_z

HEADS = np.array([[0.0, 0, 1], [0, 0, 2], [1, 0, 2], [0, 1, 2]])
RIG = Rig(("root", "spine", "left", "right"), (-1, 0, 1, 1), HEADS)


def test_a_turned_bone_takes_along_what_hangs_on_it() -> None:
    pose = BonePose(RIG)
    pose.turn("spine", about_z(np.pi / 2))
    np.testing.assert_allclose(pose.head("left"), (0, 1, 2), atol=1e-12)
    np.testing.assert_allclose(pose.head("right"), (-1, 0, 2), atol=1e-12)
    np.testing.assert_allclose(pose.head("spine"), HEADS[1])
    np.testing.assert_array_equal(pose.rotation("root"), np.eye(3))
    np.testing.assert_allclose(pose.rotation("left"), about_z(np.pi / 2))


def test_the_root_turns_and_moves_everything() -> None:
    pose = BonePose(RIG)
    pose.turn("root", about_x(np.pi / 2))
    pose.move_root(np.array([5.0, 0, 0]))
    expected = (HEADS - HEADS[0]) @ about_x(np.pi / 2).T + HEADS[0] + (5, 0, 0)
    np.testing.assert_allclose(pose.heads, expected, atol=1e-12)


def test_orient_sets_a_bone_in_the_vehicle_whatever_its_parent_does() -> None:
    pose, wanted = BonePose(RIG), about((1, 2, 3), 0.7)
    pose.turn("root", about((3, 1, 0), 1.1))
    pose.turn("spine", about((0, 1, 1), -0.4))
    pose.orient("left", wanted)
    np.testing.assert_allclose(pose.rotation("left"), wanted, atol=1e-12)
    np.testing.assert_allclose(pose.rotation("right"), pose.rotation("spine"), atol=1e-12)


def test_the_order_of_turns_does_not_matter() -> None:
    turns = {label: about((1, i, 2), 0.3 + i) for i, label in enumerate(RIG.labels)}
    first, second = BonePose(RIG), BonePose(RIG)
    for label, turn in turns.items():
        first.turn(label, turn)
        first.heads  # noqa: B018  brought up to date after every turn
    for label in reversed(RIG.labels):
        second.turn(label, turns[label])
    np.testing.assert_array_equal(first.transforms, second.transforms)


def test_skin_is_blended_from_its_bones() -> None:
    pose = BonePose(RIG)
    pose.turn("left", about_z(np.pi / 2))
    rest = np.array([[2, 0, 2], [2, 0, 2], [2, 0, 2]], np.float32)
    weights = sparse.csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0.5, 0.5, 0]], np.float32))
    posed = Skin(rest, weights).posed(pose)
    np.testing.assert_allclose(posed, [[2, 0, 2], [1, 1, 2], [1.5, 0.5, 2]], atol=1e-6)
    assert posed.dtype == np.float32


def test_an_unknown_bone_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        RIG.head("tail")
