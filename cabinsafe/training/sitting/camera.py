"""Cabins and their cameras, and what a pose network would make of the bodies in them: pixels, gaps, errors.

Vehicle frame, metres: x forward, y left, z up, the origin at the hip point between the front seats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.sitting.repertoire import KEYPOINTS, MIRRORED_ROWS

Array = NDArray[np.float64]
Rng = np.random.Generator

IMAGE_WH = (1280.0, 720.0)
FRONT_TO_BACK_M = 0.85
"""Distance of the two rows' hip points."""

_LEGS = tuple(i for i, name in enumerate(KEYPOINTS) if name.endswith(("hip", "knee", "ankle")))
_HIPS = tuple(i for i, name in enumerate(KEYPOINTS) if name.endswith("hip"))
_LIMBS = tuple(
    tuple(KEYPOINTS.index(f"{side}_{part}") for part in parts)
    for side in ("left", "right")
    for parts in (("elbow", "wrist"), ("knee", "ankle"), ("hip",), ("wrist",), ("ankle",), ("shoulder",))
)
_SHOULDERS = (KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder"))

_MOUNTS = (
    ((0.55, -0.10, 0.75), (0.85, 0.10, 0.95)),  # rear-view mirror
    ((0.75, -0.35, 0.25), (0.95, 0.35, 0.50)),  # dashboard
    ((0.55, 0.50, 0.45), (0.80, 0.70, 0.80)),  # A-pillar, one side; cabins are mirrored by half
    ((0.05, -0.20, 0.85), (0.45, 0.20, 1.00)),  # roof between the front seats
    ((-0.35, 0.55, 0.45), (0.15, 0.72, 0.85)),  # B-pillar or door, from the side
)
_Corners = tuple[tuple[float, float, float], tuple[float, float, float]]
_BACKREST: _Corners = (
    (-0.46, 0.16, -0.35),
    (-0.26, 0.60, 0.0),
)  # front seat on the left: low and high corner
_DASHBOARD: _Corners = ((0.42, -0.75, -0.60), (0.60, 0.75, 0.0))


def draw_cabins(rng: Rng, count: int) -> dict[str, Array]:
    """One camera and one set of measures per vehicle, each (count, ...): camera, aim, focal_px, ..."""
    kind = rng.choice(len(_MOUNTS), size=count, p=[0.25, 0.2, 0.2, 0.2, 0.15])
    low, high = (np.array([mount[k] for mount in _MOUNTS])[kind] for k in (0, 1))
    camera = low + (high - low) * rng.random((count, 3))
    side = rng.choice([-1.0, 1.0], size=count)
    camera[:, 1] *= side
    row_x = np.where(rng.random(count) < 0.5, 0.0, -FRONT_TO_BACK_M)
    row_x = np.where(camera[:, 0] < 0.5, -FRONT_TO_BACK_M, row_x)
    aim = np.stack([row_x, rng.normal(0.0, 0.15, count), rng.uniform(0.1, 0.5, count)], axis=1)
    half_fov = np.radians(rng.uniform(72, 120, count)) / 2
    return {
        "camera": camera,
        "aim": aim,
        "row_x": row_x,
        "focal_px": IMAGE_WH[0] / 2 / np.tan(half_fov),
        "roll": np.radians(rng.normal(0.0, 5.0, count).clip(-14, 14)),
        "backrest_top": np.where(rng.random(count) < 0.45, -1.0, rng.uniform(0.2, 0.55, count)),
        "dashboard_top": np.where(rng.random(count) < 0.4, -1.0, rng.uniform(-0.15, 0.12, count)),
        "seat_drop": rng.uniform(-0.12, 0.10, count),
    }


def seat_positions(rng: Rng, cabins: dict[str, Array], quantities: dict[str, Array]) -> Array:
    """Where the middle of the hips is, (N, 3) metres."""
    count = len(cabins["row_x"])
    back = cabins["row_x"] < 0
    lane = np.where(
        back, rng.choice([-1.0, 0.0, 1.0], count, p=[0.4, 0.2, 0.4]), rng.choice([-1.0, 1.0], count)
    )
    x = cabins["row_x"] + quantities["slide"] + rng.uniform(-0.1, 0.1, count)
    z = quantities["lift"] - 0.5 * quantities["slide"].clip(0.0) + cabins["seat_drop"]
    return np.stack([x, 0.38 * lane + rng.normal(0, 0.04, count), z], axis=1)


def project(points: Array, cabins: dict[str, Array]) -> tuple[Array, Array]:
    """Pixels (N, K, 2) of points (N, K, 3) and their depth (N, K) in metres; behind the camera NaN."""
    ahead = cabins["aim"] - cabins["camera"]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    down = np.cross(ahead, right)
    offset = points - cabins["camera"][:, None]
    x, y, depth = (np.einsum("nkj,nj->nk", offset, axis) for axis in (right, down, ahead))
    cos, sin = np.cos(cabins["roll"])[:, None], np.sin(cabins["roll"])[:, None]
    safe_depth = np.where(depth > 0.12, depth, np.nan)
    rolled = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1) / safe_depth[..., None]
    return rolled * cabins["focal_px"][:, None, None] + np.array(IMAGE_WH) / 2, depth


