"""Frames to the network's input tensor, and the way back to frame pixels.

The pixels' arithmetic is native (``native/include/cabinsafe/preprocess.hpp`` says it bit for bit) and written
once more in :mod:`cabinsafe.pose.reference_preprocess` for reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from cabinsafe import _preprocess
from cabinsafe.errors import DataError, ShapeError
from cabinsafe.pose.card import InputSpec

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]
Tensor = NDArray[Any]  # float32, float16 or uint8, as the engine wants it

INPUT_DTYPES = ("float32", "float16", "uint8")
"""Types that an input tensor can have."""

MAX_SIDE: int = _preprocess.MAX_SIDE
"""Largest side of a frame or an input, in pixels."""


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


class Part(NamedTuple):
    """The rectangle of the input that a frame fills, in whole pixels."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, image: Image, size_wh: tuple[int, int]) -> Self:
        """Where an image (H, W, 3) goes in an input of that size: as large as fits, in the middle."""
        height, width = image.shape[:2]
        scale = min(size_wh[0] / width, size_wh[1] / height)
        inner_w, inner_h = (max(1, round(side * scale)) for side in (width, height))
        return cls((size_wh[0] - inner_w) // 2, (size_wh[1] - inner_h) // 2, inner_w, inner_h)


def input_tensor(
    images: Sequence[Image], spec: InputSpec, dtype: str = "float32", threads: int = 1
) -> tuple[Tensor, list[LetterboxTransform]]:
    """B images (H, W, 3) as the input tensor (B, 3, height, width) that the network's card describes.

    Each is fitted in, aspect kept, centred, with bars of the card's grey level: areas are averaged where it
    shrinks, neighbours interpolated where it does not, both rounded to whole levels.

    Args:
        images: uint8 BGR, of any sizes; views whose rows are apart or upside down are read in place.
        spec: size, order of colours, mean and standard deviation.
        dtype: ``float32``, ``float16``, or ``uint8`` for a network that takes levels as they are.
        threads: images that are worked on at once.

    Returns:
        The tensor, and the way back to each image's pixels.

    Raises:
        ShapeError: an image is not uint8 (H, W, 3), or has a side of 0 or over MAX_SIDE.
        DataError: another dtype, or ``uint8`` with a card that normalises.
    """
    if dtype not in INPUT_DTYPES:
        raise DataError(f"an input tensor is float32, float16 or uint8, not {dtype}")
    if dtype == "uint8" and (spec.mean, spec.std) != ((0, 0, 0), (1, 1, 1)):
        raise DataError(
            f"a uint8 input is not normalised: mean (0, 0, 0) and std (1, 1, 1) expected, got {spec.mean} "
            f"and {spec.std}"
        )
    packed = [_packed(image) for image in images]
    parts = [Part.of(image, spec.size_wh) for image in packed]
    tensor: Tensor = np.empty((len(packed), 3, spec.size_wh[1], spec.size_wh[0]), dtype)
    _preprocess.fill(
        packed,
        parts,
        rgb=spec.color == "rgb",
        pad=spec.pad_value,
        mean=spec.mean,
        std=spec.std,
        out=tensor,
        threads=threads,
    )
    return tensor, [_transform(image, part) for image, part in zip(packed, parts, strict=True)]


def without_bars(spec: InputSpec, images: Sequence[Image]) -> InputSpec:
    """The smallest input in which images (H, W, 3) are as large as in the card's.

    That of the card where the network takes no other: ``spec.side_multiple`` is None. Images of different
    shapes in one batch share an input, so that some of them have bars after all.

    Raises:
        ShapeError: as :func:`input_tensor`.
    """
    multiple = spec.side_multiple
    if multiple is None or not images:
        return spec
    for image in images:
        check_image(image)
    parts = [Part.of(image, spec.size_wh) for image in images]
    sides = max(part.width for part in parts), max(part.height for part in parts)
    width, height = (
        min(-(-side // multiple) * multiple, most) for side, most in zip(sides, spec.size_wh, strict=True)
    )
    return spec.model_copy(update={"size_wh": (width, height)})


def way_back(images: Sequence[Image], spec: InputSpec) -> list[LetterboxTransform]:
    """How each image (H, W, 3) lies in the input.

    Raises:
        ShapeError: as :func:`input_tensor`.
    """
    for image in images:
        check_image(image)
    return [_transform(image, Part.of(image, spec.size_wh)) for image in images]


def letterbox(image: Image, size_wh: tuple[int, int], pad_value: int) -> tuple[Image, LetterboxTransform]:
    """Fit an image (H, W, 3) into a canvas, aspect kept, centred, with bars of one grey level.

    Returns:
        The canvas (height, width, 3) uint8, and the transform of coordinates.

    Raises:
        ShapeError, DataError: as :func:`input_tensor`.
    """
    spec = InputSpec(
        name="canvas", color="bgr", size_wh=size_wh, mean=(0, 0, 0), std=(1, 1, 1), pad_value=pad_value
    )
    tensor, transforms = input_tensor([image], spec, "uint8")
    return np.ascontiguousarray(tensor[0].transpose(1, 2, 0), np.uint8), transforms[0]


def check_image(image: Image) -> None:
    """Refuse what is not an image.

    Raises:
        ShapeError: it is not uint8 (H, W, 3), or has a side of 0 or over MAX_SIDE.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ShapeError("image", "uint8 array (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    if not all(1 <= side <= MAX_SIDE for side in image.shape[:2]):
        raise ShapeError(
            "image", f"uint8 array (H, W, 3) with sides from 1 to {MAX_SIDE}", f"{image.dtype} {image.shape}"
        )


def _packed(image: Image) -> Image:
    """The image itself, or a copy of one whose pixels lie apart."""
    check_image(image)
    return image if image.strides[1:] == (3, 1) else np.ascontiguousarray(image)


def _transform(image: Image, part: Part) -> LetterboxTransform:
    height, width = image.shape[:2]
    scale_xy = part.width / width, part.height / height
    return LetterboxTransform(scale_xy, (float(part.left), float(part.top)), (width, height))
