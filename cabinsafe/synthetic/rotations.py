"""Rotations as 3x3 matrices: about an axis, from one direction to another, halfway between two."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def about(axis: ArrayLike, angle_rad: float) -> Array:
    """Right-handed rotation (3, 3) about an axis (3,) of any length but zero (Rodrigues)."""
    x, y, z = normalized(axis).tolist()
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    d = 1.0 - c
    return np.array(
        [
            [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
            [y * x * d + z * s, c + y * y * d, y * z * d - x * s],
            [z * x * d - y * s, z * y * d + x * s, c + z * z * d],
        ]
    )


def about_x(angle_rad: float) -> Array:
    """Rotation about x: from y towards z."""
    return about((1, 0, 0), angle_rad)


def about_y(angle_rad: float) -> Array:
    """Rotation about y: from z towards x. A positive one pitches a body that faces +x forward."""
    return about((0, 1, 0), angle_rad)


def about_z(angle_rad: float) -> Array:
    """Rotation about z: from x towards y. A positive one turns a body to its left."""
    return about((0, 0, 1), angle_rad)


def swing(start: ArrayLike, end: ArrayLike) -> Array:
    """The smallest rotation (3, 3) that takes direction ``start`` (3,) to direction ``end`` (3,)."""
    a, b = normalized(start), normalized(end)
    axis, dot = cross(a, b), float(a @ b)
    if dot < -0.999999:  # opposite: any axis across will do
        across = np.eye(3)[np.argmin(np.abs(a))]
        return about(cross(a, across), np.pi)
    skew = _skew(axis)
    matrix: Array = np.eye(3) + skew + skew @ skew / (1 + dot)
    return matrix


def rotation_vector(matrix: ArrayLike) -> Array:
    """Axis times angle (3,) in radians, angle in [0, pi]."""
    r = np.asarray(matrix, np.float64)
    axis = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2
    sine, cosine = float(np.linalg.norm(axis)), (float(np.trace(r)) - 1) / 2
    if sine > 1e-7:
        return np.asarray(axis / sine * np.arctan2(sine, cosine))
    if cosine > 0:
        return np.zeros(3)
    column = int(np.argmax(np.diag(r)))  # half a turn: the axis is the dominant column of R + 1
    return normalized((r + np.eye(3))[:, column]) * np.pi


def from_vector(vector: ArrayLike) -> Array:
    """Inverse of :func:`rotation_vector`."""
    v = np.asarray(vector, np.float64)
    angle = float(np.linalg.norm(v))
    return np.eye(3) if angle < 1e-12 else about(v, angle)


def between(start: ArrayLike, end: ArrayLike, share: float) -> Array:
    """Rotation ``share`` of the shortest way from ``start`` (0) to ``end`` (1), at constant speed."""
    a = np.asarray(start, np.float64)
    way = from_vector(share * rotation_vector(a.T @ np.asarray(end, np.float64)))
    return np.asarray(a @ way)


def normalized(vector: ArrayLike) -> Array:
    """The unit vector of ``vector`` (3,).

    Raises:
        ValueError: it has no length.
    """
    v = np.asarray(vector, np.float64)
    length = math.sqrt(float(v @ v))
    if length < 1e-12:
        raise ValueError("a vector without length has no direction")
    return v / length


def cross(a: Array, b: Array) -> Array:
    """Cross product of two vectors (3,); many times quicker than numpy's for one pair."""
    ax, ay, az = a.tolist()
    bx, by, bz = b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def _skew(v: Array) -> Array:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