def hidden_by_cabin(points: Array, cabins: dict[str, Array]) -> NDArray[np.bool_]:
    """Whether the front seats (for the back row) or the dashboard stand before each point: (N, K)."""
    camera = cabins["camera"]
    seats = [_blocked(camera, points, _BACKREST, cabins["backrest_top"], side) for side in (1.0, -1.0)]
    board = _blocked(camera, points, _DASHBOARD, cabins["dashboard_top"], 1.0)
    return ((seats[0] | seats[1]) & (cabins["row_x"] < 0)[:, None]) | board


def _blocked(camera: Array, points: Array, box: _Corners, top: Array, side: float) -> NDArray[np.bool_]:
    """Whether the line from camera (N, 3) to points (N, K, 3) crosses a box: the slab test.

    The box ends at height ``top`` (N,), and is mirrored where ``side`` is -1; a top below its foot is no box.
    """
    low = np.broadcast_to(box[0], camera.shape) * [1.0, side, 1.0]
    high = np.broadcast_to(box[1], camera.shape) * [1.0, side, 0.0] + top[:, None] * [0.0, 0.0, 1.0]
    along = points - camera[:, None]
    along = np.where(np.abs(along) < 1e-9, 1e-9, along)
    first, second = (low - camera)[:, None] / along, (high - camera)[:, None] / along
    enter = np.minimum(first, second).max(axis=-1)
    leave = np.maximum(first, second).min(axis=-1)
    blocked: NDArray[np.bool_] = (enter < leave) & (leave > 0.0) & (enter < 0.97)
    return blocked & (top > box[0][2])[:, None]


def seen_by_camera(rng: Rng, points: Array, cabins: dict[str, Array], torso_m: Array) -> Array:
    """What a pose network would report: pixels (N, K, 2) of points (N, K, 3), NaN where it finds nothing."""
    xy, depth = project(points, cabins)
    typical_depth = np.median(depth, axis=1).clip(0.3)
    torso_px = cabins["focal_px"] * torso_m / typical_depth
    hidden = hidden_by_cabin(points, cabins)
    xy = _mislocated(rng, xy, torso_px, hidden)
    xy[hidden & (rng.random(hidden.shape) < 0.7)] = np.nan
    xy = _dropped(rng, xy)
    xy = _sides_confused(rng, xy)
    inside = ((xy >= 0) & (xy <= np.array(IMAGE_WH))).all(axis=-1)
    xy[~inside] = np.nan
    xy[:, KEYPOINTS.index("neck")] = xy[:, _SHOULDERS].mean(axis=1)
    return xy


def _mislocated(rng: Rng, xy: Array, torso_px: Array, hidden: NDArray[np.bool_]) -> Array:
    """Points off by a part of the torso's length: more on bad days, at hips, and where they are guessed."""
    spread = rng.uniform(0.01, 0.06, len(xy))[:, None] * np.where(hidden, 4.0, 1.0)
    spread[:, _HIPS] *= 1.6
    off = rng.normal(size=xy.shape) * (spread * torso_px[:, None])[..., None]
    stray = rng.random(xy.shape[:2]) < 0.008
    off += np.where(stray[..., None], rng.normal(size=xy.shape) * 0.8 * torso_px[:, None, None], 0.0)
    return xy + off


def _dropped(rng: Rng, xy: Array) -> Array:
    """Single points missed at random, whole limbs behind other things, and legs out of sight."""
    missed = rng.random(xy.shape[:2]) < (rng.random(len(xy)) ** 3 * 0.4)[:, None]
    for limb in _LIMBS:
        missed[:, limb] |= (rng.random(len(xy)) < 0.03)[:, None]
    no_legs = rng.random(len(xy))
    missed[:, _LEGS] |= (no_legs < 0.08)[:, None] & ~np.isin(_LEGS, _HIPS)
    return np.where(missed[..., None], np.nan, xy)


def _sides_confused(rng: Rng, xy: Array) -> Array:
    """Left and right exchanged, for the whole body or the legs alone, in a few of a hundred."""
    draw = rng.random(len(xy))[:, None, None]
    exchanged = xy[:, MIRRORED_ROWS]
    legs = np.isin(np.arange(xy.shape[1]), _LEGS)[None, :, None]
    return np.where((draw < 0.03) | ((draw < 0.07) & legs), exchanged, xy)
