"""Ways through the cabin: in and out by the side, and from seat to seat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.posing.act import draft_posture
from cabinsafe.synthetic.posing.draft import Setting
from cabinsafe.synthetic.posing.posture import Foot, Posture
from cabinsafe.synthetic.posing.settle import settle
from cabinsafe.synthetic.rotations import Array, about_y
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import child_seat_or, own_solids

_RISE_M = 0.20
_AHEAD_M = 0.14
_DUCK_RAD = 0.55
_OUTSIDE_M = 0.55
_CURB_M = 0.25


def crouch(cabin: Cabin, body: Body, seat_name: str) -> Posture:
    """Half risen from a seat, bent forward under the roof, settled out of everything."""
    seat = child_seat_or(cabin.seats[seat_name])
    setting = Setting(seat, cabin.spec.roof_m, cabin.spec.half_width_m)
    sitting = draft_posture("rest", body, setting, generator(0, "crouch"))
    rise = seat.frame @ np.array([_AHEAD_M, 0.0, 0.0]) + np.array([0, 0, _RISE_M * body.stature_m / 1.72])
    risen = replace(
        sitting,
        hips_m=sitting.hips_m + rise,
        pelvis=sitting.pelvis @ about_y(_DUCK_RAD),
        spine=np.array([_DUCK_RAD, 0.0, 0.0]),
        head=np.zeros(3),
        left_hand=replace(sitting.left_hand, wrist_m=sitting.left_hand.wrist_m + rise),
        right_hand=replace(sitting.right_hand, wrist_m=sitting.right_hand.wrist_m + rise),
    )
    return settle(body, risen, own_solids(cabin, seat_name))


def swap_path(cabin: Cabin, body: Body, start: str, end: str) -> tuple[Posture, ...]:
    """Postures on the way from one seat to another, without both ends."""
    first, last = crouch(cabin, body, start), crouch(cabin, body, end)
    return first, first.towards(last, 0.5), last


def entry_path(cabin: Cabin, body: Body, seat_name: str) -> tuple[Posture, ...]:
    """Postures on the way in through the door beside a seat, from outside; without the seat itself."""
    seat = cabin.seats[seat_name]
    inside = crouch(cabin, body, seat_name)
    side = 1.0 if seat.hip_m[1] >= 0 else -1.0
    way = np.array([0.0, side * (cabin.spec.half_width_m + _OUTSIDE_M - abs(seat.hip_m[1])), 0.0])
    outside = _standing_at(inside, inside.hips_m + way, body, seat)
    half = inside.towards(outside, 0.5)
    return outside, half, inside


def _standing_at(posture: Posture, hips: Array, body: Body, seat: Seat) -> Posture:
    """The posture moved to where its hips are, the feet under them, on the ground outside."""
    moved = posture.shifted(hips - posture.hips_m)
    leg = 0.9 * (body.length("upperleg01.L", "lowerleg01.L") + body.length("lowerleg01.L", "foot.L"))
    ground = max(seat.floor_m - _CURB_M + body.ankle_m, hips[2] - leg)
    feet = []
    for foot, left in ((moved.left_foot, 1.0), (moved.right_foot, -1.0)):
        spot = hips + seat.frame @ np.array([0.05, 0.12 * left, 0.0])
        feet.append(Foot(np.array([spot[0], spot[1], ground]), foot.knee, foot.toes))
    return replace(moved, left_foot=feet[0], right_foot=feet[1])
