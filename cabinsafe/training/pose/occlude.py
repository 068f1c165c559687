"""Things in front of people: boxes cut out, and drawn, textured shapes. Labels under them stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cabinsafe.options import Options
from cabinsafe.training.pose.ranges import Counts, Levels, Positives, Share, Shares, count
from cabinsafe.training.pose.warp import PADDING_VALUE

_SEEN_THROUGH: Final = 127
"""Up to this opacity a keypoint counts as visible."""


class OccludeSpec(Options):
    """What is put in front of people, in the order in which it is painted.

    Attributes:
        most_hidden: largest share of a person's labelled keypoints that all of it together may hide; what
            would hide more is left out, so that no label asks for a person who cannot be seen.
        cabin: probability of a cabin around the picture: roof, window frame, pillars, seats, door.
        cabin_parts: range of how many parts of it are drawn.
        cabin_level: range of the grey level of its materials.
        occluder: probability of drawn shapes (belts and bars, seat backs, rings) on people.
        occluder_count: range of their number.
        occluder_size: range of their length, as a share of the longer side of a person's box.
        cutout: probability of boxes cut out: padding grey, one colour, or noise.
        cutout_count: range of their number.
        cutout_size: range of their sides, as a share of the crop's.
    """

    most_hidden: Share = 0.5
    cabin: Share = 0.2
    cabin_parts: Counts = (1, 4)
    cabin_level: Levels = (8.0, 100.0)
    occluder: Share = 0.25
    occluder_count: Counts = (1, 3)
    occluder_size: Positives = (0.2, 0.8)
    cutout: Share = 0.1
    cutout_count: Counts = (1, 3)
    cutout_size: Shares = (0.06, 0.25)


Mask = NDArray[np.uint8]
"""(S, S), opacity of a shape in a crop, 0 to 255."""

Texture = Callable[[int, int], NDArray[np.uint8]]
"""Makes (height, width, 3) BGR pixels."""


class Canvas:
    """A square crop that is painted over, and which of its keypoints are hidden by now.

    Args:
        image: (S, S, 3) uint8 BGR; painted in place.
        xy: (N, K, 2) keypoints within the crop, NaN where absent.
        most_hidden: see :class:`OccludeSpec`.
    """

    def __init__(self, image: NDArray[np.uint8], xy: NDArray[np.float32], most_hidden: float) -> None:
        self.image = image
        self.size_px = len(image)
        self._labelled = np.isfinite(xy[..., 0])
        self._columns, self._rows = np.nan_to_num(xy).astype(np.int64).transpose(2, 0, 1)
        self._most = most_hidden * self._labelled.sum(axis=1)
        self.hidden = np.zeros_like(self._labelled)

    def blank(self) -> Mask:
        """A mask of nothing, to draw a shape on."""
        return np.zeros((self.size_px, self.size_px), np.uint8)

    def cover(self, mask: Mask, texture: Texture) -> bool:
        """Paint ``texture(height, width)`` through a mask, unless that hides too much of a person.

        Returns:
            Whether it was painted.
        """
        under = mask[self._rows, self._columns] > _SEEN_THROUGH
        hidden = self.hidden | (under & self._labelled)
        if (hidden.sum(axis=1) > self._most).any():
            return False
        self.hidden = hidden
        x, y, width, height = cv2.boundingRect(mask)
        if width and height:
            part = self.image[y : y + height, x : x + width]
            opacity = mask[y : y + height, x : x + width].astype(np.float32) / 255
            part[:] = cv2.blendLinear(texture(height, width), part.copy(), opacity, 1 - opacity)
        return True


def fabric(level_bgr: NDArray[np.float64], generator: np.random.Generator) -> Texture:
    """A texture around one colour: random patches of a random grain, from plain shading to stripes."""
    cells = np.round(2 + 22 * generator.random(2) ** 2).astype(int)
    grain = generator.uniform(5, 40)
    patches = level_bgr + grain * generator.uniform(-1, 1, (*cells, 1))
    pixels = np.clip(patches, 0, 255).astype(np.uint8)

    def texture(height: int, width: int) -> NDArray[np.uint8]:
        return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return texture


def add_occluders(
    canvas: Canvas, boxes: NDArray[np.float32], spec: OccludeSpec, generator: np.random.Generator
) -> None:
    """Draw shapes over random places of people's boxes (N, 4), or of the crop where there is none."""
    crop = np.array([0, 0, canvas.size_px, canvas.size_px], np.float32)
    within = np.clip(boxes, 0, canvas.size_px)
    seen = within[(within[:, 2:] - within[:, :2]).min(axis=1) > 0]
    for _ in range(count(generator, spec.occluder_count)):
        box = seen[generator.integers(len(seen))] if len(seen) else crop
        length = (box[2:] - box[:2]).max() * generator.uniform(*spec.occluder_size)
        mask = canvas.blank()
        shape = _SHAPES[generator.integers(len(_SHAPES))]
        shape(mask, generator.uniform(box[:2], box[2:]), length, generator)
        colour = generator.uniform(0, 220) * generator.uniform(0.6, 1.4, 3)
        canvas.cover(mask, fabric(colour, generator))


