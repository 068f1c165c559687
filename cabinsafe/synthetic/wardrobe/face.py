"""Where things are on a head in the rest pose: eyes, ears, lips, hairline, beard."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.interpolate import griddata
from scipy.spatial import cKDTree

from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.topology import Mask
from cabinsafe.synthetic.wardrobe.fitting import Fitting
from cabinsafe.synthetic.wardrobe.garment import ramp

Box = tuple[float, float, float, float]

_EARS: tuple[Box, ...] = ((0.8237, 0.878, 0.314, 0.357), (0.8237, 0.878, 0.608, 0.651))
_CAVITIES: tuple[Box, ...] = (
    (0.751, 0.929, 0.0, 0.141),
    (0.62, 0.65, 0.92, 0.99),
    (0.0115, 0.1515, 0.551, 0.633),
)
_LIPS = ((0.9095, 0.483), (0.0155, 0.0205))
"""In MakeHuman's texture layout: ears; mouth, tongue, eye sockets (u and v from, to); the lips' ellipse."""


class Face:
    """A head, measured by its keypoints.

    Attributes:
        fit: the body.
        eye, ear, nose: (3,) in the middle between left and right.
        unit: height of the eyes over the nose tip, metres: 0.035 for a man, 0.025 for a child.
    """

    def __init__(self, fit: Fitting) -> None:
        self.fit = fit
        self.eye, self.ear = (
            (fit.keypoint(f"left_{name}") + fit.keypoint(f"right_{name}")) / 2 for name in ("eye", "ear")
        )
        self.nose = fit.keypoint("nose")
        self.unit = float(self.eye[2] - self.nose[2])
        self.half_width = float(abs(fit.keypoint("left_ear")[1]))

    @property
    def eye_gap_units(self) -> float:
        """Distance of the eyes in units."""
        return float(2 * abs(self.fit.keypoint("left_eye")[1])) / self.unit

    @cached_property
    def local(self) -> Array:
        """(V, 3) all vertices from the middle of the ears, in units."""
        place: Array = (self.fit.points - self.ear) / self.unit
        return place

    @cached_property
    def ears(self) -> Mask:
        """(V,) the ears."""
        return self._in(_EARS) & self.fit.near("head")

    @cached_property
    def cavities(self) -> Mask:
        """(V,) the inside of mouth and eye sockets."""
        return self._in(_CAVITIES) & self.fit.near("head")

    @cached_property
    def lips(self) -> Array:
        """(V,) 1 on the lips, 0 elsewhere."""
        center, half = _LIPS
        place = np.linalg.norm((self.fit.body.uv - center) / half, axis=1)
        return np.where(self.fit.near("head"), ramp(-place, -1.25, -0.85), 0.0)

    @cached_property
    def mouth(self) -> Array:
        """(3,) the middle of the lips."""
        middle: Array = np.average(self.fit.points, axis=0, weights=self.lips)
        return middle

    @cached_property
    def cheeks(self) -> Array:
        """(V,) 1 on the cheeks and the nose tip."""
        left = self.eye + self.unit * np.array([0, self.eye_gap_units * 0.6, -1.0])
        spots = [left, left * (1, -1, 1), self.nose]
        mirror = [
            np.exp(-np.sum(((self.fit.points - spot) / self.unit * (0.6, 1, 1)) ** 2, axis=1))
            for spot in spots
        ]
        return np.where(self.fit.near("head"), np.sum(mirror, axis=0), 0.0)

    def hair_field(self, raised: float) -> Array:
        """(V,) metres inside the hairline; ``raised`` moves it up the forehead, in units."""
        x, y, z = self.local.T
        front = (self.eye[0] - self.ear[0]) / self.unit
        line = np.interp(
            x,
            [-1.2, -0.25, 0.0, 0.35 * front, 0.62 * front, 0.9 * front],
            [-1.9, -0.9, -0.1, 0.3, 2.2 + 0.5 * raised, 2.5 + raised],
        )
        line = line + 0.25 * np.where(x > 0.5 * front, np.cos(4 * y), 0.0) * 0.3
        inside = (z - line) * self.unit
        return np.where(self.fit.near("head", "neck") & ~self.ears, inside, -1.0)

    @cached_property
    def beard_field(self) -> Array:
        """(V,) metres inside a beard: jaw, chin, upper lip, without the lips."""
        x, _, z = self.local.T
        mouth = (self.mouth - self.ear) / self.unit
        nose = (self.nose - self.ear) / self.unit
        upper = np.interp(
            x, [0.1, 0.5, mouth[0] - 0.9, mouth[0] - 0.35], [0.2, -0.6, mouth[2] - 0.1, nose[2] - 0.45]
        )
        lower = mouth[2] - 2.0 + 0.15 * (mouth[0] - x)
        inside = np.minimum(np.minimum(upper - z, z - lower), (x - 0.15) * 0.6) * self.unit
        lips = (0.25 - self.lips) * 0.02
        return np.where(
            self.fit.near("head", "neck") & ~self.ears & ~self.cavities, np.minimum(inside, lips), -1.0
        )

    def on_front(self, points: Array) -> Array:
        """(N, 3) points moved along x onto the face."""
        across = self._front[:, 1:]
        margin = 0.5 * self.unit
        near = (
            (across > points[:, 1:].min(axis=0) - margin) & (across < points[:, 1:].max(axis=0) + margin)
        ).all(axis=1)
        depth = griddata(across[near], self._front[near, 0], points[:, 1:], "linear")
        off = np.isnan(depth)
        if off.any():
            depth[off] = self._front[cKDTree(across).query(points[off, 1:])[1], 0]
        return np.column_stack([depth, points[:, 1:]])

    @cached_property
    def _front(self) -> Array:
        """(N, 3) the vertices of the face that look forward."""
        rows = self.fit.near("head") & self.fit.drawn & (self.fit.normals[:, 0] > 0.1) & ~self.cavities
        skin: Array = self.fit.points[rows & (self.fit.points[:, 0] > self.ear[0])]
        return skin

    def _in(self, boxes: tuple[Box, ...]) -> Mask:
        u, v = self.fit.body.uv.T
        inside: Mask = np.any([(u > a) & (u < b) & (v > c) & (v < d) for a, b, c, d in boxes], axis=0)
        return inside
