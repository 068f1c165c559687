"""Light and camera: how a cabin's day, night and cheap sensors change the pixels of a crop."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.options import Options
from cabinsafe.training.pose.ranges import NotNegatives, Positives, Qualities, Share, Shares, log_uniform

_MIDDLE: Final = 128.0
"""Grey level that contrast leaves alone."""
_LAMP_GRID: Final = 32
_FOCAL_LENGTH: Final = 1.2
"""Of the lens with vignette, in image sides."""
_OVEREXPOSED: Final = 1.3
"""Brightest light of an infrared lamp; the rest of the picture has less."""


class LightSpec(Options):
    """Light and camera effects.

    Attributes:
        contrast, colour: largest change of gain either way, of all channels and of each.
        brightness: largest shift of pixel values either way.
        gamma: range of the exponent, drawn log-uniformly; above 1 is darker.
        low_light: probability of an under-exposed picture, which always has sensor noise.
        exposure: range of the factor on pixel values in low light.
        grey: probability of a grey picture.
        infrared: probability of a picture as a near-infrared camera with its own lamp takes it: channels
            mixed to grey in other proportions than the eye's, cloth of other contrast, vignette and lamp.
        cloth: largest change of infrared grey levels, as a share of 255, at five levels a quarter of
            the range apart; above 1/8, dark cloth may turn out lighter than bright cloth.
        lamp_distance: range of the lamp's distance, in crop sides; nearer lights more unevenly.
        blur: probability of Gaussian blur, of which ``blur_sigma_px`` is the range.
        motion: probability of motion blur along a random direction, ``motion_px`` long.
        noise: probability of sensor noise: Gaussian with a variance of ``read_noise`` squared plus
            ``shot_noise`` times the pixel value (Foi et al. 2008, Poissonian-Gaussian noise).
        jpeg: probability of JPEG artefacts, at a quality from ``jpeg_quality``.
    """

    contrast: Share = 0.25
    brightness: float = Field(25.0, ge=0, le=255)
    colour: Share = 0.08
    gamma: Positives = (0.75, 1.5)
    low_light: Share = 0.08
    exposure: Shares = (0.3, 0.7)
    grey: Share = 0.1
    infrared: Share = 0.15
    cloth: Share = 0.2
    lamp_distance: Positives = (0.6, 1.5)
    blur: Share = 0.1
    blur_sigma_px: Positives = (0.5, 1.5)
    motion: Share = 0.08
    motion_px: Positives = (3.0, 10.0)
    noise: Share = 0.15
    read_noise: NotNegatives = (1.0, 6.0)
    shot_noise: NotNegatives = (0.0, 0.6)
    jpeg: Share = 0.12
    jpeg_quality: Qualities = (30, 90)

    @model_validator(mode="after")
    def _one_look(self) -> Self:
        if self.grey + self.infrared > 1:
            raise ValueError(f"grey and infrared exclude each other: {self.grey} + {self.infrared} is over 1")
        return self


def relight(image: NDArray[np.uint8], spec: LightSpec, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Return an image (H, W, 3) uint8 BGR in another light, as another camera would take it."""
    dark = generator.random() < spec.low_light
    image = tone(image, spec, dark, generator)
    look = generator.random()
    if look < spec.infrared:
        image = infrared(image, spec, generator)
    elif look < spec.infrared + spec.grey:
        image = _as_bgr(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    if generator.random() < spec.blur:
        sigma = generator.uniform(*spec.blur_sigma_px)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    if generator.random() < spec.motion:
        image = motion_blur(image, generator.uniform(*spec.motion_px), generator.uniform(0, np.pi))
    if generator.random() < spec.noise or dark:
        image = sensor_noise(
            image, generator.uniform(*spec.read_noise), generator.uniform(*spec.shot_noise), generator
        )
    if generator.random() < spec.jpeg:
        image = compress(image, int(generator.integers(*spec.jpeg_quality, endpoint=True)))
    return image


def tone(
    image: NDArray[np.uint8], spec: LightSpec, dark: bool, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Change gamma, contrast, colour, brightness and, in the dark, exposure: one table look-up."""
    gain = 1.0 + generator.uniform(-spec.contrast, spec.contrast)
    gains = gain * (1.0 + generator.uniform(-spec.colour, spec.colour, 3))
    shift = generator.uniform(-spec.brightness, spec.brightness)
    levels = 255.0 * np.linspace(0, 1, 256)[:, None] ** log_uniform(generator, spec.gamma)
    table = (levels - _MIDDLE) * gains + _MIDDLE + shift
    if dark:
        table = table * generator.uniform(*spec.exposure)
    return np.asarray(cv2.LUT(image, _as_pixels(table)[None]), np.uint8)


def infrared(image: NDArray[np.uint8], spec: LightSpec, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Make a colour image look near-infrared: dyes matter little, the camera's lamp a lot."""
    blue, green = generator.uniform(-0.3, 0.5), generator.uniform(-0.1, 0.7)
    mixed = cv2.transform(image, np.array([[blue, green, 1.0 - blue - green]]))
    knots = np.linspace(0, 255, 5)
    moved = knots + 255.0 * generator.uniform(-spec.cloth, spec.cloth, len(knots))
    curved = cv2.LUT(mixed, _as_pixels(np.interp(np.arange(256), knots, moved)))
    distance = generator.uniform(*spec.lamp_distance)
    light = lamp_light(image.shape[1::-1], distance, generator.uniform(0.1, 0.9, 2))
    return _as_bgr(cv2.multiply(curved, light, dtype=cv2.CV_8U))


def lamp_light(size_wh: tuple[int, int], distance: float, place: NDArray[np.float64]) -> NDArray[np.float32]:
    """Light (H, W) of a point source before a wall, through a lens with vignette; at most 1.3.

    Inverse squares and Lambert's cosine give (1 + r^2/d^2)^-3/2 at r from the foot point; the lens adds
    its cos^4 law, (1 + r^2/f^2)^-2 from the middle. It is smooth: a coarse grid, enlarged, will do.

    Args:
        size_wh: of the image.
        distance: of the lamp, in image sides.
        place: (2,), where the foot point is, 0 to 1.
    """
    axis = (np.arange(_LAMP_GRID) + 0.5) / _LAMP_GRID

    def squared(x: float, y: float) -> NDArray[np.float64]:
        return ((axis - x) ** 2)[None] + ((axis - y) ** 2)[:, None]

    lamp = (1.0 + squared(place[0], place[1]) / distance**2) ** -1.5
    lens = (1.0 + squared(0.5, 0.5) / _FOCAL_LENGTH**2) ** -2
    light = lamp * lens
    coarse = (light * (_OVEREXPOSED / light.max())).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)


def motion_blur(image: NDArray[np.uint8], length_px: float, angle_rad: float) -> NDArray[np.uint8]:
    """Blur along a line of a given length and direction (0 is along x, towards +y)."""
    reach = int(np.ceil(length_px / 2))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = columns * np.cos(angle_rad) + rows * np.sin(angle_rad)
    across = rows * np.cos(angle_rad) - columns * np.sin(angle_rad)
    kernel = np.clip(1.0 - np.abs(across), 0, 1) * np.clip(length_px / 2 + 0.5 - np.abs(along), 0, 1)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def sensor_noise(
    image: NDArray[np.uint8], read_noise: float, shot_noise: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Add Gaussian noise of variance ``read_noise**2 + shot_noise * value``; grey stays grey.

    Random bytes through a table of normal quantiles are many times faster than normal numbers.
    """
    grey = bool((image[..., 0] == image[..., 2]).all())
    pixels = np.ascontiguousarray(image[..., :1]) if grey else image
    bytes_ = np.frombuffer(generator.bytes(pixels.size), np.uint8).reshape(pixels.shape)
    deviation = np.sqrt(read_noise**2 + shot_noise * np.arange(256)).astype(np.float32)
    noise = cv2.multiply(cv2.LUT(bytes_, _NORMAL_QUANTILES), cv2.LUT(pixels, deviation))
    noisy = cv2.add(pixels, noise, dtype=cv2.CV_8U)
    return _as_bgr(noisy) if grey else np.asarray(noisy, np.uint8)


def compress(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Encode as JPEG, 1 (worst) to 100, and decode."""
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def _as_pixels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return pixels


def _as_bgr(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _normal_quantiles() -> NDArray[np.float32]:
    quantiles = np.array([NormalDist().inv_cdf((level + 0.5) / 256) for level in range(256)])
    scaled: NDArray[np.float32] = (quantiles / quantiles.std()).astype(np.float32)
    scaled.flags.writeable = False
    return scaled


_NORMAL_QUANTILES: Final = _normal_quantiles()
