"""Annotations become the network's keypoints; crops move the labels with the pixels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe.errors import DataError
from cabinsafe.training.pose.augment import AugmentSpec, augment, flip_keypoints
from cabinsafe.training.pose.dataset import (
    LabelledImage,
    keypoints_of,
    labelled_images,
    load_at_most,
    load_bgr,
    read_annotations,
    require_images,
)
from cabinsafe.training.pose.evaluate import COCO_KEYPOINTS
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


def annotation(**labelled: tuple[float, float]) -> dict:
    rows = [(*labelled[name], 2) if name in labelled else (0, 0, 0) for name in COCO_KEYPOINTS]
    return {
        "image_id": 1,
        "iscrowd": 0,
        "bbox": [10, 20, 30, 40],
        "num_keypoints": len(labelled),
        "keypoints": [value for row in rows for value in row],
    }


def test_keypoints_are_mapped_by_name_and_unlabelled_ones_are_nan() -> None:
    xy = keypoints_of(annotation(left_wrist=(3, 4), right_ear=(5, 6)))
    assert xy[KEYPOINTS.index("left_wrist")].tolist() == [3, 4]
    assert xy[KEYPOINTS.index("right_ear")].tolist() == [5, 6]
    assert np.isfinite(xy).sum() == 4


def test_the_neck_is_the_middle_of_both_shoulders() -> None:
    xy = keypoints_of(annotation(left_shoulder=(10, 20), right_shoulder=(30, 40)))
    assert xy[KEYPOINTS.index("neck")].tolist() == [20, 30]


def test_one_shoulder_gives_no_neck() -> None:
    xy = keypoints_of(annotation(left_shoulder=(10, 20), nose=(1, 1)))
    assert np.isnan(xy[KEYPOINTS.index("neck")]).all()


def test_crowds_and_unlabelled_people_become_ignored_boxes() -> None:
    crowd = {**annotation(nose=(1, 1)), "iscrowd": 1}
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [annotation(nose=(1, 1)), annotation(), crowd],
    }
    (image,) = labelled_images(content, Path("folder"), [1])
    assert image.path == Path("folder/a.jpg")
    assert image.xy.shape == (1, 18, 2)
    assert image.boxes.tolist() == [[10, 20, 40, 60]]
    assert image.ignored.shape == (2, 4)


def test_a_missing_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jpg"):
        load_bgr(tmp_path / "none.jpg")


def test_missing_images_are_counted_up_front(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    content = {"images": [{"file_name": name} for name in ("a.jpg", "b.jpg", "c.jpg")]}
    with pytest.raises(DataError, match=r"2 of 3 images are missing, first b\.jpg"):
        require_images(content, tmp_path)
    with pytest.raises(DataError, match="no folder of images"):
        require_images(content, tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "not a readable"),
        ("{", "not a readable"),
        ("[]", "no list 'images'"),
        ('{"images": [{"id": 1}], "annotations": []}', r"images\[0\] lacks file_name"),
    ],
)
def test_what_is_no_annotation_file_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "people.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_annotations(path)
    assert "people.json" in str(caught.value)


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
    labelled = LabelledImage(1, path, xy, box, box + 8)
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
