"""The world outside the windows: sky, road and roadside as a panorama that scrolls as the vehicle moves.

The roadside is a set of upright strips along the road (:mod:`cabinsafe.synthetic.scenery`), each seen in
exact perspective from the cabin, so that near things pass faster than far ones. Colours are linear radiances.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import ArrayLike

from cabinsafe.errors import DataError
from cabinsafe.synthetic.light_spec import LightKind, LightSpec, blackbody
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scenery import PERIOD_M, Floats, Glow, Strip, posts, roadside, wall

HEIGHT, WIDTH = 256, 1024
EYE_M = 1.3
"""The panorama's middle above the road."""
SCROLL_PERIOD_M = 16 * PERIOD_M
"""After this way all strips are back where they were."""

_HALF_ROAD_M, _FARTHEST_M = 18.0, 60.0
_STEEPEST = 7.0
"""Strips further along the road than this many times their distance are smeared: pixels there span metres."""
_WINDOW_LIGHT: Mapping[LightKind, float] = MappingProxyType({"dusk": 0.25, "night": 0.35, "night_ir": 0.35})


class Environment:
    """One ride's surroundings: drawn once, then scrolled.

    Args:
        spec: what to draw; the same spec gives the same pictures in every process.
    """

    def __init__(self, spec: LightSpec) -> None:
        self.spec = spec
        self._yaw = _f32(np.pi - (np.arange(WIDTH) + 0.5) / WIDTH * 2 * np.pi)[None]
        self._pitch = _f32(np.pi / 2 - (np.arange(HEIGHT) + 0.5) / HEIGHT * np.pi)[:, None]
        self._far = _f32(self._horizon_color())
        self._backdrop = self._sky()
        self._glare = self._sun_glow()
        self._strips = {side: self._side(side) for side in (1, -1)}
        self._planes = [(-EYE_M, self._ground())]
        if spec.is_roofed:
            self._planes.append((self._ceiling_m - EYE_M, self._ceiling()))

    def panorama(self, travelled_m: float = 0.0) -> Floats:
        """The surroundings after a way travelled.

        Args:
            travelled_m: metres since the start, any finite number.

        Returns:
            (256, 1024, 3) linear RGB, equirectangular: columns from straight back over the left, ahead (in
            the middle) and the right to straight back; rows from straight up to straight down.

        Raises:
            DataError: the way is not finite.
        """
        if not np.isfinite(travelled_m):
            raise DataError(f"travelled_m: expected a finite number of metres, got {travelled_m}")
        picture = np.empty((3, HEIGHT, WIDTH), np.float32)
        picture[:, : HEIGHT // 2] = self._backdrop
        for height, plane in self._planes:
            self._lay(picture, height, plane, travelled_m)
        for side in (1, -1):
            for strip in self._strips[side]:
                self._stand(picture, strip, side, travelled_m)
        picture += self._glare
        if self.spec.is_mono:
            picture[:] = picture.mean(axis=0)
        return _blurred(cv2.merge(list(picture)), self.spec.defocus_deg / 180 * HEIGHT)

    @property
    def _ceiling_m(self) -> float:
        return 2.7 if self.spec.scenery == "garage" else 5.0

    def _horizon_color(self) -> Floats:
        spec = self.spec
        if spec.is_roofed:
            return 0.3 * spec.level_light
        white = spec.sky_color.mean() * blackbody(6500.0) * 0.5 + spec.sky_color * 0.5
        return _f32(white * 1.25 + 0.12 * spec.sun_color * (0.3 + spec.haze) + 0.004 * spec.lamp_color)

    def _sky(self) -> Floats:
        """Sky (3, H / 2, W): bluer upwards, clouds on a plane, at night the lamps' glow at the horizon."""
        spec = self.spec
        pitch = self._pitch[: HEIGHT // 2]
        up = np.sin(pitch)
        noise = _fractal(generator(spec.scenery_seed, "clouds"), 256, 256)
        reach = 40 * np.cos(pitch) / (up + 0.12)
        u, v = _f32(reach * np.cos(self._yaw) % 256), _f32(reach * np.sin(self._yaw) % 256)
        cover = cv2.remap(noise, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        alpha = np.clip((cover - 1.2 + 2.4 * spec.clouds) * 1.2, 0, 1) * np.minimum(up * 8, 1)
        white = float(spec.sky_color.mean()) * (0.9 - 0.35 * spec.clouds)
        cloud = white * (1.5 - 0.5 * np.clip(cover, -1, 1))
        blue = 1 - np.exp(-up / (0.12 + 0.3 * spec.haze))
        clear = _f32(self._far + (0.75 * spec.sky_color - self._far) * blue[..., None])
        tint = _f32(0.2 * spec.sun_color)
        planes = [clear[..., i] + (cloud + tint[i] - clear[..., i]) * alpha for i in range(3)]
        return np.stack(planes)

    def _sun_glow(self) -> Floats:
        """The sun's disc and the glow around it (3, H, W), veiling also what stands before it."""
        spec = self.spec
        if not spec.sun_color.any():
            return np.zeros((3, 1, 1), np.float32)
        flat, sun = np.cos(self._pitch), _f32(spec.sun_direction)
        cosine = (
            flat * (np.cos(self._yaw) * sun[0] + np.sin(self._yaw) * sun[1]) + np.sin(self._pitch) * sun[2]
        )
        angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        glow = 20 * np.exp(-((angle / 1.5) ** 2)) + 0.5 * np.exp(-angle / (6 + 14 * spec.haze))
        return _f32(glow * _f32(spec.sun_color)[:, None, None])

    def _side(self, side: int) -> list[Strip]:
        spec = self.spec
        rng = generator(spec.scenery_seed, "roadside", side)
        towards = max(float(-side * spec.sun_direction[1]), 0.0)
        white = 0.6 * spec.level_light + towards * spec.sun_color
        share = _WINDOW_LIGHT.get(spec.kind, 0.02)
        glow = Glow(_f32(white), _f32(2.0 * spec.lamp_color), _f32(0.12 * spec.lamp_color), share)
        if spec.kind == "tunnel" and spec.scenery != "garage":
            strips = [Strip(4.4, 5.0)]
            wall(rng, strips[0], glow, 0.45, 4)
        else:
            strips = roadside(rng, spec.scenery, glow)
        if spec.scenery not in ("country", "garage"):
            _, y, z = spec.lamps(0.0)[0 if side > 0 else -1]
            lamps = Strip(abs(y), z + 0.8)
            spots = [x for x, lamp_y, _ in spec.lamps(PERIOD_M / 2) if lamp_y * side > 0]
            posts(lamps, glow, np.array(spots) + PERIOD_M / 2, z + 0.3)
            strips.append(lamps)
        return strips

    def _ground(self) -> Floats:
        """Road, kerb and verge (y, x, 3) over one period: rows from the right to the left."""
        spec = self.spec
        y = np.linspace(-_HALF_ROAD_M, _HALF_ROAD_M, 144)[:, None]
        x = (np.arange(512) + 0.5)[None] * PERIOD_M / 512
        rough = 1 + 0.12 * _fractal(generator(spec.scenery_seed, "ground"), 144, 512)
        verge = (0.09, 0.13, 0.05) if spec.scenery in ("country", "suburb", "motorway") else (0.22, 0.21, 0.2)
        albedo = np.where((np.abs(y) < 5.2)[..., None], 0.1, verge) * rough[..., None]
        albedo[(np.abs(np.abs(y) - 1.75) < 0.12) & (x % 12 < 4)] = 0.5
        albedo[(np.abs(np.abs(y) - 5.1) < 0.15) & (x >= 0)] = 0.25
        return _f32(albedo * spec.level_light)

    def _ceiling(self) -> Floats:
        """Concrete with rows of lamps (y, x, 3) over one period."""
        y = np.linspace(-_HALF_ROAD_M, _HALF_ROAD_M, 144)[:, None]
        x = (np.arange(512) + 0.5)[None] * PERIOD_M / 512
        lamps = (np.abs(np.abs(y) - 2.9) < 0.25) & (x % 8 < 2.0) & (self.spec.scenery == "garage")
        beams = 0.8 + 0.2 * (x % 8 > 0.5) + 0 * y
        return _f32(
            np.where(
                lamps[..., None], 2 * self.spec.lamp_color, self.spec.level_light * 0.3 * beams[..., None]
            )
        )

    def _lay(self, picture: Floats, height_m: float, plane: Floats, travelled_m: float) -> None:
        """Draw a level plane: the ground or a ceiling."""
        rows = slice(HEIGHT // 2, HEIGHT) if height_m < 0 else slice(0, HEIGHT // 2)
        pitch, yaw = self._pitch[rows], self._yaw
        reach = height_m / np.tan(pitch)
        x = np.clip(reach * np.cos(yaw), -_FARTHEST_M, _FARTHEST_M)
        y = np.clip(reach * np.sin(yaw), -_HALF_ROAD_M, _HALF_ROAD_M)
        per_m = (plane.shape[0] - 1) / (2 * _HALF_ROAD_M)
        seen = _scrolled(plane, x + travelled_m % PERIOD_M, PERIOD_M, (y + _HALF_ROAD_M) * per_m)
        clear = self._clear(np.abs(reach))
        for shown, color, far in zip(picture[:, rows], seen, self._far, strict=True):
            shown[:] = color * clear + far * (1 - clear)

    def _stand(self, picture: Floats, strip: Strip, side: int, travelled_m: float) -> None:
        """Draw an upright strip on one side."""
        half = slice(0, WIDTH // 2) if side > 0 else slice(WIDTH // 2, WIDTH)
        yaw = np.abs(self._yaw[:, half])
        reach = strip.distance_m / np.sin(yaw)
        top = int((0.5 - np.arctan((strip.height_m - EYE_M) / strip.distance_m) / np.pi) * HEIGHT)
        bottom = int((0.5 + np.arctan(EYE_M / strip.distance_m) / np.pi) * HEIGHT) + 1
        x = strip.distance_m * np.clip(1 / np.tan(yaw), -_STEEPEST, _STEEPEST) + strip.speed * travelled_m
        z = EYE_M + np.tan(self._pitch[top:bottom]) * reach
        row = strip.pixels.shape[0] - 1.5 - z * strip.per_m[1]
        seen = _scrolled(strip.pixels, x, strip.period_m, row)
        clear, behind = self._clear(reach), 1 - seen[3]
        veil = (1 - clear) * seen[3]
        for shown, color, far in zip(picture[:, top:bottom, half], seen[:3], self._far, strict=True):
            shown[:] = shown * behind + color * clear + far * veil

    def _clear(self, reach: ArrayLike) -> Floats:
        """Share of light that comes through the air over distances in metres."""
        return _f32(np.exp(-np.asarray(reach) / (40 * 100 ** (1 - self.spec.haze))))


def panorama(spec: LightSpec, travelled_m: float = 0.0) -> Floats:
    """The surroundings (256, 1024, 3) of one moment; a ride keeps an :class:`Environment` instead."""
    return Environment(spec).panorama(travelled_m)


def _scrolled(texture: Floats, x_m: ArrayLike, period_m: float, row: ArrayLike) -> tuple[Floats, ...]:
    """Sample a texture that repeats along x at places in metres and rows in pixels (centres at 0, 1, ...).

    Returns:
        One array for each of the texture's channels, of the shape of ``row``.
    """
    wrapped = np.concatenate([texture[:, -1:], texture, texture[:, :1]], axis=1)
    column = np.asarray(x_m) % period_m * (texture.shape[1] / period_m) + 0.5
    columns = _f32(np.broadcast_to(_f32(column), np.shape(row)))
    seen = cv2.remap(wrapped, columns, _f32(row), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return tuple(cv2.split(seen))


def _blurred(picture: Floats, radius_rows: float) -> Floats:
    """Blur by a disc, seamless across the panorama's ends."""
    if radius_rows < 0.3:
        return picture
    ry, rx = radius_rows, radius_rows * WIDTH / HEIGHT / 2
    ny, nx = int(np.ceil(ry)), int(np.ceil(rx))
    y, x = np.mgrid[-ny : ny + 1, -nx : nx + 1]
    disc = np.clip(1.5 - np.hypot(y / ry, x / rx), 0, 1) ** 0.5
    padded = np.concatenate([picture[:, -nx:], picture, picture[:, :nx]], axis=1)
    blurred = cv2.filter2D(padded, -1, _f32(disc / disc.sum()), borderType=cv2.BORDER_REPLICATE)
    return _f32(blurred[:, nx:-nx])


def _fractal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Noise (rows, columns) that repeats, like clouds (amplitude falls with frequency), of variance 1."""
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None]) * columns
    white = _f32(rng.standard_normal((rows, columns)))
    noise = np.fft.irfft2(np.fft.rfft2(white) / _f32(np.maximum(frequency, 1.0) ** 1.6), white.shape)
    return _f32((noise - noise.mean()) / noise.std())


def _f32(values: ArrayLike) -> Floats:
    return np.ascontiguousarray(values, np.float32)
