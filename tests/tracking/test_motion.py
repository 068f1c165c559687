import subprocess
import sys

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter

from cabinsafe.tracking import TrackerOptions
from cabinsafe.tracking.motion import BoxMotion, process_noise, transition

BOX = (100.0, 200.0, 300.0, 500.0)
CASES = [0.01, 1 / 30, 0.5, 3.0]


@pytest.mark.parametrize("dt_s", CASES)
def test_equals_filterpy_run_directly(dt_s):
    options = TrackerOptions()
    motion = BoxMotion(BOX, 0.03, options)
    size = np.sqrt(200.0 * 300.0)
    oracle = KalmanFilter(dim_x=6, dim_z=4)
    oracle.x = np.array([[200.0], [350.0], [np.log(200.0)], [np.log(300.0)], [0.0], [0.0]])
    oracle.P = np.diag([(0.03 * size) ** 2] * 2 + [0.03**2] * 2 + [(0.5 * size) ** 2] * 2)
    decay = options.velocity_decay_s
    oracle.F = np.eye(6)
    oracle.F[[0, 1], [4, 5]] = decay * (1 - np.exp(-dt_s / decay))
    oracle.F[[4, 5], [4, 5]] = np.exp(-dt_s / decay)
    oracle.H = np.eye(6)[:4]

    for step in range(1, 6):
        oracle_size = np.exp((oracle.x[2, 0] + oracle.x[3, 0]) / 2)
        oracle.Q = process_noise(dt_s, options.acceleration_sizes_per_s2 * oracle_size)
        oracle.predict()
        motion.predict(dt_s)
        oracle_size = np.exp((oracle.x[2, 0] + oracle.x[3, 0]) / 2)
        oracle.R = np.diag([(0.06 * oracle_size) ** 2] * 2 + [0.06**2] * 2)
        oracle.update(
            np.array([[200.0 + 9 * step], [350.0 - 4 * step], [np.log(200.0 + step)], [np.log(300.0)]])
        )
        centre = np.array([200.0 + 9 * step, 350.0 - 4 * step])
        half = np.array([200.0 + step, 300.0]) / 2
        motion.correct((*(centre - half), *(centre + half)), 0.06)
        np.testing.assert_allclose(motion.centre_xy, oracle.x[:2, 0], rtol=1e-9)
        np.testing.assert_allclose(motion.size_wh, np.exp(oracle.x[2:4, 0]), rtol=1e-9)
        np.testing.assert_allclose(motion.velocity_xy, oracle.x[4:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dt_s", CASES)
def test_two_steps_move_as_far_as_one_of_both_lengths(dt_s):
    whole = transition(dt_s, 0.5)
    parts = transition(0.7 * dt_s, 0.5) @ transition(0.3 * dt_s, 0.5)
    np.testing.assert_allclose(parts, whole, atol=1e-12)


def test_without_decay_it_is_constant_velocity():
    exact = np.eye(6)
    exact[[0, 1], [4, 5]] = 0.1
    np.testing.assert_allclose(transition(0.1, 1e9), exact, atol=1e-6)


@pytest.mark.parametrize("dt_s", CASES)
def test_process_noise_is_a_covariance(dt_s):
    noise = process_noise(dt_s, 50.0)
    np.testing.assert_array_equal(noise, noise.T)
    assert np.linalg.eigvalsh(noise).min() >= -1e-9


def test_velocity_is_learned_in_pixels_per_second_whatever_the_frame_rate():
    for dts in ([1 / 30] * 60, [0.2] * 10, [0.01, 0.19] * 10):
        motion = BoxMotion(BOX, 0.03, TrackerOptions(velocity_decay_s=100.0))
        t_s = 0.0
        for dt_s in dts:
            t_s += dt_s
            motion.predict(dt_s)
            motion.correct((100.0 + 60 * t_s, 200.0, 300.0 + 60 * t_s, 500.0), 0.03)
        assert motion.velocity_xy == pytest.approx((60.0, 0.0), abs=3.0)


def test_unseen_the_box_comes_to_rest_and_keeps_an_area():
    motion = BoxMotion(BOX, 0.03, TrackerOptions())
    for step in range(1, 20):
        motion.predict(0.05)
        motion.correct((100.0 + 10 * step, 200.0, 300.0 + 10 * step, 500.0), 0.03)
    motion.predict(100.0)
    x1, y1, x2, y2 = motion.box_xyxy
    assert x1 < x2
    assert y1 < y2
    assert motion.velocity_xy == pytest.approx((0.0, 0.0), abs=1e-6)


def test_filterpy_and_scipy_are_imported_only_when_somebody_is_tracked():
    code = (
        "import sys, cabinsafe.tracking as t; t.Tracker().update(0.0, None, []);"
        "sys.exit('filterpy' in sys.modules or 'scipy.stats' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
