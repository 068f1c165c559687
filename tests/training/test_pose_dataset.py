"""Smaller copies of images move the labels with the pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cabinsafe.data import LabelledImage
from cabinsafe.training.pose.dataset import load_at_most


def dot_image(x: int, y: int) -> np.ndarray:
    image = np.zeros((96, 128, 3), np.uint8)
    cv2.circle(image, (x, y), 4, (255, 255, 255), -1)
    return image


def test_large_images_are_shrunk_with_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), dot_image(70, 50))
    xy = np.full((1, 18, 2), np.nan, np.float32)
    xy[0, 0] = (70.5, 50.5)
    box = np.array([[60, 40, 80, 60]], np.float32)
    labelled = LabelledImage(1, path, xy, np.isfinite(xy[..., 0]).astype(np.uint8), box, box + 8)
    small, moved = load_at_most(labelled, 64)
    assert small.shape == (48, 64, 3)
    rows, columns = np.nonzero(small[..., 0] > 128)
    np.testing.assert_allclose(moved.xy[0, 0], (columns.mean() + 0.5, rows.mean() + 0.5), atol=0.5)
    assert moved.boxes.tolist() == [[30, 20, 40, 30]]
    assert moved.ignored.tolist() == [[34, 24, 44, 34]]
    assert moved.xy.dtype == moved.boxes.dtype == np.float32
    whole, same = load_at_most(labelled, 128)
    assert whole.shape == (96, 128, 3)
    assert same is labelled
