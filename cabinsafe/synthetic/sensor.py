"""From light to a picture as a camera delivers it: exposure, lens faults, noise, tone, compression.

Nothing here moves a point of the picture: every blur is symmetric, and rolling shutter shows as bands of
brightness only, never as skew, so that keypoints of the scene stay keypoints of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.options import Options
from cabinsafe.synthetic.light_spec import LightKind, LightSpec
from cabinsafe.synthetic.sampling import generator, merged

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Gain = Annotated[float, Field(gt=0, le=10)]

_KEY = 0.2
"""Exposure brings the metered mean to this share of full scale."""
_DARKEST = 1e-6
"""Radiance below which the exposure rises no further."""
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_NOISY: Mapping[LightKind, float] = MappingProxyType(
    {"dusk": 2.0, "night": 3.5, "night_ir": 2.0, "tunnel": 1.6, "low_sun": 0.8, "day": 0.8}
)
_BAD_SHARE = 0.12


class SensorSpec(Options):
    """One camera's way to see light. Noise is in shares of full scale, before tone."""

    mono: bool = Field(False, description="Grey pictures, as of infrared cameras")
    metering: Literal["average", "centre", "highlights"] = Field(
        "average",
        description="What exposure goes by: all, the middle, or that the brightest twentieth is kept",
    )
    exposure_ev: float = Field(0.0, ge=-5, le=5, description="Compensation, stops")
    white_balance: tuple[Gain, Gain, Gain] = Field((1.0, 1.0, 1.0), description="Gains of red, green, blue")
    saturation: float = Field(1.0, ge=0, le=2)
    gamma: float = Field(2.2, ge=1, le=3)
    contrast: float = Field(0.1, ge=0, le=0.9, description="Strength of an S-shaped tone curve")
    shoulder: float = Field(0.6, ge=0, le=1, description="How softly highlights end; 0 cuts them off")
    bloom: float = Field(0.02, ge=0, le=0.5, description="Share of the light above full scale that spreads")
    bloom_share: float = Field(0.03, gt=0, le=0.2, description="How far it spreads, of the picture's width")
    vignette: float = Field(0.2, ge=0, le=0.95, description="Loss of light in the corners")
    defocus_px: float = Field(0.4, ge=0, le=10, description="Standard deviation")
    motion_px: float = Field(0.0, ge=0, le=50, description="Length of motion blur")
    motion_deg: float = Field(0.0, ge=-180, le=180, description="Its direction, from right to down")
    shot_noise: float = Field(0.01, ge=0, le=1, description="Standard deviation at full scale")
    read_noise: float = Field(0.003, ge=0, le=1, description="Standard deviation in the dark")
    grain_px: float = Field(0.3, ge=0, le=3, description="How wide noise is smeared")
    row_noise: float = Field(0.0, ge=0, le=1, description="Standard deviation of rows, new in each picture")
    column_noise: float = Field(0.0, ge=0, le=1, description="Standard deviation of columns, always the same")
    pattern_seed: int = Field(0, ge=0, description="Of the noise that is always the same")
    band_amplitude: float = Field(0.0, ge=0, le=1, description="Bands of flickering lamps")
    band_period_rows: float = Field(120.0, ge=2, le=10000)
    band_phase: float = Field(0.0, ge=0, le=1, description="In periods; a ride advances it")
    sharpening: float = Field(0.2, ge=0, le=3, description="Halo along edges")
    jpeg_quality: int = Field(90, ge=1, le=100)


