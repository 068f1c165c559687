"""What stands beside a road: houses, trees, hedges, cars, lamps, drawn on upright strips along it.

A strip is a picture of one side of the road at one distance; it repeats along the road. Colours are linear
radiances, red, green, blue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Rng = np.random.Generator
Span = tuple[float, float]
Scenery = Literal["city", "suburb", "country", "motorway", "garage"]

PERIOD_M = 96.0
"""Along the road, after which the nearest things come again; farther strips repeat after a multiple of it."""
_COLUMNS, _ROWS = 1024, 160
_SHIFT = 4
"""Bits of a pixel to which ellipses are placed."""


@dataclass(frozen=True)
class Glow:
    """What lights the scenery.

    Attributes:
        white: (3,) radiance of a white wall that faces the road.
        lamp: (3,) radiance of a lamp's head.
        lit: (3,) radiance of a lit window.
        lit_share: share of windows that are lit, and how many lights stand in the distance.
    """

    white: Floats
    lamp: Floats
    lit: Floats
    lit_share: float


class Strip:
    """An upright picture along one side of the road.

    Attributes:
        distance_m: from the road's middle line.
        height_m: what the rows span, from the ground.
        period_m: what the columns span.
        speed: how fast it passes, in the vehicle's own speed: 1 what stands, 2 oncoming, 0 keeping pace.
        pixels: (rows, columns, 4) radiance times opacity, then opacity; the first and last row are clear.
    """

    def __init__(self, distance_m: float, height_m: float, repeats: int = 1, speed: float = 1.0) -> None:
        self.distance_m, self.height_m, self.speed = distance_m, height_m, speed
        self.period_m = PERIOD_M * repeats
        self.pixels: Floats = np.zeros((_ROWS, _COLUMNS, 4), np.float32)

    @property
    def per_m(self) -> tuple[float, float]:
        """Columns and rows per metre."""
        return _COLUMNS / self.period_m, (_ROWS - 2) / self.height_m

    def rectangle(self, x: Span, z: Span, color: ArrayLike) -> None:
        """Paint from ``x[0]`` to ``x[1]`` along the road and ``z[0]`` to ``z[1]`` above ground, in metres.

        What runs over the period's ends comes in again at the other side.
        """
        for shift in self._turns(*x):
            left, right = (round(place + shift) for place in self._columns(*x))
            top, bottom = self._rows(z)
            cv2.rectangle(self.pixels, (left, top), (max(right - 1, left), bottom), _paint(color), cv2.FILLED)

    def ellipse(self, x: float, z: float, radius: tuple[float, float], color: ArrayLike) -> None:
        """Paint an ellipse around (x, z) with radii along and up."""
        along, up = (scale * 2**_SHIFT for scale in self.per_m)
        row = round((_ROWS - 1.5) * 2**_SHIFT - z * up)
        axes, paint = (round(radius[0] * along), round(radius[1] * up)), _paint(color)
        for shift in self._turns(x - radius[0], x + radius[0]):
            center = (round(x * along + (shift - 0.5) * 2**_SHIFT), row)
            cv2.ellipse(self.pixels, center, axes, 0, 0, 360, paint, cv2.FILLED, cv2.LINE_8, _SHIFT)
        self.pixels[0] = self.pixels[-1] = 0

    def block(self, x: Span, z: Span) -> tuple[tuple[Any, ...], Floats, Floats]:
        """Index of a block of pixels, its pixels' heights (rows, 1) and places (1, columns) in metres."""
        along, up = self.per_m
        left, right = (round(place) for place in self._columns(*x))
        top, bottom = self._rows(z)
        columns, rows = np.arange(left, right), np.arange(top, bottom + 1)
        heights, spots = (_ROWS - 1.5 - rows[:, None]) / up, (columns[None] + 0.5) / along
        return np.ix_(rows, columns % _COLUMNS), heights, spots

    def _columns(self, *x: float) -> list[float]:
        return [place * self.per_m[0] for place in x]

    def _rows(self, z: Span) -> tuple[int, int]:
        up = self.per_m[1]
        top, bottom = (int(min(max(_ROWS - 1.5 - h * up, 1), _ROWS - 2)) for h in (z[1], z[0]))
        return top, bottom

    def _turns(self, low: float, high: float) -> list[int]:
        """Shifts in columns that show an object also where it runs over the period's ends."""
        after = [_COLUMNS] if low < 0 else []
        return [0, *after, *([-_COLUMNS] if high > self.period_m else [])]


