"""What the renderer sees: against a ray-triangle oracle of another formula, and against plain geometry."""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import cabinsafe
from cabinsafe.errors import CabinSafeError, DataError, ShapeError
from cabinsafe.synthetic.camera import NEAREST_M, Camera, CameraSpec
from cabinsafe.synthetic.lighting import Lighting, PointLight
from cabinsafe.synthetic.mesh import Material, Mesh, Pattern, Shape, grid, joined, mesh, rounded_box
from cabinsafe.synthetic.render import NOTHING, Rendering, render, visibility

CAMERAS = {
    "pinhole": {"model": "pinhole", "fov_deg": 110},
    "pinhole_rolled": {"model": "pinhole", "fov_deg": 60, "roll_deg": 33},
    "fisheye": {"model": "fisheye", "fov_deg": 150},
    "fisheye_bent": {"model": "fisheye", "fov_deg": 120, "distortion": (-0.05, 0.01, -0.004, 0.0005)},
    "fisheye_190": {"model": "fisheye", "fov_deg": 190, "mirrored": True},
    "fisheye_portrait": {"model": "fisheye", "fov_deg": 190, "size_wh": (40, 60)},  # sees to the antipode
}


def camera_of(**spec: object) -> Camera:
    values = {"position_m": (0.3, -0.2, 1.1), "look_at_m": (-1.0, 0.1, 0.8), "size_wh": (64, 48)}
    return Camera(CameraSpec.model_validate(values | spec))


def soup(rng: np.random.Generator, count: int, camera: Camera) -> np.ndarray:
    """Corners (count, 3, 3) of random triangles all around the camera: tiny, usual, huge, and very near."""
    size = rng.choice([0.01, 0.2, 1.5, 20.0], (count, 1, 1))
    middle = rng.normal(size=(count, 1, 3)) * rng.choice([0.1, 1.0, 3.0], (count, 1, 1))
    return (camera.position + middle + size * rng.normal(size=(count, 3, 3))).astype(np.float32)


def one_mesh(corners: np.ndarray, object_id: int = 0, **material: object) -> Mesh:
    triangles = np.arange(3 * len(corners), dtype=np.int32).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3), triangles, Material(**material), object_id)  # type: ignore[arg-type]


@pytest.fixture
def everything() -> tuple[list[Mesh], Lighting]:
    """Boxes with all patterns on a floor, under all kinds of light."""
    rng = np.random.default_rng(1)
    meshes = [mesh(grid([(-3, -2, 0), (3, -2, 0), (3, 2, 0), (-3, 2, 0)]), Material(color=(0.3, 0.3, 0.3)))]
    for i, pattern in enumerate(Pattern):
        material = Material((0.7, 0.3, 0.2), (0.2, 0.3, 0.6), pattern, 12.0, 0.4, 0.3)
        center = (-1 - 0.1 * i, 0.3 * i - 0.9, 0.5 + 0.05 * i)
        meshes.append(mesh(rounded_box(center, rng.uniform(0.2, 0.5, 3)), material, object_id=i + 1))
    light = Lighting(
        sun_direction=(0.4, -0.5, 0.7),
        sun_color=(2.0, 1.9, 1.7),
        sky_color=(0.3, 0.4, 0.5),
        ground_color=(0.2, 0.15, 0.1),
        points=(
            PointLight((0.2, 1.0, 1.5), (0.5, 0.3, 0.2), 0.3),
            PointLight((0.0, -1.0, 1.0), (0, 0, 0.4), 0),
        ),
        panorama=rng.uniform(0.1, 2, (16, 32, 3)).astype(np.float32),
        panorama_yaw_rad=0.3,
    )
    return meshes, light


def moller_trumbore(rays: np.ndarray, origin: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, ...]:
    """Distance (T, N) of each triangle along each ray, infinite where missed; and how clearly (T, N)."""
    a, b, c = (corners[:, i].astype(np.float64) for i in range(3))
    edge1, edge2 = (b - a)[:, None], (c - a)[:, None]
    p = np.cross(rays[None], edge2)
    q = np.cross(origin - a, b - a)[:, None]
    with np.errstate(all="ignore"):
        inverse = 1 / (edge1 * p).sum(axis=2)
        u = ((origin - a)[:, None] * p).sum(axis=2) * inverse
        v = (rays[None] * q).sum(axis=2) * inverse
        distance = (edge2 * q).sum(axis=2) * inverse
    margin = np.minimum(np.minimum(u, v), 1 - u - v)
    met = (margin >= 0) & (distance >= NEAREST_M)
    return np.where(met, distance, np.inf), np.nan_to_num(np.abs(margin), nan=0.0)


