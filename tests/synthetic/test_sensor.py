from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cabinsafe.errors import ConfigError, DataError, ShapeError
from cabinsafe.synthetic.light import draw_light
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.sensor import SensorSpec, develop, draw_sensor, encode_jpeg, metered_exposure

QUIET = {"shot_noise": 0.0, "read_noise": 0.0}


def scene(height: int = 90, width: int = 120) -> np.ndarray:
    """A dim room with a bright window and a ramp."""
    color = np.full((height, width, 3), 0.05, np.float32)
    color *= np.linspace(0.5, 2, width, dtype=np.float32)[None, :, None]
    color[5:30, 80:110] = (1.0, 1.2, 1.5)
    color[50:80, 20:50] *= (1.5, 0.8, 0.4)
    return color


def test_most_are_ordinary_and_some_are_bad() -> None:
    drawn = [draw_sensor(seed, LightSpec()) for seed in range(2000)]
    compressed = np.mean([spec.jpeg_quality < 60 for spec in drawn])
    assert abs(compressed - 0.12) < 0.03
    assert abs(np.mean([spec.mono for spec in drawn]) - 1 / 12) < 0.025
    assert np.median([spec.defocus_px for spec in drawn]) < 0.7
    assert 0.1 < np.mean([spec.motion_px > 0 for spec in drawn]) < 0.25
    assert {spec.metering for spec in drawn} == {"average", "centre", "highlights"}


def test_darkness_is_noisier_and_infrared_grey() -> None:
    def noise(kind: str) -> float:
        return float(
            np.median([draw_sensor(s, draw_light(s, {"kind": kind})).read_noise for s in range(200)])
        )

    assert noise("night") > noise("dusk") > 1.5 * noise("day")
    assert all(draw_sensor(s, draw_light(s, {"kind": "night_ir"})).mono for s in range(50))


def test_fixed_values_win() -> None:
    free, fixed = draw_sensor(3, LightSpec()), draw_sensor(3, LightSpec(), {"gamma": 1.5})
    assert fixed == free.model_copy(update={"gamma": 1.5})


