"""Synthetic people and the maps that a pose network would give for them, in any topology.

Sizes follow a 352-pixel input: keypoint Gaussians of 7 pixels, limb bands of 8 pixels to either side. Noisy
maps add what real ones have: uneven heights, blurred fields, false blobs, fine and coarse noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from cabinsafe.pose.topology import Topology

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

INPUT_PX = 352.0
KEYPOINT_SIGMA_PX = 7.0
LIMB_HALF_WIDTH_PX = 8.0
HIDDEN_SHARE = 0.08

# Keypoint, what it hangs on, distance in torso lengths, direction in degrees (0 down, 90 to the left).
_TRUNK = (("nose", "neck", 0.32, 170.0, 190.0),)
_LEFT = (
    ("left_eye", "nose", 0.11, 110.0, 140.0),
    ("left_ear", "left_eye", 0.13, 70.0, 95.0),
    ("left_shoulder", "neck", 0.36, 80.0, 95.0),
    ("left_elbow", "left_shoulder", 0.58, -15.0, 90.0),
    ("left_wrist", "left_elbow", 0.52, -30.0, 170.0),
    ("left_hip", "neck", 1.0, 8.0, 16.0),
    ("left_knee", "left_hip", 0.75, -5.0, 60.0),
    ("left_ankle", "left_knee", 0.75, -15.0, 15.0),
)
_BODY_HEIGHT_TORSOS = 3.0


@dataclass(frozen=True)
class Scene:
    """People and their maps.

    Attributes:
        truth: (N, K, 2) map cells in the topology's order, NaN where hidden.
        heatmaps: (C, S, S) float32.
        pafs: (P, S, S) float32.
        sigma_cells: standard deviation of the keypoints' Gaussians.
    """

    truth: Points
    heatmaps: Floats
    pafs: Floats
    sigma_cells: float


def make_scene(topology: Topology, people: int, size: int, seed: int, noise: bool = True) -> Scene:
    """Draw the same people for the same seed, whatever the topology and the size."""
    truth = draw_people(topology, people, size, np.random.default_rng((seed, people)))
    return draw_maps(topology, truth, size, np.random.default_rng((seed, people, size)), noise)


def draw_people(topology: Topology, people: int, size: int, rng: np.random.Generator) -> Points:
    """(N, K, 2) cells: people spread over a grid, some keypoints hidden, those off the map too."""
    side = int(np.ceil(np.sqrt(people)))
    places = rng.permutation(side * side)[:people]
    bodies = np.full((people, len(topology.keypoints), 2), np.nan)
    for body, place in zip(bodies, places, strict=True):
        joints = _pose(rng)
        names = list(joints)
        points = np.array([joints[name] for name in names])
        points *= size * np.clip(1.25 / np.sqrt(people), 0.25, 0.95) * rng.uniform(0.75, 1.15)
        centre = (np.array([place % side, place // side]) + 0.5 + rng.normal(0, 0.12, 2)) / side * size
        points += centre - (points.max(axis=0) + points.min(axis=0)) / 2
        hidden = rng.random(len(names)) < HIDDEN_SHARE
        points[hidden | (points < 0.5).any(axis=1) | (points >= size - 0.5).any(axis=1)] = np.nan
        for k, name in enumerate(topology.keypoints):
            body[k] = points[names.index(name)]
    return bodies


def draw_maps(
    topology: Topology, truth: Points, size: int, rng: np.random.Generator, noise: bool = False
) -> Scene:
    """Maps of people given as (N, K, 2) cells, NaN where hidden."""
    stride = INPUT_PX / size
    sigma = KEYPOINT_SIGMA_PX / stride
    pafs = _draw_pafs(topology, truth, size, LIMB_HALF_WIDTH_PX / stride, rng, noise)
    keypoint_maps = np.zeros((len(topology.keypoints), size, size))
    for person in truth:
        for plane, point in zip(keypoint_maps, person, strict=True):
            _add_blob(plane, point, sigma, rng.uniform(0.4, 0.95) if noise else 1.0)
    if noise:
        for _ in range(max(1, len(truth))):
            plane = keypoint_maps[rng.integers(len(keypoint_maps))]
            _add_blob(plane, rng.uniform(1, size - 1, 2), sigma * rng.uniform(0.6, 1), rng.uniform(0.12, 0.4))
        keypoint_maps += _noise(keypoint_maps.shape, 0.012, 0.012, 8.0 / stride, rng)
        pafs = _blur(pafs, 0.6 * 8.0 / stride)
        pafs += _noise(pafs.shape, 0.015, 0.02, 8.0 / stride, rng)
    heatmaps = np.zeros((topology.heatmap_count, size, size), np.float32)
    heatmaps[list(topology.heatmap_channels)] = keypoint_maps
    if topology.background_channel is not None:
        heatmaps[topology.background_channel] = 1.0 - keypoint_maps.max(axis=0)
    return Scene(truth, heatmaps, pafs.astype(np.float32), sigma)


def _pose(rng: np.random.Generator) -> dict[str, Points]:
    """Joints of one person around the neck, standing or sitting; the whole body is about 1 high."""
    joints = {"neck": np.zeros(2)}
    lean = rng.normal(0, 7)
    thigh = rng.uniform(0.35, 0.8) if rng.random() < 0.6 else 1.0
    turn = rng.uniform(0.6, 1.1)
    for mirror in (1.0, -1.0):
        for name, base, length, low, high in (*_TRUNK, *_LEFT):
            if mirror < 0 and name in joints and "left" not in name:
                continue
            reach = length * rng.uniform(0.85, 1.1) * (thigh if "knee" in name else 1.0)
            angle = np.radians(rng.uniform(low, high) + mirror * lean)
            offset = np.array([mirror * np.sin(angle) * turn, np.cos(angle)])
            joints[_side(name, mirror)] = joints[_side(base, mirror)] + reach * offset
    return {name: point / _BODY_HEIGHT_TORSOS for name, point in joints.items()}


def _side(name: str, mirror: float) -> str:
    return name if mirror > 0 else name.replace("left_", "right_")


def _add_blob(plane: Points, point: Points, sigma: float, height: float) -> None:
    """Add a Gaussian by maximum, cut off below a hundredth; a NaN point adds nothing."""
    if np.isnan(point).any():
        return
    x, y = (np.arange(cells) + 0.5 for cells in plane.shape[::-1])
    distance_sq = np.square(x - point[0]) + np.square(y - point[1])[:, None]
    blob = np.exp(-distance_sq / (2 * sigma**2))
    np.maximum(plane, np.where(blob >= 0.01, height * blob, 0.0), out=plane)


def _draw_pafs(
    topology: Topology, truth: Points, size: int, half_width: float, rng: np.random.Generator, noise: bool
) -> Points:
    """(P, S, S): each limb's unit vector over a band around it; where limbs overlap, their mean."""
    pafs = np.zeros((topology.paf_count, size, size))
    reach = max(1.0, half_width)
    for (start, end), limb in zip(topology.limb_indices, topology.limbs, strict=True):
        field, count = np.zeros((2, size, size)), np.zeros((size, size))
        for person in truth:
            along = person[end] - person[start]
            length = np.hypot(*along)
            if np.isnan(length) or length < 1e-3:
                continue
            unit = along / length
            band = _band(person[start], person[end], unit, size, reach)
            field += unit[:, None, None] * band * (rng.uniform(0.5, 0.95) if noise else 1.0)
            count += band
        pafs[[limb.x_channel, limb.y_channel]] = field / np.maximum(count, 1.0)
    return pafs


def _band(start: Points, end: Points, unit: Points, size: int, reach: float) -> NDArray[np.bool_]:
    """Cells within reach of the line through start and end, and of the box around them."""
    at = np.arange(size) + 0.5
    low, high = np.minimum(start, end) - reach, np.maximum(start, end) + reach
    in_x, in_y = ((at >= low[i]) & (at <= high[i]) for i in (0, 1))
    across = (at - start[0]) * unit[1] - (at - start[1])[:, None] * unit[0]
    band: NDArray[np.bool_] = (np.abs(across) <= reach) & in_x & in_y[:, None]
    return band


def _blur(maps: Points, sigma: float) -> Points:
    """Gaussian blur of each of (C, S, S) maps."""
    blurred: Points = gaussian_filter(maps, sigma, axes=(1, 2))
    return blurred


def _noise(
    shape: tuple[int, ...], fine: float, coarse: float, coarse_cells: float, rng: np.random.Generator
) -> Points:
    """White noise and blurred noise of the given standard deviations."""
    blurred = _blur(rng.normal(size=shape), coarse_cells)
    noise: Points = rng.normal(0, fine, shape) + blurred * (coarse / blurred.std())
    return noise