def _paint(color: ArrayLike) -> tuple[float, ...]:
    return (*np.asarray(color, np.float64).tolist(), 1.0)


def places(rng: Rng, length_m: float, pitch_m: float, presence: float = 1.0) -> NDArray[np.float64]:
    """About evenly spaced places along a road, a ``presence`` share of them taken."""
    count = max(int(length_m / pitch_m), 1)
    spots = (np.arange(count) + rng.uniform(-0.2, 0.2, count)) * length_m / count
    return spots[rng.random(count) < presence]


def buildings(rng: Rng, strip: Strip, glow: Glow, widths: Span, storeys: tuple[int, int]) -> None:
    """House by house, each with storeys of windows; low ones with a gable and gaps between them."""
    x = 0.0
    detached = storeys[1] <= 3
    while x < strip.period_m - widths[0]:
        width = min(float(rng.uniform(*widths)), strip.period_m - x)
        height = float(rng.integers(storeys[0], storeys[1] + 1)) * 3.1
        wall = rng.uniform(0.12, 0.6) * (1 + rng.uniform(-0.25, 0.25, 3) * (0.5, 0.2, 0.6))
        _facade(rng, strip, glow, (x, x + width), height, wall)
        if detached:
            roof = glow.white * rng.uniform(0.06, 0.2) * np.array([1.4, 0.9, 0.75])
            for k in range(6):
                cut = width * k / 14
                strip.rectangle((x + cut, x + width - cut), (height + 0.4 * k, height + 0.4 * (k + 1)), roof)
        x += width + (float(rng.uniform(2, 9)) if detached else float(rng.choice([0, 0, 0, 5])))


def _facade(rng: Rng, strip: Strip, glow: Glow, x: Span, height: float, wall: NDArray[np.float64]) -> None:
    bay, share = float(rng.uniform(1.8, 4.0)), float(rng.uniform(0.4, 0.8))
    lit = rng.random((32, 64)) < glow.lit_share
    pane = glow.white * rng.uniform(0.03, 0.6, (32, 64, 1))
    colors = np.where(lit[..., None], glow.lit * rng.uniform(0.3, 1.3, (32, 64, 1)), pane)

    table = np.ones((32 * 64 + 1, 4), np.float32)
    table[:-1, :3], table[-1, :3] = colors.reshape(-1, 3), glow.white * wall

    (rows, columns), heights, along = strip.block(x, (0, height))
    storey, bays = heights / 3.1, (along - x[0]) / bay
    window = (np.abs(storey % 1 - 0.55) < 0.28) & (np.abs(bays % 1 - 0.5) < share / 2)
    cell = storey.astype(int) % 32 * 64 + bays.astype(int) % 64
    strip.pixels[rows, columns] = table[np.where(window, cell, 32 * 64)]


def trees(rng: Rng, strip: Strip, glow: Glow, pitch_m: float, presence: float, height_m: float) -> None:
    """Crowns of leaves on trunks."""
    for x in places(rng, strip.period_m, pitch_m, presence).tolist():
        height = height_m * rng.uniform(0.6, 1.15)
        hue = rng.uniform(0.5, 1.2) * np.array([rng.uniform(0.06, 0.1), 0.1, 0.045])
        strip.rectangle((x - 0.15, x + 0.15), (0, 0.5 * height), glow.white * [0.06, 0.045, 0.035])
        for _ in range(14):
            dx, dz = (rng.normal(0, 0.16, 2) * height).tolist()
            size = height * rng.uniform(0.08, 0.2)
            light = 0.6 + 0.9 * min(max(0.5 + dz / height * 2, 0), 1)
            strip.ellipse(x + dx, 0.68 * height + dz, (size, 0.85 * size), glow.white * hue * light)


