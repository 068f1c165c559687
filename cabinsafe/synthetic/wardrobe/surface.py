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

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """Triangles whose vertices follow bones; every change mixes points and weights alike.

    Attributes:
        points: (V, 3) rest coordinates, metres.
        weights: (V, B) sparse CSR; rows sum to 1.
        triangles: (T, 3) vertex numbers, counter-clockwise from outside.
    """

    points: Array
    weights: Any
    triangles: Index

    def moved(self, points: Array) -> Surface:
        """The same triangles at other rest coordinates (V, 3)."""
        return Surface(points, self.weights, self.triangles)

    def kept(self, triangles: Mask) -> tuple[Surface, Index]:
        """Only some triangles (mask (T,)) and the vertices that they use, with the old numbers of these."""
        chosen = self.triangles[triangles]
        rows, renumbered = np.unique(chosen, return_inverse=True)
        piece = Surface(self.points[rows], self.weights[rows], renumbered.reshape(-1, 3))
        return piece, rows

    def cut(self, field: Array) -> Surface:
        """The part where a field (V,), linear over each triangle, is positive; triangles are cut through."""
        inside = field > 0
        count = inside[self.triangles].sum(axis=1)
        pieces = [self.triangles[count == 3]]
        start, end = self._crossed_edges(inside)
        number = {
            edge: len(field) + i for i, edge in enumerate(zip(start.tolist(), end.tolist(), strict=True))
        }
        for inner, odd in ((1, True), (2, False)):
            a, b, c = _odd_first(self.triangles[count == inner], inside, odd).T
            ab = np.array([number[_key(i, j)] for i, j in zip(a.tolist(), b.tolist(), strict=True)], np.int64)
            ca = np.array([number[_key(i, j)] for i, j in zip(c.tolist(), a.tolist(), strict=True)], np.int64)
            faces = [(a, ab, ca)] if odd else [(ab, b, c), (ab, c, ca)]
            pieces += [np.stack(face, axis=1) for face in faces]
        share = np.clip(
            field[start] / np.where(field[start] == field[end], 1, field[start] - field[end]), 0.04, 0.96
        )
        mix, triangles = self._mix(start, end, share), np.concatenate(pieces)
        whole = Surface(mix @ self.points, mix @ self.weights, triangles)
        return whole.kept(np.ones(len(triangles), bool))[0]

    def split(self) -> tuple[Surface, Any]:
        """Every triangle in four, and the sparse matrix (V', V) that takes values per vertex along."""
        edges, which = np.unique(np.sort(_edges(self.triangles), axis=1), axis=0, return_inverse=True)
        ab, bc, ca = which.reshape(3, -1) + len(self.points)
        a, b, c = self.triangles.T
        faces = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        triangles = np.concatenate([np.stack(face, axis=1) for face in faces])
        mix = self._mix(edges[:, 0], edges[:, 1], np.full(len(edges), 0.5))
        return Surface(mix @ self.points, mix @ self.weights, triangles), mix

    @cached_property
    def normals(self) -> Array:
        """(V, 3) unit normals, outward."""
        return vertex_normals(self.points, self.triangles)

    @cached_property
    def border(self) -> Index:
        """(E, 2) edges that only one triangle has, in its direction."""
        edges = _edges(self.triangles)
        _, which, count = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
        border: Index = edges[count[which.reshape(-1)] == 1]
        return border

    @cached_property
    def average(self) -> Any:
        """(V, V) sparse: the mean of a vertex's neighbours; hems are averaged along themselves only."""
        edges, count = _edges(self.triangles), len(self.points)
        on_border = np.zeros(count, bool)
        on_border[self.border.ravel()] = True
        both = np.concatenate([edges, edges[:, ::-1]])
        a, b = np.concatenate([both[~on_border[both[:, 0]]], self.border, self.border[:, ::-1]]).T
        links = sparse.csr_matrix((np.ones(len(a)), (a, b)), shape=(count, count))
        links.data[:] = 1.0
        return sparse.diags(1 / np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)) @ links

    def hemmed(self, inner: Array) -> tuple[Surface, Mask]:
        """With a strip from every hem to the points ``inner`` (V, 3); and the mask of the new vertices."""
        rows, inward = np.unique(self.border.ravel(), return_inverse=True)
        a, b = self.border.T
        c, d = (inward.reshape(-1, 2) + len(self.points)).T
        strip = np.concatenate([np.stack([b, a, c], axis=1), np.stack([b, c, d], axis=1)])
        surface = Surface(
            np.concatenate([self.points, inner[rows]]),
            sparse.vstack([self.weights, self.weights[rows]]).tocsr(),
            np.concatenate([self.triangles, strip]),
        )
        return surface, np.arange(len(surface.points)) >= len(self.points)

    def _crossed_edges(self, inside: Mask) -> tuple[Index, Index]:
        edges = np.unique(np.sort(_edges(self.triangles), axis=1), axis=0)
        start, end = edges[inside[edges[:, 0]] != inside[edges[:, 1]]].T
        return start, end

    def _mix(self, start: Index, end: Index, share: Array) -> Any:
        """(V + N, V): all vertices, then a new one on each of N edges, ``share`` of the way."""
        rows = np.arange(len(start))
        between = sparse.csr_matrix(
            (np.r_[1 - share, share], (np.r_[rows, rows], np.r_[start, end])), (len(start), len(self.points))
        )
        return sparse.vstack([sparse.identity(len(self.points)), between]).tocsr()


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
    a, b, c = (points[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for i in range(3):
        np.add.at(total, triangles[:, i], face)
    normals: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return normals


def bumps(points: Array, wavelength_m: float, rng: np.random.Generator, waves: int = 8) -> Array:
    """(V,) smooth random heights, about -1 to 1: a sum of plane waves of random direction and phase."""
    directions = rng.normal(size=(waves, 3))
    directions *= 2 * np.pi / wavelength_m / np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= rng.uniform(0.6, 1.4, (waves, 1))
    phases = np.einsum("vi,wi->vw", points, directions) + rng.uniform(0, 2 * np.pi, waves)
    heights: Array = np.sin(phases).sum(axis=1)
    return np.asarray(heights / np.sqrt(2 * waves))


def _two_each(a: Index, b: Index, c: Index, d: Index) -> Index:
    faces = [np.stack(face, axis=-1).reshape(-1, 3) for face in ((a, b, c), (a, c, d))]
    return np.concatenate(faces).astype(np.int64)


def _edges(triangles: Index) -> Index:
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def _odd_first(triangles: Index, inside: Mask, odd: bool) -> Index:
    """Each triangle turned so that its one corner on side ``odd`` comes first."""
    shift = (inside[triangles] == odd).argmax(axis=1)
    return np.take_along_axis(triangles, (shift[:, None] + np.arange(3)) % 3, axis=1)


def _key(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)
