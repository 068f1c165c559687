"""The camera's geometry: equal to OpenCV's two models, and its own inverse."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.camera import NEAREST_M, Camera, CameraSpec

K1_TO_K4 = (-0.03, 0.006, -0.002, 0.0003)
POSITION, TARGET = (0.4, -0.2, 1.2), (-0.9, 0.3, 0.7)


def camera_of(**spec: object) -> Camera:
    return Camera(CameraSpec.model_validate({"position_m": POSITION, "look_at_m": TARGET, **spec}))


def points_ahead(camera: Camera, widest_rad: float) -> np.ndarray:
    """Points (200, 3) within an angle of the axis."""
    rng = np.random.default_rng(0)
    angle, turn, distance = rng.uniform((0, 0, 0.1), (widest_rad, 2 * np.pi, 5), (200, 3)).T
    across = np.sin(angle)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    local = np.column_stack([across, np.cos(angle)]) * distance[:, None]
    points: np.ndarray = camera.position + local @ camera.rotation
    return points


def opencv(camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation vector, translation and camera matrix as OpenCV has them."""
    rotation, _ = cv2.Rodrigues(camera.rotation)
    matrix = np.diag([camera.focal_px, camera.focal_px, 1.0])
    matrix[:2, 2] = camera.center
    return rotation, -camera.rotation @ camera.position, matrix


