"""A posture in the making: hips on a seat, then trunk, feet and hands, in the seat's own directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cabinsafe.synthetic.body import Body
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.cabin.spec import HIP_TO_BACKREST_M, HIP_TO_CUSHION_M
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.posing.ik import place_hand, solve, trunk
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, SIDES, Foot, Hand, Posture, side_name
from cabinsafe.synthetic.rotations import Array, about_x, about_y, about_z, normalized

Range = tuple[float, float]

NOMINAL_STATURE_M = 1.72
_TOUCH_ROUNDS = 4
_WALL_M = 0.09
"""Room that a wrist keeps to walls, for the hand."""


@dataclass(frozen=True)
class Setting:
    """Where a person acts.

    Attributes:
        seat: the person's own.
        roof_m: height of the roof over the floor.
        half_width_m: from the middle to a door.
        free: sides (+1 the sitter's left, -1 right) on which the next seat is there and empty.
        partner: the other person of a pair, already posed, or None.
    """

    seat: Seat
    roof_m: float
    half_width_m: float
    free: frozenset[int] = frozenset()
    partner: Figure | None = None


class Draft:
    """One person's posture on one seat, filled in step by step.

    Directions are the seat's: forward, left, up. Lengths given "in bodies" are metres on a person of 1.72 m.

    Attributes:
        body: whose posture.
        setting: where, and with whom.
        rng: where chance comes from.
        hips, pelvis, spine, head: as in :class:`Posture`.
        hands, feet: by side.
    """

    def __init__(self, body: Body, setting: Setting, rng: np.random.Generator) -> None:
        self.body, self.setting, self.rng = body, setting, rng
        self.seat, self.partner = setting.seat, setting.partner
        self.scale = body.stature_m / NOMINAL_STATURE_M
        self.axes: Array = self.seat.frame
        self.hips: Array = self.seat.hip_m.copy()
        self.pelvis: Array = self.axes
        self.spine, self.head = np.zeros(3), np.zeros(3)
        self.hands = {side: self._hanging(side) for side in SIDES}
        self.feet = {side: self._planted(side) for side in SIDES}

    def draw(self, between: Range) -> float:
        """A number drawn evenly from a range."""
        return float(self.rng.uniform(*between))

    def chance(self, probability: float) -> bool:
        """True so often."""
        return bool(self.rng.random() < probability)

    def way(self, forward: float, left: float, up: float) -> Array:
        """(3,) vector in the vehicle frame of one in the seat's directions."""
        return self.axes @ np.array([forward, left, up], np.float64)

    def from_hips(self, forward: float, left: float, up: float) -> Array:
        """(3,) point that far from the hips, in bodies."""
        return self.hips + self.scale * self.way(forward, left, up)

    def sit(self, recline: float, yaw: float, roll: float, shift_m: tuple[float, float, float]) -> None:
        """Put the hips on the cushion and against the backrest.

        Args:
            recline: radians that the pelvis leans back.
            yaw: radians turned to the left.
            roll: radians tipped to the left.
            shift_m: hips forward from the backrest, to the left, and up from the cushion.
        """
        slide_m, aside_m, lift_m = shift_m
        back = self.body.back_m - HIP_TO_BACKREST_M + slide_m
        up = self.body.seat_m - HIP_TO_CUSHION_M + lift_m
        self.hips = self.seat.hip_m + self.way(back, aside_m, up)
        self.pelvis = self.axes @ about_z(yaw) @ about_x(-roll) @ about_y(-recline)

    def face(self, nod: float, tilt: float, turn: float) -> None:
        """Turn the head; a nod of 0 looks level whatever the trunk does, as far as the neck allows."""
        chest = trunk(self.body, self.posture()).rotation("spine01")
        pitch = float(np.arcsin(np.clip(-(chest @ [1.0, 0, 0])[2], -1, 1)))
        self.head = np.array([nod - pitch, tilt, turn])

    def posture(self) -> Posture:
        """The posture so far."""
        return Posture(
            self.hips, self.pelvis, self.spine, self.head,
            self.hands[LEFT], self.hands[RIGHT], self.feet[LEFT], self.feet[RIGHT],
        )  # fmt: skip

    def figure(self) -> Figure:
        """The body in the posture so far."""
        return Figure(self.body, solve(self.body, self.posture()))

    def bone(self, name: str) -> Array:
        """(3,) where a bone now begins."""
        return self.figure().pose.head(name)

    def put_hand(
        self, side: int, wrist: Array, elbow: Array | None = None, palm: Array | None = None
    ) -> None:
        """Send a wrist to a point; the elbow hangs down and out unless told."""
        elbow = self.way(-0.5, 0.3 * side, -1.0) if elbow is None else elbow
        palm = np.zeros(3) if palm is None else palm
        self.hands[side] = Hand(wrist, elbow, palm, self.draw((0.05, 0.5)))

    def inside(self, point: Array) -> Array:
        """The point (3,) nearest to one that is under the roof and between the doors."""
        wide = self.setting.half_width_m - _WALL_M
        return np.clip(point, (-np.inf, -wide, 0.0), (np.inf, wide, self.setting.roof_m - _WALL_M))

    def touch(
        self, side: int, point: Array, normal: Array, gap_m: float = 0.0, elbow: Array | None = None
    ) -> None:
        """Lay a palm on a surface, or hold it over it.

        Args:
            side: which hand.
            point: (3,) on the surface.
            normal: (3,) out of the surface.
            gap_m: air left between palm and surface.
            elbow: as in :meth:`put_hand`.
        """
        hand = f"{side_name(side)}_hand"
        capsule = next(c for c in self.body.capsules if c.name == hand)
        facing = -normalized(normal)
        goal = point - facing * (capsule.radius_m + gap_m)
        wrist, pose = goal, self.figure().pose
        for _ in range(_TOUCH_ROUNDS):  # the palm follows the forearm, whose direction is not known before
            self.put_hand(side, wrist, elbow, facing)
            place_hand(pose, side, self.hands[side])
            wrist = wrist + goal - capsule.posed(pose).mean(axis=0)
        self.put_hand(side, wrist, elbow, facing)

    def step(self, side: int, ankle: Array, knee: Array | None = None, toes: Array | None = None) -> None:
        """Send an ankle to a point; the knee points up and forward, the toes forward, unless told."""
        knee = self.way(0.3, self.draw((-0.05, 0.3)) * side, 1.0) if knee is None else knee
        toes = self.way(1.0, 0.2 * side, 0.0) if toes is None else toes
        self.feet[side] = Foot(np.asarray(ankle, np.float64), knee, toes)

    def _hanging(self, side: int) -> Hand:
        return Hand(self.from_hips(0.1, 0.25 * side, 0.05), self.way(-0.2, side, -1), np.zeros(3))

    def _planted(self, side: int) -> Foot:
        return Foot(self.from_hips(0.6, 0.12 * side, -0.3), self.way(0.3, 0.1 * side, 1), self.way(1, 0, 0))
