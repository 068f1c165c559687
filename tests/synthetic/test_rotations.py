"""Rotations: what they do to vectors, and that each is the inverse of another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cabinsafe.synthetic.rotations import (
    about,
    about_x,
    about_y,
    about_z,
    between,
    cross,
    from_vector,
    normalized,
    rotation_vector,
    swing,
)

numbers = st.floats(-1, 1).map(lambda value: round(value, 6))
vectors = st.tuples(numbers, numbers, numbers).filter(lambda v: np.linalg.norm(v) > 0.01).map(np.array)
angles = st.floats(-np.pi, np.pi)


@given(axis=vectors, angle=angles)
def test_about_is_scipys(axis: np.ndarray, angle: float) -> None:
    expected = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
    np.testing.assert_allclose(about(axis, angle), expected, atol=1e-12)


def test_axes_turn_as_their_names_say() -> None:
    quarter, (x, y, z) = np.pi / 2, np.eye(3)
    np.testing.assert_allclose(about_x(quarter) @ y, z, atol=1e-12)
    np.testing.assert_allclose(about_y(quarter) @ z, x, atol=1e-12)
    np.testing.assert_allclose(about_z(quarter) @ x, y, atol=1e-12)
    assert (about_y(0.3) @ z)[0] > 0  # a body that faces +x pitches forward
    assert (about_z(0.3) @ x)[1] > 0  # and turns to its left


@given(start=vectors, end=vectors)
def test_swing_takes_one_direction_to_the_other_the_short_way(start: np.ndarray, end: np.ndarray) -> None:
    turn, a, b = swing(start, end), normalized(start), normalized(end)
    np.testing.assert_allclose(turn @ a, b, atol=2e-3 if a @ b < -0.99999 else 1e-9)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) > 0
    angle = np.linalg.norm(rotation_vector(turn))
    assert angle == pytest.approx(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b), abs=2e-3)


@settings(max_examples=200)
@given(axis=vectors, angle=st.one_of(angles, st.sampled_from([0.0, np.pi, np.pi - 1e-9, 1e-9])))
def test_vectors_and_matrices_are_inverse(axis: np.ndarray, angle: float) -> None:
    matrix = about(axis, angle)
    vector = rotation_vector(matrix)
    assert np.linalg.norm(vector) <= np.pi + 1e-9
    np.testing.assert_allclose(from_vector(vector), matrix, atol=1e-6)


@given(axis=vectors, angle=st.floats(-3.1, 3.1), other=vectors, share=st.floats(0, 1))
def test_between_runs_at_constant_speed(
    axis: np.ndarray, angle: float, other: np.ndarray, share: float
) -> None:
    start = about(other, 1.0)
    end = start @ about(axis, angle)
    np.testing.assert_allclose(between(start, end, share), start @ about(axis, share * angle), atol=1e-6)


@given(a=vectors, b=vectors)
def test_cross_is_numpys(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_array_equal(cross(a, b), np.cross(a, b))


def test_a_vector_without_length_has_no_direction() -> None:
    with pytest.raises(ValueError, match="without length"):
        normalized((0, 0, 0))
