"""Doors that open: the way is free, the world shows, all else stays as it was."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from cabinsafe.errors import DataError
from cabinsafe.synthetic.cabin import Cabin, CabinSpec, OrientedBox, draw_cabin
from cabinsafe.synthetic.cabin.doors import SILL_M
from cabinsafe.synthetic.camera import Camera, CameraSpec
from cabinsafe.synthetic.mesh import Mesh
from cabinsafe.synthetic.render import NOTHING, visibility
from cabinsafe.synthetic.rotations import Array

KINDS = ("sedan", "suv", "van", "shuttle")
CABINS = [Cabin(draw_cabin(seed, {"kind": kind})) for kind in KINDS for seed in range(4)]
NOTHING_OPEN: frozenset[str] = frozenset()


def every_door() -> list[tuple[Cabin, str]]:
    return [(cabin, name) for cabin in CABINS for name in cabin.shell.doors]


def as_bytes(meshes: Iterable[Mesh]) -> list[bytes]:
    rests = [mesh.vertices if mesh.rest is None else mesh.rest for mesh in meshes]
    return [
        mesh.vertices.tobytes() + mesh.triangles.tobytes() + rest.tobytes()
        for mesh, rest in zip(meshes, rests, strict=True)
    ]


def is_solid(solids: Iterable[OrientedBox], point: Array) -> bool:
    return any(solid.contains(point) for solid in solids)


def in_the_wall(cabin: Cabin, x: float, sign: float, z: float) -> Array:
    """A point that the wall holds, a little behind its inner face."""
    point: Array = cabin.shell.on_side(x, sign, z) + np.array([0, sign * 0.05, 0])
    return point


def test_every_outer_seat_of_a_drawn_cabin_has_a_door_over_its_feet() -> None:
    for cabin in CABINS:
        for seat in cabin.seats.values():
            name = cabin.door_beside(seat.name)
            if seat.left and seat.right:
                assert name is None
                continue
            assert name is not None
            assert name.startswith("left" if seat.hip_m[1] > 0 else "right")
            door = cabin.shell.doors[name]
            assert door.rear_x < seat.at(0.2, 0, 0)[0] < door.front_x


def test_without_an_opening_beside_it_a_seat_has_no_door() -> None:
    spec = CabinSpec.model_validate({"windows": {"pillars_m": [0.4, 0.1, -0.2, -0.5, -0.8, -1.1]}})
    cabin = Cabin(spec)
    assert not cabin.shell.doors
    assert {cabin.door_beside(name) for name in cabin.seats} == {None}


def test_a_closed_cabin_is_the_one_without_open_doors() -> None:
    for cabin in CABINS:
        assert as_bytes(cabin.meshes()) == as_bytes(cabin.meshes(NOTHING_OPEN))
        closed = cabin.solids_without(NOTHING_OPEN)
        assert [solid.name for solid in closed] == [solid.name for solid in cabin.solids]
        for one, other in zip(closed, cabin.solids, strict=True):
            assert one.center.tobytes() == other.center.tobytes()
            assert one.size.tobytes() == other.size.tobytes()


def test_an_open_door_frees_its_opening_and_nothing_else() -> None:
    for cabin, name in every_door():
        spec, door = cabin.spec, cabin.shell.doors[name]
        opened = cabin.solids_without({name})
        middle, belt = (door.front_x + door.rear_x) / 2, spec.belt_line_m
        for z in (SILL_M + 0.05, 0.5 * belt, belt + 0.1):
            point = in_the_wall(cabin, middle, door.sign, z)
            assert is_solid(cabin.solids, point)
            assert not is_solid(opened, point)
            assert is_solid(opened, point * (1, -1, 1))
        assert is_solid(opened, in_the_wall(cabin, middle, door.sign, SILL_M / 2))
        assert is_solid(opened, in_the_wall(cabin, middle, door.sign, spec.roof_m - 0.03))
        for other in cabin.shell.doors.values():
            if other.sign == door.sign and other.name != name:
                there = (other.front_x + other.rear_x) / 2
                assert is_solid(opened, in_the_wall(cabin, there, door.sign, 0.5 * belt))


def test_all_doors_of_a_side_open_leave_the_pillars() -> None:
    for cabin in CABINS:
        opened = cabin.solids_without(cabin.shell.doors.keys())
        for foot in cabin.spec.windows.pillars_m[:-1]:
            for sign in (1.0, -1.0):
                assert is_solid(opened, in_the_wall(cabin, foot, sign, 0.5 * cabin.spec.belt_line_m))


def test_an_open_leaf_stands_outside_as_it_was() -> None:
    for cabin, name in every_door():
        door, half = cabin.shell.doors[name], cabin.spec.half_width_m
        leaf = next(s for s in cabin.solids_without({name}) if s.name == f"{name} leaf")
        assert (door.sign * leaf.corners[:, 1] > half - 0.02).all()
        assert leaf.size[0] == pytest.approx(door.front_x - door.rear_x)
        ends = np.array([[door.front_x, door.sign * half, 0.4], [door.rear_x, door.sign * half, 0.4]])
        front, rear = door.opened(ends)
        assert np.linalg.norm(front - rear) == pytest.approx(leaf.size[0])
        if door.slides:
            assert (leaf.corners[:, 0] <= door.rear_x + 1e-9).all()
        else:
            assert np.linalg.norm(front - ends[0]) < 0.12
            assert door.sign * (rear - ends[1])[1] > 0.7 * leaf.size[0]


def test_the_leaf_moves_and_everything_else_stays() -> None:
    for cabin, name in every_door():
        door = cabin.shell.doors[name]
        before = np.concatenate([mesh.vertices for mesh in cabin.meshes()])
        after = np.concatenate([mesh.vertices for mesh in cabin.meshes({name})])

        def others(points: Array, cabin: Cabin = cabin, sign: float = door.sign) -> Array:
            """What is on the other half of the cabin, well inside."""
            return points[(sign * points[:, 1] < 0.3) & (np.abs(points[:, 1]) < cabin.spec.half_width_m)]

        assert others(before).tobytes() == others(after).tobytes()
        limit = cabin.spec.half_width_m + 0.2
        assert (np.abs(before[:, 1]) < limit).all()
        assert (door.sign * after[:, 1] > limit).any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_world_shows_where_the_door_was(kind: str) -> None:
    cabin = Cabin(draw_cabin(3, {"kind": kind, "things": []}))
    name = str(cabin.door_beside("Row1.Pos1"))
    door = cabin.shell.doors[name]
    middle = (door.front_x + door.rear_x) / 2
    target = cabin.shell.on_side(middle, door.sign, 0.8 * cabin.spec.belt_line_m)
    eye = (middle, 0.0, cabin.spec.roof_m - 0.1)
    aim = tuple(float(v) for v in target)
    spec = CameraSpec(position_m=eye, look_at_m=aim, fov_deg=20, size_wh=(64, 64))
    closed = visibility(cabin.meshes(), Camera(spec), 1)
    opened = visibility(cabin.meshes({name}), Camera(spec), 1)
    gone = closed.depth < opened.depth - 0.01
    assert gone.mean() > 0.4
    assert (opened.object_id[gone] == NOTHING).mean() > 0.75, "the rest is the sill"
    assert (closed.object_id[gone] != NOTHING).all()


def test_unknown_names_are_refused() -> None:
    cabin = CABINS[0]
    with pytest.raises(DataError, match=r"expected doors among left1.*got left9, rear"):
        cabin.meshes({"left1", "left9", "rear"})
    with pytest.raises(DataError, match="got right7"):
        cabin.solids_without({"right7"})
    with pytest.raises(DataError, match=r"expected a seat among Row1\.Pos1.*got Row9\.Pos1"):
        cabin.door_beside("Row9.Pos1")