def hedge(rng: Rng, strip: Strip, glow: Glow, height_m: float, color: tuple[float, float, float]) -> None:
    """A band of bushes, grass or wall, uneven in height and tone, with gaps."""
    step_m = max(1.5, 0.8 * height_m)
    for x in np.arange(0, strip.period_m, step_m).tolist():
        if rng.random() < 0.9:
            tone = glow.white * color * rng.uniform(0.6, 1.4)
            strip.ellipse(x, 0.3 * height_m, (step_m, height_m * rng.uniform(0.6, 0.8)), tone)


def cars(rng: Rng, strip: Strip, glow: Glow, pitch_m: float, presence: float) -> None:
    """Cars seen from the side: body, windows, wheels, in the dark a tail and a head light."""
    for x in places(rng, strip.period_m, pitch_m, presence).tolist():
        paint = glow.white * rng.choice([0.02, 0.05, 0.2, 0.45, 0.75]) * (1 + rng.uniform(-0.3, 0.3, 3))
        if rng.random() < 0.25:
            paint = glow.white * rng.permutation([0.5, 0.06, 0.06])
        half, roof = rng.uniform(1.9, 2.4), rng.uniform(1.4, 1.8)
        strip.ellipse(x, 0.85, (0.68 * half, roof - 0.8), paint)
        strip.ellipse(x, 0.9, (0.58 * half, roof - 0.98), glow.white * rng.uniform(0.03, 0.3))
        strip.rectangle((x - half, x + half), (0.3, 0.95), paint)
        for wheel in (-0.6, 0.6):
            strip.ellipse(x + wheel * half, 0.34, (0.36, 0.36), glow.white * 0.02)
        if glow.lit_share > 0.1 and strip.speed != 1:
            strip.ellipse(x - half, 0.7, (0.2, 0.15), glow.lamp * [0.3, 0.0, 0.0])
            strip.ellipse(x + half, 0.7, (0.25, 0.2), glow.lamp * 0.6)


def posts(strip: Strip, glow: Glow, spots: ArrayLike, height_m: float, color: float = 0.2) -> None:
    """Lamp posts; their heads glow."""
    for x in np.asarray(spots, np.float64):
        strip.rectangle((x - 0.08, x + 0.08), (0, height_m), glow.white * color)
        strip.ellipse(x, height_m, (0.35, 0.16), np.maximum(glow.lamp, glow.white * 0.4))


def wall(rng: Rng, strip: Strip, glow: Glow, color: float, pitch_m: float) -> None:
    """A wall along the whole road, in panels, with a dark foot and a hand rail."""
    for x in np.arange(0, strip.period_m, pitch_m):
        tone = glow.white * color * rng.uniform(0.85, 1.1)
        strip.rectangle((x, x + pitch_m), (0, strip.height_m), tone)
        strip.rectangle((x, x + 0.12), (0, strip.height_m), tone * 0.5)
    strip.rectangle((0, strip.period_m), (0, 0.9), glow.white * color * 0.4)


def distant_lights(rng: Rng, strip: Strip, glow: Glow, count: int) -> None:
    """Small lights of many colours: other cars, signals, signs."""
    hues = np.array([[1, 0.9, 0.7], [1, 0.6, 0.25], [1, 0.06, 0.03], [0.1, 1, 0.4], [0.6, 0.8, 1.4]])
    for x, z in rng.uniform((0, 0.5), (strip.period_m, 0.8 * strip.height_m), (count, 2)):
        strip.ellipse(
            x, z, (0.45, 0.3), glow.lamp * rng.uniform(0.1, 2.0) * hues[rng.choice(5, p=_HUE_SHARES)]
        )


