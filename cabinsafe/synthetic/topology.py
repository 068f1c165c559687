"""Which edges the triangles of a surface share, whatever its shape: counted once, then given to its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Topology:
    """Triangles and their edges.

    Attributes:
        triangles: (T, 3) vertex numbers.
        size: V, how many vertices there are, used or not.
        edges: (E, 2) vertex numbers, the lower first, in rising order.
        sides: (T, 3) number of each triangle's edge from its first to its second corner, and so on.
    """

    triangles: Index
    size: int
    edges: Index
    sides: Index

    @classmethod
    def of(cls, triangles: NDArray[Any], size: int) -> Topology:
        """The topology of triangles (T, 3) over so many vertices."""
        corners = triangles.astype(np.int64)
        after = corners[:, [1, 2, 0]]
        keys = (np.minimum(corners, after) * size + np.maximum(corners, after)).ravel()
        order = np.argsort(keys)
        is_new = np.diff(keys[order], prepend=-1) > 0
        sides = np.empty(len(keys), np.int64)
        sides[order] = np.cumsum(is_new) - 1
        edges = np.stack(np.divmod(keys[order][is_new], size), axis=1)
        return cls(corners, size, edges, sides.reshape(-1, 3))

    def kept(self, triangles: Mask) -> tuple[Topology, Index]:
        """Only some triangles (mask (T,)) and the vertices that they use, with the old numbers of these."""
        chosen, sides = self.triangles[triangles], self.sides[triangles]
        rows, new_row = _renumbered(chosen, self.size)
        numbers, new_number = _renumbered(sides, len(self.edges))
        return Topology(new_row[chosen], len(rows), new_row[self.edges[numbers]], new_number[sides]), rows

    @cached_property
    def border(self) -> Index:
        """(B, 2) edges that only one triangle has, in its direction."""
        ends = self.triangles[:, [1, 2, 0]]
        alone = np.bincount(self.sides.ravel(), minlength=len(self.edges))[self.sides.T] == 1
        return np.stack([self.triangles.T[alone], ends.T[alone]], axis=1)

    @cached_property
    def hem(self) -> Index:
        """(H,) vertices on the border, rising."""
        return np.flatnonzero(self._on_border)

    @cached_property
    def average(self) -> Any:
        """(V, V) sparse: the mean of a vertex's neighbours; hems are averaged along themselves only."""
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        inner = both[~self._on_border[both[:, 0]]]
        return _means(np.concatenate([inner, self.border, self.border[:, ::-1]]), self.size)

    @cached_property
    def hem_average(self) -> Any:
        """(H, H) sparse: :attr:`average` among the vertices of the hem, which needs no others."""
        along = np.searchsorted(self.hem, self.border)
        return _means(np.concatenate([along, along[:, ::-1]]), len(self.hem))

    @cached_property
    def _on_border(self) -> Mask:
        mask = np.zeros(self.size, bool)
        mask[self.border.ravel()] = True
        return mask


def _renumbered(used: Index, size: int) -> tuple[Index, Index]:
    """The numbers below ``size`` that are used, rising, and the new number of each."""
    mask = np.zeros(size, bool)
    mask[used.ravel()] = True
    return np.flatnonzero(mask), np.cumsum(mask) - 1


def _means(links: Index, size: int) -> Any:
    """(size, size) sparse: row a is the mean over b of the links (a, b); each counts once."""
    matrix = sparse.csr_matrix((np.ones(len(links)), links.T), shape=(size, size))
    matrix.data = np.repeat(1 / np.maximum(np.diff(matrix.indptr), 1), np.diff(matrix.indptr))
    return matrix
