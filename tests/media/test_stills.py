"""Single pictures: read, encoded, and what is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe.errors import MediaError, ShapeError
from cabinsafe.media.stills import decode_image, encode_jpeg, encode_png, read_image

IMAGE = np.random.default_rng(0).integers(0, 255, (6, 9, 3), np.uint8)


def test_a_grey_file_is_read_as_bgr(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), IMAGE[..., 0])
    np.testing.assert_array_equal(read_image(path), np.repeat(IMAGE[..., :1], 3, axis=2))


def test_a_missing_file_and_one_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("this is no image")
    for path in (tmp_path / "none.jpg", tmp_path / "text.jpg", tmp_path):
        with pytest.raises(MediaError, match=f"{path.name}: not an image that can be read"):
            read_image(path)


def test_png_keeps_every_pixel_and_jpeg_nearly_all() -> None:
    np.testing.assert_array_equal(decode_image(encode_png(IMAGE)), IMAGE)
    even = np.full((16, 24, 3), (30, 90, 200), np.uint8)
    back = decode_image(encode_jpeg(even)).astype(int)
    assert back.shape == even.shape
    assert np.abs(back - even).max() <= 4


@pytest.mark.parametrize("encode", [encode_png, encode_jpeg])
@pytest.mark.parametrize("wrong", [IMAGE[..., 0], IMAGE.astype(np.float32), IMAGE[:0]])
def test_what_is_no_picture_is_refused(encode, wrong: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"image: expected uint8 \(H, W, 3\), BGR, got"):
        encode(wrong)
