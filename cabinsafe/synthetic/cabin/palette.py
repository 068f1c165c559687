"""Colours and cloths of cabins and things, drawn."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

Rng = np.random.Generator
Rgb = tuple[float, float, float]

_BASES: Mapping[str, Rgb] = MappingProxyType(
    {
        "black": (0.022, 0.022, 0.024),
        "charcoal": (0.055, 0.056, 0.06),
        "grey": (0.16, 0.16, 0.165),
        "light grey": (0.36, 0.36, 0.35),
        "beige": (0.40, 0.33, 0.24),
        "cream": (0.62, 0.57, 0.47),
        "brown": (0.14, 0.07, 0.035),
        "tan": (0.30, 0.16, 0.075),
        "navy": (0.03, 0.04, 0.08),
        "red": (0.20, 0.018, 0.018),
    }
)
"""Linear reflectances of usual interiors."""
_SEAT_SHARES = (0.22, 0.17, 0.15, 0.09, 0.10, 0.06, 0.05, 0.06, 0.05, 0.05)
_TRIM_SHARES = (0.38, 0.27, 0.15, 0.06, 0.09, 0.05)
_ROOFS = ("light grey", "cream", "grey", "beige", "black")


def draw_materials(rng: Rng, kind: str) -> dict[str, Any]:
    """Surfaces that go together, as plain values of :class:`MaterialsSpec`."""
    names = tuple(_BASES)
    seat = _shade(rng, _BASES[str(rng.choice(names, p=_SEAT_SHARES))])
    if kind == "shuttle" and rng.random() < 0.5:
        seat = _vivid(rng, 0.04, 0.45)
    trim = _shade(rng, _BASES[str(rng.choice(names[:6], p=_TRIM_SHARES))])
    top = _scaled(trim, float(rng.uniform(0.35, 1.1)))
    second = [
        _scaled(seat, float(rng.uniform(0.45, 1.5))),
        trim,
        _shade(rng, _BASES[str(rng.choice(names[:6]))]),
    ]
    roof = _shade(rng, _BASES[str(rng.choice(_ROOFS, p=(0.4, 0.2, 0.2, 0.12, 0.08)))])
    floor = _scaled(trim, float(rng.uniform(0.35, 0.9)))
    seat_cloth = _upholstery(rng, seat)
    belt = (0.25, 0.22, 0.17) if rng.random() < 0.15 else (0.018, 0.018, 0.018)
    side = dict(seat_cloth) | {"color": second[int(rng.integers(3))], "pattern": "plain"}
    return {
        "seat": seat_cloth,
        "seat_side": side,
        "seam": {"color": _scaled(seat, float(rng.choice([0.4, 2.2]))), "roughness": 0.7},
        "trim": {"color": trim, "roughness": float(rng.uniform(0.55, 0.9)), "ir_reflectance": _ir(rng)},
        "trim_top": {"color": top, "roughness": float(rng.uniform(0.5, 0.9)), "ir_reflectance": _ir(rng)},
        "accent": {
            "color": _shade(rng, (0.42, 0.42, 0.43) if rng.random() < 0.6 else (0.05, 0.05, 0.05)),
            "roughness": float(rng.uniform(0.15, 0.5)),
            "ir_reflectance": 0.5,
        },
        "roof": {
            "color": roof, "color2": _scaled(roof, 0.88), "pattern": "weave", "pattern_per_m": 110.0,
            "ir_reflectance": float(rng.uniform(0.4, 0.65)),
        },
        "floor": {
            "color": floor, "color2": _scaled(floor, 1.4), "pattern": "weave", "pattern_per_m": 80.0,
            "roughness": 1.0, "ir_reflectance": _ir(rng),
        },
        "belt": {"color": belt, "roughness": 0.7},
    }  # fmt: skip


def draw_thing_surface(rng: Rng) -> dict[str, Any]:
    """The surface of a bag, a box, a blanket."""
    color = _vivid(rng, 0.02, 0.6)
    return {
        "color": color,
        "color2": _scaled(color, float(rng.uniform(0.3, 1.8))),
        "pattern": str(rng.choice(["plain", "plain", "checks", "stripes", "weave", "dots"])),
        "pattern_per_m": float(rng.uniform(8, 40)),
        "roughness": float(rng.uniform(0.5, 1.0)),
        "wrinkles": float(rng.uniform(0.0, 0.3)),
        "ir_reflectance": float(rng.uniform(0.2, 0.7)),
    }


def _upholstery(rng: Rng, color: Rgb) -> dict[str, Any]:
    """Leather (smooth, a little glossy) or cloth (matt, woven, sometimes patterned)."""
    if rng.random() < 0.4:
        return {
            "color": color,
            "roughness": float(rng.uniform(0.3, 0.55)),
            "wrinkles": float(rng.uniform(0.05, 0.2)),
            "ir_reflectance": _ir(rng),
        }
    pattern = str(rng.choice(["weave", "stripes", "checks", "dots"], p=[0.5, 0.25, 0.1, 0.15]))
    contrast = float(rng.choice([rng.uniform(0.55, 0.85), rng.uniform(1.3, 2.4)]))
    return {
        "color": color,
        "color2": _scaled(color, contrast),
        "pattern": pattern,
        "pattern_per_m": float(rng.uniform(60, 140) if pattern == "weave" else rng.uniform(12, 55)),
        "roughness": float(rng.uniform(0.8, 1.0)),
        "wrinkles": float(rng.uniform(0.05, 0.25)),
        "ir_reflectance": float(rng.uniform(0.3, 0.65)),
    }


def _ir(rng: Rng) -> float:
    return float(rng.uniform(0.12, 0.45))


def _shade(rng: Rng, color: Rgb) -> Rgb:
    return _scaled(color, float(rng.uniform(0.65, 1.45)))


def _vivid(rng: Rng, low: float, high: float) -> Rgb:
    r, g, b = colorsys.hsv_to_rgb(
        float(rng.random()), float(rng.random() ** 1.3 * 0.85), float(low + (high - low) * rng.random())
    )
    return r, g, b


def _scaled(color: Rgb, factor: float) -> Rgb:
    r, g, b = (float(min(c * factor, 0.85)) for c in color)
    return r, g, b
