"""What one frame shows: skeletons made ready for arithmetic, joined with boxes into observations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from cabinsafe._tracking import extent_of
from cabinsafe.errors import DataError
from cabinsafe.geometry import Array
from cabinsafe.tracking.boxes import Row, from_centre, overlap
from cabinsafe.tracking.matching import Pair, assign
from cabinsafe.types import BoxXyxy, Skeleton

_FARTHEST_PX = 1e6
_LEAST_SHAPE = 0.25  # a person is at least a quarter as wide as tall, and the other way round
_PARTS = MappingProxyType({  # keypoints that a network takes for the other side's together
    "eye": "head", "ear": "head", "shoulder": "arms", "elbow": "arms", "wrist": "arms",
    "hip": "legs", "knee": "legs", "ankle": "legs",
})  # fmt: skip


class Layout(NamedTuple):
    """What the tracker needs to know of a skeleton's keypoints, as positions in its arrays.

    Attributes:
        hips: left and right hip, as far as there are such.
        shoulders: left and right shoulder; none if one is missing.
        parts: per part of the body, its left keypoints and the right ones.
        ends: wrists and ankles, which other people's limbs are most often taken for.
    """

    hips: tuple[int, ...]
    shoulders: tuple[int, ...]
    parts: tuple[tuple[Array, Array], ...]
    ends: tuple[int, ...]


@lru_cache(maxsize=32)
def layout_of(keypoints: tuple[str, ...]) -> Layout:
    """Layout of skeletons with these keypoints."""
    at = {name: i for i, name in enumerate(keypoints)}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for name in keypoints:
        stem = name.removeprefix("left_")
        if stem != name and f"right_{stem}" in at:
            pairs.setdefault(_PARTS.get(stem, stem), []).append((at[name], at[f"right_{stem}"]))
    shoulders = tuple(at[name] for name in ("left_shoulder", "right_shoulder") if name in at)
    return Layout(
        tuple(at[name] for name in ("left_hip", "right_hip") if name in at),
        shoulders if len(shoulders) == 2 else (),
        tuple((np.array(part)[:, 0], np.array(part)[:, 1]) for part in pairs.values()),
        tuple(i for i, name in enumerate(keypoints) if name.endswith(("_wrist", "_ankle"))),
    )


class Pose:
    """A skeleton beside what is computed of it once.

    Attributes:
        extent: smallest box around its keypoints; it may lack area.
        count: how many keypoints were seen.
        kind: name of the layout and number of keypoints; only equal kinds can be compared.
    """

    __slots__ = ("_xy", "count", "extent", "kind", "skeleton")

    def __init__(self, skeleton: Skeleton, extent: BoxXyxy, count: int) -> None:
        self.skeleton, self.extent, self.count = skeleton, extent, count
        self.kind = skeleton.topology, len(skeleton.keypoints)
        self._xy: Array | None = None

    @property
    def xy(self) -> Array:
        """Keypoints (K, 2) float64, NaN where absent."""
        if self._xy is None:
            self._xy = self.skeleton.xy.astype(np.float64)
        return self._xy

    @property
    def points(self) -> list[list[float]]:
        """The same as (x, y) pairs."""
        pairs: list[list[float]] = self.skeleton.xy.tolist()
        return pairs

    @property
    def reach_px(self) -> float:
        """The longer side of the box around the keypoints."""
        x1, y1, x2, y2 = self.extent
        return max(x2 - x1, y2 - y1)

    def box(self, margin_sizes: float = 0.0) -> BoxXyxy:
        """Box around the keypoints with a person's least width and height, and a margin on every side."""
        x1, y1, x2, y2 = self.extent
        width, height = max(x2 - x1, _LEAST_SHAPE * (y2 - y1)), max(y2 - y1, _LEAST_SHAPE * (x2 - x1))
        margin = 2.0 * margin_sizes * math.sqrt(width * height)
        return from_centre(((x1 + x2) / 2.0, (y1 + y2) / 2.0), (width + margin, height + margin))

    @property
    def layout(self) -> Layout:
        """Where which keypoint is."""
        return layout_of(self.skeleton.keypoints)


