"""Ranges that calibration chooses."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.training.pose.int8.calibrate import Histogram, choose_range


def bell(outlier: int) -> Histogram:
    counts = np.round(1e6 * np.exp(-(((np.arange(2048) - 300) / 60.0) ** 2))).astype(np.int64)
    counts[-1] += outlier
    return Histogram(-3.0, 17.48, counts)


@pytest.mark.parametrize("calibrator", ["mse", "entropy", "percentile"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_outliers_are_cut_off(calibrator: str, symmetric: bool) -> None:
    low, high = choose_range(bell(1), calibrator, 99.99, symmetric=symmetric)
    assert -3.0 <= low <= 0
    assert 1.0 < high < 12.0
    assert choose_range(bell(1), "minmax", 99.99, symmetric=symmetric) == (-3.0, 17.48)


@pytest.mark.parametrize("calibrator", ["mse", "entropy", "percentile", "minmax"])
def test_ranges_hold_zero_and_constant_tensors_have_one(calibrator: str) -> None:
    positive = Histogram(2.0, 3.0, np.ones(2048, np.int64))
    low, high = choose_range(positive, calibrator, 99.9, symmetric=False)
    assert low == 0
    assert high > 2.4
    dead = Histogram(0.0, 0.0, np.eye(1, 2048, dtype=np.int64)[0])
    assert choose_range(dead, calibrator, 99.9, symmetric=False) == (0, 0)


def test_least_squares_are_less_than_those_of_the_whole_range() -> None:
    def error(bounds: tuple[float, float]) -> float:
        scale = (bounds[1] - bounds[0]) / 255
        ends = np.round(bounds[0] / scale), np.round(bounds[1] / scale)
        rounded = np.clip(np.round(histogram.centres / scale), *ends) * scale
        return float((histogram.counts * (rounded - histogram.centres) ** 2).sum())

    histogram = bell(1)
    best = error(choose_range(histogram, "mse", 99.99, symmetric=False))
    assert best < 0.5 * error(choose_range(histogram, "minmax", 99.99, symmetric=False))
    assert best <= error(choose_range(histogram, "entropy", 99.99, symmetric=False))