@pytest.mark.parametrize("roll", [0, 25, -170])
def test_pinhole_equals_opencv(roll: float) -> None:
    camera = camera_of(fov_deg=100, roll_deg=roll, size_wh=(640, 480))
    points = points_ahead(camera, np.radians(50))
    expected, _ = cv2.projectPoints(points, *opencv(camera), None)
    np.testing.assert_allclose(camera.project(points)[0], expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("distortion", [(0, 0, 0, 0), K1_TO_K4])
@pytest.mark.parametrize("roll", [0, 25])
def test_fisheye_equals_opencv(distortion: tuple[float, ...], roll: float) -> None:
    camera = camera_of(model="fisheye", fov_deg=150, roll_deg=roll, size_wh=(640, 480), distortion=distortion)
    points = points_ahead(camera, np.radians(75))
    rotation, translation, matrix = opencv(camera)
    expected, _ = cv2.fisheye.projectPoints(
        points[:, None], rotation, translation, matrix, np.array(distortion, np.float64)
    )
    np.testing.assert_allclose(camera.project(points)[0], expected[:, 0], atol=1e-6)


specs = st.fixed_dictionaries(
    {
        "position_m": st.tuples(*[st.floats(-3, 3)] * 3),
        "look_at_m": st.tuples(*[st.floats(4, 8)] * 3),
        "roll_deg": st.floats(-180, 180),
        "fov_deg": st.floats(20, 140),
        "mirrored": st.booleans(),
        "size_wh": st.tuples(st.integers(40, 90), st.integers(16, 60)),
        "model": st.sampled_from(["pinhole", "fisheye"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(spec=specs, distance=st.floats(0.1, 20))
def test_rays_are_where_points_are_seen(spec: dict[str, object], distance: float) -> None:
    camera = camera_of(**spec)
    rays = camera.rays()
    width, height = camera.spec.size_wh
    assert rays.shape == (height, width, 3)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=2), 1, atol=1e-12)
    pixels, distances = camera.project(camera.position + distance * rays.reshape(-1, 3))
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    np.testing.assert_allclose(pixels, np.stack([x, y], axis=-1).reshape(-1, 2), atol=2e-3)
    np.testing.assert_allclose(distances, distance, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(spec=specs, factor=st.integers(2, 4))
def test_rays_of_a_finer_picture_surround_those_of_the_picture(spec: dict[str, object], factor: int) -> None:
    camera = camera_of(**spec)
    width, height = camera.spec.size_wh
    fine = camera.rays((width * factor, height * factor)).reshape(height, factor, width, factor, 3)
    mean = fine.mean(axis=(1, 3))
    mean /= np.linalg.norm(mean, axis=2, keepdims=True)
    pixel_rad = 1 / camera.focal_px
    assert np.arccos(np.clip((mean * camera.rays()).sum(axis=2), -1, 1)).max() < pixel_rad


@settings(max_examples=40, deadline=None)
@given(spec=specs)
def test_a_mirrored_camera_mirrors(spec: dict[str, object]) -> None:
    plain, mirrored = camera_of(**spec | {"mirrored": False}), camera_of(**spec | {"mirrored": True})
    np.testing.assert_array_equal(mirrored.rays(), plain.rays()[:, ::-1])
    points = points_ahead(plain, 0.4)
    (there, _), (here, _) = mirrored.project(points), plain.project(points)
    np.testing.assert_allclose(there[:, 0], plain.spec.size_wh[0] - here[:, 0], atol=1e-9)
    np.testing.assert_allclose(there[:, 1], here[:, 1], atol=1e-9)


def test_the_picture_is_upright() -> None:
    camera = camera_of(position_m=(0, 0, 1), look_at_m=(2, 0, 1), size_wh=(200, 100))
    (ahead, left, above), _ = camera.project([(2, 0, 1), (2, 0.5, 1), (2, 0, 1.2)])
    np.testing.assert_allclose(ahead, (100, 50))
    assert left[0] < 100
    assert left[1] == pytest.approx(50)
    assert above[1] < 50
    assert above[0] == pytest.approx(100)


def test_a_positive_roll_turns_the_picture_clockwise() -> None:
    camera = camera_of(position_m=(0, 0, 1), look_at_m=(2, 0, 1), roll_deg=90, size_wh=(100, 100))
    above = camera.project([(2, 0, 1.2)])[0][0]
    assert above[0] > 54  # what was above is on the right
    assert above[1] == pytest.approx(50)


def test_the_field_of_view_is_as_wide_as_asked() -> None:
    for model, fov in (("pinhole", 90.0), ("fisheye", 190.0)):
        rays = camera_of(model=model, fov_deg=fov, size_wh=(4000, 16)).rays()[7]
        across = np.degrees(np.arccos(rays[0] @ rays[-1]))
        assert across == pytest.approx(fov if fov < 180 else 360 - fov, abs=0.2)


def test_points_that_cannot_be_seen_have_no_pixel() -> None:
    camera = camera_of(position_m=(0, 0, 1), look_at_m=(2, 0, 1))
    near = (NEAREST_M * 0.9, 0, 1)
    pixels, distances = camera.project([(-1, 0, 1), near, (0, 0, 1), (1, 0, 1)])
    np.testing.assert_array_equal(np.isnan(pixels).all(axis=1), [True, True, True, False])
    np.testing.assert_allclose(distances, [1, NEAREST_M * 0.9, 0, 1])


def test_a_camera_may_look_straight_down() -> None:
    camera = camera_of(position_m=(0, 0, 2), look_at_m=(0, 0, 0))
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    ahead = camera.project([(0.5, 0, 0)])[0][0]
    assert ahead[1] < camera.center[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"look_at_m": POSITION}, "must differ"),
        ({"fov_deg": 151.0}, "at most 150"),
        ({"distortion": K1_TO_K4}, "fisheye only"),
        ({"size_wh": (8, 352)}, "greater than or equal to 16"),
        ({"fov_deg": 201.0, "model": "fisheye"}, "less than or equal to 200"),
        ({"position_m": (0, 0, 21)}, "less than or equal to 20"),
        ({"zoom": 2}, "zoom: unknown key"),
        (
            {"model": "fisheye", "fov_deg": 160, "distortion": (-0.2, 0, 0, 0)},
            "up to 74 degrees from the axis",
        ),
        ({"model": "fisheye", "fov_deg": 140, "distortion": (-0.2, 0, 0, 0)}, "corners lie further out"),
        ({"model": "fisheye", "fov_deg": 180, "size_wh": (100, 400)}, "up to 180 degrees from the axis"),
    ],
)
def test_refuses_what_cannot_be_built(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        camera_of(**change)


@settings(max_examples=80, deadline=None)
@given(
    fov=st.floats(30, 200),
    distortion=st.tuples(*[st.floats(-0.1, 0.1)] * 2, *[st.floats(-0.01, 0.01)] * 2),
    size_wh=st.tuples(st.integers(16, 60), st.integers(16, 60)),
)
def test_a_fisheye_that_is_not_refused_sees_every_pixel_once(
    fov: float, distortion: tuple[float, ...], size_wh: tuple[int, int]
) -> None:
    try:
        camera = camera_of(model="fisheye", fov_deg=fov, distortion=distortion, size_wh=size_wh)
    except ConfigError:
        return
    pixels, _ = camera.project(camera.position + camera.rays().reshape(-1, 3))
    x, y = np.meshgrid(np.arange(size_wh[0]) + 0.5, np.arange(size_wh[1]) + 0.5)
    np.testing.assert_allclose(pixels, np.stack([x, y], axis=-1).reshape(-1, 2), atol=0.02)
    away = np.degrees(np.arccos(camera.rays()[size_wh[1] // 2, 0] @ camera.rotation[2]))
    assert away < fov / 2 + 1
