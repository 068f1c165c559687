"""Augmentation: one affine warp for geometry, then light and camera effects.

Everything is drawn from the generator that the caller passes: equal seeds give equal samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from cabinsafe.options import Options
from cabinsafe.training.pose.layout import mirror_order

PADDING_VALUE: Final = 128
"""Grey level outside the image, the one that the network was trained with."""


_Positive = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class AugmentSpec(Options):
    """Ranges of the augmentation.

    Attributes:
        zoom: smallest and largest magnification, relative to the letterbox of the run-time input
            size; drawn log-uniformly.
        log_aspect: range of ln(x magnification / y magnification); area is kept.
        rotation_deg: largest rotation either way.
        flip, grey, blur, noise, jpeg: probabilities, 0 to 1.
        contrast, colour: largest change of gain either way, of all channels and of each, 0 to 1.
        brightness: largest shift of pixel values either way.
    """

    zoom: tuple[_Positive, _Positive] = (0.65, 1.3)
    log_aspect: tuple[float, float] = (-0.1, 0.3)
    rotation_deg: float = Field(20.0, ge=0, le=180)
    flip: _Share = 0.5
    grey: _Share = 0.15
    blur: _Share = 0.1
    noise: _Share = 0.1
    jpeg: _Share = 0.1
    contrast: _Share = 0.25
    brightness: float = Field(25.0, ge=0, le=255)
    colour: _Share = 0.08

    @field_validator("zoom", "log_aspect")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the first number must not exceed the second")
        return value


@dataclass(frozen=True)
class Sample:
    """A warped crop: image (S, S, 3) uint8, xy (N, 18, 2), boxes (N, 4), ignored (M, 4), pixels."""

    image: NDArray[np.uint8]
    xy: NDArray[np.float32]
    boxes: NDArray[np.float32]
    ignored: NDArray[np.float32]


def augment(
    image: NDArray[np.uint8],
    sample: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    crop_px: int,
    runtime_px: int,
    spec: AugmentSpec,
    generator: np.random.Generator,
) -> Sample:
    """Return a random crop of an image with its labels moved along.

    Args:
        image: (H, W, 3) uint8 BGR.
        sample: xy (N, 18, 2), boxes (N, 4) and ignored boxes (M, 4) in image pixels.
        crop_px: side of the square crop.
        runtime_px: side of the run-time letterbox, the unit of zoom.
        spec: what to draw from.
        generator: the only source of randomness.
    """
    xy, boxes, ignored = sample
    matrix = _matrix(image, boxes, crop_px, runtime_px, spec, generator)
    warped = _warp(image, matrix, crop_px)
    moved = _move(xy, matrix)
    inside = ((moved >= 0) & (moved < crop_px)).all(axis=-1)
    moved[~inside] = np.nan
    boxes, ignored = _move_boxes(boxes, matrix), _move_boxes(ignored, matrix)
    if generator.random() < spec.flip:
        warped = np.ascontiguousarray(warped[:, ::-1])
        moved = flip_keypoints(moved, crop_px)
        boxes, ignored = _flip_boxes(boxes, crop_px), _flip_boxes(ignored, crop_px)
    return Sample(_recolour(warped, spec, generator), moved, boxes, ignored)


def flip_keypoints(xy: NDArray[np.float32], width_px: int) -> NDArray[np.float32]:
    """Mirror (N, 18, 2) keypoints in an image of a given width; left and right change places."""
    flipped: NDArray[np.float32] = xy[:, mirror_order()].copy()
    flipped[..., 0] = width_px - flipped[..., 0]
    return flipped


def _matrix(
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    crop_px: int,
    runtime_px: int,
    spec: AugmentSpec,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the (2, 3) map from continuous image pixels to continuous crop pixels."""
    height, width = image.shape[:2]
    zoom = float(np.exp(generator.uniform(*np.log(spec.zoom))))
    aspect = float(np.exp(generator.uniform(*spec.log_aspect) / 2))
    scale = zoom * runtime_px / max(height, width)
    angle = np.deg2rad(generator.uniform(-spec.rotation_deg, spec.rotation_deg))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * aspect, scale / aspect])
    middle = np.array([width, height]) / 2
    if len(boxes) and generator.random() < 0.7:
        box = boxes[generator.integers(len(boxes))]
        middle = (box[:2] + box[2:]) / 2
    target = crop_px * generator.uniform(0.3, 0.7, 2)
    return np.column_stack([linear, target - linear @ middle])


def _warp(image: NDArray[np.uint8], matrix: NDArray[np.float64], crop_px: int) -> NDArray[np.uint8]:
    """Warp with bilinear sampling; OpenCV counts from pixel centres, the matrix from edges."""
    centred = matrix.copy()
    centred[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    warped = cv2.warpAffine(
        image,
        centred,
        (crop_px, crop_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(PADDING_VALUE,) * 3,
    )
    return np.asarray(warped, np.uint8)


def _move(xy: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    moved: NDArray[np.float32] = (xy @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return moved


def _move_boxes(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    moved = _move(corners, matrix)
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)


def _flip_boxes(boxes: NDArray[np.float32], width_px: int) -> NDArray[np.float32]:
    flipped: NDArray[np.float32] = boxes.copy()
    flipped[:, 0], flipped[:, 2] = width_px - boxes[:, 2], width_px - boxes[:, 0]
    return flipped


def _recolour(
    image: NDArray[np.uint8], spec: AugmentSpec, generator: np.random.Generator
) -> NDArray[np.uint8]:
    gain = 1.0 + generator.uniform(-spec.contrast, spec.contrast)
    gains = gain * (1.0 + generator.uniform(-spec.colour, spec.colour, 3))
    shift = generator.uniform(-spec.brightness, spec.brightness)
    levels = np.arange(256, dtype=np.float32)[:, None] - PADDING_VALUE
    table = np.clip(levels * gains + PADDING_VALUE + shift, 0, 255).astype(np.uint8)
    result = np.asarray(cv2.LUT(image, table[None]), np.uint8)
    if generator.random() < spec.grey:
        grey = cv2.cvtColor(result, cv2.COLOR_BGR2GRAY)
        result = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if generator.random() < spec.blur:
        sigma = generator.uniform(0.5, 1.5)
        result = np.asarray(cv2.GaussianBlur(result, (0, 0), sigma), np.uint8)
    if generator.random() < spec.noise:
        noise = generator.normal(0, generator.uniform(2, 10), result.shape)
        result = np.clip(result + noise, 0, 255).astype(np.uint8)
    if generator.random() < spec.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(30, 90))]
        encoded = cv2.imencode(".jpg", result, quality)[1]
        result = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return result
