"""Ways through the cabin: in and out by a door, and from seat to seat, as postures along the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.doors import SILL_M
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.cabin.shell import WALL_M
from cabinsafe.synthetic.posing.act import draft_posture
from cabinsafe.synthetic.posing.draft import NOMINAL_STATURE_M, Setting
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, SIDES, Foot, Hand, Posture
from cabinsafe.synthetic.posing.settle import settle
from cabinsafe.synthetic.rotations import Array, about_y, about_z
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.scene import child_seat_or, own_solids

CURB_M = 0.25
"""Height of a vehicle's floor over the ground outside."""
_RISE = (0.12, 0.0, 0.14)
"""How far the hips of somebody of 1.72 m come forward and up in a crouch, metres."""
_DUCK_RAD = 0.42
_CLEAR_M = 0.08
"""Air under a foot that steps over something."""

BySide = Mapping[int, Array]


def crouch(cabin: Cabin, body: Body, seat_name: str) -> Posture:
    """Half risen from a seat, bent forward under the roof, settled out of everything."""
    seat = child_seat_or(cabin.seats[seat_name])
    setting = Setting(seat, cabin.spec.roof_m, cabin.spec.half_width_m)
    sitting = draft_posture("rest", body, setting, generator(0, "crouch"))
    hips = sitting.hips_m + seat.frame @ _RISE * body.stature_m / NOMINAL_STATURE_M
    knee, elbow = seat.frame @ (0.4, 0.0, 1.0), seat.frame @ (-0.5, 0.0, -1.0)
    risen = replace(
        sitting,
        hips_m=hips,
        pelvis=sitting.pelvis @ about_y(_DUCK_RAD),
        spine=np.array([_DUCK_RAD, 0.0, 0.0]),
        head=np.zeros(3),
    )
    for side in SIDES:
        hand = Hand(hips + seat.frame @ (0.36, 0.2 * side, 0.14), elbow, np.zeros(3))
        risen = risen.with_hand(side, hand).with_foot(side, replace(sitting.foot(side), knee=knee))
    return settle(body, risen, own_solids(cabin, seat_name))


def swap_path(cabin: Cabin, body: Body, start: str, end: str) -> tuple[Posture, ...]:
    """Postures on the way from one seat to the next one, without both ends.

    One rises, steps over what is between the seats with one foot, then with the other, and sits down.
    """
    first, last = crouch(cabin, body, start), crouch(cabin, body, end)
    solids = own_solids(cabin, end)
    way = cabin.seats[start].frame.T @ (last.hips_m - first.hips_m)
    leading = LEFT if way[1] > 0 else RIGHT
    feet = {side: (first.foot(side), last.foot(side)) for side in SIDES}
    over = {leading: 1 / 3, -leading: 2 / 3}  # then each is between the seats, not between its own two places
    middle = first.towards(last, 0.5)
    clear_z = _surface_z(solids, middle.hips_m, 0.3) + body.radius("pelvis")
    path = []
    for share, leading_foot, trailing_foot in (
        (0.25, _lifted(*feet[leading], over[leading], body, solids), first.foot(-leading)),
        (0.5, last.foot(leading), first.foot(-leading)),
        (0.75, last.foot(leading), _lifted(*feet[-leading], over[-leading], body, solids)),
    ):
        hips = first.towards(last, share).hips_m
        hips[2] = max(float(middle.hips_m[2]), clear_z)
        stepping = replace(middle, hips_m=hips).with_foot(leading, leading_foot)
        path.append(settle(body, stepping.with_foot(-leading, trailing_foot), solids))
    return first, *path, last


def entry_door(cabin: Cabin, seat_name: str) -> str | None:
    """The door by which :func:`entry_path` leads to a seat; None if there is none and it crosses the wall."""
    return cabin.door_beside(_by_the_wall(cabin, seat_name))


def entry_path(cabin: Cabin, body: Body, seat_name: str) -> tuple[Posture, ...]:
    """Postures on the way in through a door, from outside; without the seat itself.

    To a seat that is not by the wall the way leads over the seats between.
    """
    outer = _by_the_wall(cabin, seat_name)
    way = _way_in(cabin, body, outer)
    path = [settle(body, posture, way.solids) for posture in way.postures()]
    path.insert(2, settle(body, path[1].towards(path[2], 0.5), way.solids))
    while outer != seat_name:
        seat = cabin.seats[outer]
        inner = (
            seat.right if seat.left is None or cabin.seats[seat_name].hip_m[1] < seat.hip_m[1] else seat.left
        )
        path += swap_path(cabin, body, outer, str(inner))
        outer = str(inner)
    return tuple(path)


