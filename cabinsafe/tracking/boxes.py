"""Checking what comes in, and boxes that are certain to have an area."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.geometry import Array
from cabinsafe.types import BoxXyxy, Skeleton

_LEAST_SIDE_PX = 1e-3
_LEAST_SIDE_SHARE = 1e-9  # of the coordinate, so that adding half a side to it is not lost in rounding
_FARTHEST_PX = 1e7  # beyond it, a coordinate is no pixel but an error upstream


def from_centre(centre_xy: tuple[float, float], size_wh: tuple[float, float]) -> BoxXyxy:
    """Box xyxy around a centre; a side that is too short to be one is lengthened."""
    (cx, cy), (width, height) = centre_xy, size_wh
    half_w = max(width, _LEAST_SIDE_PX, _LEAST_SIDE_SHARE * abs(cx)) / 2.0
    half_h = max(height, _LEAST_SIDE_PX, _LEAST_SIDE_SHARE * abs(cy)) / 2.0
    return cx - half_w, cy - half_h, cx + half_w, cy + half_h


def extent(points: NDArray[np.floating[Any]]) -> BoxXyxy:
    """Smallest box around points (K, 2), ignoring NaN; NaN when there is none. It may lack area."""
    x1, y1 = np.fmin.reduce(points, axis=0).tolist()
    x2, y2 = np.fmax.reduce(points, axis=0).tolist()
    return x1, y1, x2, y2


def checked_boxes(boxes: Any) -> Array:
    """Boxes (N, 5) float64, xyxy and score, sorted so that the caller's order does not matter.

    None and an empty sequence give (0, 5).

    Raises:
        ShapeError: not (N, 5) numbers.
        DataError: not finite, without area, or a score outside [0, 1].
    """
    if boxes is None:
        return np.zeros((0, 5))
    expected = "numbers (N, 5): x1, y1, x2, y2, score"
    try:
        rows = np.array(boxes, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("boxes", expected, f"{type(boxes).__name__}: {error}") from error
    if rows.size == 0 and rows.shape in {(0,), (0, 5)}:
        return np.zeros((0, 5))
    if rows.ndim != 2 or rows.shape[1] != 5:
        raise ShapeError("boxes", expected, rows.shape)
    if not np.isfinite(rows).all() or (np.abs(rows[:, :4]) > _FARTHEST_PX).any():
        raise DataError(f"boxes must be finite, within {_FARTHEST_PX:.0e} pixels, got {rows.tolist()}")
    sides = rows[:, 2:4] - rows[:, :2]
    least = np.maximum(_LEAST_SIDE_PX, _LEAST_SIDE_SHARE * np.abs(rows[:, :4]).max(axis=1))
    if (sides <= least[:, np.newaxis]).any():
        raise DataError(f"boxes must have x1 < x2 and y1 < y2, got {rows[:, :4].tolist()}")
    if ((rows[:, 4] < 0.0) | (rows[:, 4] > 1.0)).any():
        raise DataError(f"box scores must lie in [0, 1], got {rows[:, 4].tolist()}")
    return rows[np.lexsort(rows.T)]


def checked_skeletons(skeletons: Any) -> list[Skeleton]:
    """Skeletons with at least one keypoint, sorted so that the caller's order does not matter.

    Raises:
        DataError: not a sequence of skeletons, or a keypoint that is nowhere near a frame.
    """
    if not isinstance(skeletons, Sequence) or not all(isinstance(item, Skeleton) for item in skeletons):
        raise DataError(f"skeletons must be a sequence of Skeleton, got {skeletons!r:.80}")
    keyed = [((*extent(item.xy), item.person_score, item.topology), item) for item in skeletons]
    if any(abs(side) > _FARTHEST_PX for key, _ in keyed for side in key[:4]):
        raise DataError(f"keypoints must lie within {_FARTHEST_PX:.0e} pixels, got {skeletons!r:.80}")
    seen = [pair for pair in keyed if not math.isnan(pair[0][0])]
    return [item for _, item in sorted(seen, key=operator.itemgetter(0))]


def checked_size(size_wh: Any) -> tuple[int, int]:
    """Frame width and height.

    Raises:
        DataError: not two positive numbers.
    """
    try:
        width, height = (int(side) for side in size_wh)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"seats need size_wh, the frame's width and height, got {size_wh!r}") from error
    if width <= 0 or height <= 0:
        raise DataError(f"size_wh must be positive, got {size_wh!r}")
    return width, height
