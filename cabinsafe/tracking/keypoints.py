"""Keypoints through time: smoothing, sides that were mixed up, wrists and ankles that went to a neighbour.

Smoothing is the One-Euro filter with real time steps (Casiez, Roussel, Vogel, "1 € Filter", CHI 2012), one
cutoff per keypoint, speeds in multiples of the person's size, so that a scaled scene is smoothed alike; the
arithmetic is native. Repairs are looked for only where a keypoint has jumped; points are complex numbers
there, x + iy: a length is one operation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cabinsafe._tracking import any_jump
from cabinsafe._tracking import smooth as native_smooth
from cabinsafe.fields import FloatArray
from cabinsafe.geometry import Array
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.sightings import Pose

Complex = NDArray[np.complex128]
_JUMP_SIZES, _JUMP_SIZES_PER_S = 0.15, 1.0  # what no keypoint moves from one sighting to the next
_CLEARLY = 0.25  # of the squared distances as they are, at most as much after a repair


class KeypointMemory:
    """One person's keypoints as filtered so far.

    Attributes:
        kind: layout name and number of keypoints.
        state: (K, 5) float64: place x, y, velocity x, y (pixels, seconds), time last seen; NaN at first.
        mixed_since_s: since when a part of the body has had its sides put right, by part.
    """

    __slots__ = ("kind", "mixed_since_s", "state")

    def __init__(self, kind: tuple[str, int]) -> None:
        self.kind = kind
        self.state: Array = np.full((kind[1], 5), math.nan)
        self.mixed_since_s: dict[int, float] = {}

    @property
    def xy(self) -> Array:
        """Last filtered place (K, 2) of each keypoint ever seen, pixels; NaN for the others."""
        return self.state[:, :2]

    @property
    def seen_s(self) -> Array:
        """When each keypoint (K,) was last seen, seconds; NaN for those never seen."""
        return self.state[:, 4]

    def to_state(self) -> dict[str, Any]:
        """All of it, as plain values."""
        mixed = {str(part): since_s for part, since_s in self.mixed_since_s.items()}
        return {"kind": self.kind, "state": self.state.tolist(), "mixed_since_s": mixed}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> KeypointMemory:
        """What :meth:`to_state` gave."""
        memory = cls((str(state["kind"][0]), int(state["kind"][1])))
        memory.state = np.array(state["state"], dtype=np.float64).reshape(memory.kind[1], 5)
        memory.mixed_since_s = {int(part): float(s) for part, s in state["mixed_since_s"].items()}
        return memory


class ExpectedPerson(NamedTuple):
    """Where one person's keypoints are to be expected.

    Attributes:
        track_id: who.
        topology: name of the keypoint layout.
        xy: (K, 2) float64 pixels, NaN for keypoints never seen.
        unseen_s: (K,) time since each was seen, seconds; NaN for those never seen.
        size_px: square root of the person's box area, the unit of how far off they may be.
    """

    track_id: int
    topology: str
    xy: Array
    unseen_s: Array
    size_px: float


class Smoothed(NamedTuple):
    """One person's keypoints after repair and smoothing.

    Attributes:
        xy: (K, 2) float32 pixels, NaN where unseen.
        score: (K,) of the repaired keypoints; None where nothing was repaired.
    """

    xy: FloatArray
    score: FloatArray | None


def smooth(
    t_s: float,
    memories: Sequence[KeypointMemory],
    poses: Sequence[Pose],
    sizes_px: Sequence[float],
    options: TrackerOptions,
) -> list[Smoothed]:
    """Take in the skeletons of N people, all of one kind, and move their memories on.

    Args:
        t_s: now, later than the last time.
        memories: what is known of each person.
        poses: what was seen of each.
        sizes_px: size of each.
        options: settings.
    """
    hz, hz_per_pace = options.smoothing_hz, options.smoothing_hz_per_size_per_s
    gap_s = options.keypoint_gap_s if options.smoothing else -1.0
    raw = [pose.skeleton.xy for pose in poses]
    scores: list[FloatArray | None] = [None] * len(poses)
    if options.smoothing and any(
        memory.mixed_since_s or any_jump(memory.state, xy, t_s, size_px, _JUMP_SIZES, _JUMP_SIZES_PER_S)
        for memory, xy, size_px in zip(memories, raw, sizes_px, strict=True)
    ):
        raw, scores = _repaired(t_s, memories, poses, sizes_px, options)
    return [
        Smoothed(native_smooth(memory.state, xy, t_s, size_px, hz, hz_per_pace, gap_s), score)
        for memory, xy, size_px, score in zip(memories, raw, sizes_px, scores, strict=True)
    ]


def _repaired(
    t_s: float,
    memories: Sequence[KeypointMemory],
    poses: Sequence[Pose],
    sizes_px: Sequence[float],
    options: TrackerOptions,
) -> tuple[list[FloatArray], list[FloatArray | None]]:
    """Keypoints and scores with their owners and sides put right."""
    places: Complex = np.array([_as_complex(memory.xy) for memory in memories])
    raw: Complex = np.array([_as_complex(pose.xy) for pose in poses])
    scores = np.array([pose.skeleton.score for pose in poses])
    sizes = np.array(sizes_px)
    dt_s = t_s - np.array([memory.seen_s for memory in memories])
    jumped = np.abs(raw - places) > (_JUMP_SIZES + _JUMP_SIZES_PER_S * dt_s) * sizes[:, np.newaxis]
    recent = dt_s <= options.keypoint_gap_s
    _return_ends(raw, scores, places, jumped & recent, poses, sizes)
    for i, memory in enumerate(memories):
        _put_sides_right(t_s, memory, raw[i], scores[i], recent[i], poses[i], options)
    points = raw.view(np.float64).reshape(*raw.shape, 2).astype(np.float32)
    return list(points), list(scores)


def _as_complex(xy: Array) -> Complex:
    points: Complex = np.ascontiguousarray(xy).view(np.complex128)[:, 0]
    return points


def _put_sides_right(
    t_s: float,
    memory: KeypointMemory,
    raw: Complex,
    scores: FloatArray,
    recent: NDArray[np.bool_],
    pose: Pose,
    options: TrackerOptions,
) -> None:
    """Exchange left and right of a part of the body whose sides were mixed up, in place.

    What has been exchanged for ``side_hold_s`` is how the person sits: it is believed from then on.
    """
    before = _as_complex(memory.xy)
    for part, (left, right) in enumerate(pose.layout.parts):
        known = recent[left] & recent[right]
        ours, theirs = left[known], right[known]
        rows, other = np.concatenate([ours, theirs]), np.concatenate([theirs, ours])
        as_is, exchanged = _squares(raw[rows] - before[rows]), _squares(raw[rows] - before[other])
        if not exchanged < _CLEARLY * as_is:
            memory.mixed_since_s.pop(part, None)
        elif t_s - memory.mixed_since_s.setdefault(part, t_s) >= options.side_hold_s:
            del memory.mixed_since_s[part]
            memory.state[rows, 4] = np.nan  # start anew there
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
