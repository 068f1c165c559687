"""Augmentation: a warped crop, things in front of people, then another light and camera.

Everything is drawn from the generator that the caller passes: equal seeds give equal samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.pose.lighting import LightSpec, relight
from cabinsafe.training.pose.occlude import Canvas, OccludeSpec, add_occluders, cut_out
from cabinsafe.training.pose.surround import add_cabin, cabin_colour
from cabinsafe.training.pose.warp import (
    PADDING_VALUE,
    WarpSpec,
    draw_matrix,
    drop_outside,
    flip_boxes,
    flip_keypoints,
    move_boxes,
    move_points,
    warp_image,
)

__all__ = ["PADDING_VALUE", "AugmentSpec", "Sample", "augment", "flip_keypoints"]


class AugmentSpec(WarpSpec, OccludeSpec, LightSpec):
    """What the augmentation draws from: geometry, things in front of people, light and camera."""


@dataclass(frozen=True)
class Sample:
    """A warped crop: image (S, S, 3) uint8, xy (N, K, 2), boxes (N, 4), ignored (M, 4), pixels."""

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
    *,
    mirror_order: NDArray[np.int64],
) -> Sample:
    """Return a random crop of an image with its labels moved along.

    Keypoints outside the crop become NaN; those that something was painted over stay.

    Args:
        image: (H, W, 3) uint8 BGR.
        sample: xy (N, K, 2), boxes (N, 4) and ignored boxes (M, 4) in image pixels.
        crop_px: side of the square crop.
        runtime_px: side of the run-time letterbox, the unit of zoom.
        spec: what to draw from.
        generator: the only source of randomness.
        mirror_order: (K,), :attr:`cabinsafe.training.pose.layout.MapLayout.mirror_order`.
    """
    xy, boxes, ignored = sample
    size_wh = (image.shape[1], image.shape[0])
    matrix = draw_matrix(size_wh, boxes, crop_px, runtime_px, spec, generator)
    cabin = cabin_colour(spec, generator) if generator.random() < spec.cabin else None
    crop = warp_image(image, matrix, crop_px, (PADDING_VALUE,) * 3 if cabin is None else tuple(cabin))
    xy = move_points(xy, matrix)
    boxes, ignored = move_boxes(boxes, matrix), move_boxes(ignored, matrix)
    if generator.random() < spec.flip:
        crop = np.asarray(cv2.flip(crop, 1), np.uint8)
        xy = flip_keypoints(xy, crop_px, mirror_order)
        boxes, ignored = flip_boxes(boxes, crop_px), flip_boxes(ignored, crop_px)
    xy = drop_outside(xy, crop_px)
    _occlude(Canvas(crop, xy, spec.most_hidden), boxes, cabin, spec, generator)
    return Sample(relight(crop, spec, generator), xy, boxes, ignored)


def _occlude(
    canvas: Canvas,
    boxes: NDArray[np.float32],
    cabin: NDArray[np.float64] | None,
    spec: AugmentSpec,
    generator: np.random.Generator,
) -> None:
    if cabin is not None:
        add_cabin(canvas, cabin, spec, generator)
    if generator.random() < spec.occluder:
        add_occluders(canvas, boxes, spec, generator)
    if generator.random() < spec.cutout:
        cut_out(canvas, spec, generator)
