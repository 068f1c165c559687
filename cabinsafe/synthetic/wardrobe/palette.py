"""Colours of skin, hair, eyes and cloth, as linear reflectance."""

from __future__ import annotations

import colorsys

import numpy as np

from cabinsafe.synthetic.mesh import Color

_SKIN = np.array(
    [
        (0.66, 0.43, 0.33),
        (0.54, 0.305, 0.223),
        (0.38, 0.205, 0.13),
        (0.17, 0.084, 0.058),
        (0.055, 0.030, 0.023),
    ]
)
"""From light to dark; the second and the fourth are ColorChecker's "light skin" and "dark skin"."""

HAIR: tuple[Color, ...] = (
    (0.012, 0.010, 0.009),
    (0.035, 0.021, 0.013),
    (0.085, 0.045, 0.022),
    (0.30, 0.19, 0.085),
    (0.22, 0.062, 0.02),
    (0.35, 0.34, 0.33),
)
"""Black, dark brown, brown, blond, red, grey."""

IRIS: tuple[Color, ...] = ((0.06, 0.028, 0.012), (0.14, 0.075, 0.03), (0.10, 0.16, 0.24), (0.10, 0.15, 0.08))
"""Dark brown, hazel, blue, green."""

_NEUTRAL = (0.012, 0.03, 0.08, 0.2, 0.45, 0.75)
_DENIM: Color = (0.045, 0.075, 0.16)


def skin_color(tone: float, redness: float) -> Color:
    """Skin of a tone 0 (light) to 1 (dark); redness -1 to 1 shifts it from olive to rosy."""
    place = tone * (len(_SKIN) - 1)
    base = np.exp([np.interp(place, range(len(_SKIN)), np.log(channel)) for channel in _SKIN.T])
    red, green, blue = np.clip(base * (1 + 0.06 * redness, 1 - 0.04 * redness, 1 - 0.02 * redness), 0, 1)
    return float(red), float(green), float(blue)


def cloth_color(rng: np.random.Generator) -> Color:
    """Every second one black to white, every eighth denim, else any hue."""
    kind = rng.random()
    if kind < 0.5:
        grey = float(rng.choice(_NEUTRAL) * rng.uniform(0.8, 1.2))
        return shaded((grey, grey * float(rng.uniform(0.9, 1.05)), grey * float(rng.uniform(0.85, 1.1))), 1)
    if kind < 0.625:
        return shaded(_DENIM, float(rng.uniform(0.5, 2.2)))
    hue, saturation, value = rng.random(), rng.uniform(0.25, 0.9), rng.uniform(0.2, 0.9)
    red, green, blue = (channel**2.2 for channel in colorsys.hsv_to_rgb(hue, saturation, value))
    return shaded((red, green, blue), 1)


def shaded(color: Color, factor: float) -> Color:
    """A colour times a factor, within [0, 1]."""
    red, green, blue = (min(max(channel * factor, 0.0), 1.0) for channel in color)
    return red, green, blue
