"""Each effect of light and camera does what it says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.lighting import (
    LightSpec,
    compress,
    infrared,
    lamp_light,
    motion_blur,
    relight,
    sensor_noise,
    tone,
)

NOTHING = LightSpec(
    contrast=0.0, brightness=0.0, colour=0.0, gamma=(1.0, 1.0), low_light=0.0, grey=0.0, infrared=0.0,
    blur=0.0, motion=0.0, noise=0.0, jpeg=0.0,
)  # fmt: skip
SEEDS = range(20)


def spec(**change: object) -> LightSpec:
    return LightSpec(**{**NOTHING.model_dump(), **change})


def scene() -> np.ndarray:
    """Smooth colours with an edge."""
    rows, columns = np.mgrid[:64, :80].astype(np.float32)
    image = np.stack([rows * 3, columns * 2, 200 - rows - columns], axis=-1)
    image[20:40, 30:50] = (30, 60, 220)
    return image.astype(np.uint8)


def flat(level: int) -> np.ndarray:
    return np.full((128, 128, 3), level, np.uint8)


def is_grey(image: np.ndarray) -> bool:
    return bool((image == image[..., :1]).all())


def test_without_effects_the_pixels_stay() -> None:
    for seed in SEEDS:
        np.testing.assert_array_equal(relight(scene(), NOTHING, np.random.default_rng(seed)), scene())


@pytest.mark.parametrize(
    "change",
    [
        {"contrast": 0.5}, {"brightness": 40.0}, {"colour": 0.5}, {"gamma": (1.5, 2.0)}, {"low_light": 1.0},
        {"grey": 1.0}, {"infrared": 1.0}, {"blur": 1.0}, {"motion": 1.0}, {"noise": 1.0}, {"jpeg": 1.0},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_effect_is_switched_by_its_option_and_repeats_with_its_seed(change: dict[str, object]) -> None:
    image = scene()
    first = relight(image, spec(**change), np.random.default_rng(3))
    again = relight(image, spec(**change), np.random.default_rng(3))
    other = relight(image, spec(**change), np.random.default_rng(4))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(image, scene())
    assert (first != image).any()
    assert "grey" in change or (first != other).any()


def test_contrast_spreads_about_the_middle_and_brightness_shifts() -> None:
    ramp = np.repeat(np.array([[28, 128, 228]], np.uint8)[..., None], 3, axis=2)
    for seed in SEEDS:
        low, middle, high = tone(ramp, spec(contrast=0.4), False, np.random.default_rng(seed))[0, :, 0]
        assert middle == 128
        assert abs((int(high) - 128) - (128 - int(low))) <= 1
        assert 58 <= int(high) - 128 <= 127
        shifted = tone(ramp, spec(brightness=20.0), False, np.random.default_rng(seed)).astype(int) - ramp
        assert abs(shifted).max() <= 20
        assert np.ptp(shifted) == 0


def test_colour_tints_grey_and_gamma_keeps_black_and_white() -> None:
    tinted = tone(flat(200), spec(colour=0.3), False, np.random.default_rng(0))
    assert not is_grey(tinted)
    levels = np.repeat(np.array([[0, 100, 255]], np.uint8)[..., None], 3, axis=2)
    for bounds, darker in (((1.3, 2.0), True), ((0.5, 0.8), False)):
        for seed in SEEDS:
            curved = tone(levels, spec(gamma=bounds), False, np.random.default_rng(seed))[0, :, 0]
            assert curved[[0, 2]].tolist() == [0, 255]
            assert (curved[1] < 100) == darker


def test_low_light_darkens_and_brings_noise() -> None:
    dark = relight(flat(200), spec(low_light=1.0, exposure=(0.2, 0.4)), np.random.default_rng(0))
    assert 40 <= dark.mean() <= 80
    assert dark.std() > 0.8


def test_grey_and_infrared_have_no_colour() -> None:
    plain = relight(scene(), spec(grey=1.0), np.random.default_rng(0))
    np.testing.assert_array_equal(plain[..., 0], cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY))
    assert is_grey(plain)
    assert is_grey(relight(scene(), spec(infrared=1.0, noise=1.0), np.random.default_rng(0)))


def test_grey_and_infrared_exclude_each_other() -> None:
    grey = cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY)
    looks = [relight(scene(), spec(grey=0.5, infrared=0.5), np.random.default_rng(s)) for s in range(40)]
    assert all(is_grey(look) for look in looks)
    assert 8 <= sum(bool((look[..., 0] == grey).all()) for look in looks) <= 32


def test_infrared_may_swap_which_cloth_is_brighter() -> None:
    cloths = np.empty((64, 64, 3), np.uint8)
    cloths[:, :32], cloths[:, 32:] = (150, 60, 60), (40, 70, 90)  # blue beside brown
    order = set()
    for seed in range(60):
        seen = infrared(cloths, spec(cloth=0.3), np.random.default_rng(seed)).astype(int)
        order.add(bool(seen[:, 28:32].mean() > seen[:, 32:36].mean()))
    assert order == {True, False}


def test_the_lamp_lights_its_place_most_and_a_near_one_less_evenly() -> None:
    near = lamp_light((80, 64), 0.4, np.array([0.25, 0.5]))
    far = lamp_light((80, 64), 3.0, np.array([0.5, 0.5]))
    assert near.shape == (64, 80)
    row, column = np.unravel_index(near.argmax(), near.shape)
    assert abs(row - 32) < 4
    assert 18 < column < 32
    np.testing.assert_allclose([near.max(), far.max()], 1.3, atol=0.01)
    assert near.min() < 0.3 < 0.6 < far.min()
    lit = infrared(flat(128), spec(cloth=0.0, lamp_distance=(0.4, 0.4)), np.random.default_rng(0))
    assert np.ptp(lit[..., 0]) > 60


def test_blur_takes_detail_away_and_keeps_the_mean() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for change in ({"blur": 1.0, "blur_sigma_px": (1.0, 1.0)}, {"motion": 1.0, "motion_px": (7.0, 7.0)}):
        blurred = relight(pixels, spec(**change), np.random.default_rng(0))
        assert blurred.std() < 0.6 * pixels.std()
        assert blurred.mean() == pytest.approx(pixels.mean(), abs=2)


@pytest.mark.parametrize(("angle", "along", "across"), [(0.0, 1, 0), (np.pi / 2, 0, 1)])
def test_motion_blur_draws_a_dot_out_along_one_direction(angle: float, along: int, across: int) -> None:
    dot = np.zeros((33, 33, 3), np.uint8)
    dot[16, 16] = 255
    seen = motion_blur(dot, 9.0, angle)[..., 0]
    extent = [np.ptp(places) + 1 for places in np.nonzero(seen)[::-1]]  # x, y
    assert extent[across] == 9
    assert extent[along] == 1
    assert int(seen.sum()) == pytest.approx(255, abs=9)


def test_sensor_noise_has_the_variance_of_its_model() -> None:
    for level in (60, 180):
        image = np.repeat(np.repeat(np.array([[[level, level, level + 1]]], np.uint8), 128, 0), 128, 1)
        noisy = sensor_noise(image, 3.0, 0.4, np.random.default_rng(0))
        change = noisy[..., 0].astype(float) - level
        assert change.mean() == pytest.approx(0, abs=0.3)
        assert change.var() == pytest.approx(9 + 0.4 * level, rel=0.06)
        assert not is_grey(noisy)
    assert is_grey(sensor_noise(flat(90), 5.0, 0.0, np.random.default_rng(0)))
    np.testing.assert_array_equal(sensor_noise(flat(90), 0.0, 0.0, np.random.default_rng(0)), flat(90))


def test_worse_jpeg_is_further_from_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    errors = [np.abs(compress(image, q).astype(int) - image).mean() for q in (10, 50, 95)]
    assert errors[0] > errors[1] > errors[2] > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contrast": 2.0}, r"contrast: .*got 2\.0 \(allowed: at least 0, at most 1\)"),
        ({"brightness": -1.0}, r"brightness: .*allowed: at least 0, at most 255"),
        ({"gamma": (0.0, 1.0)}, r"gamma\.0: .*got 0\.0"),
        ({"exposure": (0.5, 1.5)}, r"exposure\.1: .*got 1\.5"),
        ({"infrared": -0.5}, "infrared: "),
        ({"lamp_distance": (2.0, 1.0)}, "lamp_distance: the first number must not exceed the second"),
        ({"blur_sigma_px": (0.0, 1.0)}, r"blur_sigma_px\.0: "),
        ({"motion_px": (4.0,)}, "motion_px"),
        ({"read_noise": (-1.0, 1.0)}, r"read_noise\.0: .*got -1\.0"),
        ({"jpeg_quality": (0, 50)}, r"jpeg_quality\.0: .*got 0"),
        ({"jpeg_quality": (50, 101)}, r"jpeg_quality\.1: .*got 101"),
    ],
)
def test_bad_options_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LightSpec(**change)
