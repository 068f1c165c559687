"""The light of a scene, as the renderer takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import DataError, ShapeError

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class PointLight:
    """A small or round light that shines everywhere alike; it casts no shadows.

    A white surface at the distance d that faces it sends ``color / (d^2 + size_m^2)`` to the camera.

    Attributes:
        position_m: metres, vehicle frame.
        color: linear RGB, at least 0.
        size_m: radius, at least 0. Larger ones (a window) light softly around corners.

    Raises:
        ShapeError: not three numbers.
        DataError: NaN, infinity, or below 0.
    """

    position_m: Vector
    color: Vector
    size_m: float = 0.05

    def __post_init__(self) -> None:
        _check_vector("PointLight.position_m", self.position_m)
        _check_color("PointLight.color", self.color)
        _check_number("PointLight.size_m", self.size_m)


@dataclass(frozen=True, eq=False)
class Lighting:
    """All light of a scene. Colours are linear RGB, at least 0: radiance of a white surface lit by it alone.

    Attributes:
        sun_direction: towards the sun, of any length but zero.
        sun_color: of a surface that faces the sun. The sun casts shadows; (0, 0, 0) for none.
        sky_color, ground_color: of surfaces that face up and down; others are lit by a mixture.
        panorama: (h, w, 3) float32 radiance of what lies behind everything. Columns: straight back, left,
            ahead (in the middle), right, straight back; rows: straight up to straight down.
        points: further lights.
        infrared: strength of an infrared lamp at the camera, as a white surface 1 m away shows it, at least
            0. Above 0 the picture is grey: materials have their ``ir_reflectance``, lights the mean of their
            colour.
        panorama_yaw_rad: turns the panorama to the vehicle's left.

    Raises:
        ShapeError: another shape or dtype.
        DataError: NaN, infinity, below 0, or a sun without direction.
    """

    sun_direction: Vector
    sun_color: Vector
    sky_color: Vector
    ground_color: Vector
    panorama: NDArray[np.float32]
    points: tuple[PointLight, ...] = ()
    infrared: float = 0.0
    panorama_yaw_rad: float = 0.0

    def __post_init__(self) -> None:
        _check_vector("Lighting.sun_direction", self.sun_direction)
        if not any(self.sun_direction):
            raise DataError("Lighting.sun_direction: expected a direction, got a vector without length")
        for name in ("sun_color", "sky_color", "ground_color"):
            _check_color(f"Lighting.{name}", getattr(self, name))
        _check_number("Lighting.infrared", self.infrared)
        if not np.isfinite(self.panorama_yaw_rad):
            raise DataError(f"Lighting.panorama_yaw_rad: expected a number, got {self.panorama_yaw_rad}")
        picture = self.panorama
        if picture.dtype != np.float32 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise ShapeError(
                "Lighting.panorama", "float32 (h, w, 3)", f"{self.panorama.dtype} {self.panorama.shape}"
            )
        if not 0 <= self.panorama.min() <= self.panorama.max() < np.inf:
            raise DataError("Lighting.panorama: expected finite values of at least 0, got others")


def _check_vector(what: str, vector: Vector) -> None:
    if np.shape(vector) != (3,):
        raise ShapeError(what, "three numbers", f"shape {np.shape(vector)}")
    if not np.isfinite(vector).all():
        raise DataError(f"{what}: expected finite numbers, got {tuple(vector)}")


def _check_color(what: str, color: Vector) -> None:
    _check_vector(what, color)
    if min(color) < 0:
        raise DataError(f"{what}: expected at least 0, got {tuple(color)}")


def _check_number(what: str, value: float) -> None:
    if not 0 <= value < np.inf:
        raise DataError(f"{what}: expected a finite number of at least 0, got {value}")
