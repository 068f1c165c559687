"""Types of the native renderer; native/bindings/render_module.cpp is what it mirrors."""

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
_Integers = NDArray[np.int32]
_Triple = tuple[float, float, float]

class Lens:
    def __init__(
        self,
        *,
        fisheye: bool,
        size_wh: tuple[int, int],
        focal_px: float,
        center: tuple[float, float],
        distortion: tuple[float, float, float, float],
        max_angle_rad: float,
        nearest_m: float,
        position: _Triple,
        rotation: tuple[_Triple, _Triple, _Triple],
    ) -> None: ...

class Material:
    def __init__(
        self,
        *,
        color: _Triple,
        color2: _Triple,
        pattern: int,
        pattern_per_m: float,
        roughness: float,
        wrinkles: float,
        ir_reflectance: float,
    ) -> None: ...

class Lighting:
    def __init__(
        self,
        *,
        sun_direction: _Triple,
        sun_color: _Triple,
        sky_color: _Triple,
        ground_color: _Triple,
        points: list[tuple[_Triple, _Triple, float]],
        infrared: float,
        panorama: _Floats,
        panorama_yaw_rad: float,
    ) -> None: ...

def visibility(
    lens: Lens, supersampling: int, vertices: _Floats, triangles: _Integers
) -> tuple[_Floats, _Integers]: ...
def render(
    lens: Lens,
    supersampling: int,
    vertices: _Floats,
    triangles: _Integers,
    rest: _Floats,
    tint: _Floats,
    materials: _Integers,
    table: list[Material],
    lighting: Lighting,
) -> tuple[_Floats, _Floats, _Integers]: ...
