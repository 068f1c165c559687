"""How a person's box moves: a Kalman filter per person, in closed form.

State: centre x, centre y (pixels), log width, log height, velocity x, velocity y (pixels per second). The
centre moves with constant velocity that, unseen, dies down (people in seats do not glide away); the size is a
random walk. All noise is in multiples of the person's size, so a scaled scene is filtered alike.

Noise is the same for x and y, and for width and height, and nothing couples them: the covariance of six
numbers is four of its entries, and a step is a few dozen multiplications. A test holds it to filterpy's
matrices.

Source of the model: Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation",
2001, section 6.2 (continuous white-noise acceleration).
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from cabinsafe.tracking.boxes import from_centre
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.types import BoxXyxy

_START_SPEED_SIZES_PER_S = 0.5
_SIZE_DRIFT_PER_SQRT_S = 0.3  # a lean changes width or height by a third within a second


class BoxMotion:
    """Position, size and velocity of one person's box, with their uncertainty.

    Attributes:
        x, y: centre, pixels.
        log_w, log_h: natural logs of width and height in pixels.
        vx, vy: velocity of the centre, pixels per second.
        size_px: square root of the box area: the person's size.
    """

    __slots__ = (
        "_acceleration_sizes", "_drag_var", "_position_var", "_size_var", "_velocity_var",
        "log_h", "log_w", "size_px", "vx", "vy", "x", "y",
    )  # fmt: skip

    def __init__(self, box_xyxy: BoxXyxy, noise_sizes: float, options: TrackerOptions) -> None:
        x1, y1, x2, y2 = box_xyxy
        self.x, self.y = (x1 + x2) / 2.0, (y1 + y2) / 2.0
        self.log_w, self.log_h = log(x2 - x1), log(y2 - y1)
        self.vx = self.vy = 0.0
        self.size_px = exp((self.log_w + self.log_h) / 2.0)
        self._acceleration_sizes = options.acceleration_sizes_per_s2
        self._position_var = (noise_sizes * self.size_px) ** 2
        self._drag_var = 0.0  # covariance of position and velocity
        self._velocity_var = (_START_SPEED_SIZES_PER_S * self.size_px) ** 2
        self._size_var = noise_sizes**2

    def predict(self, dt_s: float, velocity_decay_s: float) -> None:
        """Move on by dt_s seconds, as velocity dies down with a time constant, seconds."""
        kept = exp(-dt_s / velocity_decay_s)
        reach = velocity_decay_s * (1.0 - kept)
        density = (self._acceleration_sizes * self.size_px) ** 2 * dt_s
        drag, velocity = self._drag_var, self._velocity_var
        self._position_var += reach * (2.0 * drag + reach * velocity) + density * dt_s * dt_s / 3.0
        self._drag_var = kept * (drag + reach * velocity) + density * dt_s / 2.0
        self._velocity_var = kept * kept * velocity + density
        self._size_var += _SIZE_DRIFT_PER_SQRT_S**2 * dt_s
        self.x += reach * self.vx
        self.y += reach * self.vy
        self.vx *= kept
        self.vy *= kept

    def correct(self, box_xyxy: BoxXyxy, noise_sizes: float) -> None:
        """Take in a box seen now, with its error as a standard deviation in sizes."""
        x1, y1, x2, y2 = box_xyxy
        off_x, off_y = (x1 + x2) / 2.0 - self.x, (y1 + y2) / 2.0 - self.y
        seen_var = self._position_var + (noise_sizes * self.size_px) ** 2
        gain, velocity_gain = self._position_var / seen_var, self._drag_var / seen_var
        self.x += gain * off_x
        self.y += gain * off_y
        self.vx += velocity_gain * off_x
        self.vy += velocity_gain * off_y
        self._velocity_var -= velocity_gain * self._drag_var
        self._drag_var *= 1.0 - gain
        self._position_var *= 1.0 - gain
        size_gain = self._size_var / (self._size_var + noise_sizes**2)
        self.log_w += size_gain * (log(x2 - x1) - self.log_w)
        self.log_h += size_gain * (log(y2 - y1) - self.log_h)
        self._size_var *= 1.0 - size_gain
        self.size_px = exp((self.log_w + self.log_h) / 2.0)

    def spread_px(self, noise_sizes: float) -> float:
        """Standard deviation of where a centre will be seen along one axis, pixels."""
        return sqrt(self._position_var + (noise_sizes * self.size_px) ** 2)

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The box itself."""
        return from_centre((self.x, self.y), (exp(self.log_w), exp(self.log_h)))

    def state(self) -> dict[str, Any]:
        """All of it, as plain numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BoxMotion:
        """What :meth:`state` gave."""
        motion = cls.__new__(cls)
        for name in cls.__slots__:
            setattr(motion, name, float(state[name]))
        return motion