@pytest.mark.parametrize("name", CAMERAS)
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_ray_triangle_oracle(name: str, seed: int) -> None:
    camera = camera_of(**CAMERAS[name])
    corners = soup(np.random.default_rng(seed), 120, camera)
    seen = visibility([one_mesh(corners[i : i + 1], object_id=i) for i in range(len(corners))], camera, 2)
    height, width = seen.depth.shape
    rays = camera.rays((width, height)).reshape(-1, 3)
    distance, clearly = moller_trumbore(rays, camera.position, corners)
    nearest = distance.min(axis=0)
    owner = np.where(np.isfinite(nearest), distance.argmin(axis=0), NOTHING)
    runner_up = np.partition(distance, 1, axis=0)[1]
    # A ray within a hair of any edge, of a tie or of the nearest distance may go either way.
    clear = (clearly > 1e-4).all(axis=0) & ~(runner_up < nearest * (1 + 1e-5))
    clear &= np.abs(distance - NEAREST_M).min(axis=0) > 1e-5
    assert clear.mean() > 0.85
    assert np.isfinite(nearest).mean() > 0.2
    np.testing.assert_array_equal(seen.object_id.ravel()[clear], owner[clear])
    np.testing.assert_allclose(seen.depth.ravel()[clear], nearest[clear], rtol=3e-5)


@pytest.mark.parametrize("name", CAMERAS)
def test_hits_interpolate_their_corners(name: str) -> None:
    """Tints that are the corners' places give every pixel's colour the place that it sees."""
    camera = camera_of(**CAMERAS[name])
    corners = soup(np.random.default_rng(5), 60, camera)
    tinted = one_mesh(corners, color=(1, 1, 1), roughness=1.0)
    tinted = replace(tinted, tint=tinted.vertices + 50)
    even = Lighting((0, 0, 1), (0, 0, 0), (1, 1, 1), (1, 1, 1), np.zeros((1, 1, 3), np.float32))
    picture = render([tinted], camera, even, supersampling=1)
    hit = picture.object_id != NOTHING
    place = camera.position + camera.rays() * np.where(hit, picture.depth, 0)[..., None] + 50
    # Occlusion darkens all three channels alike, hence directions are compared.
    ratio = picture.color[hit] / place[hit]
    assert (np.ptp(ratio, axis=1) < 2e-4 * ratio.max(axis=1)).all()
    assert np.median(ratio) > 0.5


def cube(half: float, cells: int) -> Shape:
    """Six sheets around the origin."""
    sheets = []
    for axis in range(3):
        for sign in (-half, half):
            ring = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
            sheets.append(grid(np.insert(ring, axis, sign, axis=1), (cells, cells)))
    return joined(sheets)


@pytest.mark.parametrize("name", CAMERAS)
@pytest.mark.parametrize("cells", [1, 2, 7, 60])
def test_a_box_around_the_camera_has_no_cracks(name: str, cells: int) -> None:
    camera = camera_of(**CAMERAS[name], position_m=(0.1, -0.2, 0.05), look_at_m=(-1.0, 0.3, 0.21))
    seen = visibility([mesh(cube(1.5, cells), Material(), object_id=4)], camera, 3)
    assert (seen.object_id == 4).all()
    rays = camera.rays(seen.depth.shape[::-1])
    with np.errstate(divide="ignore"):
        walls = (np.sign(rays) * 1.5 - camera.position) / rays
    np.testing.assert_allclose(seen.depth, walls.min(axis=2), rtol=2e-6)


def test_nothing_nearer_than_the_limit_is_seen() -> None:
    camera = camera_of(position_m=(0, 0, 0), look_at_m=(1, 0, 0), fov_deg=40)
    wall = [(-1, -1), (1, -1), (1, 1), (-1, 1)]

    def at(x: float, object_id: int) -> Mesh:
        return mesh(grid(np.insert(np.array(wall, float), 0, x, axis=1)), Material(), object_id)

    seen = visibility([at(NEAREST_M / 2, 1), at(2.0, 2)], camera)
    assert (seen.object_id == 2).all()
    assert (visibility([at(NEAREST_M * 1.1, 1), at(2.0, 2)], camera).object_id == 1).all()


def test_the_first_of_two_at_one_place_is_seen(everything: tuple[list[Mesh], Lighting]) -> None:
    meshes, _ = everything
    camera = camera_of()
    twins = [replace(m, object_id=m.object_id + 100) for m in meshes]
    first = visibility([*meshes, *twins], camera).object_id
    np.testing.assert_array_equal(first, visibility(meshes, camera).object_id)
    np.testing.assert_array_equal(
        visibility([*twins, *meshes], camera).object_id, np.where(first == NOTHING, NOTHING, first + 100)
    )


