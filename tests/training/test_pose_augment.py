"""A whole augmented sample: labels follow the pixels, seeds decide everything."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.pose.topology import Topology
from cabinsafe.training.pose.augment import PADDING_VALUE, AugmentSpec, Sample, augment
from cabinsafe.training.pose.layout import MapLayout

LAYOUT = MapLayout(Topology.trt_pose(), 8)
NAMES = LAYOUT.topology.keypoints
PLAIN = AugmentSpec(
    zoom=(1.0, 1.0), log_aspect=(0.0, 0.0), rotation_deg=0.0, flip=0.0,
    cabin=0.0, occluder=0.0, cutout=0.0,
    contrast=0.0, brightness=0.0, colour=0.0, gamma=(1.0, 1.0), low_light=0.0, grey=0.0, infrared=0.0,
    blur=0.0, motion=0.0, noise=0.0, jpeg=0.0,
)  # fmt: skip
ALL = AugmentSpec(
    flip=0.5, cabin=1.0, occluder=1.0, cutout=1.0, low_light=0.5, grey=0.3, infrared=0.4,
    blur=1.0, motion=1.0, noise=1.0, jpeg=1.0,
)  # fmt: skip
NOBODY = (np.zeros((0, 18, 2), np.float32), np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32))


def dot_image() -> np.ndarray:
    image = np.zeros((96, 128, 3), np.uint8)
    cv2.circle(image, (70, 50), 4, (255, 255, 255), -1)
    return image


def dot_labels() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xy = np.full((1, 18, 2), np.nan, np.float32)
    xy[0, NAMES.index("left_wrist")] = (70.5, 50.5)
    box = np.array([[60, 40, 80, 60]], np.float32)
    return xy, box, box


def drawn(spec: AugmentSpec, seed: int, labels: tuple[np.ndarray, ...] = NOBODY, size: int = 128) -> Sample:
    generator = np.random.default_rng(seed)
    return augment(dot_image(), labels, size, size, spec, generator, mirror_order=LAYOUT.mirror_order)


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_labels_follow_the_pixels_and_flips_swap_sides(seed: int, flip: float) -> None:
    geometry = {"zoom": (0.8, 1.4), "rotation_deg": 40.0, "log_aspect": (-0.2, 0.3), "flip": flip}
    sample = drawn(PLAIN.model_copy(update=geometry), seed, dot_labels())
    rows, columns = np.nonzero((sample.image > 200).all(axis=-1))
    assert len(rows), "the dot left the crop: choose another seed"
    labelled = np.isfinite(sample.xy[0, :, 0])
    side = "right_wrist" if flip else "left_wrist"
    assert np.flatnonzero(labelled).tolist() == [NAMES.index(side)]
    x, y = sample.xy[0, labelled][0]
    np.testing.assert_allclose((x, y), (columns.mean() + 0.5, rows.mean() + 0.5), atol=0.6)
    x0, y0, x1, y1 = sample.boxes[0]
    assert x0 < x < x1
    assert y0 < y < y1
    np.testing.assert_allclose(sample.boxes, sample.ignored)


@pytest.mark.parametrize("seed", range(6))
def test_what_covers_people_and_changes_light_moves_no_label(seed: int) -> None:
    """The draws of the geometry come first, so that the same seed gives the same crop."""
    covered = ALL.model_copy(update={"flip": 0.0, "most_hidden": 1.0})
    bare = covered.model_copy(update={"cabin": 0.0, "occluder": 0.0, "cutout": 0.0, "jpeg": 0.0})
    first, second = drawn(covered, seed, dot_labels()), drawn(bare, seed, dot_labels())
    assert np.isfinite(first.xy).any()
    np.testing.assert_array_equal(first.xy, second.xy)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert (first.image != second.image).any()


def test_equal_seeds_give_equal_samples_and_others_do_not() -> None:
    for seed in range(8):
        first, again = drawn(ALL, seed, dot_labels()), drawn(ALL, seed, dot_labels())
        np.testing.assert_array_equal(first.image, again.image)
        np.testing.assert_array_equal(first.xy, again.xy)
        np.testing.assert_array_equal(first.boxes, again.boxes)
        assert (first.image != drawn(ALL, seed + 100, dot_labels()).image).any()


def test_samples_have_the_stated_types_and_the_source_stays() -> None:
    image, labels = dot_image(), dot_labels()
    for seed in range(8):
        generator = np.random.default_rng(seed)
        sample = augment(image, labels, 64, 96, ALL, generator, mirror_order=LAYOUT.mirror_order)
        assert sample.image.shape == (64, 64, 3)
        assert sample.image.dtype == np.uint8
        assert sample.image.flags.c_contiguous
        assert sample.xy.dtype == sample.boxes.dtype == sample.ignored.dtype == np.float32
    np.testing.assert_array_equal(image, dot_image())
    for before, after in zip(dot_labels(), labels, strict=True):
        np.testing.assert_array_equal(before, after)


def test_joints_outside_the_crop_are_dropped() -> None:
    xy = np.full((1, 18, 2), 1000.0, np.float32)
    sample = drawn(PLAIN, 0, (xy, NOBODY[1], NOBODY[2]), 64)
    assert np.isnan(sample.xy).all()


def test_a_joint_on_the_left_edge_leaves_a_mirrored_crop() -> None:
    """Its mirror image lies on the right edge, which is no pixel of the crop any more."""
    for seed in range(4):
        spec = PLAIN.model_copy(update={"flip": 1.0, "aim": 0.0, "cutout": 1.0, "most_hidden": 0.0})
        crop = drawn(PLAIN.model_copy(update={"aim": 0.0}), seed, dot_labels())
        shift = crop.xy[0, NAMES.index("left_wrist"), 0] - 70.5
        xy, boxes, ignored = dot_labels()
        xy[0, :] = (-shift, 50.0)
        assert np.isnan(drawn(spec, seed, (xy, boxes, ignored)).xy).all()


def test_around_the_picture_is_padding_or_cabin() -> None:
    tiny = PLAIN.model_copy(update={"zoom": (0.2, 0.2)})
    assert (drawn(tiny, 0).image == PADDING_VALUE).all(axis=-1).mean() > 0.9
    dark = tiny.model_copy(update={"cabin": 1.0, "cabin_level": (20.0, 40.0), "cabin_parts": (1, 1)})
    for seed in range(6):
        assert np.median(drawn(dark, seed).image) < 80


def test_options_of_all_kinds_are_accepted_in_one_mapping_and_wrong_ones_refused() -> None:
    spec = AugmentSpec.model_validate({"zoom": [0.5, 2.0], "occluder": 0.5, "infrared": 0.3})
    assert (spec.zoom, spec.occluder, spec.infrared) == ((0.5, 2.0), 0.5, 0.3)
    with pytest.raises(ConfigError, match="infra_red: unknown key; did you mean 'infrared'"):
        AugmentSpec.model_validate({"infra_red": 0.3})
    with pytest.raises(ConfigError, match="grey and infrared exclude each other"):
        AugmentSpec(grey=0.7, infrared=0.6)
