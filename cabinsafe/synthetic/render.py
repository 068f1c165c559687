"""Meshes, a camera and light to a picture: the front of the native renderer.

Every pixel has a ray of the camera's model, and triangles are met by rays in space: exact for any central
camera, fisheye included. The rules stand in ``native/include/cabinsafe/render/*.hpp``. This is the only file
that imports the native renderer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import CabinSafeError, DataError, ShapeError
from cabinsafe.synthetic.camera import NEAREST_M, Camera
from cabinsafe.synthetic.lighting import Lighting
from cabinsafe.synthetic.mesh import Material, Mesh

if TYPE_CHECKING:
    from types import ModuleType

    from cabinsafe import _render

LARGEST = 1e4
"""Largest coordinate, metres, and largest tint."""

NOTHING = -1
"""Object id of pixels that see none of the meshes."""

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Visibility:
    """What each of the rays of a picture sees: ``supersampling`` x ``supersampling`` rays for each pixel.

    Attributes:
        depth: (H s, W s) float32 metres along the ray, infinite where nothing is.
        object_id: (H s, W s) int32, :data:`NOTHING` where nothing is.
        supersampling: s.
    """

    depth: Floats
    object_id: Integers
    supersampling: int


@dataclass(frozen=True, eq=False)
class Rendering(Visibility):
    """A picture, and what it shows.

    Attributes:
        color: (H, W, 3) float32 linear RGB radiance, not limited above.
    """

    color: Floats


def visibility(meshes: Sequence[Mesh], camera: Camera, supersampling: int = 2) -> Visibility:
    """What the camera sees, without light.

    Surfaces are seen from both sides; of two at the same distance the first is seen; nothing nearer than
    :data:`~cabinsafe.synthetic.camera.NEAREST_M` is. No mesh is a valid scene.

    Args:
        meshes: the scene.
        camera: the camera.
        supersampling: rays along each side of a pixel, 1 to 8.

    Raises:
        ShapeError: supersampling out of range.
        DataError: NaN, infinity or more than :data:`LARGEST` in a mesh.
        CabinSafeError: the native module is not built.
    """
    native, scene = _native(), _Scene(meshes)
    lens = _lens(native, camera, supersampling)
    depth, triangle = native.visibility(lens, supersampling, scene.vertices, scene.triangles)
    return Visibility(depth, scene.object_ids(triangle), supersampling)


def nearer_of(one: Visibility, other: Visibility) -> Visibility:
    """What two sets of meshes hide of each other, each looked at alone by one camera; the first wins ties."""
    behind = other.depth >= one.depth
    return Visibility(
        np.where(behind, one.depth, other.depth),
        np.where(behind, one.object_id, other.object_id),
        one.supersampling,
    )


def render(meshes: Sequence[Mesh], camera: Camera, lighting: Lighting, supersampling: int = 2) -> Rendering:
    """The picture that the camera takes, in linear light; the same bytes for the same arguments.

    One thread, without the GIL. For the arguments, what is seen, and errors see :func:`visibility`; a
    material out of range is a DataError, too.
    """
    native, scene = _native(), _Scene(meshes)
    color, depth, triangle = native.render(
        _lens(native, camera, supersampling),
        supersampling,
        scene.vertices,
        scene.triangles,
        scene.rest,
        scene.tint,
        scene.mesh_of_triangle,
        [_material(native, mesh.material) for mesh in meshes],
        _lighting(native, lighting),
    )
    return Rendering(depth, scene.object_ids(triangle), supersampling, color)


class _Scene:
    """All meshes as one; a mesh without rest coordinates or tint gets them."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        for i, mesh in enumerate(meshes):
            for name in ("vertices", "rest", "tint"):
                array = getattr(mesh, name)
                if array is not None and array.size and not np.abs(array).max() <= LARGEST:
                    raise DataError(
                        f"meshes[{i}].{name}: expected numbers within +-{LARGEST:g}, got others or NaN"
                    )
        counts = [len(mesh.triangles) for mesh in meshes]
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
        self._objects = np.array([*(mesh.object_id for mesh in meshes), NOTHING], np.int32)
        self.mesh_of_triangle = np.repeat(np.arange(len(meshes), dtype=np.int32), counts)
        self.vertices = _stacked([mesh.vertices for mesh in meshes])
        self.rest = _stacked([mesh.vertices if mesh.rest is None else mesh.rest for mesh in meshes])
        self.tint = _stacked(
            [np.ones_like(mesh.vertices) if mesh.tint is None else mesh.tint for mesh in meshes]
        )
        moved = [mesh.triangles + start for mesh, start in zip(meshes, starts[:-1], strict=True)]
        self.triangles = np.concatenate([np.empty((0, 3), np.int32), *moved]).astype(np.int32)

    def object_ids(self, triangle: Integers) -> Integers:
        """Object id of each triangle number; -1 takes the last, which is NOTHING."""
        ids: Integers = self._objects[np.append(self.mesh_of_triangle, np.int32(-1))][triangle]
        return ids


def _stacked(arrays: Sequence[Floats]) -> Floats:
    return np.concatenate([np.empty((0, 3), np.float32), *arrays]).astype(np.float32, copy=False)


def _lens(native: ModuleType, camera: Camera, supersampling: int) -> _render.Lens:
    if not 1 <= supersampling <= 8:
        raise ShapeError("supersampling", "1 to 8", supersampling)
    lens: _render.Lens = native.Lens(
        fisheye=camera.spec.model == "fisheye",
        size_wh=camera.spec.size_wh,
        focal_px=camera.focal_px,
        center=tuple(camera.center),
        distortion=camera.spec.distortion,
        max_angle_rad=camera.max_angle_rad,
        nearest_m=NEAREST_M,
        position=tuple(camera.position),
        rotation=tuple(map(tuple, camera.rotation)),
    )
    return lens


def _material(native: ModuleType, material: Material) -> _render.Material:
    for name, largest in (
        ("color", np.inf),
        ("color2", np.inf),
        ("pattern_per_m", LARGEST),
        ("roughness", 1.0),
        ("wrinkles", 1.0),
        ("ir_reflectance", 1.0),
    ):
        value = getattr(material, name)
        if not (np.isfinite(value).all() and 0 <= np.min(value) <= np.max(value) <= largest):
            raise DataError(f"Material.{name}: expected finite numbers from 0 to {largest:g}, got {value}")
    result: _render.Material = native.Material(
        color=material.color,
        color2=material.color2,
        pattern=int(material.pattern),
        pattern_per_m=material.pattern_per_m,
        roughness=material.roughness,
        wrinkles=material.wrinkles,
        ir_reflectance=material.ir_reflectance,
    )
    return result


def _lighting(native: ModuleType, lighting: Lighting) -> _render.Lighting:
    result: _render.Lighting = native.Lighting(
        sun_direction=lighting.sun_direction,
        sun_color=lighting.sun_color,
        sky_color=lighting.sky_color,
        ground_color=lighting.ground_color,
        points=[(light.position_m, light.color, light.size_m) for light in lighting.points],
        infrared=lighting.infrared,
        panorama=np.ascontiguousarray(lighting.panorama),
        panorama_yaw_rad=math.remainder(lighting.panorama_yaw_rad, 2 * math.pi),
    )
    return result


def _native() -> ModuleType:
    try:
        from cabinsafe import _render
    except ImportError as error:
        raise CabinSafeError("the native renderer is not built; run pip install .") from error
    return _render
