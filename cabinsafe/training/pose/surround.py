"""A cabin around the picture: silhouettes of its parts in front of, above and beside the people.

Every part is dark cloth or plastic of one material, so that a picture taken anywhere looks as if it were
taken through the inside of a vehicle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.pose.occlude import Canvas, Mask, OccludeSpec, fabric, rounded, seat_back
from cabinsafe.training.pose.ranges import count


def cabin_colour(spec: OccludeSpec, generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw the (3,) BGR colour of a cabin: a grey level with a tint."""
    return generator.uniform(*spec.cabin_level) * generator.uniform(0.85, 1.15, 3)


def add_cabin(
    canvas: Canvas, colour: NDArray[np.float64], spec: OccludeSpec, generator: np.random.Generator
) -> None:
    """Draw parts of a cabin of one colour over the borders of the crop."""
    for _ in range(count(generator, spec.cabin_parts)):
        mask = canvas.blank()
        _PARTS[generator.integers(len(_PARTS))](mask, generator)
        shade = colour * generator.uniform(0.6, 1.4)
        canvas.cover(mask, fabric(shade, generator))


def _window(mask: Mask, generator: np.random.Generator) -> None:
    """All but a rounded opening, a little wider at the bottom."""
    size = len(mask)
    left, top, right, bottom = size * generator.uniform(0.02, 0.14, 4)
    radius = size * generator.uniform(0.02, 0.1)
    slant = size * generator.uniform(0.0, 0.08)
    x0, y0, x1, y1 = left + radius, top + radius, size - right - radius, size - bottom - radius
    rounded(mask, np.array([[x0 + slant, y0], [x1 - slant, y0], [x1, y1], [x0, y1]]), radius)
    np.subtract(255, mask, out=mask)


def _pillar(mask: Mask, generator: np.random.Generator) -> None:
    """An upright, leaning post, rather at a side than in the middle."""
    size = len(mask)
    middle = size * generator.beta(0.6, 0.6)
    half = size * generator.uniform(0.02, 0.07)
    lean = size * generator.uniform(-0.12, 0.12)
    top, bottom = middle - lean, middle + lean
    wider = half * generator.uniform(1.0, 1.8)
    corners = [[top - half, -9], [top + half, -9], [bottom + wider, size + 9], [bottom - wider, size + 9]]
    rounded(mask, np.array(corners), 1)


def _seat(mask: Mask, generator: np.random.Generator) -> None:
    """A seat back with its head-rest that stands up from the lower border."""
    size = len(mask)
    length = size * generator.uniform(0.4, 0.9)
    shown = length * generator.uniform(0.2, 0.7)
    middle = np.array([size * generator.uniform(0, 1), size - shown + length / 2])
    seat_back(mask, middle, length, generator)


def _roof(mask: Mask, generator: np.random.Generator) -> None:
    """The lining of the roof, which sinks towards the sides."""
    size = len(mask)
    depth = size * generator.uniform(0.03, 0.15)
    sink = size * generator.uniform(0.0, 0.12)
    across = np.linspace(0, size, 9)
    edge = depth + sink * (2 * across / size - 1) ** 2
    for start in range(len(across) - 1):
        x0, x1, y0, y1 = *across[start : start + 2], *edge[start : start + 2]
        rounded(mask, np.array([[x0, 0], [x1, 0], [x1, y1], [x0, y0]]), 1)


def _door(mask: Mask, generator: np.random.Generator) -> None:
    """A door panel or dashboard: the lower border, higher at one side."""
    size = len(mask)
    heights = size * generator.uniform(0.02, 0.3, 2)
    radius = 0.02 * size
    corners = [[-9, size - heights[0]], [size + 9, size - heights[1]], [size + 9, size + 9], [-9, size + 9]]
    rounded(mask, np.array(corners), radius)


_PARTS: Final = (_window, _pillar, _seat, _roof, _door)
