"""Labelled images and their pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.data import LabelledImage
from cabinsafe.media import read_image


def load_at_most(labelled: LabelledImage, longest_px: int) -> tuple[NDArray[np.uint8], LabelledImage]:
    """Read an image, shrunk where its longer side exceeds a limit, and its labels in the pixels read.

    Shrinking by area first keeps the bilinear warp of the augmentation from aliasing.

    Raises:
        MediaError: the file is missing or no image.
    """
    image = read_image(labelled.path)
    height, width = image.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return image, labelled
    size_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    factor = np.array([size_wh[0] / width, size_wh[1] / height], np.float32)
    moved = replace(
        labelled,
        xy=labelled.xy * factor,
        boxes=labelled.boxes * np.tile(factor, 2),
        ignored=labelled.ignored * np.tile(factor, 2),
    )
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8), moved
