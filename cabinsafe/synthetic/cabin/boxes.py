"""Boxes in any orientation: what a body must not go through, and what hides it from a camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cabinsafe.synthetic.rotations import Array

_SIGNS = np.stack(np.meshgrid((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), indexing="ij"), axis=-1).reshape(8, 3)


@dataclass(frozen=True, eq=False)
class OrientedBox:
    """A solid box.

    Attributes:
        center: (3,) its middle, metres.
        size: (3,) full extents along its own axes.
        rotation: (3, 3) whose columns are its axes in the vehicle frame.
        name: what it is: ``Row1.Pos1 cushion``, ``roof`` ...
    """

    center: Array
    size: Array
    rotation: Array
    name: str = ""

    @staticmethod
    def upright(low: ArrayLike, high: ArrayLike, name: str = "") -> OrientedBox:
        """A box along the vehicle's axes from its ``low`` (3,) to its ``high`` (3,) corner."""
        a, b = np.asarray(low, np.float64), np.asarray(high, np.float64)
        return OrientedBox((a + b) / 2, b - a, np.eye(3), name)

    def local(self, points: ArrayLike) -> Array:
        """Points (..., 3) along the box's own axes, from its middle."""
        inner: Array = (np.asarray(points, np.float64) - self.center) @ self.rotation
        return inner

    def depth(self, points: ArrayLike) -> Array:
        """How deep points (..., 3) lie inside, metres (...); outside, the distance, negative."""
        beyond = np.abs(self.local(points)) - self.size / 2
        outside = np.linalg.norm(np.maximum(beyond, 0), axis=-1)
        depths: Array = -(outside + np.minimum(beyond.max(axis=-1), 0))
        return depths

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether points (..., 3) lie inside or on its surface."""
        inside: NDArray[np.bool_] = self.depth(points) >= 0
        return inside

    @cached_property
    def corners(self) -> Array:
        """(8, 3) its corners."""
        corners: Array = self.center + (_SIGNS * self.size / 2) @ self.rotation.T
        return corners

    def entry(self, start: ArrayLike, ends: ArrayLike) -> Array:
        """Where the ways from ``start`` (3,) to ``ends`` (..., 3) enter it, as shares of the way (...).

        0 where they start inside, infinite where they miss it. The slab test (Kay and Kajiya, 1986).
        """
        origin = self.local(start)
        along = self.local(ends) - origin
        along = np.where(np.abs(along) < 1e-12, 1e-12, along)
        first, second = (-self.size / 2 - origin) / along, (self.size / 2 - origin) / along
        enter = np.minimum(first, second).max(axis=-1)
        leave = np.maximum(first, second).min(axis=-1)
        hit = (enter <= leave) & (leave >= 0) & (enter <= 1)
        shares: Array = np.where(hit, np.maximum(enter, 0), np.inf)
        return shares


def hidden(start: ArrayLike, points: ArrayLike, solids: tuple[OrientedBox, ...]) -> NDArray[np.bool_]:
    """Which points (..., 3) any solid hides from ``start`` (3,)."""
    shares = [solid.entry(start, points) for solid in solids]
    blocked: NDArray[np.bool_] = np.isfinite(np.min(shares, axis=0))
    return blocked
