import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.tracking import occupancy
from cabinsafe.tracking.seats import SeatHold, SeatMap, seat_point
from cabinsafe.types import State
from cabinsafe.views import CameraView, SeatView

SIZE = (1000, 800)


def test_a_new_seat_must_last():
    hold = SeatHold(1.0)
    hold.see(0.0, "A")
    assert hold.seat == "A"
    for t_s, seen, expected in [
        (1.0, "B", "A"), (1.9, "B", "A"), (1.95, "A", "A"), (2.0, "B", "A"), (2.5, "C", "A"),
        (3.4, "C", "A"), (3.5, "C", "C"), (3.6, None, "C"), (4.7, None, None), (4.8, "B", "B"),
    ]:  # fmt: skip
        hold.see(t_s, seen)
        assert hold.seat == expected


def test_who_stays_near_keeps_the_seat_and_others_get_none():
    hold = SeatHold(1.0)
    for t_s, seen, near, expected in [
        (0.0, None, "A", None), (2.0, None, "A", None), (3.0, "A", "", "A"), (4.0, None, "A", "A"),
        (9.0, None, "BA", "A"), (10.0, "B", "", "A"), (10.9, None, "AB", "A"), (11.0, "B", "", "A"),
        (12.0, "B", "", "B"), (13.0, None, "A", "B"), (14.0, None, "A", None), (15.0, None, "AB", None),
    ]:  # fmt: skip
        hold.see(t_s, seen, tuple(near))
        assert hold.seat == expected


def test_all_seats_within_reach_are_near():
    zones = [((x, 0.25), (x + 0.2, 0.25), (x + 0.2, 0.75), (x, 0.75)) for x in (0.1, 0.5)]
    seats = tuple(SeatView(name=f"Row1.Pos{i}", zone=zone) for i, zone in enumerate(zones, start=1))
    near = SeatMap(CameraView(camera_id="front", seats=seats)).seats_near
    assert near((340.0, 400.0), SIZE, 50.0) == ("Row1.Pos1",)  # 40 px away; 160 from the other
    assert near((340.0, 400.0), SIZE, 39.0) == ()
    assert near((450.0, 400.0), SIZE, 200.0) == ("Row1.Pos1", "Row1.Pos2")
    assert near((600.0, 180.0), SIZE, 21.0) == ("Row1.Pos2",)
    assert SeatMap(None).seats_near((600.0, 180.0), SIZE, 1e9) == ()


def test_the_point_is_between_the_hips_else_on_the_torso_else_low_in_the_box(people):
    box = tuple(people.box(400.0)[:4])
    assert seat_point(box, people.pose(400.0)) == (400.0, 460.0)
    assert seat_point(box, people.pose(400.0, hidden=["left_hip"])) == (360.0, 460.0)
    no_hips = people.pose(400.0, hidden=["left_hip", "right_hip"])
    assert seat_point(box, no_hips) == pytest.approx((400.0, 340.0 + 120.0), rel=1e-6)
    neither = people.pose(400.0, hidden=["left_hip", "right_hip", "left_shoulder"])
    for pose in (neither, None):
        x, y = seat_point(box, pose)
        assert x == 400.0
        assert 400.0 < y < 550.0


@given(st.tuples(st.floats(-200, 1200), st.floats(-200, 1000)))
def test_a_seat_map_answers_as_the_view_does(point):
    zones = (((0.1, 0.1), (0.6, 0.2), (0.4, 0.9)), ((0.3, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)))
    seats = tuple(SeatView(name=f"Row1.Pos{i}", zone=zone) for i, zone in enumerate(zones, start=1))
    hidden = SeatView(name="Row2.Pos1", cushion=zones[0])
    view = CameraView(camera_id="front", seats=(hidden, *seats))
    assert SeatMap(view).names == ("Row1.Pos1", "Row1.Pos2")
    assert SeatMap(view).seat_at(point, SIZE) == view.seat_at(np.array(point), SIZE)


def test_seat_of_a_track_changes_once_when_the_person_has_moved(people, make_tracker, bench_view):
    tracker = make_tracker(view=bench_view, seat_hold_s=0.5)
    seats = []
    for frame in range(90):
        x = 300.0 + 400.0 * min(frame / 45, 1.0)
        [track] = tracker.update(frame / 30, [people.box(x)], [people.skeleton(x)], SIZE)
        seats.append(track.seat)
    assert seats[0] == "Row2.Pos1"
    changes = [i for i in range(1, 90) if seats[i] != seats[i - 1]]
    assert len(changes) == 1
    assert seats[-1] == "Row2.Pos2"
    crossed = next(i for i in range(90) if 300.0 + 400.0 * i / 45 >= 500.0)
    assert changes[0] / 30 == pytest.approx(crossed / 30 + 0.5, abs=0.05)


