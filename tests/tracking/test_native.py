"""The native arithmetic of tracking against readable numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe._tracking import any_jump, extent_of, fit_box, smooth

SEEDS = st.integers(0, 10**6)
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def _points(rng, count=18, spread_px=60.0):
    xy = rng.normal(400.0, spread_px, (count, 2)).astype(np.float32)
    xy[rng.random(count) < 0.25] = np.nan
    return xy


def _states(rng, xy, t_s):
    """As after a while: some keypoints near, some far, some stale, some never seen."""
    states = np.empty((len(xy), 5))
    states[:, :2] = np.nan_to_num(xy, nan=400.0) + rng.normal(0.0, 15.0, xy.shape)
    states[:, 2:4] = rng.normal(0.0, 80.0, xy.shape)
    states[:, 4] = t_s - rng.choice([1 / 30, 0.1, 2.0], len(xy))
    states[rng.random(len(xy)) < 0.1] = np.nan
    return states


def one_euro(states, xy, t_s, size_px, hz, hz_per_pace, gap_s):
    """Smoothed keypoints and the states after them, in the words of the paper."""
    xy = xy.astype(np.float64)
    dt_s = t_s - states[:, 4:]
    turn = 2.0 * np.pi * dt_s
    speed = states[:, 2:4] + turn / (turn + 1.0) * ((xy - states[:, :2]) / dt_s - states[:, 2:4])
    cutoff_hz = hz + hz_per_pace * np.linalg.norm(speed, axis=1, keepdims=True) / size_px
    places = states[:, :2] + turn * cutoff_hz / (1.0 + turn * cutoff_hz) * (xy - states[:, :2])
    is_fresh = ~(dt_s <= gap_s)
    places, speed = np.where(is_fresh, xy, places), np.where(is_fresh, 0.0, speed)
    seen = ~np.isnan(xy[:, :1])
    after = np.where(seen, np.hstack([places, speed, np.full_like(dt_s, t_s)]), states)
    return np.where(seen, places, np.nan), after


def box_by_least_squares(places, weights, xy, expected, far_off, same_posture, trust):
    """Centre and sides of the box that fits, axis by axis."""
    xy = xy.astype(np.float64)

    def fit(used):
        centre, sides = np.empty(2), np.empty(2)
        for axis in range(2):
            place, weight, seen = places[used, axis], weights[used, axis], xy[used, axis]
            weight = weight / weight.sum()
            middle, middle_at = weight @ seen, weight @ place
            spread = weight @ (place - middle_at) ** 2
            covariance = weight @ ((seen - middle) * (place - middle_at))
            share = (covariance / expected[axis] + trust) / (spread + trust)
            sides[axis] = expected[axis] * min(max(share, 0.5), 2.0)
            centre[axis] = middle - sides[axis] * middle_at
        return centre, sides

    known = ~np.isnan(xy + places).any(axis=1)
    if not known.any():
        return None
    centre, sides = fit(known)
    if (np.abs(xy - centre - places * sides)[known] > far_off * sides).any():
        off = (xy - places * expected) / expected
        middle = np.sort(off[known], axis=0)[known.sum() // 2]
        near = known & (np.abs(off - middle) <= far_off).all(axis=1)
        if near.sum() < same_posture * known.sum():
            return None
        centre, sides = fit(near)
    return (*centre, *sides)


@given(SEEDS)
def test_extent(seed):
    xy = _points(np.random.default_rng(seed), 4)
    left, top, right, bottom, count = extent_of(xy)
    assert count == np.count_nonzero(~np.isnan(xy[:, 0]))
    if count:
        np.testing.assert_array_equal([left, top], np.nanmin(xy, axis=0))
        np.testing.assert_array_equal([right, bottom], np.nanmax(xy, axis=0))
    else:
        assert np.isnan([left, top, right, bottom]).all()


@given(SEEDS, st.sampled_from([0.5, -1.0]))
def test_smoothing(seed, gap_s):
    rng = np.random.default_rng(seed)
    xy = _points(rng)
    states = _states(rng, xy, 10.0)
    expected, after = one_euro(states, xy, 10.0, 350.0, 2.0, 20.0, gap_s)
    found = smooth(states, xy, 10.0, 350.0, 2.0, 20.0, gap_s)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected.astype(np.float32))
    np.testing.assert_allclose(states, after, **CLOSE)


@given(SEEDS)
def test_jumps(seed):
    rng = np.random.default_rng(seed)
    xy = _points(rng, 5)
    states = _states(rng, xy, 10.0)
    steps = np.linalg.norm(xy - states[:, :2], axis=1)
    expected = (steps > (0.1 + 1.0 * (10.0 - states[:, 4])) * 200.0).any()
    assert any_jump(states, xy, 10.0, 200.0, 0.1, 1.0) == expected


@given(SEEDS, st.integers(0, 12))
def test_box_fit(seed, astray):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-0.5, 0.5, (18, 2))
    weights = rng.uniform(100.0, 1000.0, (18, 2))
    xy = ([400.0, 300.0] + places * [210.0, 310.0] + rng.normal(0.0, 4.0, (18, 2))).astype(np.float32)
    xy[:astray] += rng.normal(0.0, 120.0, (astray, 2)).astype(np.float32)
    xy[rng.random(18) < 0.3] = np.nan
    places[rng.random(18) < 0.1] = np.nan
    sums = np.nan_to_num([weights, weights * places, weights * places**2]).transpose(2, 0, 1).copy()
    limits = 0.25, 0.6, 0.004
    expected = box_by_least_squares(places, weights, xy, (200.0, 320.0), *limits)
    found = fit_box(places, sums, xy, 200.0, 320.0, *limits)
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_arrays_that_do_not_go_together_are_refused():
    xy, states = np.zeros((3, 2), np.float32), np.zeros((3, 5))
    with pytest.raises(ValueError, match=r"keypoints must be \(K, 2\)"):
        extent_of(np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="as many as keypoints"):
        smooth(states[:2], xy, 1.0, 100.0, 2.0, 20.0, 0.5)
    with pytest.raises(ValueError, match="as many as keypoints"):
        any_jump(states, xy[:2], 1.0, 100.0, 0.1, 1.0)
    with pytest.raises(ValueError, match="as many as keypoints"):
        fit_box(np.zeros((3, 2)), np.zeros((2, 3, 4)), xy, 1.0, 1.0, 0.25, 0.6, 0.004)
    with pytest.raises(TypeError):
        smooth(states.astype(np.float32), xy, 1.0, 100.0, 2.0, 20.0, 0.5)
