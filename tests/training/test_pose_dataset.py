"""Crops and smaller copies move the labels with the pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe.data import LabelledImage
from cabinsafe.errors import DataError
from cabinsafe.training.pose.augment import AugmentSpec, augment, flip_keypoints
from cabinsafe.training.pose.dataset import load_at_most, load_bgr
from cabinsafe.training.pose.layout import KEYPOINTS

PLAIN = AugmentSpec(
    zoom=(1.0, 1.0),
    log_aspect=(0.0, 0.0),
    rotation_deg=0.0,
    flip=0.0,
    grey=0.0,
    blur=0.0,
    noise=0.0,
    jpeg=0.0,
    contrast=0.0,
    brightness=0.0,
    colour=0.0,
)


def test_a_missing_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jpg"):
        load_bgr(tmp_path / "none.jpg")


def test_flipping_swaps_sides_and_twice_is_nothing() -> None:
    xy = np.random.default_rng(0).uniform(0, 64, (2, 18, 2)).astype(np.float32)
    flipped = flip_keypoints(xy, 64)
    left, right = KEYPOINTS.index("left_knee"), KEYPOINTS.index("right_knee")
    np.testing.assert_allclose(flipped[:, left, 0], 64 - xy[:, right, 0])
    np.testing.assert_allclose(flipped[:, left, 1], xy[:, right, 1])
    np.testing.assert_allclose(flip_keypoints(flipped, 64), xy, atol=1e-5)


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


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_labels_follow_the_pixels(seed: int, flip: float) -> None:
    spec = PLAIN.model_copy(
        update={"zoom": (0.8, 1.4), "rotation_deg": 40.0, "log_aspect": (-0.2, 0.3), "flip": flip}
    )
    xy = np.full((1, 18, 2), np.nan, np.float32)
    xy[0, 0] = (70.5, 50.5)
    box = np.array([[60, 40, 80, 60]], np.float32)
    sample = augment(dot_image(70, 50), (xy, box, box), 128, 128, spec, np.random.default_rng(seed))
    rows, columns = np.nonzero(sample.image[..., 0] > 200)
    assert len(rows), "the dot left the crop: choose another seed"
    np.testing.assert_allclose(sample.xy[0, 0], (columns.mean() + 0.5, rows.mean() + 0.5), atol=0.6)
    x0, y0, x1, y1 = sample.boxes[0]
    assert x0 < sample.xy[0, 0, 0] < x1
    assert y0 < sample.xy[0, 0, 1] < y1
    np.testing.assert_allclose(sample.boxes, sample.ignored)


def test_equal_seeds_give_equal_samples() -> None:
    xy = np.full((0, 18, 2), np.nan, np.float32)
    none = np.zeros((0, 4), np.float32)
    spec = AugmentSpec(grey=0.5, blur=0.5, noise=0.5, jpeg=0.5)
    samples = [
        augment(dot_image(30, 30), (xy, none, none), 64, 128, spec, np.random.default_rng(5))
        for _ in range(2)
    ]
    np.testing.assert_array_equal(samples[0].image, samples[1].image)


def test_joints_outside_the_crop_are_dropped() -> None:
    xy = np.full((1, 18, 2), 1000.0, np.float32)
    none = np.zeros((0, 4), np.float32)
    sample = augment(dot_image(30, 30), (xy, none, none), 64, 64, PLAIN, np.random.default_rng(0))
    assert np.isnan(sample.xy).all()
