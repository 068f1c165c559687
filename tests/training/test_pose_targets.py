"""Vectorised targets equal a slow loop that follows the definition word by word."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.training.pose.layout import KEYPOINTS, limb_indices
from cabinsafe.training.pose.targets import TargetSpec, draw_heatmaps, draw_pafs

SIZE = (64, 96)


def slow_heatmaps(xy, size, spec):
    maps = np.zeros((19, size[0] // 8, size[1] // 8))
    for person in xy:
        for k, (x, y) in enumerate(person):
            if np.isnan(x):
                continue
            for row in range(maps.shape[1]):
                for column in range(maps.shape[2]):
                    dx = (column + spec.heatmap_centre_cells) * 8 - x
                    dy = (row + spec.heatmap_centre_cells) * 8 - y
                    value = np.exp(-(dx * dx + dy * dy) / (2 * spec.sigma_px**2))
                    if value >= spec.floor:
                        maps[k, row, column] = max(maps[k, row, column], value)
    maps[18] = 1 - maps[:18].max(axis=0)
    return maps


def slow_pafs(xy, size, spec):
    rows, columns = size[0] // 8, size[1] // 8
    maps = np.zeros((38, rows, columns))
    half = spec.paf_half_width_cells
    for first, second, channel in limb_indices():
        for row in range(rows):
            for column in range(columns):
                at = np.array([column, row]) + spec.paf_centre_cells
                vectors = []
                for person in xy:
                    start, end = person[first] / 8, person[second] / 8
                    length = np.hypot(*(end - start))
                    if not length > 0.01:
                        continue
                    unit = (end - start) / length
                    across = abs((at - start)[0] * unit[1] - (at - start)[1] * unit[0])
                    low, high = np.minimum(start, end) - half, np.maximum(start, end) + half
                    if across <= half and (at >= low).all() and (at <= high).all():
                        vectors.append(unit)
                if vectors:
                    maps[channel : channel + 2, row, column] = np.mean(vectors, axis=0)
    return maps


def crowd(seed: int, people: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    xy = generator.uniform((-5, -5), (SIZE[1] + 5, SIZE[0] + 5), (people, len(KEYPOINTS), 2))
    xy[generator.random(xy.shape[:2]) < 0.25] = np.nan
    return xy.astype(np.float32)


@pytest.mark.parametrize(("seed", "people"), [(0, 0), (1, 1), (2, 3), (3, 6)])
@pytest.mark.parametrize("centre", [0.5, 0.0])
def test_equal_to_the_slow_definition(seed: int, people: int, centre: float) -> None:
    spec = TargetSpec(heatmap_centre_cells=centre, paf_centre_cells=centre)
    xy = crowd(seed, people)
    np.testing.assert_allclose(draw_heatmaps(xy, SIZE, spec), slow_heatmaps(xy, SIZE, spec), atol=2e-5)
    np.testing.assert_allclose(draw_pafs(xy, SIZE, spec), slow_pafs(xy, SIZE, spec), atol=2e-5)


def test_a_joint_at_a_cell_centre_peaks_at_one() -> None:
    xy = np.full((1, len(KEYPOINTS), 2), np.nan, np.float32)
    xy[0, 0] = (5 * 8 + 4, 2 * 8 + 4)
    maps = draw_heatmaps(xy, SIZE, TargetSpec())
    assert maps[0, 2, 5] == pytest.approx(1.0)
    assert maps[0].argmax() == 2 * maps.shape[2] + 5
    assert maps[18, 2, 5] == pytest.approx(0.0)


def test_opposite_limbs_on_one_spot_cancel() -> None:
    first, second, channel = limb_indices()[0]
    xy = np.full((2, len(KEYPOINTS), 2), np.nan, np.float32)
    xy[0, first], xy[0, second] = (20, 28), (60, 28)
    xy[1, first], xy[1, second] = (60, 28), (20, 28)
    np.testing.assert_allclose(draw_pafs(xy, SIZE, TargetSpec())[channel : channel + 2], 0, atol=1e-6)


def test_ends_on_one_point_draw_nothing() -> None:
    first, second, _ = limb_indices()[0]
    xy = np.full((1, len(KEYPOINTS), 2), np.nan, np.float32)
    xy[0, [first, second]] = (30, 30)
    assert not draw_pafs(xy, SIZE, TargetSpec()).any()
