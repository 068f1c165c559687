"""Postures: blending, moving, and the sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, Foot, Hand, Posture, letter, side_name
from cabinsafe.synthetic.rotations import rotation_vector

WildPosture = Callable[[np.random.Generator], Posture]


def assert_same(first: object, second: object, atol: float = 1e-9) -> None:
    for field in fields(first):  # type: ignore[arg-type]
        a, b = getattr(first, field.name), getattr(second, field.name)
        if isinstance(a, Hand | Foot):
            assert_same(a, b, atol)
        else:
            np.testing.assert_allclose(a, b, atol=atol)


@pytest.fixture
def pair(wild_posture: WildPosture) -> tuple[Posture, Posture]:
    rng = np.random.default_rng(8)
    return wild_posture(rng), wild_posture(rng)


def test_the_ends_of_a_blend_are_exact(pair: tuple[Posture, Posture]) -> None:
    start, end = pair
    assert_same(start.towards(end, 0.0), start)
    assert_same(start.towards(end, 1.0), end)


def test_a_blend_is_the_same_from_either_end(pair: tuple[Posture, Posture]) -> None:
    start, end = pair
    for share in (0.25, 0.5, 0.8):
        assert_same(start.towards(end, share), end.towards(start, 1 - share))


def test_halfway_is_as_far_from_both(pair: tuple[Posture, Posture]) -> None:
    start, end = pair
    middle = start.towards(end, 0.5)
    np.testing.assert_allclose(middle.hips_m, (start.hips_m + end.hips_m) / 2)
    np.testing.assert_allclose(middle.left_hand.curl, (start.left_hand.curl + end.left_hand.curl) / 2)
    turns = [np.linalg.norm(rotation_vector(p.pelvis.T @ middle.pelvis)) for p in pair]
    assert turns[0] == pytest.approx(turns[1])
    np.testing.assert_allclose(middle.pelvis @ middle.pelvis.T, np.eye(3), atol=1e-12)


def test_a_blend_moves_the_body_without_a_jump(adult_body: Body, pair: tuple[Posture, Posture]) -> None:
    start, end = pair
    track = np.array([start.towards(end, s).left_hand.wrist_m for s in np.linspace(0, 1, 50)])
    assert np.ptp(np.linalg.norm(np.diff(track, axis=0), axis=1)) < 1e-9
    assert np.isfinite(solve(adult_body, start.towards(end, 0.5)).heads).all()


def test_shifting_moves_the_whole_body(adult_body: Body, pair: tuple[Posture, Posture]) -> None:
    offset = np.array([0.3, -1.0, 0.2])
    here, there = (solve(adult_body, p).heads for p in (pair[0], pair[0].shifted(offset)))
    np.testing.assert_allclose(there, here + offset, atol=1e-9)


def test_moving_maps_every_target_and_nothing_else(pair: tuple[Posture, Posture]) -> None:
    posture = pair[0]
    doubled = posture.moved(lambda point: 2 * point)
    np.testing.assert_allclose(doubled.hips_m, 2 * posture.hips_m)
    for side in (LEFT, RIGHT):
        np.testing.assert_allclose(doubled.hand(side).wrist_m, 2 * posture.hand(side).wrist_m)
        np.testing.assert_allclose(doubled.foot(side).ankle_m, 2 * posture.foot(side).ankle_m)
        np.testing.assert_array_equal(doubled.foot(side).toes, posture.foot(side).toes)
        np.testing.assert_array_equal(doubled.hand(side).palm, posture.hand(side).palm)
        assert doubled.hand(side).curl == posture.hand(side).curl
    np.testing.assert_array_equal(doubled.spine, posture.spine)


def test_one_hand_or_foot_is_changed_at_a_time(pair: tuple[Posture, Posture]) -> None:
    posture, other = pair
    for side in (LEFT, RIGHT):
        changed = posture.with_hand(side, other.hand(side)).with_foot(side, other.foot(side))
        assert changed.hand(side) is other.hand(side)
        assert changed.foot(side) is other.foot(side)
        assert changed.hand(-side) is posture.hand(-side)
        assert changed.foot(-side) is posture.foot(-side)
    assert [letter(LEFT), letter(RIGHT)] == ["L", "R"]
    assert [side_name(LEFT), side_name(RIGHT)] == ["left", "right"]
