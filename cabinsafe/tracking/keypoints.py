"""Keypoints through time: smoothing, sides that were mixed up, wrists and ankles that went to a neighbour.

Smoothing is the One-Euro filter with real time steps (Casiez, Roussel, Vogel, "1 € Filter", CHI 2012), one
cutoff per keypoint, speeds in multiples of the person's size, so that a scaled scene is smoothed alike. All
people of a frame are filtered at once. Repairs are looked for only where a keypoint has jumped.

Points and velocities are complex numbers here, x + iy: a length is one operation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.fields import FloatArray
from cabinsafe.geometry import Array
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.sightings import Pose

Complex = NDArray[np.complex128]
_JUMP_SIZES, _JUMP_SIZES_PER_S = 0.15, 1.0  # what no keypoint moves from one sighting to the next
_CLEARLY = 0.25  # of the squared distances as they are, at most as much after a repair
_SPEED_CUTOFF_HZ = 1.0


class KeypointMemory:
    """One person's keypoints as filtered so far.

    Attributes:
        kind: layout name and number of keypoints.
        state: (K, 3) complex: place, velocity (pixels, seconds), time last seen; NaN where never seen.
        mixed_since_s: since when a part of the body has had its sides put right, by part.
    """

    __slots__ = ("kind", "mixed_since_s", "state")

    def __init__(self, kind: tuple[str, int]) -> None:
        self.kind = kind
        self.state: Complex = np.full((kind[1], 3), complex(math.nan, math.nan))
        self.mixed_since_s: dict[int, float] = {}

    @property
    def xy(self) -> Array:
        """Last filtered place (K, 2) of each keypoint ever seen, pixels; NaN for the others."""
        places: Array = np.ascontiguousarray(self.state[:, 0]).view(np.float64).reshape(-1, 2)
        return places

    @property
    def seen_s(self) -> Array:
        """When each keypoint (K,) was last seen, seconds; NaN for those never seen."""
        return self.state[:, 2].real

    def to_state(self) -> dict[str, Any]:
        """All of it, as plain values."""
        mixed = {str(part): since_s for part, since_s in self.mixed_since_s.items()}
        return {"kind": self.kind, "state": self.state.view(np.float64).tolist(), "mixed_since_s": mixed}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> KeypointMemory:
        """What :meth:`to_state` gave."""
        memory = cls((str(state["kind"][0]), int(state["kind"][1])))
        values = np.array(state["state"], dtype=np.float64).reshape(memory.kind[1], 6)
        memory.state = values.view(np.complex128)
        memory.mixed_since_s = {int(part): float(s) for part, s in state["mixed_since_s"].items()}
        return memory


class Smoothed:
    """Keypoints of several people after repair and smoothing.

    Attributes:
        xy: (N, K, 2) float32 pixels, NaN where unseen.
        scores: (N, K) of the repaired keypoints; None where nothing was repaired.
    """

    __slots__ = ("scores", "xy")

    def __init__(self, xy: FloatArray, scores: FloatArray | None) -> None:
        self.xy, self.scores = xy, scores


def smooth(
    t_s: float,
    memories: Sequence[KeypointMemory],
    poses: Sequence[Pose],
    sizes_px: Sequence[float],
    options: TrackerOptions,
) -> Smoothed:
    """Take in the skeletons of N people, all of one kind, and move their memories on.

    Args:
        t_s: now, later than the last time.
        memories: what is known of each person.
        poses: what was seen of each.
        sizes_px: size of each.
        options: settings.
    """
    before = np.array([memory.state for memory in memories])
    raw: Complex = np.array([pose.xy for pose in poses]).view(np.complex128)[..., 0]
    sizes = np.array(sizes_px)[:, np.newaxis]
    scores = None
    if not options.smoothing:
        return Smoothed(_remember(t_s, memories, before, raw, np.zeros_like(raw)), None)
    dt_s = t_s - before[..., 2].real
    step = raw - before[..., 0]
    jumped = np.abs(step) > (_JUMP_SIZES + _JUMP_SIZES_PER_S * dt_s) * sizes
    if jumped.any() or any(memory.mixed_since_s for memory in memories):
        scores = np.array([pose.skeleton.score for pose in poses])
        recent = dt_s <= options.keypoint_gap_s
        _return_ends(raw, scores, before[..., 0], jumped & recent, poses, sizes[:, 0])
        for i, memory in enumerate(memories):
            _put_sides_right(t_s, memory, raw[i], scores[i], before[i], recent[i], poses[i], options)
        dt_s = t_s - before[..., 2].real
        step = raw - before[..., 0]
    turn = 2.0 * math.pi * dt_s
    speed = before[..., 1]
    speed = speed + turn / (turn + 1.0 / _SPEED_CUTOFF_HZ) * (step * (1.0 / dt_s) - speed)
    turn *= options.smoothing_hz + options.smoothing_hz_per_size_per_s / sizes * np.abs(speed)
    places = before[..., 0] + turn / (1.0 + turn) * step
    fresh = ~(dt_s <= options.keypoint_gap_s)
    np.copyto(places, raw, where=fresh)
    np.copyto(speed, 0.0, where=fresh)
    return Smoothed(_remember(t_s, memories, before, places, speed), scores)


def _remember(
    t_s: float, memories: Sequence[KeypointMemory], before: Complex, places: Complex, speed: Complex
) -> FloatArray:
    """Keep what was seen, and what was known of the rest; returns the keypoints (N, K, 2)."""
    after = np.empty_like(before)
    after[..., 0], after[..., 1], after[..., 2] = places, speed, t_s
    np.copyto(after, before, where=np.isnan(places)[..., np.newaxis])
    for memory, state in zip(memories, after, strict=True):
        memory.state = state
    result: FloatArray = places.view(np.float64).reshape(*places.shape, 2).astype(np.float32)
    return result


def _put_sides_right(
    t_s: float,
    memory: KeypointMemory,
    raw: Complex,
    scores: FloatArray,
    before: Complex,
    recent: NDArray[np.bool_],
    pose: Pose,
    options: TrackerOptions,
) -> None:
    """Exchange left and right of a part of the body whose sides were mixed up, in place.

    What has been exchanged for ``side_hold_s`` is how the person sits: it is believed from then on.
    """
    for part, (left, right) in enumerate(pose.layout.parts):
        known = recent[left] & recent[right]
        ours, theirs = left[known], right[known]
        rows, other = np.concatenate([ours, theirs]), np.concatenate([theirs, ours])
        as_is, exchanged = _squares(raw[rows] - before[rows, 0]), _squares(raw[rows] - before[other, 0])
        if not exchanged < _CLEARLY * as_is:
            memory.mixed_since_s.pop(part, None)
        elif t_s - memory.mixed_since_s.setdefault(part, t_s) >= options.side_hold_s:
            del memory.mixed_since_s[part]
            before[rows, 2] = np.nan  # start anew there
        else:
            whole, opposite = np.concatenate([left, right]), np.concatenate([right, left])
            raw[whole], scores[whole] = raw[opposite], scores[opposite]


def _return_ends(
    raw: Complex,
    scores: FloatArray,
    before: Complex,
    jumped: NDArray[np.bool_],
    poses: Sequence[Pose],
    sizes: Array,
) -> None:
    """Give back wrists and ankles that jumped to where another person's was a moment ago, in place."""
    for i, end in zip(*(index.tolist() for index in np.nonzero(jumped)), strict=True):
        if end not in poses[i].layout.ends:
            continue
        gaps = np.abs(raw[i, end] - before[:, end])
        gaps[i] = np.inf
        j = int(np.nanargmin(gaps))
        free = np.isnan(raw[j, end])
        exchanged = jumped[j, end] and np.abs(raw[j, end] - before[i, end]) < _JUMP_SIZES * sizes[i]
        if gaps[j] < _JUMP_SIZES * sizes[j] and (free or exchanged):
            raw[[i, j], end], scores[[i, j], end] = raw[[j, i], end], scores[[j, i], end]
            jumped[[i, j], end] = False


def _squares(offsets: Complex) -> float:
    return float(np.nansum(np.abs(offsets) ** 2))