def _by_the_wall(cabin: Cabin, seat_name: str) -> str:
    """The last seat of the row on the side on which a seat is."""
    seat = cabin.seats[seat_name]
    beside = seat.left if seat.hip_m[1] >= 0 else seat.right
    return seat_name if beside is None else _by_the_wall(cabin, beside)


def _lifted(start: Foot, end: Foot, share: float, body: Body, solids: Sequence[OrientedBox]) -> Foot:
    """A foot on the way between two places, over what stands there."""
    spot = start.ankle_m + share * (end.ankle_m - start.ankle_m)
    spot[2] = max(float(spot[2]), _surface_z(solids, spot, 0.5) + body.ankle_m) + _CLEAR_M
    return replace(start, ankle_m=spot)


def _surface_z(solids: Sequence[OrientedBox], spot: Array, above_m: float) -> float:
    """Height of the highest surface under the point ``above_m`` over a spot (3,); 0 is the floor."""
    top = spot + np.array([0.0, 0.0, above_m])
    shares = [float(solid.entry(top, top * (1, 1, 0))) for solid in solids]
    return float(top[2]) * (1 - min(*shares, 1.0))


def _way_in(cabin: Cabin, body: Body, seat_name: str) -> _WayIn:
    """The way in to a seat by the wall."""
    seat = child_seat_or(cabin.seats[seat_name])
    door, own = cabin.door_beside(seat_name), own_solids(cabin, seat_name)
    sat_in = [solid for solid in cabin.solids if solid not in own]
    solids = cabin.solids_without(frozenset() if door is None else frozenset({door}))
    return _WayIn(
        body=body,
        seat=seat,
        near=LEFT if seat.hip_m[1] * seat.facing >= 0 else RIGHT,
        wall_y=cabin.spec.half_width_m,
        rail_z=cabin.shell.rail_z,
        solids=tuple(solid for solid in solids if solid not in sat_in),
    )


