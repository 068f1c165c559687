"""Cameras: pinhole and fisheye, points to pixels and pixels to rays.

Fisheye is the Kannala-Brandt model (IEEE TPAMI 28(8), 2006, eq. 6; OpenCV's ``cv2.fisheye``): a ray at the
angle t from the axis lands f (t + k1 t^3 + k2 t^5 + k3 t^7 + k4 t^9) from the principal point.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.options import Options
from cabinsafe.synthetic.rotations import Array, about_z, normalized

Metres = Annotated[float, Field(ge=-20, le=20)]
Position = tuple[Metres, Metres, Metres]
Mount = Literal["mirror", "dash", "a_pillar", "rear_roof", "custom"]

NEAREST_M = 0.03
"""Nothing nearer to the camera than this is seen."""
CORNER_MARGIN = 1.02
"""How much further out than the picture's corners a lens must be able to see."""


class CameraSpec(Options):
    """One camera in the vehicle."""

    camera_id: str = Field("front", min_length=1, description="Name that frames of this camera carry")
    mount: Mount = Field("custom", description="Where it sits, for statistics; the position decides")
    model: Literal["pinhole", "fisheye"] = "pinhole"
    position_m: Position
    look_at_m: Position = Field(description="Point in the middle of the picture")
    roll_deg: float = Field(0.0, ge=-180, le=180, description="Turn about the axis, the picture clockwise")
    fov_deg: float = Field(100.0, ge=20, le=200, description="Horizontal field of view")
    distortion: tuple[float, float, float, float] = Field(
        (0.0, 0.0, 0.0, 0.0), description="Fisheye: k1 to k4 of Kannala and Brandt"
    )
    mirrored: bool = Field(False, description="Deliver a mirror image")
    size_wh: tuple[Annotated[int, Field(ge=16, le=4096)], Annotated[int, Field(ge=16, le=4096)]] = (352, 352)

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if self.position_m == self.look_at_m:
            raise ValueError("position_m and look_at_m must differ")
        if self.model == "pinhole" and self.fov_deg > 150:
            raise ValueError("a pinhole camera's fov_deg must be at most 150; use model fisheye for more")
        if self.model == "pinhole" and any(self.distortion):
            raise ValueError("distortion is for model fisheye only")
        if self.model == "fisheye":
            self._check_lens()
        return self

    def _check_lens(self) -> None:
        """Every pixel must have one ray."""
        angles, bent = _rising(self.distortion)
        half = np.radians(self.fov_deg / 2)
        corner = float(_bent(half, self.distortion)) * np.hypot(*self.size_wh) / self.size_wh[0]
        if half > angles[-1] or corner * CORNER_MARGIN > bent[-1]:
            raise ValueError(
                f"this distortion can be undone up to {np.degrees(angles[-1]):.0f} degrees from the axis, "
                f"and the picture's corners lie further out: take a smaller fov_deg, distortion or height"
            )


class Camera:
    """A camera's geometry.

    Attributes:
        spec: what it was made from.
        position: (3,) metres.
        rotation: (3, 3) rows: the picture's right, down and ahead, in the vehicle frame.
        focal_px: focal length.
        center: (2,) principal point, pixels; the centre of the top-left pixel is (0.5, 0.5).
        max_angle_rad: rays further from the axis than this are not seen.
    """

    def __init__(self, spec: CameraSpec) -> None:
        self.spec = spec
        self.position = np.array(spec.position_m, np.float64)
        ahead = normalized(np.array(spec.look_at_m) - self.position)
        up = (0.0, 0.0, 1.0) if abs(ahead[2]) < 0.999 else (1.0, 0.0, 0.0)
        right = normalized(np.cross(ahead, up))
        level = np.stack([right, np.cross(ahead, right), ahead])
        self.rotation: Array = about_z(np.radians(spec.roll_deg)) @ level
        if spec.mirrored:
            self.rotation[0] *= -1
        width, height = spec.size_wh
        self.center = np.array([width / 2, height / 2])
        half = np.radians(spec.fov_deg / 2)
        self.focal_px = (
            width / 2 / float(np.tan(half) if spec.model == "pinhole" else _bent(half, spec.distortion))
        )
        corner = np.array(np.hypot(width, height) / 2 / self.focal_px * CORNER_MARGIN)
        self.max_angle_rad = float(np.arctan(corner) if self._is_pinhole else self._unbent(corner))

    def project(self, points: ArrayLike) -> tuple[Array, Array]:
        """Pixels (N, 2) of points (N, 3), NaN where the camera cannot see, and distances (N,) in metres."""
        offset = (np.asarray(points, np.float64).reshape(-1, 3) - self.position) @ self.rotation.T
        distance = np.linalg.norm(offset, axis=1)
        across = np.hypot(offset[:, 0], offset[:, 1])
        angle = np.arctan2(across, offset[:, 2])
        limit = (
            min(self.max_angle_rad + 0.2, np.pi / 2 - 0.02) if self._is_pinhole else self.max_angle_rad + 0.2
        )
        seen = (angle < limit) & (distance > NEAREST_M)
        with np.errstate(divide="ignore", invalid="ignore"):
            radius = np.tan(angle) if self._is_pinhole else _bent(angle, self.spec.distortion)
            direction = np.where(across[:, None] > 1e-12, offset[:, :2] / across[:, None], 0.0)
        pixels = self.center + self.focal_px * radius[:, None] * direction
        return np.where(seen[:, None], pixels, np.nan), distance

    def rays(self, size_wh: tuple[int, int] | None = None) -> Array:
        """Unit directions (H, W, 3), vehicle frame, through the pixel centres of a picture of any size."""
        width, height = size_wh or self.spec.size_wh
        scale = np.array(self.spec.size_wh) / (width, height)
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        plane = (np.stack([x, y], axis=-1) * scale - self.center) / self.focal_px
        radius = np.hypot(plane[..., 0], plane[..., 1])
        angle = np.arctan(radius) if self._is_pinhole else self._unbent(radius)
        across = np.divide(plane, radius[..., None], out=np.zeros_like(plane), where=radius[..., None] > 0)
        local = np.concatenate([np.sin(angle)[..., None] * across, np.cos(angle)[..., None]], axis=-1)
        rays: Array = local @ self.rotation
        return rays

    @property
    def _is_pinhole(self) -> bool:
        return self.spec.model == "pinhole"

    def _unbent(self, radius: Array) -> Array:
        """Angles of radii, the inverse of :func:`_bent`, from a table."""
        angles, bent = _rising(self.spec.distortion)
        return np.asarray(np.interp(radius, bent, angles))


def _bent(angle: ArrayLike, distortion: tuple[float, float, float, float]) -> Array:
    """Distance from the principal point, in focal lengths, of rays so far from the axis."""
    t = np.asarray(angle, np.float64)
    k1, k2, k3, k4 = distortion
    bent: Array = t * (1 + t**2 * (k1 + t**2 * (k2 + t**2 * (k3 + t**2 * k4))))
    return bent


def _rising(distortion: tuple[float, float, float, float]) -> tuple[Array, Array]:
    """Table of angles, at most pi, and :func:`_bent` of them, up to where that no longer rises."""
    angles = np.linspace(0, np.pi, 4097)
    bent = _bent(angles, distortion)
    falls = np.flatnonzero(np.diff(bent) <= 0)
    end = int(falls[0]) + 1 if len(falls) else len(bent)
    return angles[:end], bent[:end]
