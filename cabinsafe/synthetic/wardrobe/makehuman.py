"""MakeHuman's clothes and hair: reading an .mhclo file and putting what it describes on a body.

The format (MakeHuman's documentation of MHCLO files): every vertex of the garment is bound to three vertices
of the base mesh, v = w1 b1 + w2 b2 + w3 b3 + offset * scale, or is exactly one of them; the scale along an
axis is the distance of two named vertices over the one noted. MakeHuman's x is left, y up, z front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import sparse

from cabinsafe.errors import DataError
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.topology import Index
from cabinsafe.synthetic.wardrobe.surface import Surface

_FROM_MAKEHUMAN = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_AXES = ("x_scale", "y_scale", "z_scale")


@dataclass(frozen=True)
class Binding:
    """A garment, bound to the base mesh.

    Attributes:
        name: of its folder.
        bound: (V, 3) numbers of the base mesh's vertices.
        shares: (V, 3) their weights.
        offsets: (V, 3) along MakeHuman's axes, before scaling.
        scales: per MakeHuman axis two base vertices and the distance at which the scale is 1.
        triangles: (T, 3).
        hidden: numbers of the base vertices that it covers.
    """

    name: str
    bound: Index
    shares: Array
    offsets: Array
    scales: tuple[tuple[int, int, float], ...]
    triangles: Index
    hidden: Index

    def worn(self, points: Array, weights: sparse.csr_matrix) -> Surface:
        """On a body in the rest pose.

        Args:
            points: (B, 3) the base mesh's vertices, vehicle axes.
            weights: (B, bones) their skinning weights.

        Raises:
            DataError: it names vertices that the body lacks.
        """
        named = [*self.bound.ravel().tolist(), *(v for scale in self.scales for v in scale[:2])]
        if named and max(named) >= len(points):
            raise DataError(f"garment {self.name}: bound to vertex {max(named)}, the body has {len(points)}")
        stretch = self._stretch(points @ _FROM_MAKEHUMAN)
        rows = np.repeat(np.arange(len(self.bound)), 3)
        shape = (len(self.bound), len(points))
        mix = sparse.csr_matrix((self.shares.ravel(), (rows, self.bound.ravel())), shape)
        rest = mix @ points + self.offsets * stretch @ _FROM_MAKEHUMAN.T
        return Surface(rest, _whole(mix @ weights), self.triangles)

    def _stretch(self, points: Array) -> Array:
        gaps = [abs(points[a, i] - points[b, i]) / d for i, (a, b, d) in enumerate(self.scales)]
        return np.array(gaps)


def garments_in(assets: Path, kind: str) -> list[str]:
    """Names of the garments of a kind (``clothes`` or ``hair``), sorted.

    Raises:
        DataError: there are none.
    """
    names = sorted(path.parent.name for path in (assets / kind).glob("*/*.mhclo"))
    if not names:
        raise DataError(f"{assets / kind}: expected folders with .mhclo files of MakeHuman, found none")
    return sorted(set(names))


def read_garment(assets: Path | None, kind: str, name: str) -> Binding:
    """The garment ``assets/kind/name``.

    Raises:
        DataError: there are no assets, a file is missing, or it is malformed; the message names the file.
    """
    if assets is None:
        raise DataError(f"MakeHuman's {kind} '{name}' needs the folder of MakeHuman's assets, none was given")
    files = sorted((assets / kind / name).glob("*.mhclo"))
    if not files:
        raise DataError(f"{assets / kind / name}: expected an .mhclo file of MakeHuman, found none")
    return _kept(files[0], files[0].stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _kept(path: Path, _modified_ns: int) -> Binding:
    """A file as it was at a time, parsed once: a set of pictures dresses many in the same clothes."""
    binding = read_mhclo(path)
    for array in (binding.bound, binding.shares, binding.offsets, binding.triangles, binding.hidden):
        array.flags.writeable = False
    return binding


def read_mhclo(path: Path) -> Binding:
    """An .mhclo file and the .obj file that it names.

    Raises:
        DataError: a file is missing or malformed; the message names it.
    """
    sections = _sections(path)
    try:
        header = {words[0]: words[1:] for words in sections["header"]}
        vertices = [_vertex(words) for words in sections["verts"]]
        scales = tuple((int(a), int(b), float(d)) for a, b, d in (header[axis] for axis in _AXES))
        obj = path.parent / header["obj_file"][0]
        hidden = list(_ranges(sections["delete_verts"]))
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(f"{path}: not a garment of MakeHuman's .mhclo format ({error!r})") from error
    if not vertices or min(d for _, _, d in scales) <= 0:
        raise DataError(f"{path}: expected 'verts' rows and scales above 0")
    triangles = _obj_triangles(obj, len(vertices))
    table = np.array(vertices, np.float64)
    return Binding(
        path.parent.name,
        table[:, :3].astype(np.int64),
        table[:, 3:6],
        table[:, 6:],
        scales,
        triangles,
        np.array(hidden, np.int64),
    )


def _sections(path: Path) -> dict[str, list[list[str]]]:
    """The lines of a file as words, under ``header``, ``verts`` or ``delete_verts``."""
    sections: dict[str, list[list[str]]] = {"header": [], "verts": [], "delete_verts": []}
    current = "header"
    for line in _lines(path):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("verts", "delete_verts"):
            current = words[0]
        else:
            sections[current if words[0].isdigit() else "header"].append(words)
    return sections


def _vertex(words: list[str]) -> tuple[float, ...]:
    """Three base vertices, three weights, three offsets; a single number is that base vertex itself."""
    if len(words) == 1:
        return (int(words[0]), int(words[0]), int(words[0]), 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if len(words) != 9 or min(map(int, words[:3])) < 0:
        raise ValueError(f"a row of 'verts' has 1 or 9 numbers, got {' '.join(words)}")
    return (*map(int, words[:3]), *map(float, words[3:]))


def _ranges(rows: list[list[str]]) -> Iterator[int]:
    """Vertex numbers written as ``5 7 - 9``."""
    words = [word for row in rows for word in row]
    for i, word in enumerate(words):
        if word == "-":
            yield from range(int(words[i - 1]) + 1, int(words[i + 1]))
        else:
            yield int(word)


def _obj_triangles(path: Path, vertices: int) -> Index:
    """The faces of a Wavefront file as triangles; its own coordinates are not used."""
    triangles: list[tuple[int, int, int]] = []
    count = 0
    try:
        for line in _lines(path):
            words = line.split()
            if words[:1] == ["v"]:
                count += 1
            elif words[:1] == ["f"]:
                corners = [int(word.split("/")[0]) - 1 for word in words[1:]]
                triangles += [(corners[0], b, c) for b, c in pairwise(corners[1:])]
    except ValueError as error:
        raise DataError(f"{path}: malformed face ({error})") from error
    table = np.array(triangles, np.int64).reshape(-1, 3)
    if count != vertices or not len(table) or table.min() < 0 or table.max() >= vertices:
        raise DataError(
            f"{path}: expected faces over the {vertices} vertices of its .mhclo file, found {count}"
        )
    return table


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _whole(weights: sparse.csr_matrix) -> sparse.csr_matrix:
    """Weights without negative ones (a binding may reach beyond its triangle), rows summing to 1."""
    weights = weights.tocsr().maximum(0)
    total = np.asarray(weights.sum(axis=1)).ravel()
    return (sparse.diags(1 / np.maximum(total, 1e-9)) @ weights).tocsr()
