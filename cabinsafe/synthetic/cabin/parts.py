"""The visible parts of a cabin as they are collected, and the soft and swept shapes that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from cabinsafe.synthetic.cabin.materials import MaterialsSpec
from cabinsafe.synthetic.mesh import Material, Mesh, Shape, crosses, joined
from cabinsafe.synthetic.rotations import Array, normalized

Corner = tuple[float, float, float, int]
"""x, z, radius of the corner, cells of the edge to the next corner."""
Relief = Callable[[Array, float], Array]
"""How far a surface stands out, (N,) metres, at the points (N, 2) of a profile and a place across."""

_ROUNDING = np.radians((90.0, 40.0))


class Parts:
    """Shapes by material, which become one mesh per material.

    Attributes:
        materials: the named materials.
    """

    def __init__(self, materials: MaterialsSpec) -> None:
        self._named = {name: getattr(materials, name).material() for name in MaterialsSpec.model_fields}
        self._shapes: dict[Material, list[tuple[Shape, Array]]] = {}
        self._where: Callable[[Array], Array] = np.asarray

    def moved(self, where: Callable[[Array], Array]) -> Parts:
        """The same parts, to which shapes are added elsewhere: points (V, 3) mapped, patterns unchanged."""
        other = copy(self)
        other._where = where
        return other

    def add(self, material: str | Material, shape: Shape, rest: Array | None = None) -> None:
        """Add a shape; ``rest`` (V, 3) are the coordinates its pattern sticks to, by default its own."""
        key = self._named[material] if isinstance(material, str) else material
        vertices, triangles = shape
        placed = (self._where(vertices), triangles)
        self._shapes.setdefault(key, []).append((placed, vertices if rest is None else rest))

    def meshes(self) -> list[Mesh]:
        """One mesh per material."""
        result = []
        for material, pieces in self._shapes.items():
            vertices, triangles = joined([shape for shape, _ in pieces])
            rest = np.concatenate([rest for _, rest in pieces])
            result.append(
                Mesh(
                    vertices.astype(np.float32),
                    triangles.astype(np.int32),
                    material,
                    rest=rest.astype(np.float32),
                )
            )
        return result


def rounded_loop(corners: Sequence[Corner]) -> Array:
    """A closed profile (N, 2) through corners in a ring, each rounded, each edge cut into cells."""
    xz = np.array([corner[:2] for corner in corners], np.float64)
    points = []
    for i, (_, _, radius, cells) in enumerate(corners):
        to_next, to_last = xz[(i + 1) % len(xz)] - xz[i], xz[i - 1] - xz[i]
        next_corner = corners[(i + 1) % len(corners)]
        length = float(np.linalg.norm(to_next))
        cut, next_cut = (min(r, 0.49 * length) for r in (radius, next_corner[2]))
        last_cut = min(radius, 0.49 * float(np.linalg.norm(to_last)))
        start, end = xz[i] + last_cut * normalized(to_last), xz[i] + cut * normalized(to_next)
        if radius > 0:
            share = np.array([0.0, 0.35, 0.65])[:, None]
            points.append((1 - share) ** 2 * start + 2 * share * (1 - share) * xz[i] + share**2 * end)
        stop = xz[i] + to_next * (1 - next_cut / length)
        points.append(end + (stop - end) * np.linspace(0, 1, cells + 1)[: cells if next_cut else None, None])
    return np.concatenate(points)


@dataclass(frozen=True, eq=False)
class Padded:
    """A closed surface lofted from one profile across a width, its ends rounded.

    Attributes:
        points: (S, N, 3) S stations across by N points of the profile.
        across: (S,) where the stations lie.
        rest: (S, N, 3) coordinates for patterns: along the profile, 0, across.
    """

    points: Array
    across: Array
    rest: Array

    def between(self, low: float, high: float) -> tuple[Shape, Array]:
        """The surface from one station to another (both among :attr:`across`), and its rest coordinates."""
        inside = (self.across >= low - 1e-9) & (self.across <= high + 1e-9)
        points, rest = self.points[inside], self.rest[inside]
        return (points.reshape(-1, 3), _ring_triangles(len(points), points.shape[1])), rest.reshape(-1, 3)

    def ends(self) -> Shape:
        """The two flat ends."""
        shapes = []
        for ring in (self.points[0], self.points[-1]):
            n = len(ring)
            fan = np.stack([np.full(n, n), np.arange(n), (np.arange(n) + 1) % n], axis=1)
            shapes.append((np.concatenate([ring, ring.mean(axis=0, keepdims=True)]), fan))
        return joined(shapes)

    def line(self, place: float, points: slice, lift_m: float = 0.001) -> Array:
        """A line along the profile at the station nearest to ``place``, lifted off the surface."""
        line = self.points[int(np.argmin(np.abs(self.across - place)))]
        out = line - line.mean(axis=0)
        lifted: Array = line + lift_m * out / np.linalg.norm(out, axis=1, keepdims=True)
        return lifted[points]


def padded(loop: Array, stations: ArrayLike, edge_m: float, relief: Relief | None = None) -> Padded:
    """Loft a profile.

    Args:
        loop: (N, 2) closed profile in x and z.
        stations: (S,) rising places across (y), without the rounded ends, which are added.
        edge_m: radius of the ends.
        relief: how far the surface stands out.
    """
    inner = np.asarray(stations, np.float64)
    low, high = inner[0] + edge_m, inner[-1] - edge_m
    sine, inset = edge_m * np.sin(_ROUNDING), edge_m * (1 - np.cos(_ROUNDING))
    kept = inner[(inner > low + 0.005) & (inner < high - 0.005)]
    across = np.concatenate([low - sine, [low], kept, [high], high + sine[::-1]])
    shrink = np.concatenate([inset, np.zeros(len(kept) + 2), inset[::-1]])
    normals = _loop_normals(loop)
    rings = []
    for y, inward in zip(across, shrink, strict=True):
        out = (0.0 if relief is None else relief(loop, float(y))) - inward
        xz = loop + normals * np.broadcast_to(out, (len(loop),))[:, None]
        rings.append(np.stack([xz[:, 0], np.full(len(xz), y), xz[:, 1]], axis=1))
    steps = np.linalg.norm(np.diff(loop, axis=0, append=loop[:1]), axis=1)
    along = np.broadcast_to(np.concatenate([[0], np.cumsum(steps)[:-1]]), (len(across), len(loop)))
    rest = np.stack([along, np.zeros_like(along), np.broadcast_to(across[:, None], along.shape)], axis=-1)
    return Padded(np.stack(rings), across, rest)


def turned(surface: Padded, rotation: Array, offset: Array) -> Padded:
    """The surface in another frame: points times ``rotation`` (3, 3), plus ``offset`` (3,)."""
    return Padded(surface.points @ rotation.T + offset, surface.across, surface.rest)


def oval(
    path: ArrayLike, across: ArrayLike, widths: ArrayLike, thicknesses: ArrayLike, sides: int = 8
) -> Shape:
    """A tube of oval section along a path (N, 3).

    Args:
        path: its middle line.
        across: (3,) direction of the section's width.
        widths: full extents along ``across``, one number or (N,).
        thicknesses: the same across both.
        sides: corners of the section.
    """
    points = np.asarray(path, np.float64)
    tangents = np.gradient(points, axis=0)
    wide = np.asarray(across, np.float64) - 0 * tangents
    wide = wide - (wide * tangents).sum(axis=1, keepdims=True) * tangents / (tangents**2).sum(axis=1)[:, None]
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    thick = crosses(tangents / np.linalg.norm(tangents, axis=1, keepdims=True), wide)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    half_w, half_t = (
        np.broadcast_to(np.asarray(v, np.float64) / 2, (len(points),)) for v in (widths, thicknesses)
    )
    cosine, sine = (np.sign(f(turn)) * np.abs(f(turn)) ** 0.6 for f in (np.cos, np.sin))
    rings = (
        points[:, None]
        + (half_w[:, None] * cosine)[..., None] * wide[:, None]
        + (half_t[:, None] * sine)[..., None] * thick[:, None]
    )
    return rings.reshape(-1, 3), _ring_triangles(len(points), sides)


def smooth(share: ArrayLike) -> Array:
    """0 below 0, 1 above 1, smooth between (3 s^2 - 2 s^3)."""
    s = np.minimum(np.maximum(share, 0.0), 1.0)  # quicker than clip on single numbers
    result: Array = s * s * (3 - 2 * s)
    return result


def _loop_normals(loop: Array) -> Array:
    tangent = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    x, z = loop.T
    area = (x * np.roll(z, -1) - np.roll(x, -1) * z).sum()
    return normal if area > 0 else -normal


@lru_cache(maxsize=256)
def _ring_triangles(rows: int, columns: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Triangles between rings of points, each closed; read-only."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    after = (column + 1) % columns
    a, b = row * columns + column, (row + 1) * columns + column
    c, d = (row + 1) * columns + after, row * columns + after
    triangles = np.concatenate([np.stack(face, axis=-1).reshape(-1, 3) for face in ((a, b, c), (a, c, d))])
    triangles.flags.writeable = False
    return triangles
