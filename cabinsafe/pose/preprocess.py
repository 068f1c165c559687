"""Frames to the network's input tensor, and the way back to frame pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import ShapeError
from cabinsafe.pose.card import InputSpec

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


class LetterboxTransform(NamedTuple):
    """How a frame was fitted into the input: ``input = frame * scale + offset``, pixel centres at +0.5.

    ``frame_wh`` is the frame's width and height.
    """

    scale_xy: tuple[float, float]
    offset_xy: tuple[float, float]
    frame_wh: tuple[int, int]

    def to_frame(self, input_xy: NDArray[np.floating]) -> FloatArray:
        """Input pixels (..., 2) to frame pixels (..., 2)."""
        back: FloatArray = ((input_xy - np.array(self.offset_xy)) / np.array(self.scale_xy)).astype(
            np.float32
        )
        return back

    def to_input(self, frame_xy: NDArray[np.floating]) -> FloatArray:
        """Frame pixels (..., 2) to input pixels (..., 2)."""
        there: FloatArray = (frame_xy * np.array(self.scale_xy) + np.array(self.offset_xy)).astype(np.float32)
        return there


def letterbox(image: Image, size_wh: tuple[int, int], pad_value: int) -> tuple[Image, LetterboxTransform]:
    """Fit an image (H, W, 3) into a canvas, aspect kept, centred, with bars of one grey level.

    Returns:
        The canvas (height, width, 3) uint8, and the transform of coordinates.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ShapeError("image", "uint8 array (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    height, width = image.shape[:2]
    scale = min(size_wh[0] / width, size_wh[1] / height)
    inner_w, inner_h = (max(1, round(side * scale)) for side in (width, height))
    left, top = (size_wh[0] - inner_w) // 2, (size_wh[1] - inner_h) // 2
    canvas = np.full((size_wh[1], size_wh[0], 3), pad_value, dtype=np.uint8)
    shrinking = inner_w < width
    inner = cv2.resize(
        image, (inner_w, inner_h), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    )
    canvas[top : top + inner_h, left : left + inner_w] = inner
    scale_xy = inner_w / width, inner_h / height
    return canvas, LetterboxTransform(scale_xy, (float(left), float(top)), (width, height))


def normalise(canvases: Sequence[Image], spec: InputSpec) -> FloatArray:
    """Stack B canvases (H, W, 3) BGR into the input tensor (B, 3, H, W) that the network's card describes."""
    batch = np.stack(canvases)
    if spec.color == "rgb":
        batch = batch[..., ::-1]
    scaled = (batch - np.array(spec.mean, dtype=np.float32)) / np.array(spec.std, dtype=np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)