def draw_sensor(seed: int, light: LightSpec, fixed: Mapping[str, Any] = MappingProxyType({})) -> SensorSpec:
    """A camera's sensor for this light; ``fixed`` values are kept.

    Most pictures are ordinary; about one in eight is bad: noisy, blurred, ill exposed, compressed.
    Infrared light makes it grey; otherwise one in twelve is.

    Raises:
        ConfigError: fixed values that :class:`SensorSpec` refuses.
    """
    rng = generator(seed, "sensor")
    worse = float(rng.uniform(2, 4) if rng.random() < _BAD_SHARE else 1.0)
    noise = _NOISY.get(light.kind, 1.0) * worse
    is_moving = rng.random() < 0.12 * worse
    under_lamps = light.lamp_strength > 0 or light.dome_strength > 0
    balance = light.illuminant ** -float(rng.uniform(0.6, 1.0)) * np.exp(rng.normal(0, 0.04 * worse, 3))
    drawn: dict[str, Any] = {
        "mono": bool(light.is_mono or rng.random() < 1 / 12),
        "metering": str(rng.choice(["average", "centre", "highlights"], p=[0.5, 0.35, 0.15])),
        "exposure_ev": float(np.clip(rng.normal(0.0, 0.35 * worse), -2.5, 2.5)),
        "white_balance": tuple(np.clip(balance / balance[1], 0.2, 5.0).tolist()),
        "saturation": float(rng.uniform(0.7, 1.2)),
        "gamma": float(rng.uniform(2.0, 2.4)),
        "contrast": float(rng.uniform(0, 0.4)),
        "shoulder": float(rng.uniform(0.2, 1)),
        "bloom": float(rng.uniform(0, 0.05) * worse),
        "bloom_share": float(rng.uniform(0.01, 0.05)),
        "vignette": float(rng.uniform(0.05, 0.5)),
        "defocus_px": float(rng.uniform(0.2, 0.7) * worse**0.5),
        "motion_px": float(rng.uniform(1, 4) * worse**0.5 if is_moving else 0.0),
        "motion_deg": float(rng.uniform(-90, 90)),
        "shot_noise": float(rng.uniform(0.004, 0.015) * noise),
        "read_noise": float(rng.uniform(0.001, 0.004) * noise),
        "grain_px": float(rng.uniform(0, 0.8)),
        "row_noise": float(rng.uniform(0, 0.001) * noise),
        "column_noise": float(rng.uniform(0, 0.001) * noise),
        "pattern_seed": int(rng.integers(2**31)),
        "band_amplitude": float(rng.uniform(0.02, 0.15) if under_lamps and rng.random() < 0.25 else 0.0),
        "band_period_rows": float(rng.uniform(60, 400)),
        "band_phase": float(rng.random()),
        "sharpening": float(rng.uniform(0, 0.6)),
        "jpeg_quality": int(rng.integers(25, 60) if worse > 1 else rng.integers(70, 98)),
    }
    return SensorSpec(**merged(drawn, fixed))


def metered_exposure(color: Floats, spec: SensorSpec) -> float:
    """The exposure that auto-exposure would choose; a ride may smooth it over time.

    Args:
        color: (H, W, 3) float32 linear RGB.
        spec: metering and compensation.

    Returns:
        Factor on radiance.

    Raises:
        ShapeError: another shape or dtype.
        DataError: NaN or infinity.
    """
    _check(color)
    light = np.maximum(color.astype(np.float64), 0).mean(axis=2)
    if spec.metering == "highlights":
        level = float(np.quantile(light, 0.95)) * _KEY / 0.9
    else:
        weight = _weights(*light.shape) if spec.metering == "centre" else np.ones(light.shape)
        level = float(np.average(light, weights=weight))
        # Once more without what would be far beyond full scale: windows must not black out the cabin.
        level = float(np.average(np.minimum(light, 2 * level), weights=weight))
    return float(_KEY * 2.0**spec.exposure_ev / max(level, _DARKEST))


