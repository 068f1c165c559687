"""Which observation is which person: one global assignment. Pure functions.

A cost of 1 or more means "not the same"; leaving both unmatched costs as much, so a poor match is never made
for the sake of making one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cabinsafe.geometry import Array

Pair = tuple[int, int]
_KEYPOINT_SPREAD_SIZES = 0.12  # how far a keypoint moves between sightings of the same person


def rivals(costs: Mapping[Pair, float]) -> set[Pair]:
    """Those (row, column) pairs that share their row or column with another pair."""
    rows, columns = {row for row, _ in costs}, {column for _, column in costs}
    if len(rows) == len(costs) == len(columns):
        return set()
    return {(row, column) for row, column in costs if any((row == r) != (column == c) for r, c in costs)}


def assign(costs: Mapping[Pair, float]) -> list[Pair]:
    """Cheapest set of (row, column) pairs, every one of which costs less than 1.

    Args:
        costs: of the pairs that are possible.
    """
    possible = {pair: cost for pair, cost in costs.items() if cost < 1.0}
    contested = rivals(possible)
    pairs = [pair for pair in possible if pair not in contested]
    if contested:
        from scipy.optimize import linear_sum_assignment  # here: scipy is slow to import

        rows, columns = (sorted({pair[side] for pair in contested}) for side in (0, 1))
        table = np.ones((len(rows), len(columns)))
        for row, column in contested:
            table[rows.index(row), columns.index(column)] = possible[row, column]
        for i, j in zip(*(side.tolist() for side in linear_sum_assignment(table)), strict=True):
            if table[i, j] < 1.0:
                pairs.append((rows[i], columns[j]))
    return sorted(pairs)


def best_pairs(gains: Mapping[Pair, float]) -> tuple[list[Pair], float]:
    """Set of (row, column) pairs with the highest total gain, and that total; no gain, no pair."""
    gains = {pair: gain for pair, gain in gains.items() if gain > 0.0}
    most = 2.0 * max(gains.values(), default=1.0)
    pairs = assign({pair: 1.0 - gain / most for pair, gain in gains.items()})
    return pairs, sum(gains[pair] for pair in pairs)


def keypoint_cost(expected: Array, seen: Array, size_px: float) -> float | None:
    """1 - closeness of keypoints (K, 2) in [0, 1]; None where the two have none in common.

    Closeness is the mean of exp(-d^2 / 2 s^2) over common keypoints, the form of COCO's object keypoint
    similarity (https://cocodataset.org/#keypoints-eval), with one spread for all keypoints; the mean is over
    at least half of the expected ones, so that a small part of a skeleton is not taken for the person.
    """
    offsets = seen - expected
    squares = np.einsum("kc,kc->k", offsets, offsets)
    common = squares[squares == squares]  # noqa: PLR0124 - all but NaN
    if not len(common):
        return None
    spread = 2.0 * (_KEYPOINT_SPREAD_SIZES * size_px) ** 2
    least = np.count_nonzero(~np.isnan(expected[:, 0])) / 2.0
    return 1.0 - float(np.exp(common / -spread).sum()) / max(len(common), least)
