"""The native pre-processing once more, in a few lines of numpy: for reading, and the oracle in tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cabinsafe.pose.card import InputSpec

Integers = NDArray[np.int64]

ONE = 16384
"""What the weights of one input pixel sum to, along an axis."""


def axis_weights(frame_side: int, inner_side: int) -> Integers:
    """(inner, frame): what each pixel of the frame counts in each of the input; each row sums to ONE.

    Shrinking takes areas: the share of each input pixel's stretch of the frame. Otherwise neighbours are
    interpolated linearly; beyond the outermost pixels' centres the outermost count alone.
    """
    n, m = frame_side, inner_side
    x, i = np.arange(m)[:, None], np.arange(n + 1)
    if m < n:
        share_before = np.clip(i * m - x * n, 0, n)  # in units of 1/n
        until = _rounded(share_before, n)
        return until[:, 1:] - until[:, :-1]
    at = np.clip((2 * x + 1) * n - m, 0, (n - 1) * 2 * m)  # in units of 1/2m
    share_of_next = _rounded(at % (2 * m), 2 * m)
    first = at // (2 * m)
    weights: Integers = (i == first) * (ONE - share_of_next) + (i == first + 1) * share_of_next
    return weights[:, :n]


def resize(image: NDArray[np.uint8], inner_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """An image (H, W, 3) as (inner height, inner width, 3) whole levels: rows first, then columns."""
    height, width = image.shape[:2]
    rows, columns = axis_weights(height, inner_wh[1]), axis_weights(width, inner_wh[0])
    blended = (np.einsum("yr,rxc->yxc", rows, image.astype(np.int64)) + 64) >> 7
    levels = (np.einsum("xs,ysc->yxc", columns, blended) + (1 << 20)) >> 21
    return np.asarray(levels, np.uint8)


def fill_input(
    image: NDArray[np.uint8], left: int, top: int, inner_wh: tuple[int, int], spec: InputSpec
) -> NDArray[np.float32]:
    """Input (3, height, width) of one image that fills the rectangle at ``left``, ``top``."""
    canvas = np.full((spec.size_wh[1], spec.size_wh[0], 3), spec.pad_value, np.uint8)
    canvas[top : top + inner_wh[1], left : left + inner_wh[0]] = resize(image, inner_wh)
    if spec.color == "rgb":
        canvas = canvas[..., ::-1]
    values = (canvas - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)


def _rounded(above: Integers, below: int) -> Integers:
    """Weight of a share ``above / below``, to the nearest whole number, halves up."""
    return (2 * ONE * above + below) // (2 * below)