def develop(color: Floats, spec: SensorSpec, seed: int, exposure: float | None = None) -> Pixels:
    """A picture of a scene's light.

    Args:
        color: (H, W, 3) float32 linear RGB; below 0 counts as 0.
        spec: the sensor.
        seed: of this picture's noise, and of nothing else.
        exposure: factor on radiance; None meters it.

    Returns:
        (H, W, 3) uint8 BGR; three equal channels where ``spec.mono``.

    Raises:
        ShapeError: another shape or dtype.
        DataError: NaN or infinity, or an exposure that is not a finite number of at least 0.
    """
    _check(color)
    factor = metered_exposure(color, spec) if exposure is None else exposure
    if not 0 <= factor < np.inf:
        raise DataError(f"exposure: expected a finite number of at least 0, got {factor}")
    linear = np.clip(color.astype(np.float64) * factor, 0, 64).astype(np.float32)
    if spec.mono:
        linear = linear.mean(axis=2, keepdims=True)
    else:
        linear *= np.array(spec.white_balance, np.float32)
    linear = _noisy(_through_lens(linear, spec), spec, seed)
    tone = _tone(linear, spec)
    if not spec.mono:
        grey = tone @ np.array(_LUMINANCE, np.float32)
        tone = grey[..., None] + spec.saturation * (tone - grey[..., None])
    if spec.sharpening:
        tone += spec.sharpening * (tone - _blurred(tone, 1.0))
    bytes_ = np.round(np.clip(tone, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(bytes_[..., ::-1], color.shape))


def encode_jpeg(image: Pixels, spec: SensorSpec) -> bytes:
    """A picture (H, W, 3) uint8 BGR as JPEG of the sensor's quality.

    Raises:
        ShapeError: another shape or dtype.
        DataError: it cannot be encoded, as beyond 65500 pixels.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ShapeError("image", "uint8 (H, W, 3), BGR", f"{image.dtype} {image.shape}")
    try:
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, spec.jpeg_quality])
    except cv2.error as error:
        raise DataError(f"a picture of shape {image.shape} cannot become a JPEG: {error}") from error
    if not done:
        raise DataError(f"a picture of shape {image.shape} cannot become a JPEG")
    return bytes(data)


def _check(color: Floats) -> None:
    if color.dtype != np.float32 or color.ndim != 3 or color.shape[2] != 3 or not color.size:
        raise ShapeError("color", "float32 (H, W, 3), linear RGB", f"{color.dtype} {color.shape}")
    if not np.isfinite(color).all():
        raise DataError("color: expected finite radiances, got NaN or infinity")


def _radius(height: int, width: int) -> Floats:
    """Distance from the middle (H, W), 1 in the corners."""
    y, x = np.ogrid[:height, :width]
    dx, dy = (x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5
    return np.asarray(np.hypot(dx, dy) / np.sqrt(0.5), np.float32)


def _weights(height: int, width: int) -> Floats:
    return np.asarray(np.exp(-((_radius(height, width) / 0.4) ** 2)), np.float32)


def _through_lens(linear: Floats, spec: SensorSpec) -> Floats:
    """Defocus, motion, veiling light around what is too bright, darker corners, flicker."""
    height, width = linear.shape[:2]
    lit = _blurred(linear, spec.defocus_px)
    if spec.motion_px:
        lit = _filtered(lit, _streak(spec.motion_px, spec.motion_deg))
    if spec.bloom:
        lit = lit + spec.bloom * _blurred(np.maximum(lit - 1, 0), spec.bloom_share * width)
    rows = (np.arange(height) + 0.5) / spec.band_period_rows + spec.band_phase
    bands = 1 + spec.band_amplitude * np.sin(2 * np.pi * rows)[:, None]
    shading = bands * (1 - spec.vignette * _radius(height, width) ** 2)
    return np.asarray(lit * shading[..., None], np.float32)


def _noisy(linear: Floats, spec: SensorSpec, seed: int) -> Floats:
    """Add noise; photons are counted up to full scale only."""
    height, width = linear.shape[:2]
    rng = generator(seed, "noise")
    grain = _blurred(rng.standard_normal(linear.shape, np.float32), spec.grain_px)
    grain /= _blurred_deviation(spec.grain_px)
    deviation = np.sqrt(spec.read_noise**2 + spec.shot_noise**2 * np.minimum(linear, 1))
    rows = spec.row_noise * rng.standard_normal((height, 1, 1), np.float32)
    fixed = generator(spec.pattern_seed, "columns", width).standard_normal((1, width, 1), np.float32)
    noisy = linear + deviation * grain + rows + spec.column_noise * fixed
    return np.asarray(np.maximum(noisy, 0), np.float32)


def _tone(linear: Floats, spec: SensorSpec) -> Floats:
    """Linear light to display values, 0 to 1: shoulder, gamma, S-curve; it rises everywhere."""
    soft = 1 - np.exp(-linear)
    ended = spec.shoulder * soft + (1 - spec.shoulder) * np.minimum(linear, 1)
    shown = ended ** np.float32(1 / spec.gamma)
    return np.asarray(shown + spec.contrast * (shown * shown * (3 - 2 * shown) - shown), np.float32)


def _streak(length_px: float, angle_deg: float) -> Floats:
    """A line kernel through its middle, symmetric, its sum 1."""
    half = int(np.ceil(length_px / 2)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    angle = np.radians(angle_deg)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    line = np.clip(length_px / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
    return np.asarray(line / line.sum(), np.float32)


def _filtered(picture: Floats, kernel: Floats) -> Floats:
    blurred = cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(picture.shape)


def _blurred(picture: Floats, sigma_px: float) -> Floats:
    if sigma_px < 0.05:
        return picture
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32).reshape(picture.shape)


def _blurred_deviation(sigma_px: float) -> float:
    """Standard deviation that blurring leaves of independent noise of deviation 1."""
    point = np.zeros((33, 33, 1), np.float32)
    point[16, 16] = 1
    return float(np.sqrt((_blurred(point, sigma_px) ** 2).sum()))
