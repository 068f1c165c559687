"""Scale-free features of a pose, the same code for training and run time.

For every unordered pair of :data:`FEATURE_KEYPOINTS`: signed dx and dy and ``l1 = |dx| + |dy|``, divided by
a body scale; then one flag per keypoint, 1 where it was seen. A pair with an absent keypoint is NaN: the
classifier's own first step fills it with the training median, and the flags tell it that it did.

Eyes and ears tell how the head is bent and how far from above the camera looks: without them, somebody who
sits upright and somebody who has slid down look alike from a camera at the mirror. Where the seat is tells
more: :data:`SEAT` may be one point more, and then the features are those of another schema.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cabinsafe.errors import ShapeError
from cabinsafe.types import Skeleton

Points = NDArray[np.float64]
Features = NDArray[np.float32]

SCHEMA_VERSION = 2

BODY_KEYPOINTS = (
    "nose",
    "neck",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""Keypoints of which enough must be seen. A neck that is absent is the middle of the shoulders."""

FEATURE_KEYPOINTS = (*BODY_KEYPOINTS, "left_eye", "right_eye", "left_ear", "right_ear")
"""Keypoints in the order of the arrays here."""

SEAT = "seat"
"""The middle of the outline of the person's seat cushion: who slides down moves away from it."""

SEATED_KEYPOINTS = (*FEATURE_KEYPOINTS, SEAT)
"""The same with the seat, which comes last."""

NEEDED_KEYPOINTS = frozenset(BODY_KEYPOINTS) - {"neck"}
"""What a network's topology must have; the neck can be derived."""

SCALE_LENGTHS = (
    ("left_shoulder", "left_hip", 1.0),
    ("right_shoulder", "right_hip", 1.0),
    ("left_shoulder", "right_hip", 1.06),
    ("right_shoulder", "left_hip", 1.06),
    ("left_shoulder", "right_shoulder", 0.72),
    ("left_hip", "right_hip", 0.42),
    ("left_shoulder", "left_elbow", 0.65),
    ("right_shoulder", "right_elbow", 0.65),
    ("left_elbow", "left_wrist", 0.51),
    ("right_elbow", "right_wrist", 0.51),
    ("left_hip", "left_knee", 0.85),
    ("right_hip", "right_knee", 0.85),
    ("left_knee", "left_ankle", 0.85),
    ("right_knee", "right_ankle", 0.85),
)
"""Body lengths and their usual size in torso lengths: limbs after Winter, Biomechanics and Motor Control of
Human Movement, 2009, fig. 4.1; widths by own estimate of where pose networks put the points."""

SCALE_RANK = 2
"""Which of the scale estimates counts, from the largest: a limb seen end-on only ever looks shorter, so the
largest are nearest the truth, and the very largest may be a limb that belongs to someone else."""

