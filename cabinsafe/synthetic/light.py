"""Light for a cabin: drawn from a seed, and turned into what the renderer takes.

Outside light comes in through the windows, each a soft light of the colour of what lies before it, so that
the cabin brightens and dims with the surroundings; the renderer casts the shadows of the sun.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cabinsafe.errors import DataError, ShapeError
from cabinsafe.synthetic.environment import Environment
from cabinsafe.synthetic.light_spec import LightKind, LightSpec
from cabinsafe.synthetic.lighting import Lighting, PointLight, Vector
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator, merged
from cabinsafe.synthetic.scenery import PERIOD_M, Floats, Scenery

__all__ = ["KIND_SHARES", "LightSpec", "draw_light", "lighting"]

KIND_SHARES: Mapping[LightKind, float] = MappingProxyType(
    {
        "day": 0.26,
        "overcast": 0.16,
        "low_sun": 0.16,
        "dusk": 0.07,
        "night": 0.07,
        "night_ir": 0.22,
        "tunnel": 0.06,
    }
)
"""How often each kind is drawn."""
_DAY_INFRARED_SHARE = 0.10
"""Share of other kinds than night_ir that an infrared camera sees too."""
_SCENERY_SHARES: Mapping[Scenery, float] = MappingProxyType(
    {"city": 0.38, "suburb": 0.27, "country": 0.16, "motorway": 0.19}
)
_GARAGE_SHARE = 0.4
"""Share of the kind tunnel that is a garage."""
_ORDER = ("sun_elevation_deg", "sun_strength", "sun_kelvin", "sky_strength", "sky_kelvin", "clouds")
_RANGES: Mapping[LightKind, tuple[tuple[float, float], ...]] = MappingProxyType(
    {
        "day": ((20, 70), (2, 4.5), (5000, 6000), (0.7, 1.2), (7000, 12000), (0, 0.6)),
        "overcast": ((20, 70), (0, 0.15), (6000, 7000), (0.5, 1.2), (6000, 8000), (0.8, 1)),
        "low_sun": ((4, 20), (1, 3), (2600, 4200), (0.3, 0.7), (7000, 12000), (0, 0.5)),
        "dusk": ((-8, -2), (0, 0), (3000, 4000), (0.01, 0.08), (8000, 15000), (0.2, 0.9)),
        "night": ((-10, -8), (0, 0), (4000, 4000), (0.0003, 0.002), (5000, 9000), (0, 1)),
        "night_ir": ((-10, -8), (0, 0), (4000, 4000), (0, 0.001), (5000, 9000), (0, 1)),
        "tunnel": ((20, 70), (0, 0), (5000, 6000), (0.5, 1), (7000, 9000), (0, 1)),
    }
)
_LAMPS: Mapping[LightKind, tuple[float, float]] = MappingProxyType(
    {"dusk": (0.2, 1.2), "night": (0.3, 1.5), "night_ir": (0.1, 2.0), "tunnel": (0.5, 1.5)}
)


def draw_light(seed: int, fixed: Mapping[str, Any] = MappingProxyType({})) -> LightSpec:
    """Light and surroundings; ``fixed`` values are kept, and the rest is drawn to go with their kind.

    Kinds come as often as :data:`KIND_SHARES` says. Low sun stands beside the vehicle, 40 to 140 degrees from
    ahead, so that it shines in through the side windows.

    Raises:
        ConfigError: fixed values that :class:`LightSpec` refuses.
    """
    rng = generator(seed, "light")
    drawn_kind = str(rng.choice(list(KIND_SHARES), p=list(KIND_SHARES.values())))
    kind = LightSpec(kind=fixed.get("kind", drawn_kind)).kind
    scenery = str(rng.choice(list(_SCENERY_SHARES), p=list(_SCENERY_SHARES.values())))
    if rng.random() < _GARAGE_SHARE and kind == "tunnel":
        scenery = "garage"
    is_garage = fixed.get("scenery", scenery) == "garage"
    lit: LightKind = "tunnel" if is_garage and kind != "night_ir" else kind
    is_infrared = kind == "night_ir" or rng.random() < _DAY_INFRARED_SHARE
    side = float(rng.choice([-1, 1]))
    drawn: dict[str, Any] = {
        **{name: float(rng.uniform(*span)) for name, span in zip(_ORDER, _RANGES[lit], strict=True)},
        "kind": kind,
        "sun_azimuth_deg": side * float(rng.uniform(40, 140) if kind == "low_sun" else rng.uniform(0, 180)),
        "haze": float(rng.beta(2, 4)),
        "lamp_strength": float(rng.uniform(*_LAMPS.get(lit, (0.0, 0.0)))),
        "lamp_kelvin": float(rng.choice([2100, 3000, 4000, 5000])),
        "lamp_spacing_m": float(rng.uniform(8, 12) if lit == "tunnel" else rng.uniform(18, 40)),
        "scenery": scenery,
        "scenery_seed": int(rng.integers(2**31)),
        "tree_shade": float(rng.uniform(0.3, 1) if rng.random() < 0.25 else 0.0),
        "bounce": float(rng.uniform(0.2, 0.45)),
        "glass": float(rng.uniform(0.55, 0.85)),
        "dome_strength": float(rng.uniform(0.01, 0.12) if rng.random() < _dome_share(lit) else 0.0),
        "dome_kelvin": float(rng.uniform(2700, 6500)),
        "infrared_strength": float(rng.uniform(0.4, 1.2) if is_infrared else 0.0),
        "defocus_deg": float(rng.uniform(0.3, 1.6)),
    }
    return LightSpec(**merged(drawn, fixed))


def _dome_share(kind: LightKind) -> float:
    return {"night": 0.8, "dusk": 0.2, "tunnel": 0.2}.get(kind, 0.0)


def lighting(
    spec: LightSpec,
    bounds: tuple[ArrayLike, ArrayLike],
    travelled_m: float = 0.0,
    t_s: float = 0.0,
    environment: Environment | None = None,
) -> Lighting:
    """The light of one moment.

    Args:
        spec: what light.
        bounds: the cabin's low and high corner, (3,) metres each; windows are on its four sides.
        travelled_m: way since the start: surroundings and lamps move backward with it.
        t_s: time since the start: clouds cross the sun with it.
        environment: the surroundings of ``spec``, so that a ride draws them once; None draws them anew.

    Raises:
        ShapeError: bounds of another shape.
        DataError: bounds, way or time not finite, or bounds without extent.
    """
    low, high = _corners(bounds)
    if not np.isfinite(t_s):
        raise DataError(f"t_s: expected a finite number of seconds, got {t_s}")
    outside = (environment or Environment(spec)).panorama(travelled_m)
    windows = _windows(outside, spec.glass, low, high)
    sun = spec.sun_color * spec.glass * _sun_share(spec, travelled_m, t_s)
    seen = np.sum([window.color for window in windows], axis=0)
    passed_on = spec.bounce * (0.8 * seen + 0.1 * sun + 0.4 * spec.dome_color)
    middle = (low + high) / 2
    dome = PointLight((float(middle[0]), 0.0, float(high[2]) - 0.04), _color(spec.dome_color), 0.12)
    return Lighting(
        sun_direction=_color(spec.sun_direction),
        sun_color=_color(sun),
        sky_color=_color(passed_on),
        ground_color=_color(0.7 * passed_on),
        panorama=outside * np.float32(spec.glass),
        points=(*windows, *_passing_lamps(spec, travelled_m, low, high), *[dome] * bool(spec.dome_strength)),
        infrared=spec.infrared_strength,
    )


def _corners(bounds: tuple[ArrayLike, ArrayLike]) -> tuple[Array, Array]:
    corners = np.asarray(bounds, np.float64)
    if corners.shape != (2, 3):
        raise ShapeError("bounds", "two corners (3,)", corners.shape)
    if not np.isfinite(corners).all() or (corners[0] >= corners[1]).any():
        raise DataError(f"bounds: expected finite low < high, got {corners.tolist()}")
    return corners[0], corners[1]


def _windows(outside: Floats, glass: float, low: Array, high: Array) -> list[PointLight]:
    """Soft lights at window height: along both sides, two in front, one behind."""
    rows = len(outside)
    ring = outside[rows // 4 : rows * 2 // 3].mean(axis=0)  # from 30 degrees below to 45 above the horizon
    length, width, height = high - low
    z = low[2] + 0.7 * height
    middle = (low + high) / 2
    along = max(2, round(length / 1.1))
    spots = low[0] + length * (np.arange(along) + 0.5) / along
    places = [(x, y, yaw, 0.45 * length / along) for y, yaw in ((high[1], 90), (low[1], -90)) for x in spots]
    places += [(high[0], middle[1] + k * width / 4, 0, 0.25 * width) for k in (-1, 1)]
    places += [(low[0], middle[1], 180, 0.3 * width)]
    return [
        PointLight((float(x), float(y), float(z)), _color(_before(ring, yaw) * glass * area / np.pi), 0.3)
        for x, y, yaw, area in places
    ]


def _before(ring: Floats, yaw_deg: float) -> Floats:
    """Mean radiance (3,) of what a window faces, 100 degrees wide, on a ring (W, 3) around the vehicle."""
    columns = len(ring)
    middle, half = round((0.5 - yaw_deg / 360) * columns), round(columns * 50 / 360)
    sector = ring.take(range(middle - half, middle + half), axis=0, mode="wrap")
    return np.asarray(sector.mean(axis=0), np.float32)


def _sun_share(spec: LightSpec, travelled_m: float, t_s: float) -> float:
    """Share of the sun that trees beside the road and passing clouds leave."""
    rng = generator(spec.scenery_seed, "shade")
    phase = rng.uniform(0, 2 * np.pi)
    clouds = 0.5 * spec.clouds * (0.5 + 0.5 * np.sin(2 * np.pi * t_s / 40 + phase))
    crowns = np.clip(rng.normal(0.4, 0.7, 48), 0, 1)
    spots = np.arange(48) * PERIOD_M / 48
    trees = spec.tree_shade * np.interp(travelled_m % PERIOD_M, spots, crowns, period=PERIOD_M)
    return float((1 - clouds) * (1 - trees))


def _passing_lamps(spec: LightSpec, travelled_m: float, low: Array, high: Array) -> list[PointLight]:
    """Light of the nearest lamps, each from where it comes in: it sweeps along the windows as they pass."""
    if not spec.lamp_strength or spec.scenery in ("country", "garage"):
        return []
    middle, half = (low + high) / 2, (high - low) / 2
    lights = []
    for way in spec.lamps(travelled_m) - middle:
        fade = max(1 - (way[0] / 20) ** 2, 0.0) ** 2
        if fade > 0:
            share = float(np.min(half[:2] / np.maximum(np.abs(way[:2]), 1e-9)))
            entry = way * share
            entry[2] = min(entry[2], 0.8 * half[2])
            strength = fade * spec.glass * (entry @ entry + 0.15**2) / (way @ way)
            lights.append(PointLight(_color(middle + entry), _color(spec.lamp_color * strength), 0.15))
    return lights


def _color(values: ArrayLike) -> Vector:
    red, green, blue = np.asarray(values, np.float64).tolist()
    return red, green, blue
