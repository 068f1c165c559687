"""Speed of the synthetic renderer, beside its exactness against a plain ray-triangle test.

Times are medians of CPU time on one thread through the Python API, for a cabin-like heap of rounded boxes
and sheets, with a sun, sky and three soft lights. Exactness: random triangles of all sizes around the camera,
every ray of which is also met with every triangle by Moeller and Trumbore's formula (1997). Run from the
repository:

    python benchmarks/render.py [--triangles 150000] [--repeats 9]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cabinsafe.synthetic.camera import NEAREST_M, Camera, CameraSpec
from cabinsafe.synthetic.lighting import Lighting, PointLight
from cabinsafe.synthetic.mesh import Material, Mesh, Pattern, grid, mesh, rounded_box
from cabinsafe.synthetic.render import NOTHING, render, visibility

BOXES = 20
EXACT_SCENES = 20
EXACT_TRIANGLES = 100
CAMERAS = {
    "pinhole 100 deg": {"model": "pinhole", "fov_deg": 100.0},
    "fisheye 170 deg": {"model": "fisheye", "fov_deg": 170.0},
    "fisheye 190 deg": {"model": "fisheye", "fov_deg": 190.0},
}


def camera_of(size_wh: tuple[int, int], **spec: object) -> Camera:
    values = {"position_m": (0.45, 0.1, 1.15), "look_at_m": (-0.9, 0.0, 0.75), "size_wh": size_wh}
    return Camera(CameraSpec.model_validate(values | spec))


def cabin(triangles: int) -> list[Mesh]:
    """About so many triangles: boxes with every pattern between floor, roof and sides."""
    rng = np.random.default_rng(0)
    cells = round((triangles / (12 * BOXES + 8)) ** 0.5)
    corners = [
        [(-2, -1, 0), (2, -1, 0), (2, 1, 0), (-2, 1, 0)],
        [(-2, -1, 1.4), (1, -1, 1.4), (1, 1, 1.4), (-2, 1, 1.4)],
        [(-2, -1, 0), (1.5, -1, 0), (1.5, -1, 0.8), (-2, -1, 0.8)],
        [(-2, 1, 0), (1.5, 1, 0), (1.5, 1, 0.8), (-2, 1, 0.8)],
    ]
    meshes = [mesh(grid(ring, (cells, cells)), Material(wrinkles=0.1)) for ring in corners]
    for i in range(BOXES):
        pattern = Pattern(i % len(Pattern))
        material = Material((0.7, 0.2, 0.15), (0.9, 0.85, 0.7), pattern, 30.0, 0.6, 0.3)
        center = rng.uniform((-1.7, -0.8, 0.2), (-0.4, 0.8, 1.2))
        box = rounded_box(center, rng.uniform(0.2, 0.6, 3), cells=cells)
        meshes.append(mesh(box, material, object_id=i + 1))
    return meshes


def daylight() -> Lighting:
    """A sun, sky and three windows."""
    windows = [((0.9, 0.0, 1.0), 0.4), ((-0.8, 1.0, 1.0), 0.4), ((-0.8, -1.0, 1.0), 0.4)]
    return Lighting(
        sun_direction=(0.5, -0.6, 0.5),
        sun_color=(2.2, 2.0, 1.7),
        sky_color=(0.5, 0.55, 0.6),
        ground_color=(0.2, 0.2, 0.2),
        points=tuple(PointLight(place, (0.4, 0.4, 0.4), size) for place, size in windows),
        panorama=np.random.default_rng(0).uniform(0, 1, (128, 256, 3)).astype(np.float32),
    )


def median_ms(call: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats + 1):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return float(np.median(times[1:])) * 1e3


def distances(
    rays: NDArray[np.float64], origin: NDArray[np.float64], corners: NDArray[np.float32]
) -> NDArray:
    """Distance (T, N) of each triangle (T, 3, 3) along each ray (N, 3); infinite where missed."""
    a, b, c = (corners[:, i].astype(np.float64) for i in range(3))
    edge1, edge2 = (b - a)[:, None], (c - a)[:, None]
    p = np.cross(rays[None], edge2)
    q = np.cross(origin - a, b - a)[:, None]
    determinant = (edge1 * p).sum(axis=2)
    u = ((origin - a)[:, None] * p).sum(axis=2) / determinant
    v = (rays[None] * q).sum(axis=2) / determinant
    distance = (edge2 * q).sum(axis=2) / determinant
    return np.where((u >= 0) & (v >= 0) & (u + v <= 1) & (distance >= NEAREST_M), distance, np.inf)


def exactness(camera: Camera) -> tuple[int, int, float]:
    """Rays, rays whose object differs from the formula's, largest relative error of the others' depth."""
    rays = camera.rays(tuple(2 * side for side in camera.spec.size_wh)).reshape(-1, 3)
    wrong, worst = 0, 0.0
    for seed in range(EXACT_SCENES):
        rng = np.random.default_rng(seed)
        size = rng.choice([0.01, 0.2, 1.5, 20.0], (EXACT_TRIANGLES, 1, 1))
        middle = rng.normal(size=(EXACT_TRIANGLES, 1, 3))
        spread = size * rng.normal(size=(EXACT_TRIANGLES, 3, 3))
        corners = (camera.position + middle + spread).astype(np.float32)
        order = np.arange(3, dtype=np.int32)[None]
        seen = visibility([Mesh(c, order, object_id=i) for i, c in enumerate(corners)], camera, 2)
        distance = distances(rays, camera.position, corners)
        nearest = distance.min(axis=0)
        owner = np.where(np.isfinite(nearest), distance.argmin(axis=0), NOTHING)
        same = seen.object_id.ravel() == owner
        both = same & np.isfinite(nearest)
        wrong += int((~same).sum())
        worst = max(worst, float(np.abs(seen.depth.ravel()[both] / nearest[both] - 1).max()))
    return len(rays) * EXACT_SCENES, wrong, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--triangles", type=int, default=150_000)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    meshes, light = cabin(arguments.triangles), daylight()
    no_sun = replace(light, sun_color=(0.0, 0.0, 0.0))
    count = sum(len(m.triangles) for m in meshes)
    print(f"{count} triangles, 352x352, supersampling 2; milliseconds of CPU time")
    print("| camera | in all | sun and its shadows | visibility | rays | other object | depth error |")
    print("|---|---|---|---|---|---|---|")
    for name, spec in CAMERAS.items():
        camera = camera_of((352, 352), **spec)
        calls: tuple[Callable[[], object], ...] = (
            lambda camera=camera: render(meshes, camera, light),
            lambda camera=camera: render(meshes, camera, no_sun),
            lambda camera=camera: visibility(meshes, camera),
        )
        whole, without_sun, seeing = (median_ms(call, arguments.repeats) for call in calls)
        rays, wrong, worst = exactness(camera_of((64, 48), **spec))
        print(
            f"| {name} | {whole:.0f} | {whole - without_sun:.0f} | {seeing:.0f} "
            f"| {rays} | {wrong} | {worst:.0e} |"
        )


if __name__ == "__main__":
    main()
