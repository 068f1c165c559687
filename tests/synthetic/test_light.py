from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cabinsafe.errors import ConfigError, DataError, ShapeError
from cabinsafe.synthetic.environment import Environment
from cabinsafe.synthetic.light import KIND_SHARES, draw_light, lighting
from cabinsafe.synthetic.light_spec import LightSpec, blackbody

BOUNDS = ((-1.4, -0.75, 0.0), (1.0, 0.75, 1.25))


def grey(color: object) -> float:
    return float(np.mean(color))


def test_kinds_and_sceneries_come_as_often_as_documented() -> None:
    drawn = [draw_light(seed) for seed in range(2000)]
    kinds = Counter(spec.kind for spec in drawn)
    assert sum(KIND_SHARES.values()) == pytest.approx(1.0)
    for kind, share in KIND_SHARES.items():
        spread = np.sqrt(share * (1 - share) / 2000)
        assert abs(kinds[kind] / 2000 - share) < 4 * spread, kind
    assert {spec.scenery for spec in drawn} == {"city", "suburb", "country", "motorway", "garage"}
    assert all(spec.kind == "tunnel" for spec in drawn if spec.scenery == "garage")


def test_low_sun_stands_beside_the_vehicle_and_night_has_none() -> None:
    for seed in range(60):
        low = draw_light(seed, {"kind": "low_sun"})
        assert 40 <= abs(low.sun_azimuth_deg) <= 140
        assert 0 < low.sun_elevation_deg <= 20
        assert low.sun_color.min() > 0
        assert not draw_light(seed, {"kind": "night_ir"}).sun_color.any()


def test_fixed_values_win_and_leave_the_others() -> None:
    free, fixed = draw_light(7), draw_light(7, {"haze": 0.125, "kind": draw_light(7).kind})
    assert fixed == free.model_copy(update={"haze": 0.125})


def test_a_garage_by_day_is_lit_by_its_lamps() -> None:
    spec = draw_light(1, {"kind": "day", "scenery": "garage"})
    assert spec.lamp_strength > 0
    assert not spec.sun_color.any()


@pytest.mark.parametrize(
    "values",
    [{"kind": "noon"}, {"sun_elevation_deg": 100}, {"lamp_spacing_m": 0}, {"moon": 1}, {"glass": -0.1}],
)
def test_refused_values(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        draw_light(0, values)


def test_blackbody_reddens_as_it_cools() -> None:
    warm, white, cold = blackbody(2700), blackbody(6500), blackbody(12000)
    assert white == pytest.approx(np.ones(3))
    assert warm[0] > warm[1] > warm[2]
    assert cold[0] < cold[1] < cold[2]


def test_day_light_comes_through_the_windows_of_all_sides() -> None:
    light = lighting(LightSpec(), BOUNDS)
    positions = np.array([point.position_m for point in light.points])
    low, high = np.array(BOUNDS)
    assert {-1.0, 0.0, 1.0} <= set(np.sign(positions[:, 1]))
    assert np.isclose(positions[:, 0], high[0]).any()
    assert np.isclose(positions[:, 0], low[0]).any()
    assert (positions[:, 2] > 0.5 * high[2]).all()
    assert (positions[:, 2] < high[2]).all()
    assert all(point.size_m >= 0.2 for point in light.points)


def test_outside_is_several_times_brighter_than_the_light_passed_on_inside() -> None:
    spec = LightSpec()
    assert grey(spec.level_light) > 4 * grey(lighting(spec, BOUNDS).sky_color) > 0


def test_the_sun_points_where_it_should() -> None:
    light = lighting(LightSpec(sun_azimuth_deg=90, sun_elevation_deg=30), BOUNDS)
    assert light.sun_direction == pytest.approx((0, np.cos(np.radians(30)), 0.5), abs=1e-9)
    left = [grey(p.color) for p in light.points if p.position_m[1] == BOUNDS[1][1]]
    right = [grey(p.color) for p in light.points if p.position_m[1] == BOUNDS[0][1]]
    assert np.mean(left) != pytest.approx(np.mean(right), rel=1e-3)


def test_infrared_night_is_grey_and_lit_by_the_camera() -> None:
    spec = draw_light(4, {"kind": "night_ir"})
    light = lighting(spec, BOUNDS)
    colors = [light.sky_color, light.ground_color, light.sun_color, *(p.color for p in light.points)]
    assert light.infrared > 20 * max(grey(color) for color in colors)
    for color in colors:
        assert np.ptp(color) == pytest.approx(0, abs=1e-7)
    assert np.ptp(light.panorama, axis=2).max() < 1e-6


def test_lamps_sweep_backward_and_keep_their_brightness_steady() -> None:
    spec = draw_light(2, {"kind": "night", "scenery": "city", "dome_strength": 0.0, "lamp_spacing_m": 48})
    surroundings = Environment(spec)
    ways = np.arange(0, 24, 0.5)
    lamps = []
    for way in ways:
        points = lighting(spec, BOUNDS, way, environment=surroundings).points
        lamps.append([point for point in points if point.size_m < 0.2])
    middle = np.mean(BOUNDS, axis=0)
    received = [
        sum(grey(p.color) / (np.square(p.position_m - middle).sum() + p.size_m**2) for p in some)
        for some in lamps
    ]
    assert max(received) > 1.3 * min(received)
    assert np.abs(np.diff(received)).max() < 0.2 * max(received)
    places = {p.position_m[0] for some in lamps for p in some}
    assert min(places) < -1.0 < 0.5 < max(places)


def test_lamps_move_with_the_way() -> None:
    spec = LightSpec(lamp_strength=1.0)
    here, further = spec.lamps(0.0), spec.lamps(1.5)
    common = [p for p in here - (1.5, 0, 0) if (np.abs(further - p).max(axis=1) < 1e-9).any()]
    assert len(common) >= len(here) - 2


def test_clouds_cross_the_sun_with_time_and_trees_with_the_way() -> None:
    cloudy, shaded = LightSpec(clouds=0.9), LightSpec(clouds=0.0, tree_shade=1.0)
    over_time = {grey(lighting(cloudy, BOUNDS, 0.0, t).sun_color) for t in (0.0, 10.0, 20.0)}
    along_way = [grey(lighting(shaded, BOUNDS, way).sun_color) for way in np.arange(0, 40, 4.0)]
    assert len(over_time) == 3
    assert max(along_way) > 2 * min(along_way)
    assert grey(lighting(shaded, BOUNDS, 96.0).sun_color) == pytest.approx(along_way[0])


def test_given_surroundings_change_nothing() -> None:
    spec = draw_light(9)
    once, kept = lighting(spec, BOUNDS, 3.0), lighting(spec, BOUNDS, 3.0, environment=Environment(spec))
    assert np.array_equal(once.panorama, kept.panorama)
    assert once.points == kept.points


def test_bad_bounds_and_times_are_refused() -> None:
    with pytest.raises(ShapeError, match="bounds"):
        lighting(LightSpec(), ((0, 0), (1, 1)))
    with pytest.raises(DataError, match="low < high"):
        lighting(LightSpec(), (BOUNDS[1], BOUNDS[0]))
    with pytest.raises(DataError, match="bounds"):
        lighting(LightSpec(), ((np.nan, 0, 0), (1, 1, 1)))
    with pytest.raises(DataError, match="t_s"):
        lighting(LightSpec(), BOUNDS, 0.0, np.inf)
    with pytest.raises(DataError, match="travelled_m"):
        lighting(LightSpec(), BOUNDS, np.nan)
