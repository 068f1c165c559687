"""Single pictures as files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import MediaError, ShapeError


def read_image(path: Path) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 BGR in an image file.

    Raises:
        MediaError: the file is missing or no image.
    """
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    except cv2.error as error:
        raise MediaError(f"{path}: not an image that can be read: {error}") from error
    if image is None:
        raise MediaError(f"{path}: not an image that can be read")
    return np.asarray(image, np.uint8)


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) uint8 BGR as PNG, every pixel as it is.

    Raises:
        ShapeError: another shape or dtype.
        MediaError: it cannot be encoded.
    """
    return _encode(image, ".png", [])


def encode_jpeg(image: NDArray[np.uint8], quality: int = 85) -> bytes:
    """A picture (H, W, 3) uint8 BGR as JPEG; ``quality`` is 0 to 100.

    Raises:
        ShapeError: another shape or dtype.
        MediaError: it cannot be encoded.
    """
    return _encode(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 BGR in an image file's bytes.

    Raises:
        MediaError: they are no image.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise MediaError(f"{len(data)} bytes that are no image")
    return np.asarray(image, np.uint8)


def _encode(image: NDArray[np.uint8], suffix: str, settings: list[int]) -> bytes:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ShapeError("image", "uint8 (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    done, data = cv2.imencode(suffix, image, settings)
    if not done:
        raise MediaError(f"a picture of shape {image.shape} cannot be encoded as {suffix}")
    return bytes(data)
