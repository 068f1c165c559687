"""What seats look like: contoured cushions and backs with bolsters and seams, headrests, bases, armrests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.parts import Padded, Parts, padded, rounded_loop, smooth, turned
from cabinsafe.synthetic.cabin.seats import (
    BACK_BELOW_M,
    armrest_box,
    armrest_places,
    back_frame,
    cushion_frame,
    headrest_box,
    row_extent,
)
from cabinsafe.synthetic.cabin.spec import CUSHION_BEHIND_M, RowSpec
from cabinsafe.synthetic.mesh import rounded_box, tube
from cabinsafe.synthetic.rotations import Array

_INSERT = 0.60
"""Half width of a seat's middle panel as a share of the half width of the seat."""


@dataclass(frozen=True)
class _Upholstery:
    """One piece of cushion and back: its extent across and the places on it, from its own middle."""

    middle_m: float
    width_m: float
    places: tuple[tuple[float, float], ...]

    def share(self, y: float) -> tuple[float, float]:
        """How far ``y`` is from the nearest place's middle and from the piece's, in half widths."""
        own = min(abs(y - middle) / (width / 2) for middle, width in self.places)
        return own, abs(y) / (self.width_m / 2)

    @property
    def stations(self) -> Array:
        """Places across that the surface follows, rising."""
        inner = [
            middle + share * width / 2
            for middle, width in self.places
            for share in (-0.8, -_INSERT, 0.0, _INSERT, 0.8)
        ]
        borders = [(a[0] - a[1] / 2 + b[0] + b[1] / 2) / 2 for a, b in pairwise(self.places)]
        half = self.width_m / 2
        return np.unique(np.round([-half, *inner, *borders, half], 4))

    @property
    def panels(self) -> tuple[tuple[float, float], ...]:
        """The middle panels, low and high edge across, from left to right."""
        return tuple((m - _INSERT * w / 2, m + _INSERT * w / 2) for m, w in self.places)


def add_row(parts: Parts, row: RowSpec) -> None:
    """Add everything visible of a row."""
    middle, width = row_extent(row)
    if row.bench:
        places = tuple((seat.y_m - middle, seat.width_m) for seat in row.seats)
        pieces: Sequence[_Upholstery] = [_Upholstery(middle, width, places)]
    else:
        pieces = [_Upholstery(seat.y_m, seat.width_m, ((0.0, seat.width_m),)) for seat in row.seats]
    for piece in pieces:
        for surface in (_cushion(row, piece), _back(row, piece)):
            _add_upholstery(parts, piece, surface)
        _add_base(parts, row, piece)
    for seat in row.seats:
        _add_headrest(parts, row, seat.y_m)
    for y in armrest_places(row):
        box = armrest_box(row, y, "")
        parts.add("seat_side", rounded_box(box.center, box.size, box.rotation, 4, 4))


def _cushion(row: RowSpec, piece: _Upholstery) -> Padded:
    """Top from behind the hips to a round nose, thighs held between bolsters."""
    ahead, thick = row.cushion_ahead_m, row.cushion_m
    nose = min(0.055, thick / 3)
    loop = rounded_loop(
        [
            (-CUSHION_BEHIND_M, 0.0, 0.02, 6),
            (ahead, 0.0, nose, 1),
            (ahead - 0.03, -thick, 0.03, 2),
            (-CUSHION_BEHIND_M, -thick, 0.02, 1),
        ]
    )
    along, up = loop.T
    top = smooth((up + 0.03) / 0.03)

    def relief(_: Array, y: float) -> Array:
        own, whole = piece.share(y)
        side = row.bolster_m * float(smooth((own - 0.5) / 0.3)) * (1.0 if whole > 0.85 else 0.35)
        hollow = -0.010 * max(0.0, 1 - own**2) * np.exp(-(((along + 0.02) / 0.16) ** 2))
        cross = -0.008 * np.exp(-(((along - 0.17) / 0.012) ** 2)) if own < _INSERT else 0.0
        return np.asarray(top * (side * smooth((along + 0.1) / 0.1) + hollow + cross))

    rotation, under = cushion_frame(row, piece.middle_m)
    return turned(padded(loop, piece.stations, min(0.045, thick / 3), relief), rotation, under)


