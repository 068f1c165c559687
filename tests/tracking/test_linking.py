import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.tracking import OccupantLinker
from cabinsafe.types import Scene, Track


def scene(t_s, camera, *tracks, unseen_s=0.0):
    """Scene of (track id, seat) pairs."""
    made = [
        Track(track_id=i, box_xyxy=(0, 0, 9, 9), box_source="detection", seat=seat, unseen_s=unseen_s)
        for i, seat in tracks
    ]
    return Scene(t_s=t_s, camera_id=camera, size_wh=(100, 100), tracks=tuple(made))


def occupants(linked):
    return [track.occupant_id for track in linked.tracks]


@pytest.fixture
def linker():
    return OccupantLinker()


def test_two_cameras_that_see_one_seat_see_one_occupant(linker):
    assert occupants(linker.link(scene(0.0, "front", (1, "Row1.Pos1"), (2, "Row1.Pos2")))) == [1, 2]
    assert occupants(linker.link(scene(0.0, "rear", (3, "Row1.Pos2"), (4, "Row2.Pos1")))) == [2, 3]


def test_an_occupant_stays_the_same_through_a_swap_and_a_lost_track(linker):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1"), (2, "Row1.Pos2")))
    linker.link(scene(0.0, "rear", (3, "Row1.Pos1"), (4, "Row1.Pos2")))
    assert occupants(linker.link(scene(0.5, "front", (1, "Row1.Pos2"), (2, "Row1.Pos1")))) == [1, 2]
    linker.link(scene(1.0, "front", (1, "Row1.Pos2"), (2, "Row1.Pos1")))
    linked = linker.link(scene(2.0, "rear", (7, "Row1.Pos2")))
    assert occupants(linked) == [1], "a new track of the rear camera, in the seat that 1 has taken"


def test_who_has_not_sat_down_is_nobody_yet(linker):
    assert occupants(linker.link(scene(0.0, "front", (1, None)))) == [None]
    assert occupants(linker.link(scene(0.1, "front", (1, "Row1.Pos1")))) == [1]
    assert occupants(linker.link(scene(0.2, "front", (1, None)))) == [1]


WHERE = st.sampled_from(
    ["gone", None, "Row1.Pos1", "Row1.Pos2"]
)  # a track: out of sight, in no seat, or in one
TRACKS = tuple((camera, track_id) for camera in ("front", "rear") for track_id in (1, 2))
STEPS = st.tuples(st.sampled_from([0.1, 4.0, 11.0]), st.tuples(*[WHERE] * len(TRACKS)))  # lasting seconds


@settings(deadline=None, max_examples=300)
@given(st.lists(STEPS, min_size=8, max_size=16))
def test_one_camera_never_sees_one_occupant_twice(ride):
    linker, now = OccupantLinker(), 0.0
    for lasting_s, wheres in ride:
        there = [(*track, where) for track, where in zip(TRACKS, wheres, strict=True) if where != "gone"]
        for at, camera in itertools.product((now, now + lasting_s), ("front", "rear")):
            tracks = [(track_id, seat) for name, track_id, seat in there if name == camera]
            known = [x for x in occupants(linker.link(scene(at, camera, *tracks))) if x is not None]
            assert len(known) == len(set(known))
            assert len(known) >= sum(seat is not None for _, seat in tracks)
        now += lasting_s + 0.1


def test_of_two_in_a_seat_one_is_somebody_new(linker):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1")))
    assert occupants(linker.link(scene(0.1, "rear", (2, "Row1.Pos1"), (3, "Row1.Pos1")))) == [1, 2]


@pytest.mark.parametrize("seat", ["Row1.Pos1", "Row1.Pos2", None])
def test_who_took_the_place_of_one_unseen_is_somebody_else_once_that_one_is_back(linker, seat):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1")))
    linker.link(scene(0.0, "rear", (2, "Row1.Pos1")))
    linker.link(scene(4.0, "front", (1, "Row1.Pos1")))
    assert occupants(linker.link(scene(4.0, "rear", (3, "Row1.Pos1")))) == [1]
    assert occupants(linker.link(scene(4.1, "rear", (2, "Row1.Pos1"), (3, seat)))) == [1, 2]
    assert occupants(linker.link(scene(4.2, "rear", (3, "Row1.Pos1")))) == [2]
    assert occupants(linker.link(scene(4.2, "front", (1, "Row1.Pos1")))) == [1]


def test_who_sits_down_as_another_comes_back_is_not_that_one(linker):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1")))
    linker.link(scene(0.0, "rear", (3, "Row1.Pos1")))
    linker.link(scene(4.0, "front", (1, "Row1.Pos1")))
    assert occupants(linker.link(scene(4.0, "rear", (2, "Row1.Pos1"), (3, "Row1.Pos1")))) == [2, 1]


def test_the_next_in_a_seat_is_somebody_else(linker):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1")))
    assert occupants(linker.link(scene(30.0, "rear", (2, "Row1.Pos1")))) == [2]


def test_a_prediction_does_not_take_a_seat(linker):
    linker.link(scene(0.0, "front", (1, "Row1.Pos1")))
    linker.link(scene(0.5, "front", (1, "Row1.Pos2"), unseen_s=0.5))
    assert occupants(linker.link(scene(0.6, "rear", (2, "Row1.Pos1")))) == [1]


def test_reset_forgets_but_ids_go_on_and_memory_is_bounded(linker):
    for i in range(1, 200):
        linker.link(scene(20.0 * i, "front", (i, "Row1.Pos1")))
    assert len(linker._of) == 1
    linker.reset()
    assert occupants(linker.link(scene(0.0, "front", (1, "Row1.Pos1")))) == [200]
