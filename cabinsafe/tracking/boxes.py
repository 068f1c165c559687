"""Checking what comes in, and boxes that are certain to have an area."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.types import BoxXyxy

Row = tuple[float, ...]
_LEAST_SIDE_PX = 1e-3
_FARTHEST_PX = 1e6  # beyond it, a coordinate is no pixel but an error upstream


def from_centre(centre_xy: tuple[float, float], size_wh: tuple[float, float]) -> BoxXyxy:
    """Box xyxy around a centre; a side that is too short to be one is lengthened."""
    (cx, cy), (width, height) = centre_xy, size_wh
    half_w, half_h = max(width, _LEAST_SIDE_PX) / 2.0, max(height, _LEAST_SIDE_PX) / 2.0
    return cx - half_w, cy - half_h, cx + half_w, cy + half_h


def checked_boxes(boxes: Any) -> list[Row]:
    """Boxes as rows of x1, y1, x2, y2, score, sorted so that the caller's order does not matter.

    None and an empty sequence give none.

    Raises:
        ShapeError: not (N, 5) numbers.
        DataError: not finite, without area, or a score outside [0, 1].
    """
    if boxes is None:
        return []
    expected = "numbers (N, 5): x1, y1, x2, y2, score"
    try:
        table = np.array(boxes, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("boxes", expected, f"{type(boxes).__name__}: {error}") from error
    if table.size == 0 and table.shape in {(0,), (0, 5)}:
        return []
    if table.ndim != 2 or table.shape[1] != 5:
        raise ShapeError("boxes", expected, table.shape)
    rows: list[Row] = [tuple(row) for row in table.tolist()]
    for row in rows:
        if not _is_sound(*row):
            raise DataError(f"boxes must {_complaint(*row)}, got {list(row)}")
    return sorted(rows)


def _is_sound(x1: float, y1: float, x2: float, y2: float, score: float) -> bool:
    """Whether a row is a box; no comparison with NaN is true."""
    return (
        -_FARTHEST_PX <= x1 < x2 <= _FARTHEST_PX
        and -_FARTHEST_PX <= y1 < y2 <= _FARTHEST_PX
        and x2 - x1 > _LEAST_SIDE_PX
        and y2 - y1 > _LEAST_SIDE_PX
        and 0.0 <= score <= 1.0
    )


def _complaint(x1: float, y1: float, x2: float, y2: float, score: float) -> str:
    """What is wrong with a row that is no box."""
    if not all(math.isfinite(value) and abs(value) <= _FARTHEST_PX for value in (x1, y1, x2, y2)):
        return f"be finite, within {_FARTHEST_PX:.0e} pixels"
    if not 0.0 <= score <= 1.0:
        return "have a score in [0, 1]"
    return f"have x1 < x2 and y1 < y2, by more than {_LEAST_SIDE_PX} pixels"


def overlap(a: BoxXyxy, b: BoxXyxy) -> float:
    """Intersection over union of two boxes, [0, 1]."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0.0 or height <= 0.0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


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
