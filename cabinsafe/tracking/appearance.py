"""What a person's clothes look like: colours of the torso, for knowing somebody again after a gap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import ShapeError
from cabinsafe.geometry import Array
from cabinsafe.tracking.sightings import Observation

_SAMPLES = 16  # rows and columns of pixels that are looked at
_LEVELS = 4  # per channel


def checked_image(image: Any) -> NDArray[np.uint8] | None:
    """The frame, if there is one.

    Raises:
        ShapeError: not uint8 (H, W, 3).
    """
    if image is None:
        return None
    if (
        not isinstance(image, np.ndarray)
        or image.dtype != np.uint8
        or image.shape[2:] != (3,)
        or 0 in image.shape
    ):
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ShapeError("image", "uint8 array (H, W, 3), BGR", got)
    return image


def torso_colours(image: NDArray[np.uint8], observation: Observation) -> Array | None:
    """Shares (64,) of colours, four levels per channel, on a torso; None if it lies outside the frame.

    The torso lies between shoulders and hips, else in the middle of the box.
    """
    x1, y1, x2, y2 = observation.box_xyxy
    left, right = x1 + 0.3 * (x2 - x1), x2 - 0.3 * (x2 - x1)
    top, bottom = y1 + 0.3 * (y2 - y1), y1 + 0.6 * (y2 - y1)
    if observation.pose is not None:
        layout = observation.pose.layout
        corners = observation.pose.xy[[*layout.shoulders, *layout.hips]]
        if len(corners) == 4 and not np.isnan(corners).any():
            (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    columns = np.linspace(left, right, _SAMPLES).astype(int)
    rows = np.linspace(top, bottom, _SAMPLES).astype(int)
    columns = columns[(columns >= 0) & (columns < image.shape[1])]
    rows = rows[(rows >= 0) & (rows < image.shape[0])]
    if not len(rows) or not len(columns):
        return None
    levels = image[np.ix_(rows, columns)].reshape(-1, 3) // (256 // _LEVELS)
    bins = np.bincount(levels @ np.array([1, _LEVELS, _LEVELS**2]), minlength=_LEVELS**3)
    shares: Array = bins / bins.sum()
    return shares


def colour_cost(expected: Array, seen: Array) -> float:
    """Hellinger distance of two colour shares, [0, 1]."""
    return float(np.sqrt(max(0.0, 1.0 - float(np.sqrt(expected * seen).sum()))))
