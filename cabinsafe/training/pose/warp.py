"""Geometry of the augmentation: one affine map and one flip, of pixels and labels alike.

Coordinates are continuous: the centre of the first pixel lies at (0.5, 0.5).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.options import Options
from cabinsafe.training.pose.ranges import Positives, Range, Share, log_uniform

PADDING_VALUE: Final = 128
"""Grey level outside the image, the one of the letterbox at run time."""


class WarpSpec(Options):
    """Which part of an image a crop shows, and how.

    Attributes:
        zoom: smallest and largest magnification, relative to the letterbox of the run-time input
            size; drawn log-uniformly.
        log_aspect: range of ln(x magnification / y magnification); area is kept.
        rotation_deg: largest rotation either way.
        aim: probability that the crop is aimed at a person; else it is at the middle of the image.
        flip: probability of a mirror image, left and right keypoints changing places.
    """

    zoom: Positives = (0.65, 1.3)
    log_aspect: Range = (-0.1, 0.3)
    rotation_deg: float = Field(20.0, ge=0, le=180)
    aim: Share = 0.7
    flip: Share = 0.5


def draw_matrix(
    size_wh: tuple[int, int],
    boxes: NDArray[np.float32],
    crop_px: int,
    runtime_px: int,
    spec: WarpSpec,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the (2, 3) map from image pixels to crop pixels.

    What the crop is aimed at lands in its middle 40 %, seen along either axis.

    Args:
        size_wh: of the image.
        boxes: (N, 4) people to aim at.
        crop_px: side of the square crop.
        runtime_px: side of the run-time letterbox, the unit of zoom.
        spec: what to draw from.
        generator: the only source of randomness.
    """
    zoom = log_uniform(generator, spec.zoom)
    aspect = float(np.exp(generator.uniform(*spec.log_aspect) / 2))
    scale = zoom * runtime_px / max(size_wh)
    angle = np.deg2rad(generator.uniform(-spec.rotation_deg, spec.rotation_deg))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * aspect, scale / aspect])
    middle = np.array(size_wh) / 2
    if len(boxes) and generator.random() < spec.aim:
        box = boxes[generator.integers(len(boxes))]
        middle = (box[:2] + box[2:]) / 2
    target = crop_px * generator.uniform(0.3, 0.7, 2)
    return np.column_stack([linear, target - linear @ middle])


def warp_image(
    image: NDArray[np.uint8],
    matrix: NDArray[np.float64],
    crop_px: int,
    outside_bgr: tuple[float, float, float] = (PADDING_VALUE,) * 3,
) -> NDArray[np.uint8]:
    """The (crop_px, crop_px, 3) crop, bilinear, with one colour outside the image."""
    centred = matrix.copy()  # OpenCV counts from pixel centres, the matrix from edges
    centred[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    warped = cv2.warpAffine(
        image,
        centred,
        (crop_px, crop_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside_bgr,
    )
    return np.asarray(warped, np.uint8)


def move_points(xy: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """(..., 2) points in crop pixels."""
    moved: NDArray[np.float32] = (xy @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return moved


def move_boxes(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """The upright boxes (N, 4) around the moved boxes."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    moved = move_points(corners, matrix)
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)


def drop_outside(xy: NDArray[np.float32], crop_px: int) -> NDArray[np.float32]:
    """The keypoints (N, K, 2), NaN where they are outside the crop."""
    inside = ((xy >= 0) & (xy < crop_px)).all(axis=-1, keepdims=True)
    return np.where(inside, xy, np.float32(np.nan))


def flip_keypoints(
    xy: NDArray[np.float32], width_px: int, mirror_order: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Mirror (N, K, 2) keypoints in an image of a given width; left and right change places.

    Args:
        xy: keypoints.
        width_px: of the image.
        mirror_order: (K,), :attr:`cabinsafe.training.pose.layout.MapLayout.mirror_order`.
    """
    flipped: NDArray[np.float32] = xy[:, mirror_order]
    flipped[..., 0] = width_px - flipped[..., 0]
    return flipped


def flip_boxes(boxes: NDArray[np.float32], width_px: int) -> NDArray[np.float32]:
    """Mirror (N, 4) boxes in an image of a given width."""
    flipped: NDArray[np.float32] = boxes.copy()
    flipped[:, 0], flipped[:, 2] = width_px - boxes[:, 2], width_px - boxes[:, 0]
    return flipped
