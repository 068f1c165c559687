"""Labels follow the pixels under the geometry of the augmentation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.pose.topology import Topology
from cabinsafe.training.pose.layout import MapLayout
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

STILL = WarpSpec(zoom=(1.0, 1.0), log_aspect=(0.0, 0.0), rotation_deg=0.0, aim=0.0, flip=0.0)
NOBODY = np.zeros((0, 4), np.float32)
LAYOUT = MapLayout(Topology.trt_pose(), 8)
SIZE_WH = (128, 96)


def matrices(spec: WarpSpec, boxes: np.ndarray = NOBODY, count: int = 50) -> list[np.ndarray]:
    return [draw_matrix(SIZE_WH, boxes, 100, 160, spec, np.random.default_rng(i)) for i in range(count)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "change",
    [{}, {"zoom": (0.6, 1.5)}, {"rotation_deg": 180.0}, {"log_aspect": (-0.4, 0.4)}],
    ids=["shift", "zoom", "rotation", "aspect"],
)
def test_a_dot_stays_under_its_keypoint(seed: int, change: dict[str, object]) -> None:
    image = np.zeros((96, 128, 3), np.uint8)
    cv2.circle(image, (66, 50), 4, (255, 255, 255), -1)
    spec = STILL.model_copy(update=change)
    matrix = draw_matrix(SIZE_WH, NOBODY, 128, 128, spec, np.random.default_rng(seed))
    rows, columns = np.nonzero(warp_image(image, matrix, 128, (0, 0, 0))[..., 0] > 128)
    moved = move_points(np.array([[66.5, 50.5]], np.float32), matrix)
    np.testing.assert_allclose(moved[0], (columns.mean() + 0.5, rows.mean() + 0.5), atol=0.4)
    x0, y0, x1, y1 = move_boxes(np.array([[62, 46, 71, 55]], np.float32), matrix)[0]
    assert x0 - 1 < columns.min()
    assert columns.max() < x1 + 1
    assert y0 - 1 < rows.min()
    assert rows.max() < y1 + 1


def test_the_identity_changes_no_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    np.testing.assert_array_equal(warp_image(image, np.eye(2, 3), 40), image)


def test_zoom_counts_from_the_letterbox_of_the_run_time() -> None:
    for matrix in matrices(STILL):
        np.testing.assert_allclose(matrix[:, :2], np.eye(2) * 160 / 128)
    scales = [m[0, 0] * 128 / 160 for m in matrices(STILL.model_copy(update={"zoom": (0.5, 2.0)}))]
    assert 0.5 <= min(scales) < 0.7
    assert 1.5 < max(scales) <= 2.0


def test_rotation_and_aspect_stay_in_range_and_keep_areas() -> None:
    turned = matrices(STILL.model_copy(update={"rotation_deg": 30.0}))
    angles = np.rad2deg([np.arctan2(m[1, 0], m[0, 0]) for m in turned])
    assert -30 <= angles.min() < -20
    assert 20 < angles.max() <= 30
    stretched = matrices(STILL.model_copy(update={"log_aspect": (-0.2, 0.4)}))
    aspects = np.log([m[0, 0] / m[1, 1] for m in stretched])
    assert -0.2 <= aspects.min() < -0.1
    assert 0.3 < aspects.max() <= 0.4
    areas = [np.linalg.det(m[:, :2]) for m in turned + stretched]
    np.testing.assert_allclose(areas, (160 / 128) ** 2)


@pytest.mark.parametrize(("aim", "target"), [(1.0, (20, 30)), (0.0, (64, 48))])
def test_crops_are_aimed_at_people_or_at_the_middle(aim: float, target: tuple[int, int]) -> None:
    box = np.array([[10, 20, 30, 40]], np.float32)
    spec = STILL.model_copy(update={"aim": aim})
    places = np.array([move_points(np.array(target, np.float32), m) for m in matrices(spec, box)])
    assert (places >= 30).all()
    assert (places <= 70).all()


def test_outside_the_image_is_one_colour() -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    aside = np.array([[1.0, 0, 20], [0, 1.0, 0]])
    assert warp_image(image, aside, 16)[:, :18].tolist() == np.full((16, 16, 3), PADDING_VALUE).tolist()
    assert (warp_image(image, aside, 16, (1, 2, 3)) == (1, 2, 3)).all()


def test_keypoints_outside_the_crop_become_nan() -> None:
    xy = np.array([[[0, 0], [63.9, 63.9], [64, 10], [10, -0.1], [np.nan, np.nan]]], np.float32)
    kept = drop_outside(xy, 64)
    np.testing.assert_array_equal(np.isfinite(kept[0]).all(axis=1), [True, True, False, False, False])
    np.testing.assert_array_equal(kept[0, :2], xy[0, :2])
    assert kept.dtype == np.float32


def test_flipping_swaps_sides_and_twice_is_nothing() -> None:
    names = LAYOUT.topology.keypoints
    xy = np.random.default_rng(0).uniform(0, 64, (2, len(names), 2)).astype(np.float32)
    flipped = flip_keypoints(xy, 64, LAYOUT.mirror_order)
    left, right, nose = (names.index(name) for name in ("left_knee", "right_knee", "nose"))
    np.testing.assert_allclose(flipped[:, left, 0], 64 - xy[:, right, 0])
    np.testing.assert_allclose(flipped[:, left, 1], xy[:, right, 1])
    np.testing.assert_allclose(flipped[:, nose, 0], 64 - xy[:, nose, 0])
    np.testing.assert_allclose(flip_keypoints(flipped, 64, LAYOUT.mirror_order), xy, atol=1e-5)


def test_flipped_boxes_keep_their_corners_in_order() -> None:
    boxes = np.array([[10, 20, 30, 40]], np.float32)
    assert flip_boxes(boxes, 64).tolist() == [[34, 20, 54, 40]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zoom": (0.0, 1.0)}, r"zoom\.0: .*greater than 0.*got 0\.0"),
        ({"zoom": (1.3, 0.7)}, r"zoom: the first number must not exceed the second, got \(1\.3, 0\.7\)"),
        ({"log_aspect": (0.2, 0.1)}, "log_aspect: the first number must not exceed the second"),
        ({"rotation_deg": 181.0}, r"rotation_deg: .*allowed: at least 0, at most 180"),
        ({"flip": 1.5}, r"flip: .*got 1\.5 \(allowed: at least 0, at most 1\)"),
        ({"aim": -0.1}, r"aim: .*got -0\.1"),
        ({"rotate": 3}, "rotate: unknown key"),
    ],
)
def test_bad_options_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WarpSpec(**change)
