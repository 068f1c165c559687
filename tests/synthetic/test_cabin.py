"""Vehicles drawn by the hundred: seats that fit and can be sat in, specs that say all, solid solids."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from drawn_cabins import CABINS, KINDS, bare, every_seat
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.synthetic.cabin import Cabin, CabinSpec, OrientedBox, draw_cabin
from cabinsafe.synthetic.cabin.spec import HEADROOM_M, HIP_TO_BACKREST_M, HIP_TO_CUSHION_M
from cabinsafe.synthetic.mesh import CABIN
from cabinsafe.synthetic.rotations import about, about_z

SOME = [Cabin(draw_cabin(seed, {"kind": kind})) for kind in KINDS for seed in range(6)]
Fixed = Mapping[str, Any]


# ---- what is drawn


def test_all_kinds_drive_sides_and_colours_are_drawn() -> None:
    specs = [cabin.spec for cabin in CABINS]
    assert {spec.kind for spec in specs} == set(KINDS)
    assert {spec.drive_side for spec in specs} == {"left", "right"}
    assert {spec.materials.seat.pattern for spec in specs} >= {"plain", "weave", "stripes", "checks", "dots"}
    brightness = [np.mean(spec.materials.seat.color) for spec in specs]
    assert min(brightness) < 0.03
    assert max(brightness) > 0.4
    kinds = {thing.kind for spec in specs for thing in spec.things}
    assert kinds == {"bag", "box", "bottle", "child_seat", "blanket", "phone_mount", "jacket"}


@pytest.mark.parametrize(("kind", "rows"), [("sedan", {2}), ("suv", {2}), ("van", {3}), ("shuttle", {2, 3})])
def test_kinds_have_their_rows(kind: str, rows: set[int]) -> None:
    specs = [draw_cabin(seed, {"kind": kind}) for seed in range(40)]
    assert {len(spec.rows) for spec in specs} == rows
    facings = {tuple(row.facing for row in spec.rows) for spec in specs}
    assert (("backward", "forward") in facings) == (kind == "shuttle")
    assert any(spec.wheel is None for spec in specs) == (kind == "shuttle")
    if kind in ("sedan", "suv"):
        assert all([len(row.seats) for row in spec.rows] == [2, 3] for spec in specs)


def test_one_seed_is_one_spec_and_others_differ() -> None:
    assert all(draw_cabin(seed) == CABINS[seed].spec for seed in range(20))
    assert len({cabin.spec.model_dump_json() for cabin in CABINS}) == len(CABINS)


@pytest.mark.parametrize(
    "fixed",
    [
        {"kind": "van", "drive_side": "right", "half_width_m": 0.8},
        {"roof_m": 1.05},
        {"half_width_m": 0.6},
        {"kind": "shuttle", "wheel": {"spokes": 2}},
        {"dash": None},
        {"materials": {"seat": {"color": [0.5, 0.1, 0.1]}, "floor": {"roughness": 0.25}}},
        {"things": [{"kind": "bag", "seat": "Row1.Pos2", "place": "lap"}]},
        {"rows": [{"x_m": 0.1}, {"x_m": -1.2, "bench": True}]},
    ],
)
def test_fixed_values_win_whatever_the_seed(fixed: Fixed) -> None:
    def check(wanted: Any, got: Any) -> None:
        if isinstance(wanted, Mapping):
            for key, value in wanted.items():
                check(value, got[key])
        elif isinstance(wanted, list):
            assert len(wanted) == len(got)
            for one, other in zip(wanted, got, strict=True):
                check(one, other)
        else:
            assert got == wanted

    for seed in range(20):
        spec = draw_cabin(seed, fixed)
        check(fixed, spec.model_dump(mode="json"))
    Cabin(spec).meshes()


def test_fixing_one_value_leaves_the_others_as_drawn() -> None:
    for seed in range(20):
        free = draw_cabin(seed)
        fixed = draw_cabin(seed, {"materials": {"roof": {"roughness": 0.123}}})
        materials = free.materials.model_copy(
            update={"roof": free.materials.roof.model_copy(update={"roughness": 0.123})}
        )
        assert fixed == free.model_copy(update={"materials": materials})


# ---- seats


def test_names_are_unique_and_count_from_the_vehicles_left() -> None:
    for cabin in CABINS:
        assert tuple(cabin.seats) == cabin.spec.seat_names
        for seat in cabin.seats.values():
            if seat.left:
                assert cabin.seats[seat.left].hip_m[1] > seat.hip_m[1]
                assert cabin.seats[seat.left].right == seat.name
            assert (seat.left is None) == seat.name.endswith("Pos1")


def test_hips_are_over_their_own_cushion_and_before_their_own_back() -> None:
    for _, seat in every_seat():
        cushion, back = seat.cushion.local(seat.hip_m), seat.back.local(seat.hip_m)
        slope = float(seat.cushion.rotation[2, 2])
        assert cushion[2] - seat.cushion.size[2] / 2 == pytest.approx(HIP_TO_CUSHION_M * slope)
        assert back[0] - seat.back.size[0] / 2 == pytest.approx(HIP_TO_BACKREST_M)
        assert (np.abs(cushion[:2]) < seat.cushion.size[:2] / 2).all()
        assert seat.cushion.contains(seat.hip_m - (0, 0, HIP_TO_CUSHION_M + 0.02))
        assert seat.cushion_top_m == pytest.approx(seat.hip_m[2] - HIP_TO_CUSHION_M)


def test_sitters_have_headroom_and_room_beside_them() -> None:
    for cabin, seat in every_seat():
        assert seat.hip_m[2] + HEADROOM_M <= cabin.spec.roof_m
        trunk = np.array([seat.along_back(up, left_m=y) for up in (0, 0.3, 0.6, 0.75) for y in (-0.1, 0.1)])
        for solid in Cabin(bare(cabin)).solids:
            assert not solid.contains(trunk).any(), (cabin.spec.kind, seat.name, solid.name)


def test_no_solid_holds_a_hip_point() -> None:
    for cabin, seat in every_seat():
        holders = [s.name for s in cabin.solids if s.contains(seat.hip_m) and seat.name not in s.name]
        assert holders == []


def test_seats_are_inside_the_shell_and_do_not_overlap() -> None:
    for cabin in CABINS:
        low, high = cabin.bounds
        seats = list(cabin.seats.values())
        for seat in seats:
            for box in (seat.cushion, seat.back):
                assert (box.corners >= low - 1e-6).all(), (cabin.spec.kind, box.name)
                assert (box.corners <= high + 1e-6).all(), (cabin.spec.kind, box.name)
            others = [other for other in seats if other is not seat]
            inner = seat.cushion.center + 0.98 * (seat.cushion.corners - seat.cushion.center)
            assert not any(other.cushion.contains(inner).any() for other in others)
            assert not any(other.back.contains(inner).any() for other in others)


def test_front_edge_is_the_cushions_upper_front_edge_from_left_to_right() -> None:
    for _, seat in every_seat():
        left, right = seat.front_edge
        assert left[1] - right[1] == pytest.approx(seat.width_m)
        assert abs(float(seat.cushion.depth(left))) < 1e-9
        ahead = seat.front_edge.mean(axis=0) - seat.hip_m
        assert float(ahead @ seat.frame[:, 0]) > 0.15
        middle, step = seat.front_edge.mean(axis=0), np.array([0.01 * seat.facing, 0, 0])
        assert not seat.cushion.contains(middle + step)
        assert seat.cushion.contains(middle - step - (0, 0, 0.005))


def test_what_is_in_front() -> None:
    for cabin, seat in every_seat():
        distance = (seat.in_front.x_m - seat.hip_m[0]) * seat.facing
        assert distance > 0.3, (cabin.spec.kind, seat)
        assert seat.in_front.top_m > seat.hip_m[2]
    sedan = Cabin(CabinSpec())
    assert sedan.seats["Row1.Pos1"].in_front.name == "dashboard"
    assert sedan.seats["Row2.Pos1"].in_front.name == "Row1.Pos1 back"
    facing = Cabin(next(c.spec for c in CABINS if c.spec.rows[0].facing == "backward"))
    assert facing.seats["Row1.Pos1"].in_front.name == "Row2 bench back"
    assert facing.seats["Row2.Pos1"].in_front.name == "Row1 bench back"


def test_one_driver_on_the_drive_side_within_reach_of_the_wheel() -> None:
    for cabin in CABINS:
        drivers = [seat for seat in cabin.seats.values() if seat.wheel]
        assert len(drivers) == (cabin.spec.wheel is not None)
        for seat in drivers:
            assert np.sign(seat.hip_m[1]) == (1 if cabin.spec.drive_side == "left" else -1)
            rim = np.array([seat.wheel.rim(t) for t in np.linspace(0, 2 * np.pi, 16)])
            assert np.linalg.norm(rim - seat.wheel.center, axis=1) == pytest.approx(seat.wheel.radius_m)
            top, bottom = seat.wheel.rim(np.pi / 2), seat.wheel.rim(-np.pi / 2)
            assert top[0] > bottom[0]
            assert top[2] > bottom[2]
            assert not any(solid.contains(rim).any() for solid in cabin.solids)
            assert np.linalg.norm(rim - seat.along_back(0.45), axis=1).max() < 0.85


def test_only_outer_seats_have_a_window_and_it_is_on_their_side() -> None:
    for cabin, seat in every_seat():
        if seat.window is not None:
            assert seat.left is None or seat.right is None
            assert (np.sign(seat.window[:, 1]) == np.sign(seat.hip_m[1])).all()
            assert seat.window[0, 0] > seat.window[1, 0]
            assert seat.window[2, 2] > seat.window[1, 2] >= cabin.spec.belt_line_m
    closed = Cabin(CabinSpec(windows={"closed": ["left1"]}))
    assert closed.seats["Row1.Pos1"].window is None
    assert closed.seats["Row1.Pos2"].window is not None


# ---- boxes


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(0.1, 2)] * 3),
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1),
    st.floats(-3, 3),
    st.tuples(*[st.floats(-2, 2)] * 3),
)
def test_depth_is_the_distance_to_the_surface(
    size: tuple[float, ...], axis: tuple[float, ...], angle: float, point: tuple[float, ...]
) -> None:
    box = OrientedBox(np.array([0.3, -0.2, 0.5]), np.array(size), about(axis, angle))
    grid = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 25)] * 3), axis=-1).reshape(-1, 3)
    shell = grid[np.abs(grid).max(axis=1) == 0.5]
    surface = box.center + (shell * size) @ box.rotation.T
    nearest = float(np.linalg.norm(surface - point, axis=1).min())
    depth = float(box.depth(point))
    assert abs(abs(depth) - nearest) < 0.05 * max(size)
    assert bool(box.contains(point)) == (depth >= 0)


def test_corners_are_on_the_surface_and_lines_enter_where_they_should() -> None:
    box = OrientedBox(np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 4.0]), about_z(np.pi / 2), "wall")
    assert box.depth(box.corners) == pytest.approx(np.zeros(8), abs=1e-9)
    assert np.ptp(box.corners, axis=0) == pytest.approx([2.0, 1.0, 4.0])
    shares = box.entry((-1.0, 0, 0), [(3.0, 0, 0), (-0.5, 0, 0), (3.0, 3.0, 0), (1.0, 0, 0)])
    assert shares == pytest.approx([0.25, np.inf, np.inf, 0.5])
    assert box.entry((1.0, 0, 0), (9.0, 0, 0)) == 0


# ---- what is seen


def test_meshes_are_finite_bounded_and_inside() -> None:
    for cabin in SOME:
        meshes = cabin.meshes()
        low, high = cabin.bounds
        for mesh in meshes:
            assert np.isfinite(mesh.vertices).all()
            assert np.isfinite(mesh.rest).all()
            assert (mesh.vertices > low - 0.15).all()
            assert (mesh.vertices < high + 0.15).all()
            assert mesh.object_id == CABIN
        assert 8_000 <= sum(len(mesh.triangles) for mesh in meshes) <= 27_000, cabin.spec.kind


def test_the_visible_seats_are_where_the_solids_are() -> None:
    for cabin in SOME:
        vertices = np.concatenate([mesh.vertices for mesh in cabin.meshes()])
        for seat in cabin.seats.values():
            over = seat.hip_m - (0, 0, HIP_TO_CUSHION_M)
            near = np.linalg.norm(vertices - over, axis=1) < 0.15
            depth = np.abs(seat.cushion.depth(vertices[near]))
            assert (depth < 0.03).sum() > 5, seat.name
        for solid in cabin.solids:
            if solid.name.startswith("Row") and "child" not in solid.name:
                assert (np.abs(solid.depth(vertices)) < 0.03).sum() > 20, solid.name


@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_read_back_from_json_gives_the_same_bytes(kind: str) -> None:
    spec = draw_cabin(7, {"kind": kind})
    again = CabinSpec.model_validate_json(spec.model_dump_json())
    assert again == spec
    for one, other in zip(Cabin(spec).meshes(), Cabin(again).meshes(), strict=True):
        assert one.vertices.tobytes() == other.vertices.tobytes()
        assert one.triangles.tobytes() == other.triangles.tobytes()
        assert one.rest.tobytes() == other.rest.tobytes()
        assert one.material == other.material


def test_another_process_gives_the_same_bytes() -> None:
    program = (
        "import hashlib; from cabinsafe.synthetic.cabin import Cabin, draw_cabin, draw_camera\n"
        "digest = hashlib.sha256()\n"
        "for seed in range(4):\n"
        "    cabin = Cabin(draw_cabin(seed))\n"
        "    digest.update(draw_camera(cabin, seed).model_dump_json().encode())\n"
        "    for mesh in cabin.meshes():\n"
        "        digest.update(mesh.vertices.tobytes() + repr(mesh.material).encode())\n"
        "print(digest.hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1