def test_visibility_is_that_of_the_picture(everything: tuple[list[Mesh], Lighting]) -> None:
    meshes, light = everything
    camera = camera_of(model="fisheye", fov_deg=170)
    picture, seen = render(meshes, camera, light, 3), visibility(meshes, camera, 3)
    np.testing.assert_array_equal(picture.depth, seen.depth)
    np.testing.assert_array_equal(picture.object_id, seen.object_id)
    assert picture.color.shape == (48, 64, 3)
    assert picture.depth.shape == (144, 192)
    assert picture.supersampling == seen.supersampling == 3
    assert (picture.color.dtype, picture.depth.dtype, picture.object_id.dtype) == (
        np.float32,
        np.float32,
        np.int32,
    )
    assert (np.isinf(picture.depth) == (picture.object_id == NOTHING)).all()
    assert np.isfinite(picture.color).all()


@pytest.mark.parametrize("infrared", [0.0, 0.7])
@pytest.mark.parametrize("supersampling", [1, 2, 3])
@pytest.mark.parametrize(("model", "size_wh"), [("pinhole", (64, 48)), ("fisheye", (65, 47))])
def test_a_mirrored_camera_gives_the_mirror_image(
    everything: tuple[list[Mesh], Lighting],
    model: str,
    size_wh: tuple[int, int],
    supersampling: int,
    infrared: float,
) -> None:
    meshes, light = everything
    spec = {"model": model, "size_wh": size_wh, "fov_deg": 120, "roll_deg": 8}
    light = replace(light, infrared=infrared)
    plain = render(meshes, camera_of(**spec), light, supersampling)
    mirrored = render(meshes, camera_of(**spec, mirrored=True), light, supersampling)
    for name in ("color", "depth", "object_id"):
        np.testing.assert_array_equal(getattr(mirrored, name), np.flip(getattr(plain, name), axis=1))


def test_the_same_scene_gives_the_same_bytes(everything: tuple[list[Mesh], Lighting]) -> None:
    meshes, light = everything
    camera = camera_of(model="fisheye", fov_deg=160)

    def digest(_: int) -> str:
        picture: Rendering = render(meshes, camera, light)
        arrays = picture.color, picture.depth, picture.object_id
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(digest, range(4)))) == 1


def test_an_empty_scene_shows_the_background(everything: tuple[list[Mesh], Lighting]) -> None:
    _, light = everything
    picture = render([], camera_of(), light)
    assert (picture.object_id == NOTHING).all()
    assert np.isinf(picture.depth).all()
    assert (picture.color > 0).all()
    empty = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))
    np.testing.assert_array_equal(render([empty], camera_of(), light).color, picture.color)


@pytest.mark.parametrize("name", ["vertices", "rest", "tint"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_refuses_numbers_out_of_range(
    everything: tuple[list[Mesh], Lighting], name: str, value: float
) -> None:
    meshes, light = everything
    array = np.ones_like(meshes[1].vertices)
    array[2, 1] = value
    bad = [meshes[0], replace(meshes[1], **{name: array})]
    with pytest.raises(DataError, match=rf"meshes\[1\]\.{name}: expected numbers within"):
        visibility(bad, camera_of())
    with pytest.raises(DataError, match=rf"meshes\[1\]\.{name}"):
        render(bad, camera_of(), light)


def test_says_so_if_the_native_renderer_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cabinsafe, "_render", raising=False)
    monkeypatch.setitem(sys.modules, "cabinsafe._render", None)
    with pytest.raises(CabinSafeError, match="the native renderer is not built"):
        visibility([], camera_of())


@pytest.mark.parametrize("supersampling", [0, -1, 9])
def test_refuses_a_supersampling_out_of_range(supersampling: int) -> None:
    with pytest.raises(ShapeError, match="supersampling: expected 1 to 8"):
        visibility([], camera_of(), supersampling)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color", (0.1, -0.1, 0.5)),
        ("color2", (0.1, np.nan, 0.5)),
        ("pattern_per_m", 1e6),
        ("roughness", 1.1),
        ("wrinkles", -0.1),
        ("ir_reflectance", np.nan),
    ],
)
def test_refuses_materials_out_of_range(
    everything: tuple[list[Mesh], Lighting], name: str, value: object
) -> None:
    meshes, light = everything
    bad = replace(meshes[0], material=replace(meshes[0].material, **{name: value}))
    with pytest.raises(DataError, match=rf"Material\.{name}: expected finite numbers"):
        render([bad], camera_of(), light)
