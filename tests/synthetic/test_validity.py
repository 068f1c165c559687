"""What makes a scene impossible is told in words; what is possible is not."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.synthetic.cabin import Cabin
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.rotations import about_y
from cabinsafe.synthetic.scene import Occupant, own_solids
from cabinsafe.synthetic.validity import (
    CAMERA_M,
    HARD_M,
    SOFT_M,
    allowed_depth,
    body_problems,
    camera_problems,
    pair_problems,
)


def moved(occupant: Occupant, *offset: float) -> Figure:
    return Figure(occupant.body, solve(occupant.body, occupant.posture.shifted(np.array(offset))))


def test_people_at_rest_are_possible(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    for seat, occupant in resting.items():
        assert body_problems(occupant.figure, own_solids(sedan, seat)) == []
    assert pair_problems([occupant.figure for occupant in resting.values()]) == []


@pytest.mark.parametrize(
    ("offset", "solid"),
    [
        ((0, 0, -0.25), "cushion"),
        ((-0.3, 0, 0), "back"),
        ((0, -0.3, 0), "right door"),
        ((0, 0, 0.5), "roof"),
        ((0.4, 0, 0.1), "dash"),
        ((0, 0, -0.15), "floor"),
    ],
)
def test_a_body_in_a_solid_is_reported(
    sedan: Cabin, resting: dict[str, Occupant], offset: tuple[float, ...], solid: str
) -> None:
    problems = body_problems(moved(resting["Row1.Pos2"], *offset), sedan.solids)
    assert any(solid in problem and "m too deep in" in problem for problem in problems), problems


def test_a_joint_beyond_its_limit_is_reported(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    body = resting["Row1.Pos2"].body
    pose = solve(body, resting["Row1.Pos2"].posture)
    pose.turn("lowerleg01.L", about_y(np.radians(-40)))
    problems = body_problems(Figure(body, pose), ())
    assert any("left_knee" in problem and "degrees beyond its limit" in problem for problem in problems)


def test_open_windows_may_be_reached_through(sedan: Cabin, resting: dict[str, Occupant]) -> None:
    out = moved(resting["Row1.Pos2"], 0, -0.5, 0.25)
    shut, opened = (body_problems(out, sedan.solids, window_open) for window_open in (False, True))
    assert any("window side" in problem for problem in shut)
    assert opened == [problem for problem in shut if not problem.endswith("window side")]


def test_bodies_in_each_other_are_reported(resting: dict[str, Occupant]) -> None:
    figures = [
        resting["Row1.Pos1"].figure,
        resting["Row2.Pos1"].figure,
        moved(resting["Row1.Pos1"], 0, 0.1, 0),
    ]
    (problem,) = pair_problems(figures)
    assert " of 0 and " in problem
    assert " of 2 overlap by " in problem


def test_a_camera_in_the_face_is_reported(resting: dict[str, Occupant]) -> None:
    figures = [resting["Row1.Pos1"].figure, resting["Row1.Pos2"].figure]
    nose = figures[1].keypoints[0]
    (problem,) = camera_problems(figures, nose + np.array([CAMERA_M / 2, 0, 0]))
    assert problem.startswith("body 1 is ")
    assert problem.endswith(" m from the camera")
    assert camera_problems(figures, nose + np.array([CAMERA_M + 0.2, 0, 0])) == []


def test_cushions_give_way_and_doors_do_not(sedan: Cabin) -> None:
    depths = {solid.name: allowed_depth(solid) for solid in sedan.solids}
    assert depths["Row1.Pos1 cushion"] == depths["Row2 bench cushion"] == SOFT_M
    assert depths["roof"] == depths["left door"] == HARD_M