def checked_poses(skeletons: Any) -> list[Pose]:
    """Skeletons with at least one keypoint, sorted so that the caller's order does not matter.

    Raises:
        DataError: not a sequence of skeletons, or a keypoint that is nowhere near a frame.
    """
    if not isinstance(skeletons, Sequence):
        raise DataError(f"skeletons must be a sequence of Skeleton, got {skeletons!r:.80}")
    poses: list[Pose] = []
    for skeleton in skeletons:
        if not isinstance(skeleton, Skeleton):
            raise DataError(f"skeletons must be a sequence of Skeleton, got {skeletons!r:.80}")
        x1, y1, x2, y2, count = extent_of(skeleton.xy)
        if count:
            if max(-x1, -y1, x2, y2) > _FARTHEST_PX:
                raise DataError(f"keypoints must lie within {_FARTHEST_PX:.0e} pixels, got {skeletons!r:.80}")
            poses.append(Pose(skeleton, (x1, y1, x2, y2), count))
    if len(poses) > 1:
        poses.sort(key=lambda pose: (pose.extent, pose.skeleton.person_score, pose.skeleton.topology))
    return poses


class Observation:
    """One person in one frame, as detector and pose network saw them; at least one of the two did.

    Attributes:
        box_xyxy: detection box, else the box around the keypoints, pixels.
        detected: whether the box is the detector's.
        pose: keypoints, or None.
        score: the better of the scores, [0, 1].
        x, y, log_w, log_h: centre, and logs of width and height, of the box.
        seat: name of the seat it is in, or None.
        near_seats: names of the seats within reach if it is in none.
    """

    __slots__ = ("box_xyxy", "detected", "log_h", "log_w", "near_seats", "pose", "score", "seat", "x", "y")

    def __init__(self, box_xyxy: BoxXyxy, detected: bool, pose: Pose | None, score: float) -> None:
        x1, y1, x2, y2 = box_xyxy
        self.box_xyxy, self.detected, self.pose, self.score = box_xyxy, detected, pose, score
        self.x, self.y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
        self.log_w, self.log_h = math.log(x2 - x1), math.log(y2 - y1)
        self.seat: str | None = None
        self.near_seats: tuple[str, ...] = ()


def join(
    boxes: Sequence[Row],
    poses: Sequence[Pose],
    join_share: float,
    min_keypoints: int,
    margin_sizes: float = 0.0,
    strangeness: Callable[[Row, Pose], float] | None = None,
) -> list[Observation]:
    """Pair boxes with skeletons by one global assignment.

    Args:
        boxes: x1, y1, x2, y2, score, checked.
        poses: each with at least one keypoint.
        join_share: least share of a skeleton's keypoints inside its box.
        min_keypoints: what a skeleton without a box must have; poorer ones are noise and left out.
        margin_sizes: how far bodies reach beyond their keypoints.
        strangeness: how much else than the picture speaks against a pair, added to its cost.
    """
    costs = _join_costs(boxes, poses, join_share)
    if strangeness is not None:
        costs = {
            (row, column): cost + strangeness(boxes[row], poses[column])
            for (row, column), cost in costs.items()
        }
    partner = dict(assign(costs))
    observations = []
    for row, (x1, y1, x2, y2, score) in enumerate(boxes):
        pose = poses[partner[row]] if row in partner else None
        best = score if pose is None else max(score, pose.skeleton.person_score)
        observations.append(Observation((x1, y1, x2, y2), True, pose, best))
    taken = set(partner.values())
    for column, pose in enumerate(poses):
        if column not in taken and pose.count >= min_keypoints and pose.reach_px >= 1.0:
            observations.append(Observation(pose.box(margin_sizes), False, pose, pose.skeleton.person_score))
    return observations


def _join_costs(boxes: Sequence[Row], poses: Sequence[Pose], join_share: float) -> dict[Pair, float]:
    """Cost of each possible pair: 0 for a box full of its keypoints, which span it."""
    costs = {}
    for row, (x1, y1, x2, y2, _) in enumerate(boxes):
        for column, pose in enumerate(poses):
            left, top, right, bottom = pose.extent
            if left > x2 or right < x1 or top > y2 or bottom < y1:
                continue
            if left >= x1 and right <= x2 and top >= y1 and bottom <= y2:
                share = 1.0
            else:
                inside = [x for x, y in pose.points if x1 <= x <= x2 and y1 <= y <= y2]
                share = len(inside) / pose.count
            if share >= join_share:
                costs[row, column] = 1.0 - (share + overlap((x1, y1, x2, y2), pose.extent)) / 2.0
    return costs
