"""Box maps to person boxes: the decoder of a pose network's person-box head.

The head says, per map cell, how likely a person's box is centred there and how far its four edges are: a
single-class centre heatmap as in Zhou et al. 2019 (CenterNet, arXiv:1904.07850) with the edge distances of
Tian et al. 2019 (FCOS, arXiv:1904.01355).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.errors import CapacityError, ShapeError
from cabinsafe.geometry import Array, box_iou
from cabinsafe.options import Options
from cabinsafe.pose.decoder import non_finite_error

FloatArray = NDArray[np.float32]
_Indices = NDArray[np.intp]

BOX_CHANNELS = 5
"""Centre heatmap (peak 1), then distances from the cell's centre to the left, top, right and bottom edge."""

BOX_UNIT_CELLS = 8
"""Map cells per unit of the distance channels, which keeps their values near those of the heatmaps."""


class BoxOptions(Options):
    """Numbers of the rules by which box maps become boxes."""

    score_threshold: float = Field(
        default=0.3, ge=0.0, le=1.0, description="Centre height above which a cell can be a person's centre."
    )
    suppression_iou: float = Field(
        default=0.6,
        ge=0.0,
        le=1.0,
        description="Of two boxes that overlap by more than this (IoU), only the stronger is kept.",
    )
    max_boxes: int = Field(default=32, ge=1, le=4096, description="More boxes are a CapacityError.")


def decode_boxes(
    maps: FloatArray,
    stride: int,
    options: BoxOptions = BoxOptions(),  # noqa: B008 - it is immutable
) -> tuple[FloatArray, FloatArray]:
    """Find the person boxes of one image.

    Rules, in this order:

    1. A cell is a peak if its centre height is above ``score_threshold``, above its neighbours (of 8) that
       come earlier in row-by-row order, and not below those that come later: a flat top counts at its first
       cell, as in the keypoints' decoder.
    2. Its box is the mean of the boxes that the cells of its 3x3 neighbourhood tell of, weighted by their
       centre heights; those below 0 and those off the map weigh nothing. A box without area is left out.
    3. From the strongest peak to the weakest, the earlier cell first among equals: it is kept if its box
       overlaps no kept one by more than ``suppression_iou``.

    Args:
        maps: (:data:`BOX_CHANNELS`, H, W) float32; distances in units of ``BOX_UNIT_CELLS * stride`` pixels.
        stride: input pixels per map cell.
        options: numbers of the rules.

    Returns:
        Boxes (N, 4) float32 xyxy in input pixels, not clipped to the input, and scores (N,) float32 in
        [0, 1], falling: the centre heights, at most 1. Nobody is a valid answer.

    Raises:
        ShapeError: another shape or dtype.
        DataError: NaN or infinity in a map.
        CapacityError: more boxes than the options allow.
    """
    _check(maps)
    rows, columns, around = _peaks(maps, options.score_threshold)
    boxes = _mean_boxes(rows, columns, around) * stride
    heights = maps[0, rows, columns]
    solid = np.flatnonzero((boxes[:, :2] < boxes[:, 2:]).all(axis=1))
    order = solid[np.argsort(-heights[solid], kind="stable")]
    kept = _kept(boxes, order, options)
    return boxes[kept].astype(np.float32), np.minimum(heights[kept], np.float32(1.0))


def _check(maps: Any) -> None:
    expected = f"float32 ({BOX_CHANNELS}, H, W)"
    if not isinstance(maps, np.ndarray):
        raise ShapeError("boxes", expected, type(maps).__name__)
    if maps.dtype != np.float32 or maps.ndim != 3 or maps.shape[0] != BOX_CHANNELS or 0 in maps.shape:
        raise ShapeError("boxes", expected, f"{maps.dtype} {maps.shape}")
    bad = ~np.isfinite(maps)
    if bad.any():
        raise non_finite_error("boxes", int(bad.sum()), int(np.flatnonzero(bad.any(axis=(1, 2)))[0]))


def _peaks(maps: FloatArray, threshold: float) -> tuple[_Indices, _Indices, FloatArray]:
    """Peaks in row-by-row order: rows (N,), columns (N,), and the maps in 3x3 cells around them (5, N, 9)."""
    height, width = maps.shape[1:]
    padded = np.zeros((BOX_CHANNELS, height + 2, width + 2), np.float32)
    padded[0] = -np.inf
    padded[:, 1:-1, 1:-1] = maps
    rows, columns = np.nonzero(maps[0] > threshold)
    down, across = np.divmod(np.arange(9), 3)
    around = padded[:, rows[:, np.newaxis] + down, columns[:, np.newaxis] + across]
    heights, middle = around[0], around[0, :, 4:5]
    is_peak = (heights[:, :4] < middle).all(axis=1) & (heights[:, 5:] <= middle).all(axis=1)
    return rows[is_peak], columns[is_peak], around[:, is_peak]


def _mean_boxes(rows: _Indices, columns: _Indices, around: FloatArray) -> Array:
    """Boxes (N, 4) of the peaks, in map cells."""
    down, across = np.divmod(np.arange(9), 3)
    x, y = columns[:, np.newaxis] + across - 0.5, rows[:, np.newaxis] + down - 0.5
    left, top, right, bottom = around[1:].astype(np.float64) * BOX_UNIT_CELLS
    weights = np.maximum(around[0], 0.0).astype(np.float64)
    edges = np.stack([x - left, y - top, x + right, y + bottom])
    boxes: Array = ((edges * weights).sum(axis=-1) / weights.sum(axis=-1)).T
    return boxes


def _kept(boxes: Array, order: _Indices, options: BoxOptions) -> list[int]:
    """Those of ``order`` that greedy suppression keeps, in that order."""
    kept: list[int] = []
    while len(order):
        if len(kept) == options.max_boxes:
            raise CapacityError(f"more than {options.max_boxes} person boxes (option max_boxes)")
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[box_iou(boxes[best], boxes[rest])[0] <= options.suppression_iou]
    return kept
