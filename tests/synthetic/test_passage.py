"""Ways in, out and across: nobody goes through anything on the way, and heads are ducked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("anny", reason="needs the [synthetic] extra")

from cabinsafe.synthetic.body import Body, BodyModel, draw_body
from cabinsafe.synthetic.cabin import Cabin, OrientedBox, draw_cabin
from cabinsafe.synthetic.contact import Figure, samples
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.limits import violations
from cabinsafe.synthetic.posing.posture import SIDES, Posture
from cabinsafe.synthetic.ride.passage import CURB_M, crouch, entry_door, entry_path, swap_path
from cabinsafe.synthetic.scene import PersonSpec, pose_person
from cabinsafe.synthetic.validity import allowed_depth

DEEPEST_M = 0.10
SHARES = (0.25, 0.5, 0.75)
CABINS = [Cabin(draw_cabin(seed)) for seed in range(10)]


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return BodyModel()


def body_of(model: BodyModel, seed: int) -> Body:
    return model.shape(draw_body(seed, "child" if seed % 5 == 4 else "adult"))


def seated(cabin: Cabin, body: Body, seat: str) -> Posture:
    return pose_person(cabin, PersonSpec(seat=seat), {seat: body}, ()).posture


def moments(path: Sequence[Posture]) -> Iterator[Posture]:
    """The postures of a path, and some between."""
    yield path[0]
    for start, end in pairwise(path):
        yield from (start.towards(end, share) for share in SHARES)
        yield end


def excess(figure: Figure, solids: Sequence[OrientedBox]) -> float:
    """By how much the deepest body part is too deep in any solid, metres."""
    points, radii = samples(figure)
    return max(float((s.depth(points).max(axis=1) + radii).max()) - allowed_depth(s) for s in solids)


def doorways(cabin: Cabin) -> list[tuple[str, str]]:
    """Free passenger seats by a door, and the door."""
    return [
        (seat.name, door)
        for seat in cabin.seats.values()
        if not seat.laden and seat.wheel is None and (door := cabin.door_beside(seat.name))
    ]


def test_nobody_comes_in_through_anything(model: BodyModel) -> None:
    deepest = []
    for seed, cabin in enumerate(CABINS):
        body = body_of(model, seed)
        for seat, door in doorways(cabin):
            assert entry_door(cabin, seat) == door
            solids = cabin.solids_without({door})
            path = (*entry_path(cabin, body, seat), seated(cabin, body, seat))
            figures = [Figure(body, solve(body, posture)) for posture in moments(path)]
            assert not any(violations(figure.pose, 3.0) for figure in figures)
            deepest.append(max(excess(figure, solids) for figure in figures))
    assert len(deepest) > 20
    assert np.mean(np.array(deepest) <= DEEPEST_M) >= 0.9
    assert np.median(deepest) < 0.05


def test_the_way_in_leads_from_outside_to_the_seat_inner_foot_first(model: BodyModel) -> None:
    for seed, cabin in enumerate(CABINS):
        body = body_of(model, seed)
        for name, door in doorways(cabin):
            seat, sign = cabin.seats[name], cabin.shell.doors[door].sign
            path = entry_path(cabin, body, name)
            outward = [sign * posture.hips_m[1] - cabin.spec.half_width_m for posture in path]
            assert outward[0] > 0.3
            assert (np.diff(outward) < 0.05).all()
            assert np.linalg.norm(path[-1].hips_m - seat.hip_m) < 0.25
            near = 1 if sign * seat.facing > 0 else -1
            inside = [
                [sign * p.foot(side).ankle_m[1] < cabin.spec.half_width_m for p in path] for side in SIDES
            ]
            inner_foot, outer_foot = inside if near < 0 else inside[::-1]
            assert inner_foot[-1]
            assert not any(outer_foot[: inner_foot.index(True) + 1])
            assert path[0].left_foot.ankle_m[2] == pytest.approx(body.ankle_m - CURB_M)


def test_heads_pass_below_the_rail(model: BodyModel) -> None:
    low = []
    for seed, cabin in enumerate(CABINS):
        body = body_of(model, seed)
        for seat, door in doorways(cabin):
            opening = cabin.shell.doors[door]
            wall = cabin.shell.side_y(cabin.shell.rail_z)
            for posture in moments((*entry_path(cabin, body, seat), seated(cabin, body, seat))):
                figure = Figure(body, solve(body, posture))
                crown = figure.line("head")[1]
                if wall < opening.sign * crown[1] < cabin.spec.half_width_m + 0.12:
                    low.append(crown[2] + body.radius("head") - cabin.shell.rail_z)
    assert len(low) > 20
    assert np.mean(np.array(low) < 0.03) > 0.9


def test_an_inner_seat_is_reached_over_the_one_beside_it(model: BodyModel) -> None:
    cabin = Cabin(draw_cabin(1, {"kind": "sedan", "things": []}))
    body = body_of(model, 0)
    assert cabin.door_beside("Row2.Pos2") is None
    door = entry_door(cabin, "Row2.Pos2")
    assert door == cabin.door_beside("Row2.Pos1")
    path, outer = entry_path(cabin, body, "Row2.Pos2"), entry_path(cabin, body, "Row2.Pos1")
    assert len(path) > len(outer)
    assert all((a.hips_m == b.hips_m).all() for a, b in zip(path, outer, strict=False))
    assert abs(path[-1].hips_m[1] - cabin.seats["Row2.Pos2"].hip_m[1]) < 0.1
    solids = cabin.solids_without({str(door)})
    whole = (*path, seated(cabin, body, "Row2.Pos2"))
    assert max(excess(Figure(body, solve(body, p)), solids) for p in moments(whole)) <= DEEPEST_M


def test_nobody_changes_seats_through_anything(model: BodyModel) -> None:
    deepest = []
    for seed, cabin in enumerate(CABINS[:6]):
        body = body_of(model, seed)
        for seat in cabin.seats.values():
            if seat.right is None or seat.laden or cabin.seats[seat.right].laden:
                continue
            ends = seated(cabin, body, seat.name), seated(cabin, body, seat.right)
            path = (ends[0], *swap_path(cabin, body, seat.name, seat.right), ends[1])
            figures = [Figure(body, solve(body, posture)) for posture in moments(path)]
            assert not any(violations(figure.pose, 3.0) for figure in figures)
            deepest.append(max(excess(figure, cabin.solids) for figure in figures))
    assert np.mean(np.array(deepest) <= DEEPEST_M) >= 0.9


def test_feet_step_over_the_console_one_after_the_other(model: BodyModel) -> None:
    cabin = Cabin(draw_cabin(3, {"kind": "sedan", "things": []}))
    body = body_of(model, 1)
    top = cabin.spec.console.console_m
    assert top > 0.2
    path = swap_path(cabin, body, "Row1.Pos1", "Row1.Pos2")
    heights = np.array([[posture.foot(side).ankle_m[2] for side in SIDES] for posture in path])
    highest = heights.argmax(axis=0)
    assert (heights.max(axis=0) > top).all()
    assert highest[1] < highest[0], "to the right the right foot goes first"


def test_a_crouch_is_a_little_higher_than_the_seat_and_under_the_roof(model: BodyModel) -> None:
    for seed, cabin in enumerate(CABINS):
        body = body_of(model, seed)
        for seat in cabin.seats.values():
            posture = crouch(cabin, body, seat.name)
            assert posture.hips_m[2] > seated(cabin, body, seat.name).hips_m[2] - 0.02
            head = Figure(body, solve(body, posture)).line("head")[:, 2].max() + body.radius("head")
            assert head < cabin.spec.roof_m + 0.05


def test_a_path_is_the_same_every_time(model: BodyModel) -> None:
    cabin, body = CABINS[0], body_of(model, 0)
    seat, _ = doorways(cabin)[0]
    for one, other in zip(entry_path(cabin, body, seat), entry_path(cabin, body, seat), strict=True):
        assert one.hips_m.tobytes() == other.hips_m.tobytes()
        assert one.left_hand.wrist_m.tobytes() == other.left_hand.wrist_m.tobytes()
