"""Pure functions on points, segments, polygons and boxes. Pixels or normalised units, x right, y down."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def segment_distances(points: ArrayLike, starts: ArrayLike, ends: ArrayLike) -> Array:
    """Distances (P, S) from points (P, 2) to the segments from starts (S, 2) to ends (S, 2).

    A segment may be a point. NaN in a point or a segment gives NaN in its row or column.
    """
    p = np.asarray(points, dtype=np.float64).reshape(-1, 1, 2)
    a, b = (np.asarray(v, dtype=np.float64).reshape(1, -1, 2) for v in (starts, ends))
    along = b - a
    length_sq = np.broadcast_to((along**2).sum(axis=-1), (p.shape[0], a.shape[1]))
    dots = ((p - a) * along).sum(axis=-1)
    fraction = np.divide(dots, length_sq, out=np.zeros_like(dots), where=length_sq != 0)
    nearest = a + np.clip(fraction, 0.0, 1.0)[..., None] * along
    gaps: Array = np.hypot(*np.moveaxis(p - nearest, -1, 0))
    return gaps


def height_above_line(point: ArrayLike, start: ArrayLike, end: ArrayLike) -> tuple[float, float]:
    """Where a point lies against a line from ``start`` to ``end``.

    Returns:
        Signed distance to the line, positive above it in the image (towards smaller y; for a vertical
        line, to the right of the downward direction), and the position of the foot of the perpendicular
        along the line, 0 at the left end and 1 at the right end.

    Raises:
        ValueError: the two ends coincide.
    """
    p, a, b = (np.asarray(v, dtype=np.float64) for v in (point, start, end))
    if (b[0], b[1]) < (a[0], a[1]):
        a, b = b, a
    along = b - a
    length = float(np.hypot(*along))
    if length == 0.0:
        raise ValueError("the two ends of a line must differ")
    offset = p - a
    height = float(along[1] * offset[0] - along[0] * offset[1]) / length
    return height, float(offset @ along) / length**2


def polygon_contains(polygon: ArrayLike, point: ArrayLike) -> bool:
    """Whether a point (2,) lies in a simple polygon (V, 2), by the even-odd rule; NaN lies nowhere."""
    vertices = np.asarray(polygon, dtype=np.float64)
    x, y = np.asarray(point, dtype=np.float64)
    x1, y1 = vertices.T
    x2, y2 = np.roll(vertices, -1, axis=0).T
    straddles = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing_x = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
    return bool(np.count_nonzero(straddles & (x < crossing_x)) % 2)


def box_iou(a: ArrayLike, b: ArrayLike) -> Array:
    """Intersection over union of boxes (N, 4) and (M, 4), xyxy: (N, M) in [0, 1]."""
    first = np.asarray(a, dtype=np.float64).reshape(-1, 1, 4)
    second = np.asarray(b, dtype=np.float64).reshape(1, -1, 4)
    overlap_wh = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    overlap = np.clip(overlap_wh, 0.0, None).prod(axis=-1)
    areas = (first[..., 2:] - first[..., :2]).prod(axis=-1) + (second[..., 2:] - second[..., :2]).prod(
        axis=-1
    )
    union = areas - overlap
    ratio: Array = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return ratio


def midpoint(a: ArrayLike, b: ArrayLike) -> Array:
    """Point halfway between two points (2,); NaN if either is."""
    middle: Array = (np.asarray(a, dtype=np.float64) + np.asarray(b, dtype=np.float64)) / 2.0
    return middle


def distance(a: ArrayLike, b: ArrayLike) -> float:
    """Euclidean distance of two points (2,); NaN if either is."""
    return float(np.hypot(*(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))))
