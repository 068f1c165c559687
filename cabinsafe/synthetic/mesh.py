"""Triangle meshes with a material, and the simple shapes that cabins and things are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cabinsafe.errors import ShapeError
from cabinsafe.synthetic.rotations import Array

Points = NDArray[np.float32]
Triangles = NDArray[np.int32]
Color = tuple[float, float, float]

CABIN = 0
"""Object id of everything that is no person; people are 1, 2, ..."""


class Pattern(IntEnum):
    """How a material varies over the rest coordinates; the two colours are ``color`` and ``color2``."""

    PLAIN = 0
    STRIPES = 1  # across the rest z axis
    CHECKS = 2
    DOTS = 3
    BLOTCHES = 4
    WEAVE = 5  # fine fabric noise
    STRANDS = 6  # hair


@dataclass(frozen=True)
class Material:
    """What a surface looks like.

    Attributes:
        color, color2: linear reflectance in [0, 1], RGB.
        pattern: how the two are mixed.
        pattern_per_m: repetitions per metre of rest coordinates.
        roughness: 1 is matt, 0 a mirror-like highlight.
        wrinkles: strength of small random dents in the normal, 0 to 1 (cloth about 0.3).
        ir_reflectance: grey reflectance in [0, 1] under infrared light; cloth is bright whatever its colour.
    """

    color: Color = (0.5, 0.5, 0.5)
    color2: Color = (0.4, 0.4, 0.4)
    pattern: Pattern = Pattern.PLAIN
    pattern_per_m: float = 10.0
    roughness: float = 0.8
    wrinkles: float = 0.0
    ir_reflectance: float = 0.4


@dataclass(frozen=True)
class Mesh:
    """Triangles of one material and one object.

    Attributes:
        vertices: (V, 3) float32, metres, vehicle frame.
        triangles: (T, 3) int32 rows of vertex numbers; both sides are visible.
        material: the material.
        object_id: :data:`CABIN` or a person's number.
        rest: (V, 3) float32 coordinates that patterns stick to; by default the vertices.
        tint: (V, 3) float32 factors on the material's colours, or None for 1.
    """

    vertices: Points
    triangles: Triangles
    material: Material = field(default_factory=Material)
    object_id: int = CABIN
    rest: Points | None = None
    tint: Points | None = None

    def __post_init__(self) -> None:
        for name in ("vertices", "rest", "tint"):
            array = getattr(self, name)
            if array is not None and (array.shape != self.vertices.shape or array.shape[1:] != (3,)):
                raise ShapeError(f"Mesh.{name}", "(V, 3)", array.shape)
        if self.triangles.ndim != 2 or self.triangles.shape[1] != 3:
            raise ShapeError("Mesh.triangles", "(T, 3)", self.triangles.shape)
        if self.triangles.size and not 0 <= self.triangles.min() <= self.triangles.max() < len(self.vertices):
            raise ShapeError("Mesh.triangles", f"vertex numbers below {len(self.vertices)}", "others")


Shape = tuple[Array, NDArray[np.int64]]
"""Vertices (V, 3) and triangles (T, 3)."""


def mesh(shape: Shape, material: Material, object_id: int = CABIN) -> Mesh:
    """A rigid mesh of a shape."""
    vertices, triangles = shape
    return Mesh(vertices.astype(np.float32), triangles.astype(np.int32), material, object_id)


def grid(corners: ArrayLike, cells: tuple[int, int] = (8, 8)) -> Shape:
    """A four-cornered sheet (corners (4, 3) in a ring), bilinear between them, cut into cells."""
    a, b, c, d = np.asarray(corners, np.float64)
    u, v = (np.linspace(0, 1, n + 1) for n in cells)
    u, v = u[:, None, None], v[None, :, None]
    points = (1 - u) * (1 - v) * a + u * (1 - v) * b + u * v * c + (1 - u) * v * d
    return points.reshape(-1, 3), _grid_triangles(cells[0] + 1, cells[1] + 1)


def rounded_box(
    center: ArrayLike, size: ArrayLike, rotation: ArrayLike | None = None, power: float = 6.0, cells: int = 8
) -> Shape:
    """A box with soft edges: the superellipsoid |x|^p + |y|^p + |z|^p = 1, stretched to ``size`` (3,).

    Args:
        center: (3,) its middle.
        size: (3,) full extents along its own axes.
        rotation: (3, 3) from its axes to the vehicle's; None for none.
        power: 2 is an ellipsoid, 10 nearly a box.
        cells: cells along each edge.
    """
    cube, triangles = _cube(cells)
    points = cube / (np.abs(cube) ** power).sum(axis=1, keepdims=True) ** (1 / power)
    points = points * np.asarray(size, np.float64) / 2
    turned = points if rotation is None else points @ np.asarray(rotation, np.float64).T
    return turned + np.asarray(center, np.float64), triangles


def tube(path: ArrayLike, radius: float | Sequence[float], sides: int = 8, closed: bool = False) -> Shape:
    """A round tube along a path (N, 3); ``closed`` joins its end to its start. Ends are open."""
    points = np.asarray(path, np.float64)
    count = len(points)
    ahead, behind = np.roll(points, -1, axis=0), np.roll(points, 1, axis=0)
    if not closed:
        ahead[-1], behind[0] = points[-1], points[0]
    radii = np.broadcast_to(np.asarray(radius, np.float64), (count,))
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    tangents = _units(ahead - behind)
    steep = np.abs(tangents[:, 2:]) >= 0.9
    across = _units(crosses(tangents, np.where(steep, (0.9, 0.4, 0.1), (0.3, 0.2, 0.93))))
    up = crosses(tangents, across)
    spokes = np.cos(turn) * across[:, None] + np.sin(turn) * up[:, None]
    rings = points[:, None] + radii[:, None, None] * spokes
    return rings.reshape(-1, 3), _tube_triangles(count, sides, closed)


def ribbon(path: ArrayLike, normals: ArrayLike, width: float) -> Shape:
    """A flat strip along a path (N, 3) that faces along ``normals`` (N, 3): a belt, a strap."""
    points, facing = np.asarray(path, np.float64), np.asarray(normals, np.float64)
    tangents = np.gradient(points, axis=0)
    across = crosses(tangents, np.broadcast_to(facing, tangents.shape))
    across *= width / 2 / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    sides = np.stack([points - across, points + across], axis=1).reshape(-1, 3)
    return sides, _grid_triangles(len(points), 2)


def joined(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one."""
    offsets = np.cumsum([0, *(len(vertices) for vertices, _ in shapes[:-1])])
    return (
        np.concatenate([vertices for vertices, _ in shapes]),
        np.concatenate([triangles + offset for (_, triangles), offset in zip(shapes, offsets, strict=True)]),
    )


