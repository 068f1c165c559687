"""Things in a cabin stand on what they are on, and stick in nothing."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_cabins import CABINS, bare, every_seat

from cabinsafe.synthetic.cabin import Cabin, CabinSpec, child_seat


def test_a_child_sits_higher_and_in_the_child_seat() -> None:
    for _, seat in every_seat()[:200]:
        thing = child_seat(seat)
        assert thing.child_hip_m[2] > seat.hip_m[2]
        assert thing.child_hip_m[1] == pytest.approx(seat.hip_m[1])
        assert float((thing.child_hip_m - seat.hip_m) @ seat.frame[:, 0]) > 0
        base, back = thing.solids
        assert not base.contains(thing.child_hip_m)
        assert not back.contains(thing.child_hip_m)
        assert base.contains(thing.child_hip_m - (0, 0, 0.1))
        assert back.contains(thing.child_hip_m - seat.frame @ (0.13, 0, 0))
        assert all(np.isfinite(mesh.vertices).all() for mesh in thing.meshes())


def test_seats_know_what_lies_on_them() -> None:
    things = [
        {"kind": "child_seat", "seat": "Row2.Pos1"},
        {"kind": "blanket", "seat": "Row2.Pos3"},
        {"kind": "bag", "seat": "Row1.Pos2", "place": "floor"},
        {"kind": "phone_mount"},
        {"kind": "jacket", "seat": "Row2.Pos3"},
    ]
    cabin = Cabin(CabinSpec(things=things))
    assert [name for name, seat in cabin.seats.items() if seat.laden] == ["Row2.Pos1", "Row2.Pos3"]
    assert [name for name, seat in cabin.seats.items() if seat.child_hip_m is not None] == ["Row2.Pos1"]
    names = [solid.name for solid in cabin.solids]
    assert names[-3:] == ["Row2.Pos1 child seat base", "Row2.Pos1 child seat back", "bag of Row1.Pos2"]


def test_drawn_things_do_not_stick_in_anything() -> None:
    for cabin in CABINS:
        built_in = Cabin(bare(cabin)).solids
        for thing in cabin.solids[len(built_in) :]:
            for solid in built_in:
                depth = float(solid.depth(thing.corners).max())
                assert depth < 0.08 or "child seat" in thing.name, (thing.name, solid.name, depth)


@pytest.mark.parametrize("place", ["seat", "floor", "lap"])
@pytest.mark.parametrize("kind", ["bag", "box", "bottle"])
def test_things_stand_on_what_they_are_on(kind: str, place: str) -> None:
    cabin = Cabin(CabinSpec(things=[{"kind": kind, "seat": "Row2.Pos1", "place": place}]))
    seat, thing = cabin.seats["Row2.Pos1"], cabin.solids[-1]
    foot = float(thing.corners[:, 2].min())
    ground = {"floor": 0.0, "seat": seat.cushion_top_m, "lap": float(seat.hip_m[2]) + 0.09}[place]
    assert foot == pytest.approx(ground, abs=0.06)
    built_in = [solid for solid in cabin.solids[:-1] if solid.depth(thing.center) > 0]
    assert built_in == []
