"""Single pictures as files."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import MediaError, ShapeError


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) uint8 BGR as PNG, every pixel as it is.

    Raises:
        ShapeError: another shape or dtype.
        MediaError: it cannot be encoded.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ShapeError("image", "uint8 (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    done, data = cv2.imencode(".png", image)
    if not done:
        raise MediaError(f"a picture of shape {image.shape} cannot become a PNG")
    return bytes(data)


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 BGR in an image file's bytes.

    Raises:
        MediaError: they are no image.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise MediaError(f"{len(data)} bytes that are no image")
    return np.asarray(image, np.uint8)
