"""Pieces of surface that hang on bones, and how a tailor changes them: pick, cut, split, smooth, hem."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cabinsafe.synthetic.mesh import Shape
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.topology import Index, Mask, Topology


@dataclass(frozen=True)
class Surface:
    """Triangles whose vertices follow bones; every change mixes points and weights alike.

    Attributes:
        points: (V, 3) rest coordinates, metres.
        weights: (V, B) sparse CSR; rows sum to 1.
        triangles: (T, 3) vertex numbers, counter-clockwise from outside.
        known: the triangles' topology, if somebody has counted it already.
    """

    points: Array
    weights: Any
    triangles: Index
    known: Topology | None = None

    @cached_property
    def topology(self) -> Topology:
        """The triangles' edges."""
        return self.known or Topology.of(self.triangles, len(self.points))

    def moved(self, points: Array) -> Surface:
        """The same triangles at other rest coordinates (V, 3)."""
        return Surface(points, self.weights, self.triangles, self.topology)

    def kept(self, triangles: Mask) -> tuple[Surface, Index]:
        """Only some triangles (mask (T,)) and the vertices that they use, with the old numbers of these."""
        part, rows = self.topology.kept(triangles)
        return Surface(self.points[rows], self.weights[rows], part.triangles, part), rows

    def cut(self, field: Array) -> Surface:
        """The part where a field (V,), linear over each triangle, is positive; triangles are cut through."""
        inside, edges = field > 0, self.topology.edges
        crossed = inside[edges[:, 0]] != inside[edges[:, 1]]
        number = len(field) + np.cumsum(crossed) - 1
        count = inside[self.triangles.T].sum(axis=0)
        pieces = [self.triangles[count == 3]]
        for inner, odd in ((1, True), (2, False)):
            turn = _odd_first(self.triangles[count == inner], inside, odd)
            a, b, c = np.take_along_axis(self.triangles[count == inner], turn, axis=1).T
            ab, _, ca = number[np.take_along_axis(self.topology.sides[count == inner], turn, axis=1)].T
            faces = [(a, ab, ca)] if odd else [(ab, b, c), (ab, c, ca)]
            pieces += [np.stack(face, axis=1) for face in faces]
        start, end = edges[crossed].T
        share = np.clip(field[start] / (field[start] - field[end]), 0.04, 0.96)
        triangles = np.concatenate(pieces)
        used = np.zeros(len(field) + len(start), bool)
        used[triangles.ravel()] = True
        mix = _mix(len(field), start, end, share)[used]
        return Surface(mix @ self.points, mix @ self.weights, (np.cumsum(used) - 1)[triangles])

    def split(self) -> tuple[Surface, Any]:
        """Every triangle in four, and the sparse matrix (V', V) that takes values per vertex along."""
        edges = self.topology.edges
        ab, bc, ca = self.topology.sides.T + len(self.points)
        a, b, c = self.triangles.T
        faces = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        triangles = np.concatenate([np.stack(face, axis=1) for face in faces])
        mix = _mix(len(self.points), edges[:, 0], edges[:, 1], np.full(len(edges), 0.5))
        return Surface(mix @ self.points, mix @ self.weights, triangles), mix

    @cached_property
    def normals(self) -> Array:
        """(V, 3) unit normals, outward."""
        return vertex_normals(self.points, self.triangles)

    @property
    def border(self) -> Index:
        """(E, 2) edges that only one triangle has, in its direction."""
        return self.topology.border

    @property
    def average(self) -> Any:
        """(V, V) sparse: the mean of a vertex's neighbours; hems are averaged along themselves only."""
        return self.topology.average

    def hemmed(self, inner: Array) -> tuple[Surface, Mask]:
        """With a strip from every hem to the points ``inner`` (V, 3); and the mask of the new vertices."""
        rows, (a, b) = self.topology.hem, self.border.T
        c, d = np.searchsorted(rows, self.border).T + len(self.points)
        strip = np.concatenate([np.stack([b, a, c], axis=1), np.stack([b, c, d], axis=1)])
        surface = Surface(
            np.concatenate([self.points, inner[rows]]),
            sparse.vstack([self.weights, self.weights[rows]]).tocsr(),
            np.concatenate([self.triangles, strip]),
        )
        return surface, np.arange(len(surface.points)) >= len(self.points)


def _mix(count: int, start: Index, end: Index, share: Array) -> Any:
    """(V + N, V): all ``count`` vertices, then a new one on each of N edges, ``share`` of the way."""
    rows = np.r_[np.arange(count), np.repeat(count + np.arange(len(start)), 2)]
    columns = np.r_[np.arange(count), np.stack([start, end], axis=1).ravel()]
    values = np.r_[np.ones(count), np.stack([1 - share, share], axis=1).ravel()]
    return sparse.csr_matrix((values, (rows, columns)), (count + len(start), count))


def rigid(shape: Shape, bone: int, bones: int) -> Surface:
    """A shape that hangs on one bone alone."""
    points, triangles = shape
    rows = np.arange(len(points))
    one = sparse.csr_matrix(
        (np.ones(len(points), np.float32), (rows, np.full(len(points), bone))), (len(points), bones)
    )
    return Surface(points, one, triangles)


def ring_triangles(rings: int, sides: int) -> Index:
    """Triangles of a tube of closed rings, whose points come ring by ring."""
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = ring * sides + side, ring * sides + (side + 1) % sides
    return _two_each(a, b, b + sides, a + sides)


def sheet_triangles(rows: int, columns: int) -> Index:
    """Triangles of a sheet of points that come row by row."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = row * columns + column
    return _two_each(a, a + columns, a + columns + 1, a + 1)


def vertex_normals(points: Array, triangles: Index | NDArray[np.int32]) -> Array:
    """(V, 3) unit normals, weighted by area; zero where no triangle is."""
    a, b, c = points[triangles.T]
    face = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corners, count = triangles.ravel(), len(points)
    total = np.stack([np.bincount(corners, axis, count) for axis in face.T], axis=1)
    normals: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return normals


def bumps(points: Array, wavelength_m: float, rng: np.random.Generator, waves: int = 8) -> Array:
    """(V,) smooth random heights, about -1 to 1: a sum of plane waves of random direction and phase."""
    directions = rng.normal(size=(waves, 3))
    directions *= 2 * np.pi / wavelength_m / np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= rng.uniform(0.6, 1.4, (waves, 1))
    phases = np.einsum("vi,wi->vw", points, directions) + rng.uniform(0, 2 * np.pi, waves)
    heights: Array = np.sin(phases.astype(np.float32)).sum(axis=1) / np.sqrt(2 * waves)
    return heights.astype(np.float64)


def _two_each(a: Index, b: Index, c: Index, d: Index) -> Index:
    faces = [np.stack(face, axis=-1).reshape(-1, 3) for face in ((a, b, c), (a, c, d))]
    return np.concatenate(faces).astype(np.int64)


def _odd_first(triangles: Index, inside: Mask, odd: bool) -> Index:
    """(T, 3) order of each triangle's corners in which its one corner on side ``odd`` comes first."""
    order: Index = ((inside[triangles] == odd).argmax(axis=1)[:, None] + np.arange(3)) % 3
    return order
