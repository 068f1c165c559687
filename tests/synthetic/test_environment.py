from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from cabinsafe.errors import DataError
from cabinsafe.synthetic.environment import SCROLL_PERIOD_M, Environment, panorama
from cabinsafe.synthetic.light import KIND_SHARES, draw_light
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.scenery import Strip

SCENERIES = ("city", "suburb", "country", "motorway", "garage")


def contrast(picture: np.ndarray) -> float:
    """Spread along the horizon over its mean, on the left half."""
    band = picture[90:132, :512].mean(axis=2)
    return float(band.std() / band.mean())


@pytest.mark.parametrize("kind", list(KIND_SHARES))
@pytest.mark.parametrize("scenery", SCENERIES)
def test_every_panorama_is_finite_and_busy(kind: str, scenery: str) -> None:
    picture = panorama(draw_light(3, {"kind": kind, "scenery": scenery}), 7.0)
    assert picture.shape == (256, 1024, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() > 0
    assert contrast(picture) > 0.1


@pytest.mark.parametrize("scenery", SCENERIES)
def test_scrolls_continuously_and_comes_round(scenery: str) -> None:
    surroundings = Environment(LightSpec(scenery=scenery, lamp_strength=0.5))
    start, near, far = (surroundings.panorama(way) for way in (0.0, 0.05, 5.0))
    step, leap = np.abs(near - start).mean(), np.abs(far - start).mean()
    assert 0 < step < 0.03 * start.mean()
    assert step < 0.5 * leap
    assert np.abs(surroundings.panorama(SCROLL_PERIOD_M) - start).max() < 0.02 * start.max()


@pytest.mark.parametrize(
    ("values", "rows", "way_m", "distance_m"),
    [
        ({"kind": "tunnel", "lamp_strength": 1.0, "lamp_spacing_m": 48}, (100, 127), 0.2, 4.4),
        ({"scenery": "country", "sun_strength": 0, "clouds": 0}, (104, 116), 0.8, 28.0),
    ],
    ids=["wall nearby", "trees far away"],
)
@pytest.mark.parametrize(("middle", "backward"), [(256, -1), (768, 1)], ids=["left", "right"])
def test_what_is_beside_moves_backward_by_its_parallax(
    values: dict[str, object],
    rows: tuple[int, int],
    way_m: float,
    distance_m: float,
    middle: int,
    backward: int,
) -> None:
    """Column 256 looks straight left, backward is towards column 0; 768 right, backward is towards 1024."""
    surroundings = Environment(LightSpec(**values, defocus_deg=0, haze=0, scenery_seed=4))
    here, later = (surroundings.panorama(way)[slice(*rows)].mean(axis=2) for way in (12, 12 + way_m))
    part = slice(middle - 60, middle + 60)
    errors = [
        np.square(np.roll(here, shift * backward, axis=1)[:, part] - later[:, part]).mean()
        for shift in range(-12, 13)
    ]
    expected = way_m / distance_m * 1024 / (2 * np.pi)
    assert int(np.argmin(errors)) - 12 == pytest.approx(expected, abs=1.2)


def test_the_seam_behind_is_no_edge() -> None:
    picture = panorama(LightSpec(scenery="suburb"), 2.0)
    seam = np.abs(picture[:, 0] - picture[:, -1]).mean()
    inside = np.abs(np.diff(picture[:, 20:80], axis=1)).mean()
    assert seam < 2 * inside + 0.01


def test_the_sun_is_where_it_is_said_to_be() -> None:
    picture = panorama(LightSpec(sun_azimuth_deg=90, sun_elevation_deg=45, clouds=0), 0.0).sum(axis=2)
    row, column = np.unravel_index(int(picture.argmax()), picture.shape)
    assert abs((row + 0.5) / 256 * 180 - 45) < 2
    assert abs((column + 0.5) / 1024 * 360 - 90) < 2


def test_night_is_dark_with_bright_lights() -> None:
    day, night = (panorama(draw_light(5, {"kind": kind, "scenery": "city"})) for kind in ("day", "night"))
    assert night.mean() < 0.1 * day.mean()
    assert night.max() > 20 * np.median(night)
    assert np.ptp(night, axis=2).max() > 0


def test_seeds_draw_other_places() -> None:
    one, two = (panorama(LightSpec(scenery_seed=seed)) for seed in (1, 2))
    assert np.abs(one - two).mean() > 0.05 * one.mean()


def test_same_in_a_fresh_process() -> None:
    code = (
        "import hashlib; from cabinsafe.synthetic.environment import panorama;"
        "from cabinsafe.synthetic.light import draw_light;"
        "print(hashlib.sha256(panorama(draw_light(11), 3.5).tobytes()).hexdigest())"
    )
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256(panorama(draw_light(11), 3.5).tobytes()).hexdigest()
    assert fresh.stdout.strip() == here


@pytest.mark.parametrize("way", [np.nan, np.inf])
def test_a_way_that_is_no_number_is_refused(way: float) -> None:
    with pytest.raises(DataError, match="travelled_m"):
        panorama(LightSpec(), way)


def test_strips_repeat_and_keep_their_margins_clear() -> None:
    strip = Strip(5.0, 4.0)
    strip.ellipse(0.0, 2.0, (3.0, 9.0), (1.0, 0.5, 0.25))
    alpha = strip.pixels[..., 3]
    assert alpha[80, 0] == alpha[80, -1] == 1
    assert alpha[80, 512] == 0
    assert not alpha[[0, -1]].any()
    strip.rectangle((94.0, 98.0), (0.0, 4.0), (0, 0, 0))
    assert not strip.pixels[80, [0, 10, -1, -10], :3].any()
