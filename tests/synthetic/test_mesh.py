"""Shapes: closed where they should be, of the asked sizes, facing as asked."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cabinsafe.errors import ShapeError
from cabinsafe.synthetic.mesh import Material, Mesh, Shape, grid, joined, mesh, ribbon, rounded_box, tube
from cabinsafe.synthetic.rotations import about

TURN = about((1, 2, 3), 0.8)


def open_edges(shape: Shape) -> int:
    """Edges with another number of triangles than two, with vertices at one place taken as one."""
    points, triangles = shape
    _, welded = np.unique(points.round(9), axis=0, return_inverse=True)
    corners = welded.ravel()[triangles]
    corners = corners[[len(set(row)) == 3 for row in corners.tolist()]]
    edges = Counter(
        (min(a, b), max(a, b))
        for row in corners.tolist()
        for a, b in zip(row, (*row[1:], row[0]), strict=True)
    )
    return sum(count != 2 for count in edges.values())


def area(shape: Shape) -> float:
    a, b, c = np.moveaxis(shape[0][shape[1]], 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("power", [2.0, 6.0, 10.0])
@pytest.mark.parametrize("cells", [2, 5, 8])
def test_a_rounded_box_is_closed_and_as_large_as_asked(power: float, cells: int) -> None:
    shape = rounded_box((1, 2, 3), (0.4, 0.6, 0.8), TURN, power, cells)
    assert open_edges(shape) == 0
    along = (shape[0] - (1, 2, 3)) @ TURN
    np.testing.assert_allclose((np.abs(along / (0.2, 0.3, 0.4)) ** power).sum(axis=1), 1)
    if cells % 2 == 0:
        np.testing.assert_allclose(np.ptp(along, axis=0), (0.4, 0.6, 0.8))


def test_a_rounded_box_of_power_2_is_a_ball() -> None:
    shape = rounded_box((0, 0, 0), (2, 2, 2), power=2.0, cells=30)
    np.testing.assert_allclose(np.linalg.norm(shape[0], axis=1), 1)
    assert area(shape) == pytest.approx(4 * np.pi, rel=5e-3)


def test_a_grid_fills_its_corners() -> None:
    corners = np.array([(0, 0, 0), (2, 0, 0), (2, 3, 0), (0, 3, 0)], float) @ TURN.T
    points, triangles = grid(corners, (4, 6))
    assert points.shape == (35, 3)
    assert triangles.shape == (48, 3)
    assert area((points, triangles)) == pytest.approx(6)
    for corner in corners:
        assert np.linalg.norm(points - corner, axis=1).min() < 1e-12


def test_a_closed_tube_is_a_ring_without_edges() -> None:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    path = np.stack([np.cos(turn), np.sin(turn), np.zeros(40)], axis=1)
    ring = tube(path, 0.1, sides=12, closed=True)
    assert open_edges(ring) == 0
    assert area(ring) == pytest.approx(4 * np.pi**2 * 0.1, rel=0.02)
    np.testing.assert_allclose(np.hypot(np.hypot(*ring[0][:, :2].T) - 1, ring[0][:, 2]), 0.1, atol=1e-9)


def test_an_open_tube_has_two_open_ends_and_its_radii() -> None:
    path = np.array([(0, 0, 0), (0, 0, 1), (0, 0, 3)], float)
    points, triangles = tube(path, [0.1, 0.3, 0.2], sides=10)
    assert open_edges((points, triangles)) == 2 * 10
    for z, radius in ((0, 0.1), (1, 0.3), (3, 0.2)):
        ring = points[np.isclose(points[:, 2], z)]
        np.testing.assert_allclose(np.hypot(*ring[:, :2].T), radius)


def test_a_ribbon_is_as_wide_as_asked_and_faces_its_normals() -> None:
    path = np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0.5), (3, 0, 1.5)])
    normals = np.tile((0.2, 0.0, 1.0), (4, 1))
    points, triangles = ribbon(path, normals, 0.05)
    assert triangles.shape == (6, 3)
    left, right = points[0::2], points[1::2]
    np.testing.assert_allclose(np.linalg.norm(left - right, axis=1), 0.05)
    np.testing.assert_allclose((left + right) / 2, path, atol=1e-12)
    np.testing.assert_allclose(((left - right) * normals).sum(axis=1), 0, atol=1e-12)


def test_joined_shapes_keep_their_triangles() -> None:
    parts = [grid([(0, 0, z), (1, 0, z), (1, 1, z), (0, 1, z)], (2, 2)) for z in (0.0, 1.0, 2.0)]
    points, triangles = joined(parts)
    assert len(points) == 27
    np.testing.assert_array_equal(
        points[triangles], np.concatenate([part_points[part] for part_points, part in parts])
    )


def test_a_mesh_of_a_shape_is_narrow() -> None:
    made = mesh(grid(np.eye(4, 3)), Material(), object_id=3)
    assert (made.vertices.dtype, made.triangles.dtype, made.object_id) == (np.float32, np.int32, 3)
    assert made.rest is None
    assert made.tint is None


VERTICES, TRIANGLES = np.zeros((4, 3), np.float32), np.array([[0, 1, 3]], np.int32)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"vertices": np.zeros((4, 2), np.float32)}, r"Mesh\.vertices: expected \(V, 3\), got \(4, 2\)"),
        ({"vertices": np.zeros(3, np.float32)}, r"Mesh\.vertices"),
        ({"rest": np.zeros((5, 3), np.float32)}, r"Mesh\.rest"),
        ({"tint": np.zeros((4, 1), np.float32)}, r"Mesh\.tint"),
        ({"triangles": np.zeros((2, 4), np.int32)}, r"Mesh\.triangles: expected \(T, 3\)"),
        ({"triangles": np.zeros(3, np.int32)}, r"Mesh\.triangles"),
        ({"triangles": np.array([[0, 1, 4]], np.int32)}, "vertex numbers below 4"),
        ({"triangles": np.array([[0, -1, 2]], np.int32)}, "vertex numbers below 4"),
    ],
)
def test_refuses_arrays_that_do_not_fit(values: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Mesh(**{"vertices": VERTICES, "triangles": TRIANGLES, **values})
