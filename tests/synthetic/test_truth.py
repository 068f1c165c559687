"""Truth: events on constructed cases."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from cabinsafe.synthetic.cabin import Cabin, CabinSpec
from cabinsafe.synthetic.contact import Figure, hand_on_leg_gap
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.styles import STYLES, Sitting
from cabinsafe.synthetic.scene import Occupant
from cabinsafe.synthetic.truth import (
    RULES,
    TOUCH_M,
    Actor,
    Fact,
    actor,
    facts,
    feet_on_dash,
    feet_on_seats,
    leaning_out,
)


def moved(occupant: Occupant, *offset: float) -> Figure:
    return Figure(occupant.body, solve(occupant.body, occupant.posture.shifted(np.array(offset))))


def flat_sedan(facing: str = "forward") -> Cabin:
    """The default cabin with level cushions, and a second row that faces somewhere."""
    spec = CabinSpec()
    rows = [row.model_copy(update={"cushion_angle_deg": 0.0}) for row in spec.rows]
    rows[1] = rows[1].model_copy(update={"facing": facing})
    return Cabin(spec.model_copy(update={"rows": tuple(rows)}))


def with_heel_at(occupant: Occupant, cabin: Cabin, ahead_of_edge_m: float, sole_above_m: float) -> Figure:
    """The whole person moved so that the left heel is so far before the front edge of the cushion, the
    lowest point of that foot so high over the cushion."""
    cushion = cabin.seats["Row2.Pos1"].cushion
    top, edge = (cushion.center + cushion.size / 2)[[2, 0]]
    heel = occupant.figure.line("left_foot")
    low = heel[:, 2].min() - occupant.body.radius("left_foot")
    offset = (edge + ahead_of_edge_m - heel[0, 0], cushion.center[1] - heel[0, 1], top + sole_above_m - low)
    return moved(occupant, *offset)


@pytest.mark.parametrize(
    ("ahead_of_edge_m", "sole_above_m", "expected"),
    [
        (-0.20, 0.01, True),  # flat on it
        (-0.20, -0.03, True),  # pressed in
        (-0.20, 0.12, False),  # lifted over it
        (-0.20, -0.35, False),  # on the floor below it
        (-0.05, 0.0, True),  # the heel on the edge
        (0.03, 0.0, False),  # before the edge
    ],
)
def test_feet_on_seats(
    resting: dict[str, Occupant], ahead_of_edge_m: float, sole_above_m: float, expected: bool
) -> None:
    cabin = flat_sedan()
    figure = with_heel_at(resting["Row2.Pos1"], cabin, ahead_of_edge_m, sole_above_m)
    assert feet_on_seats(cabin, figure) is expected
    kinds = {fact.kind for fact in facts(cabin, [Actor("Row2.Pos1", "seated", figure)])}
    assert ("feet_on_seats" in kinds) is expected


def test_a_foot_through_the_backrest_is_on_no_seat(resting: dict[str, Occupant]) -> None:
    """Somebody behind the seat, whose toes are over the rear end of its cushion."""
    cabin = flat_sedan()
    length = cabin.seats["Row2.Pos1"].cushion.size[0]
    for heel_behind_m, expected in ((-0.02, True), (0.02, False), (0.05, False)):
        figure = with_heel_at(resting["Row2.Pos1"], cabin, -length - heel_behind_m, 0.01)
        left = figure.lines[figure.rows("foot")]
        assert left[..., 0].max() > cabin.seats["Row2.Pos1"].cushion.center[0] - length / 2
        assert feet_on_seats(cabin, figure) is expected


def test_a_foot_whose_toes_are_in_the_backrest_is_on_the_seat(resting: dict[str, Occupant]) -> None:
    """As of somebody who kneels on the seat: the shoe lies on the cushion, its tip against the backrest."""
    cabin = flat_sedan("backward")  # the foot points to where its backrest is
    figure = with_heel_at(resting["Row2.Pos1"], cabin, -0.08, -0.02)
    assert figure.line("left_foot")[1, 0] > cabin.seats["Row2.Pos1"].cushion.corners[:, 0].max() + 0.04
    assert feet_on_seats(cabin, figure)


def test_feet_on_the_floor_are_on_no_seat_and_no_dash(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    assert facts(sedan, [actor(occupant) for occupant in resting.values()]) == ()
    for occupant in resting.values():
        assert not feet_on_seats(sedan, occupant.figure)
        assert not feet_on_dash(sedan, occupant.figure)


def test_feet_on_the_dash(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    occupant, dash = resting["Row1.Pos2"], sedan.spec.dash
    assert dash is not None
    feet = occupant.figure.lines[occupant.figure.rows("foot")]
    up = dash.top_m + 0.05 - feet[..., 2].min()
    onto = sedan.spec.front_m + 0.1 - feet[..., 0].max()
    assert feet_on_dash(sedan, moved(occupant, onto, 0, up))
    assert not feet_on_dash(sedan, moved(occupant, onto - 0.25, 0, up))  # before it
    assert not feet_on_dash(sedan, moved(occupant, onto, 0, 0))  # under it
    without = Cabin(sedan.spec.model_copy(update={"dash": None}))
    assert not feet_on_dash(without, moved(occupant, onto, 0, up))


@pytest.mark.parametrize(("gap_m", "expected"), [(-0.02, True), (0.01, True), (0.04, False), (0.06, False)])
def test_a_hand_on_a_leg(sedan: Cabin, resting: dict[str, Occupant], gap_m: float, expected: bool) -> None:
    """The left hand reaches out; the other comes nearer until the gap is as asked."""
    actor_, other = resting["Row1.Pos2"], resting["Row1.Pos1"]
    thigh = other.figure.line("right_thigh").mean(axis=0)
    above = np.array([0, 0, other.body.radius("right_thigh") + actor_.body.radius("left_hand")])
    hand = replace(actor_.posture.left_hand, wrist_m=thigh + above + np.array([-0.12, -0.12, 0.0]))
    posture = actor_.posture.with_hand(1, hand)
    reaching = Figure(actor_.body, solve(actor_.body, posture))
    low, high = -0.3, 0.3
    for _ in range(40):  # down is nearer
        middle = (low + high) / 2
        near = hand_on_leg_gap(reaching, moved(other, 0, 0, -middle)) < gap_m
        low, high = (middle, high) if near else (low, middle)
    touched = moved(other, 0, 0, -high)
    assert hand_on_leg_gap(reaching, touched) == pytest.approx(gap_m, abs=1e-4)
    assert (gap_m <= TOUCH_M) is expected
    people = [Actor("Row1.Pos2", "seated", reaching), Actor("Row1.Pos1", "seated", touched)]
    found = [fact for fact in facts(sedan, people) if fact.kind == "hand_on_leg"]
    assert found == ([Fact("hand_on_leg", ("Row1.Pos2", "Row1.Pos1"))] if expected else [])  # toucher first


def test_the_own_leg_is_no_event(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    occupant = resting["Row1.Pos2"]
    assert hand_on_leg_gap(occupant.figure, occupant.figure) < TOUCH_M
    assert facts(sedan, [actor(occupant)]) == ()


def test_leaning_out_needs_head_or_shoulder_beyond_the_window(
    sedan: Cabin, resting: dict[str, Occupant]
) -> None:
    occupant = resting["Row1.Pos2"]
    window = sedan.seats["Row1.Pos2"].window
    assert window is not None
    head = occupant.figure.line("head").mean(axis=0)
    out = -(sedan.shell.side_y(float(head[2])) + head[1])
    shoulder = occupant.figure.pose.head("upperarm01.R")
    just = -(sedan.shell.side_y(float(shoulder[2])) + shoulder[1])

    def leans(*offset: float) -> bool:
        return leaning_out(sedan, Actor("Row1.Pos2", "seated", moved(occupant, *offset)))

    assert leans(0, out - 0.02, 0)
    assert leans(0, just - 0.02, 0.08)
    assert not leans(0, just + 0.08, 0)
    assert not leans(0, out - 0.02, -0.6)  # below the sill
    assert not leaning_out(
        sedan, Actor("Row2.Pos2", "seated", moved(occupant, 0, out - 0.02, 0))
    )  # no window
    leaning = Actor("Row1.Pos2", "seated", moved(occupant, 0, out - 0.02, 0))
    assert {"leaning_out", "unsafe_sitting"} <= {fact.kind for fact in facts(sedan, [leaning])}


@pytest.mark.parametrize("sitting", get_args(Sitting))
def test_ways_to_sit(sedan: Cabin, resting: dict[str, Occupant], sitting: Sitting) -> None:
    kinds = {fact.kind for fact in facts(sedan, [Actor("Row1.Pos2", sitting, resting["Row1.Pos2"].figure)])}
    expected = {
        "lying": {"unsafe_sitting"}, "kneeling": {"unsafe_sitting"}, "standing": {"unsafe_sitting"},
        "sliding": {"unsafe_sitting"}, "fighting": {"fighting"},
    }  # fmt: skip
    assert kinds == expected.get(sitting, set())  # leaning out is measured
    assert kinds <= set(RULES)
    assert sitting in {style.sitting for style in STYLES.values()}