def test_a_short_lean_over_the_line_changes_nothing(people, make_tracker, bench_view):
    tracker = make_tracker(view=bench_view)
    for frame in range(60):
        x = 550.0 if 20 <= frame < 40 else 450.0
        [track] = tracker.update(frame / 30, [people.box(x)], [], SIZE)
        assert track.seat == "Row2.Pos1"


@pytest.mark.parametrize(("reach", "expected"), [(0.0, None), (0.25, "Row2.Pos1")])
@pytest.mark.parametrize("neighbour", [(), ((0.34, 0.5),)])
def test_who_leans_far_out_of_the_zone_is_still_in_the_seat(
    people, make_tracker, make_bench, reach, expected, neighbour
):
    tracker = make_tracker(view=make_bench((0.0, 0.3), *neighbour), seat_reach_sizes=reach)
    for frame in range(150):
        x = 290.0 if frame < 30 else 330.0 if frame < 90 else min(330.0 + 9.0 * (frame - 90), 600.0)
        [track] = tracker.update(frame / 30, [people.box(x)], [people.skeleton(x)], SIZE)
        if frame == 89:
            assert track.seat == expected
    assert track.seat is None


@pytest.mark.parametrize(
    ("back_x", "seat", "presence"), [(418.0, "Row2.Pos1", "seated"), (470.0, None, "leaving")]
)
def test_who_was_hidden_as_they_leaned_out_is_still_in_the_seat(
    people, make_tracker, make_bench, back_x, seat, presence
):
    """A neighbour is lost, too, so that it takes a while to tell who is back."""
    tracker = make_tracker(view=make_bench((0.1, 0.4), (0.55, 0.9)))
    back = set()
    for frame in range(300):
        x = 350.0 if frame < 30 else 418.0 if frame < 90 else back_x
        seen = [] if 90 <= frame < 210 else [x] if frame >= 210 else [x, 650.0]
        boxes, skeletons = [people.box(x) for x in seen], [people.skeleton(x) for x in seen]
        tracks = tracker.update(frame / 30, boxes, skeletons, SIZE)
        if frame == 89:
            assert [track.seat for track in tracks] == ["Row2.Pos1", "Row2.Pos2"]
        if frame >= 210:
            back |= {(track.track_id, track.seat, track.presence) for track in tracks}
    assert back == {(1, seat, presence)}


def test_no_view_no_seat(people, tracker):
    [track] = tracker.update(0.0, [people.box(100.0)], [])
    assert track.seat is None


@pytest.mark.parametrize(("seat_nats", "expected"), [(0.0, 1), (2.0, 2)])
def test_the_seat_tips_the_scale_between_equals(people, make_tracker, bench_view, seat_nats, expected):
    tracker = make_tracker(view=bench_view, seat_nats=seat_nats, patience_s=0.0)
    tracker.update(0.0, [people.box(448.0), people.box(576.0)], [], SIZE)
    tracks = tracker.update(1.0, [people.box(510.0)], [], SIZE)
    assert [track.track_id for track in tracks if track.unseen_s == 0.0] == [expected]


def test_somebody_enters_sits_and_leaves(people, make_tracker, bench_view):
    lower = tuple(
        seat.model_copy(update={"zone": tuple((x, max(y, 0.5)) for x, y in seat.zone)})
        for seat in bench_view.seats
    )
    tracker = make_tracker(view=bench_view.model_copy(update={"seats": lower}), seat_hold_s=0.5)
    presences = []
    for frame in range(200):
        y = 250.0 if frame < 30 or frame >= 150 else 450.0
        tracks = tracker.update(frame / 30, [people.box(250.0, y)], [people.skeleton(250.0, y)], SIZE)
        presences += [track.presence for track in tracks]
    changes = [a for a, b in zip(presences, [*presences[1:], None], strict=True) if a != b]
    assert changes == ["entering", "seated", "leaving"]


def test_occupancy_is_a_reading_for_every_seat(people, make_tracker, bench_view):
    tracker = make_tracker(view=bench_view)
    tracker.update(-1.0, [people.box(250.0)], [], SIZE)
    tracks = tracker.update(0.0, [people.box(250.0)], [], SIZE)
    first, second = occupancy(bench_view, tracks)
    assert (first.state, first.track_ids, first.seats) == (State.TRUE, (1,), ("Row2.Pos1",))
    assert (second.state, second.track_ids, second.seats, second.score) == (
        State.FALSE,
        (),
        ("Row2.Pos2",),
        0.0,
    )
    unseen, _ = occupancy(bench_view, tracker.update(1.0, [], [], SIZE))
    assert (unseen.state, unseen.track_ids, unseen.score) == (State.NOT_OBSERVABLE, (1,), 0.5)
    assert unseen.evidence["unseen_s"] == 1.0
