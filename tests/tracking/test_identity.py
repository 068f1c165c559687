"""Who is the one that turned up: decided when it is clear, and not before."""

import pytest

FPS = 30.0
LEFT, RIGHT = (300.0, 400.0, 200.0, 300.0), (560.0, 400.0, 200.0, 300.0)


def _run(people, tracker, seconds, places, start_s=0.0):
    """Tracks of every frame; ``places`` says who is seen, as boxes, at a time since the start."""
    frames = range(round(seconds * FPS))
    return [tracker.update(start_s + f / FPS, [people.box(*p) for p in places(f / FPS)], []) for f in frames]


def _sit(people, tracker, seconds=3.0):
    return _run(people, tracker, seconds, lambda _: [LEFT, RIGHT])[-1]


def _seen(tracks):
    return {track.track_id: track.box_xyxy for track in tracks if track.unseen_s == 0.0}


def test_one_who_may_be_either_of_two_lost_waits_until_the_other_turns_up(people, tracker):
    _sit(people, tracker)
    between = (430.0, 400.0, 200.0, 300.0)
    alone = _run(people, tracker, 0.5, lambda _: [between], start_s=5.0)
    assert all(_seen(tracks) == {} for tracks in alone)
    both = _run(people, tracker, 0.2, lambda _: [between, RIGHT], start_s=5.5)
    assert set(_seen(both[-1])) == {1, 2}
    assert _seen(both[-1])[2][0] == pytest.approx(RIGHT[0] - 100.0)


def test_patience_ends(people, make_tracker):
    tracker = make_tracker(patience_s=0.4)
    _sit(people, tracker)
    alone = _run(people, tracker, 0.6, lambda _: [(430.0, 400.0, 200.0, 300.0)], start_s=5.0)
    assert _seen(alone[0]) == {}
    assert len(_seen(alone[-1])) == 1


def test_two_seen_at_once_are_two(people, tracker):
    """A third person is nobody who was in sight when they came, even where both others vanish then."""
    _sit(people, tracker)
    third = (820.0, 400.0, 200.0, 300.0)
    _run(people, tracker, 0.1, lambda _: [LEFT, RIGHT, third], start_s=3.0)
    assert set(_seen(_run(people, tracker, 0.5, lambda _: [third], start_s=3.1)[-1])) == {3}


def test_people_of_very_different_size_who_swap_seats_unseen_are_known_by_it(people, tracker):
    small, big = (300.0, 400.0, 130.0, 200.0), (560.0, 400.0, 260.0, 420.0)
    _run(people, tracker, 12.0, lambda _: [small, big])
    swapped = [(300.0, *big[1:]), (560.0, *small[1:])]
    tracks = _run(people, tracker, 2.0, lambda _: swapped, start_s=14.5)[-1]
    assert [track.track_id for track in sorted(tracks, key=lambda track: track.box_xyxy)] == [2, 1]


def test_neighbours_both_unseen_are_not_reported_for_long(people, make_tracker):
    tracker = make_tracker(doubt_s=1.0)
    _sit(people, tracker)
    assert people.ids(tracker.update(3.9, [], [])) == [1, 2]
    assert tracker.update(4.2, [], []) == []
    assert people.ids(tracker.update(4.3, [people.box(*LEFT)], [])) == [1, 2]


def test_one_into_whose_place_somebody_moves_is_not_reported_there(people, tracker):
    _sit(people, tracker)

    def leaves_for_the_left(t_s):
        return [(560.0 - 200.0 * t_s, *RIGHT[1:])]

    tracks = _run(people, tracker, 1.2, leaves_for_the_left, start_s=3.0)
    assert people.ids(tracks[5]) == [1, 2]
    assert people.ids(tracks[-1]) == [2]


@pytest.mark.parametrize("hidden_s", [0.3, 0.6])
def test_paths_that_cross_unseen(people, tracker, hidden_s):
    """Two move past each other; where they meet, nobody is seen."""
    _sit(people, tracker)

    def swap(t_s):
        along = min(t_s / 1.6, 1.0)
        if abs(t_s - 0.8) < hidden_s / 2.0:
            return []
        return [(300.0 + 260.0 * along, *LEFT[1:]), (560.0 - 260.0 * along, *RIGHT[1:])]

    tracks = _run(people, tracker, 3.0, swap, start_s=3.0)[-1]
    assert [track.track_id for track in sorted(tracks, key=lambda track: track.box_xyxy)] == [2, 1]
