"""Heatmap and part-affinity targets, as lightweight OpenPose defines them.

The definition was checked on the outputs of ``human-pose-estimation-0001`` for labelled people, so
that fine-tuning continues what its weights already know: its sharpest peaks have a sigma of 7.0 input
pixels, lie within 0.16 cells of the labels when cells are sampled at their centres, and its limbs are
2 cells wide. Its limbs lie about a quarter of a cell off the cell centres; targets use the centres,
where a decoder looks.
Coordinates are continuous: the left edge of input pixel 0 is 0.0 and its centre 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.pose.layout import (
    HEATMAP_COUNT,
    KEYPOINTS,
    PAF_COUNT,
    STRIDE,
    limb_indices,
)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class TargetSpec:
    """How maps are drawn.

    Attributes:
        sigma_px: standard deviation of a keypoint's Gaussian, input pixels.
        paf_half_width_cells: half the width of a limb's band, map cells; the band also reaches
            this far past the box of its two ends.
        heatmap_centre_cells: where in cell 0 the heatmaps are sampled; 0.5 is its centre.
        paf_centre_cells: the same for the part-affinity maps.
        floor: Gaussian values below this are written as zero.
    """

    sigma_px: float = 7.0
    paf_half_width_cells: float = 1.0
    heatmap_centre_cells: float = 0.5
    paf_centre_cells: float = 0.5
    floor: float = 0.01


def draw_heatmaps(xy_px: Floats, size_px: tuple[int, int], spec: TargetSpec) -> Floats:
    """Draw one Gaussian per labelled keypoint; people overlap by maximum.

    Args:
        xy_px: (N, 18, 2) input pixels, NaN where unlabelled.
        size_px: input (height, width), multiples of the stride.
        spec: how to draw.

    Returns:
        (19, height / 8, width / 8); the last channel is 1 minus the maximum of the others.
    """
    rows, columns = size_px[0] // STRIDE, size_px[1] // STRIDE
    maps = np.zeros((HEATMAP_COUNT, rows, columns), np.float32)
    if len(xy_px):
        x_profile = _gaussian(columns, xy_px[..., 0], spec)
        y_profile = _gaussian(rows, xy_px[..., 1], spec)
        blobs = y_profile[..., :, None] * x_profile[..., None, :]
        blobs[blobs < spec.floor] = 0.0
        maps[: len(KEYPOINTS)] = blobs.max(axis=0)
    maps[-1] = 1.0 - maps[:-1].max(axis=0)
    return maps


def _gaussian(cells: int, centre_px: Floats, spec: TargetSpec) -> Floats:
    """Return the (N, 18, cells) one-dimensional profile; zero where the centre is NaN."""
    at_px = (np.arange(cells, dtype=np.float32) + spec.heatmap_centre_cells) * STRIDE
    scaled = (at_px - np.nan_to_num(centre_px, nan=1e6)[..., None]) / spec.sigma_px
    profile: Floats = np.exp(-0.5 * np.square(scaled)).astype(np.float32)
    return profile


def draw_pafs(xy_px: Floats, size_px: tuple[int, int], spec: TargetSpec) -> Floats:
    """Draw each limb's unit vector over a band around it; overlapping limbs are averaged.

    Args:
        xy_px: (N, 18, 2) input pixels, NaN where unlabelled.
        size_px: input (height, width), multiples of the stride.
        spec: how to draw.

    Returns:
        (38, height / 8, width / 8), x and y component in turn; limbs shorter than a hundredth of a
        cell have no direction and are left out.
    """
    rows, columns = size_px[0] // STRIDE, size_px[1] // STRIDE
    maps = np.zeros((PAF_COUNT, rows, columns), np.float32)
    at_x = np.arange(columns, dtype=np.float32) + spec.paf_centre_cells
    at_y = np.arange(rows, dtype=np.float32) + spec.paf_centre_cells
    for first, second, channel in limb_indices():
        start, end = xy_px[:, first] / STRIDE, xy_px[:, second] / STRIDE
        length = np.hypot(*(end - start).T)
        usable = length > 0.01
        if not usable.any():
            continue
        start, end = start[usable], end[usable]
        unit = (end - start) / length[usable, None]
        inside = _band(at_x, at_y, start, end, unit, spec.paf_half_width_cells)
        count = np.maximum(inside.sum(axis=0), 1.0)
        maps[channel : channel + 2] = np.einsum("nhw,nc->chw", inside, unit) / count
    return maps


def _band(at_x: Floats, at_y: Floats, start: Floats, end: Floats, unit: Floats, half: float) -> Floats:
    """Return (N, rows, columns): 1 inside the band of each limb, 0 elsewhere; units are cells."""
    low, high = np.minimum(start, end) - half, np.maximum(start, end) + half
    in_x = (at_x >= low[:, :1]) & (at_x <= high[:, :1])
    in_y = (at_y >= low[:, 1:]) & (at_y <= high[:, 1:])
    from_x = (at_x - start[:, :1]) * unit[:, 1:]
    from_y = (at_y - start[:, 1:]) * unit[:, :1]
    across = np.abs(from_x[:, None, :] - from_y[:, :, None]) <= half
    inside: Floats = (across & in_x[:, None, :] & in_y[:, :, None]).astype(np.float32)
    return inside
