"""Contact and collision of bodies, measured on their capsules: gaps in metres, negative in an overlap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.rig import BonePose
from cabinsafe.synthetic.rotations import Array


@dataclass(frozen=True)
class Figure:
    """A body in a pose."""

    body: Body
    pose: BonePose

    @cached_property
    def lines(self) -> Array:
        """(C, 2, 3) the capsules' lines, in the body's order."""
        return np.stack([capsule.posed(self.pose) for capsule in self.body.capsules])

    @cached_property
    def radii(self) -> Array:
        """(C,) the capsules' half thickness."""
        return np.array([capsule.radius_m for capsule in self.body.capsules])

    @cached_property
    def keypoints(self) -> Array:
        """(18, 3) the keypoints, metres."""
        return self.body.keypoints(self.pose)

    def rows(self, *names: str) -> NDArray[np.int64]:
        """Rows of the capsules whose name ends in one of ``names``."""
        return np.array([i for i, c in enumerate(self.body.capsules) if c.name.endswith(names)])

    def line(self, name: str) -> Array:
        """(2, 3) the line of one capsule."""
        line: Array = self.lines[self.rows(name)[0]]
        return line


def gaps(first: Figure, second: Figure) -> Array:
    """(C, C) gaps between the capsules of two figures."""
    between = segment_distances(first.lines, second.lines)
    return between - first.radii[:, None] - second.radii[None, :]


def hand_on_leg_gap(actor: Figure, other: Figure) -> float:
    """Gap between the actor's hands and the other's thighs and shins."""
    hands, legs = actor.rows("hand"), other.rows("thigh", "shin")
    return float(gaps(actor, other)[np.ix_(hands, legs)].min())


def point_gap(figure: Figure, point: Array) -> float:
    """Gap between a figure and a point (3,): a camera, say."""
    spot = np.broadcast_to(point, (1, 2, 3))
    return float((segment_distances(figure.lines, spot)[:, 0] - figure.radii).min())


def samples(figure: Figure, per_line: int = 5) -> tuple[Array, Array]:
    """Points (C, P, 3) along every capsule's line, and half thicknesses (C,)."""
    shares = np.linspace(0, 1, per_line)[:, None]
    start, end = figure.lines[:, None, 0], figure.lines[:, None, 1]
    return start + (end - start) * shares, figure.radii


def segment_distances(first: Array, second: Array) -> Array:
    """(N, M) shortest distances of segments (N, 2, 3) from segments (M, 2, 3); segments may be points."""
    mine, theirs = closest_points(first, second)
    nearest: Array = np.linalg.norm(mine - theirs, axis=-1)
    return nearest


def closest_points(first: Array, second: Array) -> tuple[Array, Array]:
    """Points (N, M, 3) on segments (N, 2, 3) and on segments (M, 2, 3) that are nearest to each other.

    Those of the two lines, clamped to the segments in turn (Ericson, Real-Time Collision Detection, 2005,
    section 5.1.9).
    """
    p, q = first[:, None, 0], second[None, :, 0]
    d, e = first[:, None, 1] - p, second[None, :, 1] - q
    r = p - q
    a, c = np.maximum(np.sum(d * d, -1), 1e-12), np.maximum(np.sum(e * e, -1), 1e-12)
    b, f, g = np.sum(d * e, -1), np.sum(e * r, -1), np.sum(d * r, -1)
    crossing = a * c - b * b
    s = np.where(crossing > 1e-12, np.clip((b * f - c * g) / np.maximum(crossing, 1e-12), 0, 1), 0.0)
    t = np.clip((b * s + f) / c, 0, 1)
    s = np.clip((b * t - g) / a, 0, 1)
    return p + s[..., None] * d, q + t[..., None] * e