def _back(row: RowSpec, piece: _Upholstery) -> Padded:
    """Upright with a lumbar curve, shoulders narrower than the waist on single seats."""
    high, thick = row.back_m, row.back_thickness_m
    loop = rounded_loop(
        [
            (0.0, -BACK_BELOW_M, 0.02, 8),
            (0.0, high, min(0.05, thick / 2), 1),
            (-thick * 0.8, high, min(0.04, thick / 2), 2),
            (-thick, -BACK_BELOW_M, 0.02, 1),
        ]
    )
    out, up = loop.T
    front = smooth((out + 0.03) / 0.03)

    def relief(_: Array, y: float) -> Array:
        own, whole = piece.share(y)
        wing = smooth((up + 0.05) / 0.1) * smooth((high - 0.04 - up) / 0.25)
        side = 1.4 * row.bolster_m * float(smooth((own - 0.5) / 0.3)) * (1.0 if whole > 0.85 else 0.3)
        lumbar = 0.012 * np.exp(-(((up - 0.10) / 0.10) ** 2)) - 0.012 * max(0.0, 1 - own**2) * smooth(
            up / 0.3
        )
        cross = -0.007 * np.exp(-(((up - 0.62 * high) / 0.012) ** 2)) if own < _INSERT else 0.0
        return np.asarray(front * (side * wing + lumbar + cross))

    surface = padded(loop, piece.stations, min(0.04, thick / 3), relief)
    if not row.bench:
        narrow = 1 - 0.16 * smooth((surface.points[..., 2] - 0.45 * high) / (0.55 * high))
        surface.points[..., 1] *= narrow
    rotation, behind = back_frame(row, piece.middle_m)
    return turned(surface, rotation, behind)


def _add_upholstery(parts: Parts, piece: _Upholstery, surface: Padded) -> None:
    """The panels in the seat's surface, what is between them in the second one, seams along the borders."""
    wanted = np.array([edge for panel in sorted(piece.panels) for edge in panel])
    nearest = np.abs(surface.across[:, None] - wanted).argmin(axis=0)
    edges = [float(v) for v in surface.across[[0, *nearest, -1]]]
    for number, (low, high) in enumerate(pairwise(edges)):
        if high - low > 1e-3:
            parts.add("seat" if number % 2 else "seat_side", *surface.between(low, high))
    parts.add("seat_side", surface.ends())
    length = surface.points.shape[1]
    for edge in edges[1:-1]:
        parts.add("seam", tube(surface.line(edge, slice(3, length // 2 + 2), 0.0015), 0.0028, 3))


def _add_base(parts: Parts, row: RowSpec, piece: _Upholstery) -> None:
    """What a cushion stands on: a box under a bench, rails under a seat."""
    rotation, under = cushion_frame(row, piece.middle_m)
    bottom = under + rotation @ (0.1, 0, -row.cushion_m)
    if row.bench:
        size = (0.36, piece.width_m - 0.02, max(bottom[2] + 0.04, 0.02))
        parts.add("trim", rounded_box((bottom[0], bottom[1], size[2] / 2), size, None, 10, 3))
        return
    half = piece.width_m / 2 - 0.07
    for y in (-half, half):
        foot = np.array([bottom[0], piece.middle_m + y, 0.015])
        parts.add("trim_top", rounded_box(foot, (0.5, 0.05, 0.03), None, 8, 1))
        parts.add("trim_top", rounded_box((*(foot[:2]), bottom[2] / 2), (0.28, 0.03, bottom[2]), None, 8, 1))
        side = piece.width_m / 2 - 0.012
        shield = under + rotation @ (0.06, np.sign(y) * side, -row.cushion_m * 0.8)
        parts.add("trim", rounded_box(shield, (0.4, 0.035, 0.09), rotation, 4, 2))


def _add_headrest(parts: Parts, row: RowSpec, y_m: float) -> None:
    box = headrest_box(row, y_m, "")
    if box is None:
        return
    parts.add("seat", *_cushioned(box))
    if row.headrests == "posts":
        for side in (-0.07, 0.07):
            ends = [box.center + box.rotation @ (-0.01, side, z) for z in (-0.17, -0.05)]
            parts.add("accent", tube(ends, 0.007, 6))


def _cushioned(
    box: OrientedBox,
) -> tuple[tuple[Array, np.ndarray[tuple[int, ...], np.dtype[np.int64]]], Array]:
    """A headrest's surface: a soft box, hollowed where the head lies."""
    vertices, triangles = rounded_box(box.center, box.size, box.rotation, 3.5, 4)
    local = box.local(vertices)
    return (vertices, triangles), local[:, [2, 0, 1]]
