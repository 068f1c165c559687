"""How the renderer shades: against the formulas of light on a flat wall, and the way directions go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.lighting import Lighting, PointLight
from cabinsafe.synthetic.mesh import Material, Mesh, Pattern, grid, mesh, rounded_box
from cabinsafe.synthetic.render import render
from cabinsafe.synthetic.rotations import about_z

BLACK = np.zeros((1, 1, 3), np.float32)
DARK = Lighting((0, 0, 1), (0, 0, 0), (0, 0, 0), (0, 0, 0), BLACK)
MATT = Material(color=(0.6, 0.3, 0.15), roughness=1.0, ir_reflectance=0.5)
ABOVE = Camera(CameraSpec(position_m=(0, 0, 3), look_at_m=(0, 0, 0), fov_deg=60, size_wh=(60, 60)))


def sheet(half: float, center: tuple[float, float, float], material: Material = MATT) -> Mesh:
    """A level square."""
    ring = np.array([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)])
    return mesh(grid(ring + np.array(center), (4, 4)), material)


FLOOR = sheet(4.0, (0, 0, 0))


def color_at(picture: np.ndarray, point: tuple[float, float, float]) -> np.ndarray:
    x, y = ABOVE.project(point)[0][0]
    color: np.ndarray = picture[int(y), int(x)]
    return color


def test_no_light_is_black() -> None:
    assert (render([FLOOR], ABOVE, DARK).color == 0).all()


@pytest.mark.parametrize("sun", [(0, 0, 1), (3, 0, 4), (-1, 2, 2)])
def test_the_sun_lights_by_its_cosine(sun: tuple[float, float, float]) -> None:
    picture = render([FLOOR], ABOVE, replace(DARK, sun_direction=sun, sun_color=(2, 1, 0.5)))
    cosine = sun[2] / np.linalg.norm(sun)
    expected = np.array([1.2, 0.3, 0.075]) * cosine
    np.testing.assert_allclose(picture.color, np.broadcast_to(expected, picture.color.shape), rtol=1e-5)


def test_a_sun_below_the_floor_does_not_light_it() -> None:
    picture = render([FLOOR], ABOVE, replace(DARK, sun_direction=(0.3, 0, -1), sun_color=(2, 1, 0.5)))
    assert (picture.color == 0).all()


def test_shadows_fall_away_from_the_sun() -> None:
    sun = np.array([1.0, 0.5, 2.0])
    lid = sheet(0.3, (0.8, 0.4, 1.0))
    light = replace(DARK, sun_direction=tuple(sun), sun_color=(1, 1, 1))
    picture = render([FLOOR, lid], ABOVE, light).color
    full = np.array(MATT.color) * sun[2] / np.linalg.norm(sun)
    middle = np.array([0.8, 0.4]) - sun[:2] / sun[2]  # of the shadow on the floor
    for dx in np.linspace(-0.5, 0.5, 11):
        for dy in np.linspace(-0.5, 0.5, 11):
            reach = max(abs(dx), abs(dy))
            seen = color_at(picture, (middle[0] + dx, middle[1] + dy, 0.0))
            if reach < 0.22:
                np.testing.assert_array_equal(seen, 0)
            elif reach > 0.38:
                np.testing.assert_allclose(seen, full, rtol=1e-5)
    np.testing.assert_allclose(color_at(picture, (0.8, 0.4, 1.0)), full, rtol=1e-5)  # the lid itself


def test_sky_lights_from_above_and_ground_from_below() -> None:
    light = replace(DARK, sky_color=(0.2, 0.4, 0.8), ground_color=(0.5, 0.1, 0.1))
    down = render([FLOOR], ABOVE, light).color
    np.testing.assert_allclose(down[30, 30], np.array(MATT.color) * light.sky_color, rtol=1e-5)
    below = Camera(CameraSpec(position_m=(0, 0, -3), look_at_m=(0, 0, 0), fov_deg=60, size_wh=(60, 60)))
    up = render([FLOOR], below, light).color
    np.testing.assert_allclose(up[30, 30], np.array(MATT.color) * light.ground_color, rtol=1e-5)


def test_a_point_light_falls_with_the_square_of_the_distance() -> None:
    point = PointLight((0.5, -0.4, 1.5), (4, 2, 1), size_m=0.0)
    picture = render([FLOOR], ABOVE, replace(DARK, points=(point,)), 1)
    place = ABOVE.position + ABOVE.rays() * picture.depth[..., None]
    way = np.array(point.position_m) - place
    squared = (way**2).sum(axis=2)
    cosine = way[..., 2] / np.sqrt(squared)
    expected = np.array(MATT.color) * point.color * (cosine / squared)[..., None]
    np.testing.assert_allclose(picture.color, expected, rtol=1e-4)


def test_a_large_light_reaches_around_the_horizon() -> None:
    def brightest(size_m: float) -> float:
        lamp = PointLight((0.0, 0.0, -0.05), (1, 1, 1), size_m)
        return float(render([FLOOR], ABOVE, replace(DARK, points=(lamp,))).color.max())

    assert brightest(0.0) == 0
    assert brightest(0.5) > 0.1


def test_infrared_is_grey_and_falls_with_distance() -> None:
    light = replace(DARK, infrared=2.0, sky_color=(0.9, 0.1, 0.2), panorama=BLACK + np.float32([1, 2, 6]))
    near = render([FLOOR], ABOVE, light).color
    assert (near == near[..., :1]).all()
    lamp = replace(light, sky_color=(0, 0, 0))
    plain = Material(color=(0.5, 0.5, 0.5), color2=(0.5, 0.5, 0.5), roughness=1.0, ir_reflectance=0.5)
    for height in (0.0, 1.5):
        distance = 3 - height
        seen = render([sheet(4.0, (0, 0, height), plain)], ABOVE, lamp).color[30, 30]
        np.testing.assert_allclose(seen, 0.5 * 2.0 / (distance**2 + 0.01), rtol=2e-3)
    np.testing.assert_allclose(render([], ABOVE, light).color, 3.0, rtol=1e-6)


def test_twice_the_light_is_twice_the_radiance() -> None:
    rng = np.random.default_rng(3)
    box = mesh(rounded_box((0, 0, 1), (1, 0.8, 0.6)), Material(roughness=0.3, wrinkles=0.5), 1)
    panorama = rng.uniform(0, 1, (8, 16, 3)).astype(np.float32)

    def lit(factor: float) -> np.ndarray:
        def times(*color: float) -> tuple[float, float, float]:
            r, g, b = (factor * value for value in color)
            return r, g, b

        lamp = PointLight((1, 1, 2), times(0.5, 0.25, 1), 0.25)
        light = Lighting(
            (1, 0, 1), times(2, 1, 1), times(0.5, 1, 1), times(1, 0, 0), panorama * factor, (lamp,)
        )
        return render([FLOOR, box], ABOVE, light).color

    np.testing.assert_allclose(lit(2), 2 * lit(1), rtol=1e-5)


def test_a_smooth_surface_shines_where_it_mirrors_the_light() -> None:
    def spread(roughness: float) -> float:
        floor = replace(FLOOR, material=replace(MATT, color=(0.1, 0.1, 0.1), roughness=roughness))
        picture = render([floor], ABOVE, replace(DARK, sky_color=(1, 1, 1), infrared=1.0)).color
        return float(picture[30, 30, 0] / picture[2, 2, 0])

    assert spread(0.2) > 2 * spread(0.9)


def test_corners_are_darker_under_an_even_sky() -> None:
    even = replace(DARK, sky_color=(1, 1, 1), ground_color=(1, 1, 1))
    box = mesh(rounded_box((1.0, 0, 0.5), (0.5, 1.0, 1.0), power=10), MATT)
    picture = render([FLOOR, box], ABOVE, even).color
    assert color_at(picture, (0.73, 0.0, 0.0))[0] < 0.95 * color_at(picture, (-1.0, 0.0, 0.0))[0]


@pytest.mark.parametrize("yaw", [0.0, 1.0, -7.0])
@pytest.mark.parametrize(
    ("ahead", "column", "row"),
    [((1, 0, 0), 0.5, 0.5), ((0, 1, 0), 0.25, 0.5), ((0, -1, 0), 0.75, 0.5), ((1, 0, 1), 0.5, 0.25)],
)
def test_the_panorama_lies_around_the_vehicle(
    ahead: tuple[float, float, float], column: float, row: float, yaw: float
) -> None:
    height, width = 64, 128
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    turned = (columns / width - column + yaw / (-2 * np.pi) + 0.5) % 1.0  # 0.5 where the camera should look
    panorama = np.stack([turned, rows / height, np.ones_like(rows)], axis=-1).astype(np.float32)
    spec = CameraSpec(position_m=(2, 1, 1), look_at_m=tuple(np.add((2, 1, 1), ahead)), fov_deg=20)
    light = replace(DARK, panorama=panorama, panorama_yaw_rad=yaw)
    picture = render([], Camera(spec), light).color
    np.testing.assert_allclose(picture[175:177, 175:177].mean(axis=(0, 1)), (0.5, row, 1), atol=2e-3)
    assert picture[176, 300, 0] > picture[176, 50, 0]  # columns go to the right
    assert picture[300, 176, 1] > picture[50, 176, 1]


def pattern_picture(move: Callable[[np.ndarray], np.ndarray], pattern: Pattern, stuck: bool) -> np.ndarray:
    """A wall with a pattern, seen by a camera that moves along with it."""
    material = Material((0.9, 0.9, 0.9), (0.1, 0.2, 0.3), pattern, 9.0, roughness=1.0)
    wall = mesh(grid([(1, -1, -1), (1, 1, -1), (1, 1, 1.03), (1.1, -1, 1)], (5, 5)), material)
    moved = move(wall.vertices).astype(np.float32)
    camera, target = (tuple(move(np.array([p]))[0]) for p in ((-0.5, 0.1, 0.2), (1, 0.1, 0.2)))
    spec = CameraSpec(position_m=camera, look_at_m=target, fov_deg=50, size_wh=(48, 48))
    even = replace(DARK, sky_color=(1, 1, 1), ground_color=(1, 1, 1))
    there = replace(wall, vertices=moved, rest=wall.vertices if stuck else None)
    return render([there], Camera(spec), even).color


@pytest.mark.parametrize("pattern", list(Pattern))
def test_patterns_stick_to_the_rest_coordinates(pattern: Pattern) -> None:
    def rigid(points: np.ndarray) -> np.ndarray:
        return points @ about_z(0.7).T + (0.31, -0.22, 0.43)

    still = pattern_picture(lambda points: points, pattern, stuck=True)
    stuck = pattern_picture(rigid, pattern, stuck=True)
    np.testing.assert_allclose(stuck, still, atol=0.02)
    if pattern is Pattern.PLAIN:
        assert still.std(axis=(0, 1)).max() < 1e-3
    else:
        assert still.std(axis=(0, 1)).max() > 0.04
        assert np.abs(pattern_picture(rigid, pattern, stuck=False) - still).mean() > 0.02


def test_fine_patterns_turn_into_their_mean() -> None:
    even = replace(DARK, sky_color=(1, 1, 1))
    fine = Material((1, 1, 1), (0, 0, 0), Pattern.STRIPES, pattern_per_m=5000.0, roughness=1.0)
    np.testing.assert_allclose(render([sheet(4.0, (0, 0, 0), fine)], ABOVE, even).color, 0.5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sun_direction": (0, 0, 0)}, DataError, "without length"),
        ({"sun_direction": (0, 1)}, ShapeError, r"sun_direction: expected three numbers"),
        ({"sun_color": (0, 0, -1)}, DataError, r"sun_color: expected at least 0"),
        ({"sky_color": (0, 0, np.inf)}, DataError, r"sky_color: expected finite"),
        ({"ground_color": np.zeros((3, 1))}, ShapeError, r"ground_color: expected three numbers"),
        ({"infrared": -0.1}, DataError, r"infrared: expected a finite number of at least 0"),
        ({"infrared": np.nan}, DataError, r"infrared"),
        ({"panorama_yaw_rad": np.inf}, DataError, r"panorama_yaw_rad"),
        ({"panorama": np.zeros((4, 8), np.float32)}, ShapeError, r"expected float32 \(h, w, 3\)"),
        ({"panorama": np.zeros((4, 8, 3))}, ShapeError, r"got float64"),
        ({"panorama": np.zeros((0, 8, 3), np.float32)}, ShapeError, r"panorama"),
        ({"panorama": BLACK - 1}, DataError, r"panorama: expected finite values of at least 0"),
        ({"panorama": BLACK + np.float32(np.nan)}, DataError, r"panorama"),
    ],
)
def test_refuses_bad_light(change: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        replace(DARK, **change)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (((0, 0), (1, 1, 1), 0.1), ShapeError),
        (((0, 0, np.nan), (1, 1, 1), 0.1), DataError),
        (((0, 0, 0), (1, 1, -1), 0.1), DataError),
        (((0, 0, 0), (1, 1, 1), -0.1), DataError),
    ],
)
def test_refuses_bad_point_lights(values: tuple, error: type[Exception]) -> None:
    with pytest.raises(error, match="PointLight"):
        PointLight(*values)