def cut_out(canvas: Canvas, spec: OccludeSpec, generator: np.random.Generator) -> None:
    """Cut boxes out, each in padding grey, in one random colour or in noise."""
    for _ in range(count(generator, spec.cutout_count)):
        sides = canvas.size_px * generator.uniform(*spec.cutout_size, 2)
        x, y = (generator.uniform(0, 1, 2) * canvas.size_px - sides / 2).astype(int)
        width, height = np.maximum(sides, 1).astype(int)
        mask = canvas.blank()
        cv2.rectangle(mask, (x, y, width, height), 255, -1)
        canvas.cover(mask, _filling(generator))


def _filling(generator: np.random.Generator) -> Texture:
    kind = generator.integers(3)
    colour = (PADDING_VALUE,) * 3 if kind == 0 else generator.integers(0, 256, 3)

    def texture(height: int, width: int) -> NDArray[np.uint8]:
        if kind == 2:
            return generator.integers(0, 256, (height, width, 3), np.uint8)
        return np.full((height, width, 3), colour, np.uint8)

    return texture


def rounded(mask: Mask, corners: NDArray[np.float64], radius: float) -> None:
    """Draw a convex polygon (M, 2), rounded off by a radius that is added outside."""
    points = np.round(corners).astype(np.int32)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA)
    cv2.polylines(mask, [points], True, 255, max(round(2 * radius), 1), cv2.LINE_AA)


def seat_back(mask: Mask, middle: NDArray[np.float64], length: float, generator: np.random.Generator) -> None:
    """Draw a seat back of a height with its head-rest on two rods, leaning a little."""
    lean = generator.uniform(-0.25, 0.25)
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    half = length * generator.uniform(0.25, 0.4)
    rest = half * generator.uniform(0.4, 0.6)
    top = -0.2 * length

    def place(x: float, y: float) -> NDArray[np.float64]:
        return np.array(turn @ (x, y) + middle)

    shoulder = half * generator.uniform(0.6, 0.9)
    back = [place(-shoulder, top), place(shoulder, top), place(half, length / 2), place(-half, length / 2)]
    rounded(mask, np.array(back), 0.08 * length)
    head = [place(x * rest, y * length) for x, y in ((-1, -0.45), (1, -0.45), (1, -0.36), (-1, -0.36))]
    rounded(mask, np.array(head), 0.05 * length)
    for x in (-rest / 2, rest / 2):
        rod = np.array([place(x, -0.36 * length), place(x, top)])
        rounded(mask, rod, 0.012 * length)


def _bar(mask: Mask, middle: NDArray[np.float64], length: float, generator: np.random.Generator) -> None:
    angle = generator.uniform(0, np.pi)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    rounded(mask, np.array([middle - reach, middle + reach]), length * generator.uniform(0.03, 0.12))


def _ring(mask: Mask, middle: NDArray[np.float64], length: float, generator: np.random.Generator) -> None:
    axes = length / 2 * generator.uniform(0.5, 1.0, 2)
    start = generator.uniform(0, 360)
    x, y = np.round(middle).astype(int).tolist()
    a, b = np.maximum(axes, 1).astype(int).tolist()
    end = start + generator.uniform(120, 360)
    thickness = max(round(length * generator.uniform(0.04, 0.12)), 1)
    cv2.ellipse(mask, (x, y), (a, b), generator.uniform(0, 180), start, end, 255, thickness, cv2.LINE_AA)


_SHAPES: Final = (_bar, _ring, seat_back)
