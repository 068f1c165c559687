import numpy as np
import pytest

from cabinsafe.tracking.seats import SeatHold, seat_point

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


def test_the_point_is_between_the_hips_else_on_the_torso_else_low_in_the_box(people):
    box = tuple(people.box(400.0)[:4])
    assert seat_point(box, people.skeleton(400.0)).tolist() == [400.0, 460.0]
    assert seat_point(box, people.skeleton(400.0, hidden=["left_hip"])).tolist() == [360.0, 460.0]
    no_hips = people.skeleton(400.0, hidden=["left_hip", "right_hip"])
    np.testing.assert_allclose(seat_point(box, no_hips), [400.0, 340.0 + 120.0], rtol=1e-6)
    neither = people.skeleton(400.0, hidden=["left_hip", "right_hip", "left_shoulder"])
    for skeleton in (neither, None):
        x, y = seat_point(box, skeleton)
        assert x == 400.0
        assert 400.0 < y < 550.0


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


def test_no_view_no_seat(people, tracker):
    [track] = tracker.update(0.0, [people.box(100.0)], [])
    assert track.seat is None


@pytest.mark.parametrize(("seat_cost", "expected"), [(0.0, 1), (0.05, 2)])
def test_the_seat_tips_the_scale_between_equals(people, make_tracker, bench_view, seat_cost, expected):
    tracker = make_tracker(view=bench_view, seat_cost=seat_cost)
    tracker.update(0.0, [people.box(440.0), people.box(600.0)], [], SIZE)
    tracks = tracker.update(2.0, [people.box(515.0)], [], SIZE)
    assert people.ids(tracks) == [expected]
