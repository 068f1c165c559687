"""How a person's box moves: a Kalman filter per person. The only file that imports filterpy.

State (6, 1): centre x, centre y (pixels), log width, log height, velocity x, velocity y (pixels per second).
The centre moves with constant velocity that, unseen, dies down (people in seats do not glide away); the size
is a random walk. All noise is in multiples of the person's size, so a scaled scene is filtered alike.

Source of the model: Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation",
2001, section 6.2 (continuous white-noise acceleration).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cabinsafe.geometry import Array
from cabinsafe.tracking.boxes import from_centre
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.types import BoxXyxy

if TYPE_CHECKING:
    from filterpy.kalman import KalmanFilter

_START_SPEED_SIZES_PER_S = 0.5
_SIZE_DRIFT_PER_SQRT_S = 0.3  # a lean changes width or height by a third within a second


def transition(dt_s: float, velocity_decay_s: float) -> Array:
    """State transition (6, 6) over dt_s; velocity decays with a time constant, seconds."""
    matrix = np.eye(6)
    decay = math.exp(-dt_s / velocity_decay_s)
    matrix[0, 4] = matrix[1, 5] = velocity_decay_s * (1.0 - decay)
    matrix[4, 4] = matrix[5, 5] = decay
    return matrix


def process_noise(dt_s: float, acceleration_px_per_s2: float) -> Array:
    """Process noise covariance (6, 6) over dt_s for a white acceleration of this density."""
    matrix = np.zeros((6, 6))
    density = acceleration_px_per_s2**2
    for position, velocity in ((0, 4), (1, 5)):
        matrix[position, position] = density * dt_s**3 / 3.0
        matrix[position, velocity] = matrix[velocity, position] = density * dt_s**2 / 2.0
        matrix[velocity, velocity] = density * dt_s
    matrix[2, 2] = matrix[3, 3] = _SIZE_DRIFT_PER_SQRT_S**2 * dt_s
    return matrix


class BoxMotion:
    """Position, size and velocity of one person's box, with their uncertainty."""

    def __init__(self, box_xyxy: BoxXyxy, noise_sizes: float, options: TrackerOptions) -> None:
        from filterpy.kalman import KalmanFilter  # here: it imports scipy.stats, close to a second

        self._options = options
        self._filter: KalmanFilter = KalmanFilter(dim_x=6, dim_z=4)
        self._filter.H = np.eye(4, 6)  # all but the velocity is measured
        self._filter.x = np.vstack([_measurement(box_xyxy), np.zeros((2, 1))])
        speed_variance = (_START_SPEED_SIZES_PER_S * self.size_px) ** 2
        noise = self._measurement_noise(noise_sizes)
        self._filter.P = np.diag([*np.diag(noise), speed_variance, speed_variance])

    def predict(self, dt_s: float) -> None:
        """Move on by dt_s seconds."""
        acceleration = self._options.acceleration_sizes_per_s2 * self.size_px
        self._filter.predict(
            F=transition(dt_s, self._options.velocity_decay_s), Q=process_noise(dt_s, acceleration)
        )

    def correct(self, box_xyxy: BoxXyxy, noise_sizes: float) -> None:
        """Take in a box seen now, with its error as a standard deviation in sizes."""
        self._filter.update(_measurement(box_xyxy), R=self._measurement_noise(noise_sizes))

    @property
    def centre_xy(self) -> tuple[float, float]:
        """Centre of the box, pixels."""
        return float(self._filter.x[0, 0]), float(self._filter.x[1, 0])

    @property
    def size_wh(self) -> tuple[float, float]:
        """Width and height of the box, pixels."""
        return math.exp(self._filter.x[2, 0]), math.exp(self._filter.x[3, 0])

    @property
    def size_px(self) -> float:
        """Square root of the box area: the person's size."""
        return math.exp((self._filter.x[2, 0] + self._filter.x[3, 0]) / 2.0)

    @property
    def velocity_xy(self) -> tuple[float, float]:
        """Velocity of the centre, pixels per second."""
        return float(self._filter.x[4, 0]), float(self._filter.x[5, 0])

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The box itself."""
        return from_centre(self.centre_xy, self.size_wh)

    def _measurement_noise(self, noise_sizes: float) -> Array:
        centre_variance, log_variance = (noise_sizes * self.size_px) ** 2, noise_sizes**2
        return np.diag([centre_variance, centre_variance, log_variance, log_variance])


def _measurement(box_xyxy: BoxXyxy) -> Array:
    x1, y1, x2, y2 = box_xyxy
    column = [(x1 + x2) / 2.0, (y1 + y2) / 2.0, math.log(x2 - x1), math.log(y2 - y1)]
    return np.array(column).reshape(4, 1)
