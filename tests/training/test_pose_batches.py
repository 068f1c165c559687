"""A batch is a pure function of its step; weights leave out what the labels do not know."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cabinsafe.data import LabelledImage
from cabinsafe.training.pose.augment import AugmentSpec, Sample
from cabinsafe.training.pose.batches import BatchMaker, BatchSpec, loss_weights, prefetch
from cabinsafe.training.pose.layout import HEATMAP_COUNT, KEYPOINTS, limb_indices
from cabinsafe.training.pose.targets import TargetSpec


@pytest.fixture
def maker(tmp_path: Path) -> BatchMaker:
    generator = np.random.default_rng(0)
    images = []
    for number in range(5):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), np.full((48, 64, 3), 40 * number, np.uint8))
        xy = generator.uniform(0, 48, (1, 18, 2)).astype(np.float32)
        box = np.array([[0, 0, 48, 48]], np.float32)
        seen, none = np.full((1, 18), 2, np.uint8), np.zeros((0, 4), np.float32)
        images.append(LabelledImage(number, path, xy, seen, box, none))
    return BatchMaker(images, BatchSpec(3, 48, 64, 0.5, seed=1), AugmentSpec(), TargetSpec())


def test_shapes_and_repeatability(maker: BatchMaker) -> None:
    first, again = maker(4), maker(4)
    assert first.image.shape == (3, 3, 48, 48)
    assert first.maps.shape == first.weights.shape == (3, 57, 6, 6)
    assert first.image.dtype == first.maps.dtype == first.weights.dtype == np.float32
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.maps, again.maps)


def test_prefetch_keeps_order_and_content(maker: BatchMaker) -> None:
    got = list(prefetch(maker, 2, 9))
    assert [step for step, _ in got] == list(range(2, 9))
    for step, batch in got:
        np.testing.assert_array_equal(batch.image, maker(step).image)


def test_prefetch_raises_what_the_maker_raises() -> None:
    def fails(step: int):
        raise FileNotFoundError(step)

    with pytest.raises(FileNotFoundError):
        next(prefetch(fails, 0, 2, ahead=0))


def test_unlabelled_joints_weigh_less_inside_their_person_only() -> None:
    xy = np.full((1, 18, 2), 20.0, np.float32)
    wrist = KEYPOINTS.index("left_wrist")
    xy[0, wrist] = np.nan
    none = np.zeros((0, 4), np.float32)
    sample = Sample(np.zeros((64, 64, 3), np.uint8), xy, np.array([[8, 8, 32, 32]], np.float32), none)
    weights = loss_weights(sample, (64, 64), 0.25)
    assert weights[wrist, 1:4, 1:4].tolist() == [[0.25] * 3] * 3
    assert weights[wrist, 5, 5] == 1
    assert weights[KEYPOINTS.index("nose")].min() == 1
    limb = next(channel for a, b, channel in limb_indices() if b == wrist)
    assert weights[HEATMAP_COUNT + limb, 2, 2] == 0.25
    assert weights[HEATMAP_COUNT - 1].min() == 1


def test_ignored_boxes_weigh_nothing() -> None:
    none = np.zeros((0, 4), np.float32)
    empty = np.zeros((0, 18, 2), np.float32)
    box = np.array([[-20, 16, 12, 32], [900, 900, 950, 950]], np.float32)
    weights = loss_weights(Sample(np.zeros((64, 64, 3), np.uint8), empty, none, box), (64, 64), 1.0)
    assert not weights[:, 2:4, :2].any()
    assert weights.sum() == weights.size - 57 * 4
