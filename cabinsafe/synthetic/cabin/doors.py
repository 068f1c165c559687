"""Side doors: where they are, and where they go when they open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cabinsafe.synthetic.rotations import Array, about_z

SILL_M = 0.06
"""Height of the sill under a door, over the floor; it stays when the door opens."""
_OPEN_RAD = np.radians(70.0)
_HINGE_OUT_M = 0.06
_SLIDE_OUT_M = 0.22


@dataclass(frozen=True)
class Door:
    """One door of a side.

    Attributes:
        number: from the front, 1 is between the A and the B pillar.
        sign: +1 on the vehicle's left, -1 on its right.
        front_x, rear_x: ends of its opening.
        trim_x: front and rear end of what is mounted on it: armrest, pocket ...
        belt_y: half the inner width at the belt line.
        slides: whether it slides back along the body; else it swings out about its front edge.
    """

    number: int
    sign: float
    front_x: float
    rear_x: float
    trim_x: tuple[float, float]
    belt_y: float
    slides: bool

    @property
    def name(self) -> str:
        """As the window over it: ``left1`` is the vehicle's left front door."""
        return f"{'left' if self.sign > 0 else 'right'}{self.number}"

    @property
    def turn(self) -> Array:
        """(3, 3) rotation of its leaf from closed to open."""
        return np.eye(3) if self.slides else about_z(-self.sign * _OPEN_RAD)

    def opened(self, points: Array) -> Array:
        """Where points (..., 3) of the closed door are when it stands open."""
        if self.slides:
            way = np.array([self.rear_x - self.front_x, self.sign * _SLIDE_OUT_M, 0.0])
            slid: Array = points + way
            return slid
        hinge = np.array([self.front_x, self.sign * (self.belt_y + _HINGE_OUT_M), 0.0])
        swung: Array = hinge + (points - hinge) @ self.turn.T
        return swung

    def overlap_m(self, start_x: float, end_x: float) -> float:
        """Length of its opening that lies between two places along the vehicle, in any order."""
        low, high = sorted((start_x, end_x))
        return max(min(high, self.front_x) - max(low, self.rear_x), 0.0)