def crosses(first: Array, second: Array) -> Array:
    """Cross products (N, 3) of rows; quicker than numpy's, which serves any axes."""
    products = np.empty_like(first)
    for i, (j, k) in enumerate(((1, 2), (2, 0), (0, 1))):
        products[:, i] = first[:, j] * second[:, k] - first[:, k] * second[:, j]
    return products


def _units(vectors: Array) -> Array:
    """Rows (N, 3) at unit length; those without length stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Array = vectors / np.where(lengths > 1e-12, lengths, 1.0)
    return units


@lru_cache(maxsize=256)
def _grid_triangles(rows: int, columns: int) -> NDArray[np.int64]:
    """(T, 3) two triangles per cell of a grid of points that come row by row; read-only."""
    corner = np.arange(rows * columns, dtype=np.int64).reshape(rows, columns)
    a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
    faces = [np.stack(face, axis=-1).reshape(-1, 3) for face in ((a, b, c), (a, c, d))]
    return _read_only(np.concatenate(faces))


@lru_cache(maxsize=256)
def _tube_triangles(count: int, sides: int, closed: bool) -> NDArray[np.int64]:
    row, column = np.divmod(_grid_triangles(count + closed, sides + 1), sides + 1)
    return _read_only((row % count) * sides + column % sides)


@lru_cache(maxsize=32)
def _cube(cells: int) -> Shape:
    """The surface of the cube from -1 to 1, each face cut into cells; read-only."""
    faces: list[Array] = []
    triangles = []
    line = np.linspace(-1, 1, cells + 1)
    for axis in range(3):
        for sign in (-1.0, 1.0):
            face = np.empty((cells + 1, cells + 1, 3))
            face[..., axis] = sign
            face[..., (axis + 1) % 3], face[..., (axis + 2) % 3] = line[:, None], line[None, :]
            triangles.append(_grid_triangles(cells + 1, cells + 1) + len(faces) * (cells + 1) ** 2)
            faces.append(face.reshape(-1, 3))
    return _read_only(np.concatenate(faces)), _read_only(np.concatenate(triangles))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