@pytest.mark.parametrize(
    "values",
    [{"gamma": 0.5}, {"jpeg_quality": 0}, {"shot_noise": -1}, {"white_balance": (1, 0, 1)}, {"iso": 100}],
)
def test_refused_values(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        draw_sensor(0, LightSpec(), values)


def test_a_seed_changes_noise_only() -> None:
    spec = SensorSpec()
    one, again, two = (develop(scene(), spec, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    difference = one.astype(float) - two
    assert 0 < np.abs(difference).mean() < 6
    assert abs(difference.mean()) < 0.3
    still = SensorSpec(**QUIET, column_noise=0.02)
    assert np.array_equal(develop(scene(), still, 1), develop(scene(), still, 2))


def test_same_in_a_fresh_process() -> None:
    code = (
        "import hashlib, numpy as np; from cabinsafe.synthetic.sensor import *;"
        "from cabinsafe.synthetic.light_spec import LightSpec;"
        "c = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3);"
        "s = draw_sensor(5, LightSpec()); b = develop(c, s, 6); j = encode_jpeg(b, s);"
        "print(hashlib.sha256(b.tobytes() + j).hexdigest())"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    color = np.linspace(0, 1, 48 * 64 * 3, dtype=np.float32).reshape(48, 64, 3)
    spec = draw_sensor(5, LightSpec())
    image = develop(color, spec, 6)
    assert fresh.stdout.strip() == hashlib.sha256(image.tobytes() + encode_jpeg(image, spec)).hexdigest()


def test_rises_with_exposure() -> None:
    spec = SensorSpec(**QUIET, sharpening=0.0, bloom=0.1, vignette=0.3, contrast=0.4)
    images = [develop(scene(), spec, 0, exposure).astype(int) for exposure in (0.0, 0.5, 1, 2, 8, 100)]
    assert images[0].max() == 0
    assert all((later >= earlier).all() for earlier, later in pairwise(images))
    assert images[-1].mean() > images[1].mean() + 50


@pytest.mark.parametrize("metering", ["average", "centre", "highlights"])
def test_auto_exposure_evens_out_radiance(metering: str) -> None:
    spec = SensorSpec(metering=metering)
    means = [develop(scene() * np.float32(scale), spec, 0).mean() for scale in (1e-3, 1.0, 1e4)]
    assert np.ptp(means) < 1
    assert 50 < means[0] < 200


def test_compensation_is_in_stops_and_a_window_does_not_black_out_the_cabin() -> None:
    plain, brighter = SensorSpec(), SensorSpec(exposure_ev=1.0)
    assert metered_exposure(scene(), brighter) == pytest.approx(2 * metered_exposure(scene(), plain))
    blinding = scene()
    blinding[5:30, 80:110] = 100.0
    mean = blinding.astype(np.float64).mean()
    assert metered_exposure(blinding, plain) > 2 * 0.2 / mean


def test_mono_is_grey_and_color_is_bgr() -> None:
    red = np.full((32, 32, 3), (0.6, 0.2, 0.1), np.float32)
    blue, green, red_out = develop(red, SensorSpec(**QUIET), 0).reshape(-1, 3).mean(axis=0)
    assert red_out > green > blue
    grey = develop(scene(), SensorSpec(mono=True), 0)
    assert (np.ptp(grey, axis=2) == 0).all()
    assert grey.flags.c_contiguous


@pytest.mark.parametrize("value", [0.0, 1e30, 3e38])
@pytest.mark.parametrize("exposure", [None, 1.0, 1e6])
def test_black_and_huge_radiance(value: float, exposure: float | None) -> None:
    color = np.full((20, 24, 3), value, np.float32)
    image = develop(color, SensorSpec(mono=value == 0), 0, exposure)
    assert image.shape == (20, 24, 3)
    assert image.mean() < 40 if value == 0 else image.mean() > 90


@pytest.mark.parametrize(
    "faults",
    [
        {"defocus_px": 3.0},
        {"motion_px": 9.0, "motion_deg": 30.0},
        {"motion_px": 4.0, "motion_deg": -90.0, "defocus_px": 1.0},
        {"bloom": 0.5, "shoulder": 1.0},
        {"sharpening": 1.5, "defocus_px": 1.5},
    ],
)
def test_nothing_moves(faults: dict[str, float]) -> None:
    color = np.zeros((101, 101, 3), np.float32)
    color[40, 62] = 40.0
    spec = SensorSpec(**{**QUIET, "vignette": 0.0, "gamma": 1.0, "contrast": 0.0, "bloom": 0.0, **faults})
    light = develop(color, spec, 0, 1.0).sum(axis=2).astype(float)
    y, x = np.mgrid[:101, :101]
    assert light.sum() > 0
    center = np.array([(light * x).sum(), (light * y).sum()]) / light.sum()
    assert center == pytest.approx((62, 40), abs=0.1)


def test_bands_and_vignette_are_where_they_should_be() -> None:
    flat = np.full((120, 120, 3), 0.3, np.float32)
    banded = SensorSpec(**QUIET, vignette=0.0, band_amplitude=0.3, band_period_rows=40)
    rows = develop(flat, banded, 0, 1.0).mean(axis=(1, 2))
    assert np.abs(rows[:80] - rows[40:]).max() < 1
    assert np.ptp(rows) > 20
    dark = develop(flat, SensorSpec(**QUIET, vignette=0.8), 0, 1.0)
    assert dark[60, 60].mean() > dark[0, 0].mean() + 40


def test_jpeg_keeps_size_and_follows_quality() -> None:
    image = develop(scene(), SensorSpec(), 0)
    good, bad = (encode_jpeg(image, SensorSpec(jpeg_quality=q)) for q in (95, 20))
    assert len(bad) < len(good)
    decoded = cv2.imdecode(np.frombuffer(good, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == image.shape
    assert np.abs(decoded.astype(float) - image).mean() < 6


@pytest.mark.parametrize(
    "color",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.float32)],
    ids=["shape", "dtype", "empty"],
)
def test_other_arrays_are_refused(color: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="color"):
        develop(color, SensorSpec(), 0)
    with pytest.raises(ShapeError, match="color"):
        metered_exposure(color, SensorSpec())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    color = scene()
    color[3, 4, 1] = value
    with pytest.raises(DataError, match="color"):
        develop(color, SensorSpec(), 0)
    with pytest.raises(DataError, match="exposure"):
        develop(scene(), SensorSpec(), 0, value)


def test_what_is_no_picture_makes_no_jpeg() -> None:
    with pytest.raises(ShapeError, match="image"):
        encode_jpeg(np.zeros((4, 4, 3), np.float32), SensorSpec())
    with pytest.raises(DataError, match="JPEG"):
        encode_jpeg(np.zeros((70000, 1, 3), np.uint8), SensorSpec())
