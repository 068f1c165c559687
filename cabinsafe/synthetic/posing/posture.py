"""A posture: where hips, hands and feet go, and how trunk and head bend. Postures blend into one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from cabinsafe.synthetic.rotations import Array, between

LEFT, RIGHT = 1, -1
SIDES = (LEFT, RIGHT)


def letter(side: int) -> str:
    """Suffix of a side's bones."""
    return "L" if side == LEFT else "R"


def side_name(side: int) -> str:
    """``left`` or ``right``."""
    return "left" if side == LEFT else "right"


@dataclass(frozen=True)
class Hand:
    """Where a hand goes.

    Attributes:
        wrist_m: (3,) target of the wrist, vehicle frame.
        elbow: (3,) direction in which the elbow sticks out.
        palm: (3,) direction that the palm faces; zero to leave it as it falls.
        curl: 0 flat to 1 a fist.
    """

    wrist_m: Array
    elbow: Array
    palm: Array
    curl: float = 0.3


@dataclass(frozen=True)
class Foot:
    """Where a foot goes.

    Attributes:
        ankle_m: (3,) target of the ankle, vehicle frame.
        knee: (3,) direction in which the knee sticks out.
        toes: (3,) direction of the toes; the sole faces down as far as the ankle allows.
    """

    ankle_m: Array
    knee: Array
    toes: Array


@dataclass(frozen=True)
class Posture:
    """A whole body, by targets.

    Attributes:
        hips_m: (3,) middle of the hip joints, vehicle frame.
        pelvis: (3, 3) orientation of the pelvis; the identity faces forward, upright.
        spine: (3,) radians over the whole spine: bent forward, to the left, twisted to the left.
        head: (3,) radians over the neck: nod down, tilt to the left, turn to the left.
        left_hand, right_hand: the hands.
        left_foot, right_foot: the feet.
    """

    hips_m: Array
    pelvis: Array
    spine: Array
    head: Array
    left_hand: Hand
    right_hand: Hand
    left_foot: Foot
    right_foot: Foot

    def hand(self, side: int) -> Hand:
        """The hand of a side."""
        return self.left_hand if side == LEFT else self.right_hand

    def foot(self, side: int) -> Foot:
        """The foot of a side."""
        return self.left_foot if side == LEFT else self.right_foot

    def with_hand(self, side: int, hand: Hand) -> Posture:
        """The posture with one hand elsewhere."""
        return replace(self, left_hand=hand) if side == LEFT else replace(self, right_hand=hand)

    def with_foot(self, side: int, foot: Foot) -> Posture:
        """The posture with one foot elsewhere."""
        return replace(self, left_foot=foot) if side == LEFT else replace(self, right_foot=foot)

    def towards(self, other: Posture, share: float) -> Posture:
        """The posture ``share`` of the way from this one (0) to another (1)."""
        return _blend(self, other, share)

    def shifted(self, offset: Array) -> Posture:
        """The same posture (3,) metres away."""
        return self.moved(lambda point: point + offset)

    def moved(self, where: Callable[[Array], Array]) -> Posture:
        """The same posture with every target position mapped."""
        hands = [Hand(where(h.wrist_m), h.elbow, h.palm, h.curl) for h in (self.left_hand, self.right_hand)]
        feet = [Foot(where(f.ankle_m), f.knee, f.toes) for f in (self.left_foot, self.right_foot)]
        return Posture(
            where(self.hips_m), self.pelvis, self.spine, self.head, hands[0], hands[1], feet[0], feet[1]
        )


_Part = TypeVar("_Part", Hand, Foot, Posture)


def _blend(start: _Part, end: _Part, share: float) -> _Part:
    """Field by field: parts by their own fields, rotations at constant speed, all else straight."""
    values = []
    for field in fields(start):
        a, b = getattr(start, field.name), getattr(end, field.name)
        if isinstance(a, Hand | Foot):
            values.append(_blend(a, b, share))
        elif np.shape(a) == (3, 3):
            values.append(between(a, b, share))
        else:
            values.append(a + (b - a) * share)
    return type(start)(*values)