@dataclass(frozen=True)
class _WayIn:
    """The way in to a seat by the wall: the inner foot first, then head and hips, then the outer foot.

    Angles are in radians, positive to the side of the door.

    Attributes:
        body: who comes in.
        seat: where to.
        near: the side of the sitter on which the door is.
        wall_y: half the inner width.
        rail_z: height of the roof's side rail.
        solids: what is in the way.
    """

    body: Body
    seat: Seat
    near: int
    wall_y: float
    rail_z: float
    solids: tuple[OrientedBox, ...]

    def postures(self) -> tuple[Posture, ...]:
        """The five postures, from outside."""
        return self._standing(), self._stepping(), self._ducking(), self._half_in(), self._lifting()

    def _standing(self) -> Posture:
        """Outside, upright, half turned to the vehicle."""
        hips = self._spot(0.10, -WALL_M - 0.32, self._sole_z(-CURB_M) + 0.97 * self._leg_m)
        feet = {
            side: spot * (1, 1, 0) + (0, 0, self._sole_z(-CURB_M))
            for side, spot in self._beside(hips, -0.6, (0.0, 0.10, 0.0)).items()
        }
        return self._posture(hips, (-0.6, 0.05), (0.1, 0.0), feet, (0.05, 0.26, -0.08))

    def _stepping(self) -> Posture:
        """Outside, the more stooped the lower the door; the inner foot over the sill."""
        over = self.body.stature_m - CURB_M - self.rail_z
        stoop = 0.25 + 0.55 * float(np.clip(over, 0.0, 0.8))
        hips = self._spot(0.06, -WALL_M - 0.22 - 0.25 * stoop, self._sole_z(-CURB_M) + 0.93 * self._leg_m)
        feet = {
            self.near: self._standing().foot(self.near).ankle_m,
            -self.near: self._spot(self._edge_m - 0.04, -0.14, self._sole_z(SILL_M + 0.10)),
        }
        return self._posture(hips, (-0.7, stoop), (stoop + 0.1, 0.0), feet, (0.28, 0.20, 0.05))

    def _ducking(self) -> Posture:
        """The inner foot in, the hips over the seat's edge, the head under the rail."""
        hips = self._spot(0.06, 0.02, self.seat.hip_m[2] - self.seat.floor_m + 0.12 * self._scale)
        feet = {
            self.near: self._standing().foot(self.near).ankle_m,
            -self.near: self._spot(self._edge_m + 0.02, 0.20, self._sole_z(0.0)),
        }
        return self._posture(hips, (-0.15, 0.4), (0.55, -0.3), feet, (0.35, 0.16, 0.12))

    def _half_in(self) -> Posture:
        """On the seat, turned to the door, the outer foot still on the ground."""
        feet = {
            self.near: self._spot(self._edge_m - 0.08, -WALL_M - 0.10, self._sole_z(-CURB_M)),
            -self.near: self._spot(self._edge_m + 0.04, 0.22, self._sole_z(0.0)),
        }
        hips = self.seat.at(0.06, self.near * 0.04, 0.01)
        return self._posture(hips, (0.45, 0.12), (0.3, 0.0), feet, (0.33, 0.14, 0.12))

    def _lifting(self) -> Posture:
        """On the seat, the outer foot over the sill."""
        feet = {
            self.near: self._spot(self._edge_m - 0.02, -0.02, self._sole_z(SILL_M + 0.10)),
            -self.near: self._spot(self._edge_m + 0.05, 0.28, self._sole_z(0.0)),
        }
        hips = self.seat.at(0.06, self.near * 0.02, 0.01)
        return self._posture(hips, (0.2, -0.05), (0.3, 0.0), feet, (0.33, 0.14, 0.12))

    @property
    def _scale(self) -> float:
        return self.body.stature_m / NOMINAL_STATURE_M

    @property
    def _leg_m(self) -> float:
        thigh, shin = ("upperleg01.L", "lowerleg01.L"), ("lowerleg01.L", "foot.L")
        return self.body.length(*thigh) + self.body.length(*shin)

    @property
    def _edge_m(self) -> float:
        """How far before the hip points shins pass the cushion."""
        edge = self.seat.frame.T @ (self.seat.front_edge.mean(axis=0) - self.seat.hip_m)
        return float(edge[0]) + self.body.radius("left_shin") + 0.02

    def _sole_z(self, z: float) -> float:
        """Height of an ankle whose foot is so high over the floor."""
        return z + self.body.ankle_m

    def _spot(self, ahead: float, inside: float, z: float) -> Array:
        """(3,) the point so far ahead of the hip points, inside of the wall, and over the floor."""
        y = np.sign(self.seat.hip_m[1]) * (self.wall_y - inside)
        return np.array([self.seat.at(ahead, 0, 0)[0], y, self.seat.floor_m + z])

    def _beside(self, hips: Array, yaw: float, place: tuple[float, float, float]) -> dict[int, Array]:
        """A place ahead, apart and up of the hips, in bodies, on both sides."""
        turned = self.seat.frame @ about_z(self.near * yaw)
        return {side: hips + self._scale * (turned @ (place * np.array([1, side, 1]))) for side in SIDES}

    def _posture(
        self,
        hips: Array,
        turn: tuple[float, float],
        spine: tuple[float, float],
        feet: BySide,
        hands: tuple[float, float, float],
    ) -> Posture:
        """A posture from hips, yaw and lean of the pelvis, bend and side of the spine, ankles and wrists."""
        (yaw, lean), (bend, aside) = turn, spine
        facing = self.seat.frame @ about_z(self.near * yaw)
        wrists = self._beside(hips, yaw, hands)
        left_hand, right_hand = (
            Hand(wrists[side], facing @ (-0.5, 0.5 * side, -1.0), np.zeros(3)) for side in SIDES
        )
        left_foot, right_foot = (
            Foot(feet[side], facing @ (1.0, 0.15 * side, 0.8), facing @ (1.0, 0.15 * side, 0.0))
            for side in SIDES
        )
        return Posture(
            hips,
            facing @ about_y(lean),
            np.array([bend, self.near * aside, 0.0]),
            np.array([-0.4 * (lean + bend), 0.0, 0.0]),
            left_hand, right_hand, left_foot, right_foot,
        )  # fmt: skip
