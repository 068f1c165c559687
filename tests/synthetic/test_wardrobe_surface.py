"""Cutting, splitting and hemming pieces of surface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from cabinsafe.synthetic.mesh import grid, rounded_box
from cabinsafe.synthetic.wardrobe.surface import (
    Surface,
    bumps,
    rigid,
    ring_triangles,
    sheet_triangles,
    vertex_normals,
)


def sheet(cells: int = 6) -> Surface:
    """A unit square facing up whose weights go from bone 0 to bone 1 along x."""
    points, triangles = grid([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], (cells, cells))
    weights = sparse.csr_matrix(np.column_stack([1 - points[:, 0], points[:, 0]]))
    return Surface(points, weights, triangles)


def area(surface: Surface) -> float:
    a, b, c = (surface.points[surface.triangles[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@settings(deadline=None, max_examples=40)
@given(st.floats(-0.9, 0.9), st.floats(0, 6.3))
def test_a_cut_keeps_the_positive_side(offset: float, turn: float) -> None:
    whole = sheet()
    direction = np.array([np.cos(turn), np.sin(turn)])
    field = (whole.points[:, :2] - 0.5) @ direction - offset * 0.7
    kept, rest = whole.cut(field), whole.cut(-field)
    if len(kept.points):
        assert ((kept.points[:, :2] - 0.5) @ direction - offset * 0.7).min() > -0.02
        np.testing.assert_allclose(kept.weights.toarray()[:, 1], kept.points[:, 0], atol=1e-6)
        assert (vertex_normals(kept.points, kept.triangles)[:, 2] > 0.99).all(), "nothing is flipped"
    assert area(kept) + area(rest) == pytest.approx(1, abs=0.02)


def test_a_split_keeps_shape_and_carries_values() -> None:
    whole = sheet(3)
    fine, mix = whole.split()
    assert len(fine.triangles) == 4 * len(whole.triangles)
    assert area(fine) == pytest.approx(1)
    np.testing.assert_allclose(mix @ whole.points[:, 0], fine.points[:, 0])
    np.testing.assert_allclose(fine.weights.sum(axis=1), 1)


def test_a_hem_goes_all_around_and_closes_to_the_inner_points() -> None:
    whole = sheet(4)
    hemmed, new = whole.hemmed(whole.points - np.array([0, 0, 0.1]))
    assert len(whole.border) == 16
    assert new.sum() == 16
    np.testing.assert_allclose(hemmed.points[new][:, 2], -0.1)
    assert len(hemmed.triangles) == len(whole.triangles) + 32
    assert area(hemmed) == pytest.approx(1 + 4 * 0.1)


def test_the_average_leaves_a_hem_on_itself() -> None:
    whole = sheet(4)
    smoothed = whole.average @ whole.points
    left = whole.points[:, 0] == 0
    corner = left & np.isin(whole.points[:, 1], (0, 1))
    np.testing.assert_allclose(smoothed[left & ~corner][:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(whole.average.sum(axis=1), 1)


def test_a_closed_shape_has_no_border_and_normals_point_out() -> None:
    tube = ring_triangles(5, 8)
    assert len(tube) == 4 * 8 * 2
    assert sheet_triangles(3, 4).max() == 11
    points, triangles = rounded_box((0, 0, 0), (1, 1, 1), power=2.0)
    assert (np.einsum("ij,ij->i", vertex_normals(points, triangles), points) ** 2 > 0.01).all()


def test_a_rigid_shape_hangs_on_one_bone() -> None:
    surface = rigid(grid([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], (2, 2)), 3, 5)
    np.testing.assert_array_equal(surface.weights.toarray(), np.tile([0, 0, 0, 1, 0], (9, 1)))


def test_bumps_are_smooth_and_bounded() -> None:
    line = np.column_stack([np.linspace(0, 1, 2000), np.zeros(2000), np.zeros(2000)])
    heights = bumps(line, 0.2, np.random.default_rng(1))
    assert np.abs(heights).max() < 2.1
    assert heights.std() > 0.2
    assert np.abs(np.diff(heights)).max() < 0.05