_HUE_SHARES = (0.35, 0.3, 0.2, 0.08, 0.07)


def _city(rng: Rng, glow: Glow) -> list[Strip]:
    far, near, kerb = Strip(float(rng.uniform(11, 17)), 26, 2), Strip(7.0, 9), Strip(3.9, 2.2)
    buildings(rng, far, glow, (9, 24), (3, 8))
    trees(rng, near, glow, 9, 0.5, 7.5)
    cars(rng, kerb, glow, 6, 0.75)
    return [far, near, kerb]


def _suburb(rng: Rng, glow: Glow) -> list[Strip]:
    far, near, kerb = Strip(float(rng.uniform(14, 20)), 14, 2), Strip(8.0, 10, 2), Strip(5.0, 2.2, 2)
    trees(rng, far, glow, 7, 0.6, 10)
    buildings(rng, far, glow, (9, 15), (1, 3))
    trees(rng, near, glow, 13, 0.5, 8)
    hedge(rng, near, glow, 1.6, (0.06, 0.11, 0.04))
    cars(rng, kerb, glow, 8, 0.35)
    return [far, near, kerb]


def _country(rng: Rng, glow: Glow) -> list[Strip]:
    hills, far, near = Strip(150.0, 30, 16), Strip(28.0, 16, 4), Strip(6.5, 8)
    hedge(rng, hills, glow, 22, (0.08, 0.12, 0.07))
    trees(rng, far, glow, 12, 0.6, 12)
    trees(rng, near, glow, 16, 0.3, 7)
    hedge(rng, near, glow, 1.1, (0.12, 0.15, 0.05))
    return [hills, far, near]


def _motorway(rng: Rng, glow: Glow) -> list[Strip]:
    far, rail, traffic = Strip(26.0, 14, 4), Strip(9.0, 4), Strip(4.0, 2.2, 1, float(rng.choice([0.25, 2.0])))
    trees(rng, far, glow, 6, 0.9, 11)
    if rng.random() < 0.4:
        wall(rng, rail, glow, 0.25, 4)
    rail.rectangle((0, rail.period_m), (0.5, 0.8), glow.white * 0.45)
    for x in np.arange(0, rail.period_m, 4):
        rail.rectangle((x, x + 0.12), (0, 0.8), glow.white * 0.3)
    cars(rng, traffic, glow, 24, 0.6)
    return [far, rail, traffic]


def _garage(rng: Rng, glow: Glow) -> list[Strip]:
    back, pillars, parked = Strip(11.0, 2.7), Strip(5.5, 2.7), Strip(4.5, 2.2)
    wall(rng, back, glow, 0.45, 6)
    for x in np.arange(0, PERIOD_M, 8):
        pillars.rectangle((x, x + 0.6), (0, 2.7), glow.white * 0.5)
        pillars.rectangle((x, x + 0.6), (0.6, 1.1), glow.white * [0.6, 0.45, 0.05])
    cars(rng, parked, glow, 2.67 * 2, 0.6)
    return [back, pillars, parked]


_SCENERIES: Mapping[Scenery, Callable[[Rng, Glow], list[Strip]]] = MappingProxyType(
    {"city": _city, "suburb": _suburb, "country": _country, "motorway": _motorway, "garage": _garage}
)


def roadside(rng: Rng, scenery: Scenery, glow: Glow) -> list[Strip]:
    """The strips of one side of a road, the farthest first; in the dark also lights in the distance."""
    strips = _SCENERIES[scenery](rng, glow)
    if glow.lit_share > 0.1 and scenery != "garage":
        lights = Strip(40.0, 14, 4)
        distant_lights(rng, lights, glow, int(160 * glow.lit_share))
        strips.insert(1, lights)
    return strips
