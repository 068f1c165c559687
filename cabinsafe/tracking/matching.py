"""Which observation is which person: costs and one global assignment. Pure functions.

T people are matched with O observations. A cost of 1 or more means "not the same person"; leaving both
unmatched costs as much, so a poor match is never made for the sake of making one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cabinsafe.geometry import Array
from cabinsafe.types import Skeleton

_KEYPOINT_SPREAD_SIZES = 0.12  # how far a keypoint moves between sightings of the same person
_LOG_SIZE_RANGE = 1.5  # natural log of width ratio plus height ratio that counts as another person
_ABSENCE_COST = 0.1  # for someone gone as long as the memory: those still here come first


def assign(costs: Array) -> list[tuple[int, int]]:
    """Cheapest set of (row, column) pairs of a cost matrix (R, C), where every pair costs less than 1."""
    if costs.size == 0:
        return []
    from scipy.optimize import linear_sum_assignment  # here: scipy is slow to import

    capped = np.where(costs < 1.0, costs, 1.0)
    rows, columns = linear_sum_assignment(capped)
    return [
        (row, column)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if capped[row, column] < 1.0
    ]


def distance_costs(people: Array, observed: Array, gates_sizes: Array) -> Array:
    """Distance of box centres as a share of the gate: (T, O), 1 at the gate.

    Args:
        people: predicted boxes (T, 4), xyxy.
        observed: boxes (T, O, 4), each observation as it would be of each person.
        gates_sizes: (T,) gate of each person in sizes (square roots of box area).
    """
    offsets = (
        observed[..., :2] + observed[..., 2:] - people[:, np.newaxis, :2] - people[:, np.newaxis, 2:]
    ) / 2
    reach = gates_sizes * np.sqrt((people[:, 2:] - people[:, :2]).prod(axis=1))
    costs: Array = np.hypot(offsets[..., 0], offsets[..., 1]) / reach[:, np.newaxis]
    return costs


def size_costs(people: Array, observed: Array) -> Array:
    """Difference of box shapes (T, O) in [0, 1]; arguments as in :func:`distance_costs`."""
    logs = np.log(people[:, 2:] - people[:, :2])[:, np.newaxis] - np.log(
        observed[..., 2:] - observed[..., :2]
    )
    costs: Array = np.minimum(np.abs(logs).sum(axis=-1) / _LOG_SIZE_RANGE, 1.0)
    return costs


def keypoint_costs(
    expected: Sequence[Skeleton | None],
    shifts_xy: Array,
    sizes_px: Array,
    seen: Sequence[Skeleton | None],
) -> Array:
    """1 - closeness of keypoints (T, O) in [0, 1]; NaN where the two have none in common.

    Closeness is the mean of exp(-d^2 / 2 s^2) over common keypoints, the form of COCO's object keypoint
    similarity (https://cocodataset.org/#keypoints-eval), with one spread for all keypoints.

    Args:
        expected: each person's last skeleton, or None.
        shifts_xy: (T, 2) how far the person's box has moved since, pixels.
        sizes_px: (T,) square roots of the people's box areas.
        seen: each observation's skeleton, or None.
    """
    costs = np.full((len(expected), len(seen)), np.nan)
    layouts = {(skeleton.topology, skeleton.xy.shape) for skeleton in seen if skeleton is not None}
    for layout in layouts:
        rows = [i for i, s in enumerate(expected) if s is not None and (s.topology, s.xy.shape) == layout]
        columns = [i for i, s in enumerate(seen) if s is not None and (s.topology, s.xy.shape) == layout]
        if rows:
            before = np.stack([s.xy for i in rows if (s := expected[i]) is not None])
            after = np.stack([s.xy for i in columns if (s := seen[i]) is not None])
            moved = before + shifts_xy[rows, np.newaxis]
            costs[np.ix_(rows, columns)] = 1.0 - _closeness(moved, after.astype(np.float64), sizes_px[rows])
    return costs


def _closeness(before: Array, after: Array, sizes_px: Array) -> Array:
    """Keypoint similarity (T, O) of points (T, K, 2) and (O, K, 2); NaN where none is common."""
    offsets = before[:, np.newaxis] - after[np.newaxis]
    spread = (_KEYPOINT_SPREAD_SIZES * sizes_px)[:, np.newaxis, np.newaxis]
    nearness = np.exp(-(offsets**2).sum(axis=-1) / (2.0 * spread**2))
    common = ~np.isnan(nearness)
    count = common.sum(axis=-1)
    total = np.where(common, nearness, 0.0).sum(axis=-1)
    mean: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def match_costs(
    distance: Array, size: Array, keypoints: Array, absence: Array, size_weight: float, keypoint_weight: float
) -> Array:
    """Weighted mean of the three costs (T, O), over those that are known; infinite beyond the gate.

    Args:
        distance: :func:`distance_costs`, weight 1.
        size: :func:`size_costs`.
        keypoints: :func:`keypoint_costs`, NaN where unknown.
        absence: (T,) how long each person has been unseen, as a share of the memory.
        size_weight: weight of size.
        keypoint_weight: weight of keypoints where known.
    """
    known = ~np.isnan(keypoints)
    total = distance + size_weight * size + keypoint_weight * np.where(known, keypoints, 0.0)
    mean = total / (1.0 + size_weight + keypoint_weight * known)
    return np.where(distance <= 1.0, mean + _ABSENCE_COST * absence[:, np.newaxis], np.inf)