_CHAINS = (
    ("neck",),
    *(("neck", "nose", f"{side}_eye", f"{side}_ear") for side in ("left", "right")),
    *(("neck", f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist") for side in ("left", "right")),
    *(("neck", f"{side}_hip", f"{side}_knee", f"{side}_ankle") for side in ("left", "right")),
)
_WAYS = tuple(
    next(tuple(pairwise(chain[: chain.index(name) + 1])) for chain in _CHAINS if name in chain)
    for name in FEATURE_KEYPOINTS
)
"""For each keypoint the limbs between it and the neck."""
_PAIRS = MappingProxyType(
    {
        len(names): np.array(list(combinations(range(len(names)), 2)))
        for names in (FEATURE_KEYPOINTS, SEATED_KEYPOINTS)
    }
)
"""Of so many points."""
_NECK = FEATURE_KEYPOINTS.index("neck")
_SHOULDERS = tuple(FEATURE_KEYPOINTS.index(f"{side}_shoulder") for side in ("left", "right"))
_HIPS = tuple(FEATURE_KEYPOINTS.index(f"{side}_hip") for side in ("left", "right"))
_SCALE_ENDS = np.array([[FEATURE_KEYPOINTS.index(name) for name in ends] for *ends, _ in SCALE_LENGTHS])
_SCALE_USUAL = np.array([length for _, _, length in SCALE_LENGTHS])


@dataclass(frozen=True)
class FeatureSchema:
    """What the columns of a feature matrix mean.

    Attributes:
        version: raised whenever names, order or scaling change.
        keypoints: the points that enter, in order: :data:`FEATURE_KEYPOINTS` or :data:`SEATED_KEYPOINTS`.
        names: one per column, ``dx_nose_neck`` (torso lengths) or ``seen_nose`` (0 or 1).
        digest: sha256 over all of it and the recipe of the body scale.
    """

    version: int
    keypoints: tuple[str, ...]
    names: tuple[str, ...]
    digest: str


def feature_schema(*, with_seat: bool = False) -> FeatureSchema:
    """The schema of the features that this version of the library computes, without or with the seat."""
    points = SEATED_KEYPOINTS if with_seat else FEATURE_KEYPOINTS
    pairs = [f"{points[a]}_{points[b]}" for a, b in _PAIRS[len(points)]]
    names = tuple(f"{kind}_{pair}" for kind in ("dx", "dy", "l1") for pair in pairs)
    names += tuple(f"seen_{name}" for name in points)
    recipe = {
        "version": SCHEMA_VERSION,
        "names": names,
        "scale": [SCALE_RANK, *SCALE_LENGTHS],
    }
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return FeatureSchema(SCHEMA_VERSION, points, names, digest)


def feature_points(skeleton: Skeleton, min_score: float = 0.0, max_ambiguity: float = 1.0) -> Points:
    """The keypoints that enter the features: (P, 2) pixels.

    NaN where absent, scored below ``min_score``, not in the skeleton's topology, or where a limb between the
    keypoint and the neck is contested by more than ``max_ambiguity``. Of a skeleton that does not know that
    limb by limb, all are NaN if it is contested by more.
    """
    rows = _rows(skeleton.keypoints)
    points = skeleton.xy[rows].astype(np.float64)
    points[(rows < 0) | (skeleton.score[rows] < min_score)] = np.nan
    if skeleton.ambiguity > max_ambiguity:
        points[[skeleton.ambiguity_of(way) > max_ambiguity for way in _WAYS]] = np.nan
    if np.isnan(points[_NECK, 0]):
        points[_NECK] = (points[_SHOULDERS[0]] + points[_SHOULDERS[1]]) / 2
    return points


@lru_cache(maxsize=32)
def _rows(keypoints: tuple[str, ...]) -> NDArray[np.intp]:
    """Where a topology has each keypoint, -1 where it has it not."""
    return np.array([keypoints.index(name) if name in keypoints else -1 for name in FEATURE_KEYPOINTS])


def with_neck(points: ArrayLike) -> Points:
    """Copy of (N, P, 2) points where an absent neck is the middle of the two shoulders, if both are seen."""
    filled = np.array(_checked(points))
    absent = np.isnan(filled[:, _NECK, 0])
    filled[absent, _NECK] = filled[absent][:, _SHOULDERS].mean(axis=1)
    return filled


def upright(points: Points, mirrored: bool) -> Points:
    """Points (P, 2) as they are in a picture that is not mirrored."""
    flipped: Points = points * [-1.0 if mirrored else 1.0, 1.0]
    return flipped


def body_scale(points: ArrayLike) -> Points:
    """Size of each person in pixels, about one torso length: (N,) from (N, P, 2).

    Each length of :data:`SCALE_LENGTHS` whose two ends are seen gives an estimate; the second largest is
    taken (the only one, if there is but one). NaN where none is seen or all points coincide.
    """
    xy = _checked(points)
    offsets = xy[:, _SCALE_ENDS[:, 0]] - xy[:, _SCALE_ENDS[:, 1]]
    offsets *= offsets
    estimates = np.sqrt(offsets[..., 0] + offsets[..., 1]) / _SCALE_USUAL
    estimates[np.isnan(estimates)] = -1.0
    estimates.sort(axis=1)
    second, first = estimates[:, -SCALE_RANK], estimates[:, -1]
    scale: Points = np.where(second > 0, second, first)
    scale[scale <= 0] = np.nan
    return scale


def observable(points: ArrayLike, min_count: ArrayLike, scale: Points | None = None) -> NDArray[np.bool_]:
    """Whether enough of each person is seen to judge the posture: (N,) from (N, P, 2).

    Enough is one shoulder and one hip, ``min_count`` of :data:`BODY_KEYPOINTS`, for all or (N,) for each, and
    a body scale above 0; ``scale`` is that of :func:`body_scale`, where it is known already.
    """
    xy = _checked(points)
    seen = ~np.isnan(xy[..., 0])
    trunk = seen[:, _SHOULDERS].any(axis=1) & seen[:, _HIPS].any(axis=1)
    size = body_scale(xy) if scale is None else scale
    enough: NDArray[np.bool_] = trunk & (seen_count(xy) >= np.asarray(min_count)) & ~np.isnan(size)
    return enough


def seen_count(points: ArrayLike) -> NDArray[np.int64]:
    """How many of :data:`BODY_KEYPOINTS` are seen of each person: (N,) from (N, P, 2)."""
    count: NDArray[np.int64] = (~np.isnan(_checked(points)[:, : len(BODY_KEYPOINTS), 0])).sum(axis=1)
    return count


def features_of_many(points: ArrayLike, scale: Points | None = None) -> Features:
    """Features (N, F) float32 of N people's keypoints (N, P, 2), in the order of :func:`feature_schema`.

    Unchanged by translation and scaling of the points. NaN where a keypoint of the pair is absent.
    ``scale`` is that of :func:`body_scale`, where it is known already.

    Raises:
        ShapeError: not (N, P, 2) with the P points of :data:`FEATURE_KEYPOINTS` or
            :data:`SEATED_KEYPOINTS`.
    """
    xy = _checked(points)
    size = body_scale(xy) if scale is None else scale
    pairs = _PAIRS[xy.shape[1]]
    features = np.empty((len(xy), 3 * len(pairs) + xy.shape[1]), np.float32)
    dx, dy, l1, seen = np.split(features, np.arange(1, 4) * len(pairs), axis=1)
    scaled = xy / size[:, None, None]
    offsets = scaled[:, pairs[:, 1]] - scaled[:, pairs[:, 0]]
    dx[:], dy[:] = offsets[..., 0], offsets[..., 1]
    np.add(np.abs(dx), np.abs(dy), out=l1)
    seen[:] = ~np.isnan(xy[..., 0])
    return features


def features_of_seated(points: ArrayLike, scale: Points | None = None, *, with_seat: bool) -> Features:
    """Features (N, F) of either schema, from points (N, P, 2) of :data:`SEATED_KEYPOINTS`.

    See :func:`features_of_many`; without the seat, that point is left out.
    """
    xy = np.asarray(points, dtype=np.float64)
    return features_of_many(xy if with_seat else xy[:, : len(FEATURE_KEYPOINTS)], scale)


def features_of(skeleton: Skeleton) -> Features:
    """Features (F,) float32 of one skeleton; see :func:`features_of_many`."""
    row: Features = features_of_many(feature_points(skeleton)[None])[0]
    return row


def _checked(points: ArrayLike) -> Points:
    xy = np.asarray(points, dtype=np.float64)
    if xy.ndim != 3 or xy.shape[1] not in _PAIRS or xy.shape[2] != 2:
        raise ShapeError("points", " or ".join(f"(N, {count}, 2)" for count in _PAIRS), xy.shape)
    return xy
