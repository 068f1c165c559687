"""Settling leaves alone what is possible and gets bodies out of what they are in."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.synthetic.cabin import Cabin
from cabinsafe.synthetic.contact import Figure, gaps, hand_on_leg_gap
from cabinsafe.synthetic.posing.draft import Draft, Setting
from cabinsafe.synthetic.posing.hands import on_leg
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, Hand, Posture
from cabinsafe.synthetic.posing.settle import KEEP_OFF_M, settle
from cabinsafe.synthetic.scene import Occupant
from cabinsafe.synthetic.validity import FLESH_M, HARD_M, body_problems


def figure_of(occupant: Occupant, posture: Posture) -> Figure:
    return Figure(occupant.body, solve(occupant.body, posture))


def test_a_possible_posture_is_left_alone(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    for seat, occupant in resting.items():
        others = [other.figure for name, other in resting.items() if name != seat]
        assert settle(occupant.body, occupant.posture, sedan.solids, others) is occupant.posture


@pytest.mark.parametrize("seat", ["Row1.Pos1", "Row1.Pos2", "Row2.Pos1", "Row2.Pos3"])
def test_a_body_five_centimetres_inside_a_door_gets_out(
    sedan: Cabin, resting: dict[str, Occupant], seat: str
) -> None:
    occupant = resting[seat]
    outward = np.array([0.0, np.sign(sedan.seats[seat].hip_m[1]), 0.0])
    doors = [solid for solid in sedan.solids if solid.name.endswith("door")]

    def depth(posture: Posture) -> float:
        figure = figure_of(occupant, posture)
        points = figure.lines[:, None, 0] + np.linspace(0, 1, 5)[:, None] * np.diff(figure.lines, axis=1)
        return float(max((door.depth(points).max(axis=1) + figure.radii).max() for door in doors))

    inside = next(
        posture
        for way in np.arange(0, 0.4, 0.005)
        if depth(posture := occupant.posture.shifted(way * outward)) > 0.05 + HARD_M
    )
    assert body_problems(figure_of(occupant, inside), sedan.solids)
    settled = settle(occupant.body, inside, sedan.solids)
    assert body_problems(figure_of(occupant, settled), sedan.solids) == []
    assert depth(settled) <= HARD_M + 1e-9


def test_a_body_gets_out_of_another(resting: dict[str, Occupant]) -> None:
    left, right = resting["Row2.Pos1"], resting["Row2.Pos3"]
    gap = gaps(left.figure, right.figure).min()
    inside = right.posture.shifted(np.array([0.0, gap + FLESH_M + 0.03, 0.0]))
    assert gaps(left.figure, figure_of(right, inside)).min() < -FLESH_M
    settled = settle(right.body, inside, (), [left.figure])
    assert gaps(left.figure, figure_of(right, settled)).min() >= -FLESH_M


def over_leg(sedan: Cabin, actor: Occupant, other: Occupant, gap_m: float) -> Posture:
    """The actor's left hand over the other's right thigh."""
    setting = Setting(sedan.seats[actor.spec.seat], 1.2, 0.72, partner=other.figure)
    draft = Draft(actor.body, setting, np.random.default_rng(0))
    draft.hips, draft.pelvis = actor.posture.hips_m, actor.posture.pelvis
    draft.spine = np.array([0.25, 0.3, 0.1])
    draft.feet = {side: actor.posture.foot(side) for side in (LEFT, RIGHT)}
    draft.hands[RIGHT] = actor.posture.right_hand
    on_leg(draft, LEFT, other.figure, RIGHT, 0.8, gap_m)
    return draft.posture()


def test_hands_keep_off_legs_unless_a_touch_is_meant(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    actor, other = resting["Row1.Pos2"], resting["Row1.Pos1"]
    near = over_leg(sedan, actor, other, 0.01)
    assert hand_on_leg_gap(figure_of(actor, near), other.figure) < 0.03
    kept_off = settle(actor.body, near, (), [other.figure])
    assert hand_on_leg_gap(figure_of(actor, kept_off), other.figure) >= KEEP_OFF_M - 1e-9
    touching = settle(actor.body, near, (), [other.figure], touches=True)
    assert hand_on_leg_gap(figure_of(actor, touching), other.figure) < 0.03


def test_open_windows_let_arms_out(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    occupant = resting["Row1.Pos2"]
    shoulder = occupant.figure.pose.head("upperarm01.R")
    solids = [solid for solid in sedan.solids if solid.name.endswith("window side")]

    def reaching(out_m: float) -> Posture:
        wrist = shoulder + np.array([0.25, -out_m, 0.1])
        return occupant.posture.with_hand(RIGHT, Hand(wrist, np.array([-0.5, -0.3, -1.0]), np.zeros(3)))

    through = next(
        posture
        for out_m in np.arange(0.0, 0.5, 0.01)
        if body_problems(figure_of(occupant, posture := reaching(out_m)), solids)
    )
    shut = settle(occupant.body, through, solids)
    assert body_problems(figure_of(occupant, shut), solids) == []
    assert settle(occupant.body, through, solids, window_open=True) is through
