"""The motion model against filterpy's matrices, and what it must do by itself."""

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter

from cabinsafe.tracking import TrackerOptions
from cabinsafe.tracking.motion import BoxMotion

BOX = (100.0, 200.0, 300.0, 500.0)
STEPS_S = {
    "even": [1 / 30] * 40,
    "slow": [0.5] * 10,
    "gaps": [0.01, 3.0, 1 / 30, 0.2] * 5,
    "unseen between": [-0.1, -0.1, 0.1] * 6,  # negative: no sighting after this step
}


def _transition(dt_s, decay_s):
    matrix, kept = np.eye(6), np.exp(-dt_s / decay_s)
    matrix[[0, 1], [4, 5]] = decay_s * (1.0 - kept)
    matrix[[4, 5], [4, 5]] = kept
    return matrix


def _process_noise(dt_s, acceleration_px_per_s2):
    matrix, density = np.zeros((6, 6)), acceleration_px_per_s2**2
    for position, velocity in ((0, 4), (1, 5)):
        matrix[position, position] = density * dt_s**3 / 3.0
        matrix[position, velocity] = matrix[velocity, position] = density * dt_s**2 / 2.0
        matrix[velocity, velocity] = density * dt_s
    matrix[2, 2] = matrix[3, 3] = 0.3**2 * dt_s
    return matrix


def _filterpy(size_px):
    oracle = KalmanFilter(dim_x=6, dim_z=4)
    oracle.x = np.array([[200.0], [350.0], [np.log(200.0)], [np.log(300.0)], [0.0], [0.0]])
    oracle.P = np.diag([(0.03 * size_px) ** 2] * 2 + [0.03**2] * 2 + [(0.5 * size_px) ** 2] * 2)
    oracle.H = np.eye(6)[:4]
    return oracle


def _assert_equal(motion, oracle):
    np.testing.assert_allclose((motion.x, motion.y), oracle.x[:2, 0], rtol=1e-9)
    np.testing.assert_allclose((motion.log_w, motion.log_h), oracle.x[2:4, 0], rtol=1e-9)
    np.testing.assert_allclose((motion.vx, motion.vy), oracle.x[4:, 0], rtol=1e-9, atol=1e-9)
    spread = oracle.H @ oracle.P @ oracle.H.T + np.diag([(0.03 * motion.size_px) ** 2] * 2 + [0.03**2] * 2)
    expected = np.sqrt(spread[0, 0])
    assert motion.spread_px(0.03) == pytest.approx(expected)


@pytest.mark.parametrize("steps_s", STEPS_S.values(), ids=STEPS_S.keys())
def test_equals_filterpy_step_by_step(steps_s):
    options = TrackerOptions()
    motion, oracle = BoxMotion(BOX, 0.03, options), _filterpy(np.sqrt(200.0 * 300.0))
    for step, signed_s in enumerate(steps_s, start=1):
        dt_s = abs(signed_s)
        oracle.predict(
            F=_transition(dt_s, 0.5),
            Q=_process_noise(dt_s, options.acceleration_sizes_per_s2 * motion.size_px),
        )
        motion.predict(dt_s, 0.5)
        if signed_s > 0.0:
            noise = np.diag([(0.06 * motion.size_px) ** 2] * 2 + [0.06**2] * 2)
            centre = np.array([200.0 + 9 * step, 350.0 - 4 * step])
            half = np.array([200.0 + step, 300.0]) / 2
            oracle.update(np.array([*centre, *np.log(2 * half)]).reshape(4, 1), R=noise)
            motion.correct((*(centre - half), *(centre + half)), 0.06)
        _assert_equal(motion, oracle)


def test_equals_filterpy_batch():
    """Filterpy's own loop over a whole series, with boxes of one size so that noise does not change."""
    options = TrackerOptions()
    motion, size = BoxMotion(BOX, 0.03, options), np.sqrt(200.0 * 300.0)
    oracle = _filterpy(size)
    oracle.F = _transition(0.04, 0.5)
    oracle.Q = _process_noise(0.04, options.acceleration_sizes_per_s2 * size)
    oracle.R = np.diag([(0.05 * size) ** 2] * 2 + [0.05**2] * 2)
    centres = 200.0 + np.cumsum(np.random.default_rng(3).normal(0.0, 5.0, (50, 2)), axis=0)
    seen = [np.array([x, y, np.log(200.0), np.log(300.0)]).reshape(4, 1) for x, y in centres]
    means, *_ = oracle.batch_filter(seen)
    for (x, y), mean in zip(centres, means, strict=True):
        motion.predict(0.04, 0.5)
        motion.correct((x - 100.0, y - 150.0, x + 100.0, y + 150.0), 0.05)
        np.testing.assert_allclose(
            (motion.x, motion.y, motion.vx, motion.vy), mean[[0, 1, 4, 5], 0], rtol=1e-8
        )


@pytest.mark.parametrize("dt_s", [0.01, 1 / 30, 0.5, 3.0])
def test_two_steps_move_as_far_as_one_of_both_lengths(dt_s):
    whole, parts = (_moving() for _ in range(2))
    whole.predict(dt_s, 0.5)
    parts.predict(0.3 * dt_s, 0.5)
    parts.predict(0.7 * dt_s, 0.5)
    assert (whole.x, whole.vx) == pytest.approx((parts.x, parts.vx))


def _moving():
    motion = BoxMotion(BOX, 0.03, TrackerOptions())
    for step in range(1, 20):
        motion.predict(0.05, 0.5)
        motion.correct((100.0 + 10 * step, 200.0, 300.0 + 10 * step, 500.0), 0.03)
    return motion


def test_velocity_is_learned_in_pixels_per_second_whatever_the_frame_rate():
    for dts in ([1 / 30] * 60, [0.2] * 10, [0.01, 0.19] * 10):
        motion = BoxMotion(BOX, 0.03, TrackerOptions())
        t_s = 0.0
        for dt_s in dts:
            t_s += dt_s
            motion.predict(dt_s, 100.0)
            motion.correct((100.0 + 60 * t_s, 200.0, 300.0 + 60 * t_s, 500.0), 0.03)
        assert (motion.vx, motion.vy) == pytest.approx((60.0, 0.0), abs=3.0)


def test_unseen_the_box_comes_to_rest_and_keeps_an_area():
    motion = _moving()
    motion.predict(100.0, 0.5)
    x1, y1, x2, y2 = motion.box_xyxy
    assert x1 < x2
    assert y1 < y2
    assert (motion.vx, motion.vy) == pytest.approx((0.0, 0.0), abs=1e-6)
