import itertools

import numpy as np
import pytest

from cabinsafe.errors import FrameOrderError
from cabinsafe.tracking import Tracker


def test_zero_people_is_an_empty_answer(tracker):
    for frame, boxes in enumerate((None, [], np.zeros((0, 5)), ())):
        assert tracker.update(frame / 30, boxes, []) == []


def test_the_first_frame_is_enough_for_people_of_decent_score(people, tracker):
    tracks = tracker.update(0.0, [people.box(200.0, score=0.4)], [people.skeleton(600.0, score=0.4)])
    assert people.ids(tracks) == [1, 2]
    first, second = tracks
    assert (first.box_source, first.skeleton, first.age_s, first.unseen_s) == ("detection", None, 0.0, 0.0)
    assert second.box_source == "keypoints"
    assert second.skeleton == people.skeleton(600.0, score=0.4)
    assert second.velocity_xy == (0.0, 0.0)


def test_later_a_box_with_its_skeleton_is_enough_and_either_alone_must_last(people, make_tracker):
    tracker = make_tracker(confirm_s=0.2)
    tracker.update(0.0, [people.box(200.0)], [])
    for frame in range(1, 10):
        t_s, boxes = frame / 30, [people.box(x) for x in (200.0, 600.0, 1000.0)]
        tracks = tracker.update(t_s, boxes, [people.skeleton(600.0), people.skeleton(1400.0)])
        late = round(t_s - 1 / 30, 9) >= 0.2
        assert people.ids(tracks) == ([1, 2, 3, 4] if late else [1, 2])


def test_a_false_box_for_a_few_frames_is_nobody_and_moves_nobody(people, tracker):
    for frame in range(90):
        boxes = [] if 30 <= frame < 50 else [people.box(300.0)]
        if frame in (35, 36, 37, 70, 71):
            boxes.append(people.box(480.0, 420.0, 150.0, 260.0))
        [track] = tracker.update(frame / 30, boxes, [])
        assert track.track_id == 1
        assert track.box_xyxy == pytest.approx(people.box(300.0)[:4])


def test_a_detection_is_returned_as_it_came(people, tracker):
    for frame in range(5):
        [track] = tracker.update(frame / 30, [people.box(200.0 + 7 * frame)], [])
        assert list(track.box_xyxy) == people.box(200.0 + 7 * frame)[:4]


def test_weak_evidence_must_last_and_noise_never_counts(people, make_tracker):
    tracker = make_tracker(confirm_s=0.2)
    for frame in range(16):
        t_s = frame / 30
        boxes = [people.box(200.0, score=0.2), people.box(700.0, score=0.05)]
        tracks = tracker.update(t_s, boxes, [])
        assert len(tracks) == (1 if t_s >= 0.35 else 0)
    assert tracks[0].track_id == 1
    assert tracks[0].age_s == pytest.approx(0.5)


def test_weak_evidence_coasts_for_half_as_long_as_it_lasted(people, tracker):
    for frame in range(31):
        tracker.update(frame / 30, [people.box(200.0, score=0.2), people.box(700.0)], [])
    assert people.ids(tracker.update(1.45, [], [])) == [1, 2]
    assert people.ids(tracker.update(1.55, [], [])) == [1]
    assert people.ids(tracker.update(1.6, [people.box(200.0, score=0.2)], [])) == [1, 2]


def test_weak_evidence_that_vanishes_takes_no_id(people, tracker):
    tracker.update(0.0, [people.box(200.0, score=0.2)], [])
    for frame in range(1, 30):
        assert tracker.update(frame / 30, [], []) == []
    for t_s in (1.0, 1.1):
        assert tracker.update(t_s, [people.box(200.0)], []) == []
    assert people.ids(tracker.update(1.25, [people.box(200.0)], [])) == [1]


def test_a_weak_skeleton_goes_on_with_a_track_and_begins_none(people, make_tracker):
    tracker = make_tracker(birth_pose_score=0.5, confirm_s=0.0)
    assert tracker.update(0.0, [], [people.skeleton(200.0, score=0.6)]) != []
    for frame in range(1, 60):
        skeletons = [people.skeleton(x, score=0.4) for x in (200.0, 700.0)]
        [track] = tracker.update(frame / 10, [], skeletons)
        assert (track.track_id, track.unseen_s) == (1, 0.0)
    boxed = tracker.update(6.0, [people.box(700.0)], [people.skeleton(700.0, score=0.4)])
    assert 2 in people.ids(boxed), "a box tells that somebody is there"


def test_weak_evidence_is_confirmed_at_one_frame_a_second(people, tracker):
    assert tracker.update(0.0, [people.box(200.0, score=0.2)], []) == []
    assert people.ids(tracker.update(1.0, [people.box(205.0, score=0.2)], [])) == [1]


def test_ids_and_boxes_hold_when_the_detector_loses_boxes_but_keypoints_go_on(people, tracker):
    for frame in range(90):
        x, lost = 300.0 + 30.0 * np.sin(frame / 15), 30 <= frame < 60
        skeletons = [people.skeleton(x), people.skeleton(x + 250.0)]
        boxes = None if lost else [people.box(x + 250.0), people.box(x)]
        tracks = tracker.update(frame / 30, boxes, skeletons)
        assert people.ids(tracks) == [1, 2]
        assert {t.box_source for t in tracks} == {"keypoints" if lost else "detection"}
        assert all(t.unseen_s == 0.0 for t in tracks)
        np.testing.assert_allclose(tracks[0].box_xyxy, people.box(x)[:4], atol=8.0)


def test_coasting_then_silence_then_the_same_id(people, tracker):
    for t_s in (-3.0, 0.0):
        tracker.update(t_s, [people.box(300.0)], [people.skeleton(300.0)])
    for frame in range(1, 120):
        t_s = frame / 30
        tracks = tracker.update(t_s, [], [])
        if t_s <= 3.0:
            [track] = tracks
            assert (track.track_id, track.box_source, track.skeleton) == (1, "prediction", None)
            assert track.unseen_s == pytest.approx(t_s)
            x1, y1, x2, y2 = track.box_xyxy
            assert x1 < x2
            assert y1 < y2
        else:
            assert tracks == []
    [track] = tracker.update(4.0, [people.box(320.0)], [])
    assert (track.track_id, track.box_source, track.unseen_s) == (1, "detection", 0.0)
    assert track.age_s == pytest.approx(7.0)


def test_who_was_seen_for_a_moment_only_does_not_coast_for_long(people, tracker):
    for frame in range(10):
        tracker.update(frame / 30, [people.box(300.0)], [])
    assert len(tracker.update(0.8, [], [])) == 1
    assert tracker.update(1.0, [], []) == []


@pytest.mark.parametrize(("gap_s", "expected"), [(3.0, [1]), (9.9, [1]), (10.1, [2]), (3600.0, [2])])
def test_an_id_returns_within_memory_and_never_after(people, tracker, gap_s, expected):
    tracker.update(0.0, [people.box(300.0)], [])
    assert people.ids(tracker.update(gap_s, [people.box(300.0)], [])) == expected


def test_no_detector_is_as_good_as_one_that_finds_nobody(people):
    frames = [(f / 30, [people.skeleton(300.0 + f)] if f % 3 else []) for f in range(60)]
    runs = [
        people.play(Tracker(), [(t_s, nothing, seen) for t_s, seen in frames])
        for nothing in (None, [], np.zeros((0, 5)))
    ]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("with_keypoints", [False, True])
@pytest.mark.parametrize("gap", [False, True])
def test_people_who_swap_seats_keep_their_ids(people, tracker, with_keypoints, gap):
    for frame in range(120):
        along = np.clip((frame - 20) / 80, 0, 1)
        places = [(300.0 + 300.0 * along, 400.0, 200.0, 300.0), (600.0 - 300.0 * along, 380.0, 240.0, 330.0)]
        boxes = [people.box(*place) for place in places]
        skeletons = [people.skeleton(*place) for place in places] if with_keypoints else []
        if gap and 40 <= frame < 50:  # the second is hidden for a third of a second
            boxes, skeletons = boxes[:1], skeletons[:1]
        tracks = tracker.update(frame / 30, boxes, skeletons)
    assert [t.box_xyxy for t in tracks] == [tuple(box[:4]) for box in boxes]
    assert people.ids(tracks) == [1, 2]


def test_leaning_over_keeps_the_id(people, tracker):
    for frame in range(60):
        lean = np.sin(frame / 60 * np.pi)
        place = 300.0 + 140.0 * lean, 400.0 + 80.0 * lean, 200.0 * (1 + 0.6 * lean), 300.0 * (1 - 0.4 * lean)
        tracks = tracker.update(frame / 30, [people.box(*place), people.box(620.0)], [])
        assert people.ids(tracks) == [1, 2]


@pytest.mark.parametrize("dts", [[0.01], [1 / 30], [0.2], [0.01, 0.3, 0.05, 0.9]])
def test_variable_frame_times(people, tracker, dts):
    t_s, steps = 0.0, itertools.cycle(dts)
    while t_s < 6.0:
        t_s += next(steps)
        x = 300.0 + 20.0 * t_s
        tracks = tracker.update(t_s, [people.box(x), people.box(x + 260.0)], [people.skeleton(x)])
        assert people.ids(tracks) == [1, 2]
    assert tracks[0].velocity_xy == pytest.approx((20.0, 0.0), abs=8.0)


def test_a_second_box_of_the_same_person_is_nobody(people, tracker):
    boxes = [people.box(300.0), people.box(312.0, score=0.6)]
    assert people.ids(tracker.update(0.0, boxes, [])) == [1]
    assert people.ids(tracker.update(0.1, boxes, [])) == [1]


def test_overlapping_people_who_both_have_skeletons_are_two(people, tracker):
    boxes, skeletons = (
        [people.box(300.0), people.box(325.0)],
        [people.skeleton(300.0), people.skeleton(325.0)],
    )
    assert people.ids(tracker.update(0.0, boxes, skeletons)) == [1, 2]


def test_part_of_a_skeleton_is_neither_the_person_nor_somebody_new(people, tracker):
    upper = {"left_ankle", "right_ankle"}
    for frame in range(40):
        whole = [people.skeleton(300.0)]
        parts = [
            people.skeleton(300.0, hidden=upper),
            people.skeleton(300.0, hidden={*people.places} - upper),
        ]
        tracks = tracker.update(frame / 30, None, parts if frame > 10 else whole)
        assert people.ids(tracks) == [1]
        assert tracks[0].unseen_s == 0.0


def test_a_shared_source_of_ids_serves_several_cameras(people, make_tracker):
    ids = itertools.count(10)
    first, second = make_tracker(ids=ids), make_tracker(ids=ids)
    assert people.ids(first.update(0.0, [people.box(300.0)], [])) == [10]
    assert people.ids(second.update(0.0, [people.box(300.0)], [])) == [11]
    seen = [people.box(300.0), people.box(900.0)], [people.skeleton(900.0)]
    assert people.ids(first.update(0.1, *seen)) == [10, 12]


def test_reset_forgets_people_and_time_but_not_the_ids_given(people, tracker):
    tracker.update(5.0, [people.box(300.0)], [])
    tracker.reset()
    assert people.ids(tracker.update(0.0, [people.box(300.0)], [])) == [2]


def test_memory_stays_bounded_over_a_long_run(people, make_tracker):
    tracker = make_tracker(max_people=8)
    rng = np.random.default_rng(0)
    most = 0
    for frame in range(3000):
        xs = rng.uniform(0, 1e5, 4)
        tracker.update(frame / 30, [people.box(x) for x in xs[:2]], [people.skeleton(x) for x in xs[2:]])
        most = max(most, len(tracker._people))
    assert most <= 8
    tracker.update(200.0, [], [])
    assert tracker._people == []


def test_a_duplicated_or_late_frame_is_refused_and_changes_nothing(people):
    pair = Tracker(), Tracker()
    for frame in range(20):
        seen = frame / 30, [people.box(300.0 + frame)], [people.skeleton(300.0 + frame)]
        assert pair[0].update(*seen) == pair[1].update(*seen)
        for late_s in (0.0, 0.1, 100.0):
            with pytest.raises(FrameOrderError):
                pair[0].update(frame / 30 - late_s, [people.box(700.0)], [people.skeleton(700.0)])


def test_clothes_tell_two_people_of_one_build_apart(people, make_tracker):
    """They swap seats unseen; only the colours of their clothes say so."""

    def picture(left, right):
        image = np.zeros((600, 1000, 3), np.uint8)
        image[:, :450], image[:, 450:] = left, right
        return image

    red, blue = (20, 20, 220), (220, 40, 30)
    for colours, expected in (((red, blue), [1, 2]), ((blue, red), [2, 1])):
        tracker = make_tracker()
        boxes = [people.box(350.0), people.box(560.0)]
        for frame in range(10):
            tracker.update(frame / 30, boxes, [], (1000, 600), picture(red, blue))
        for frame in range(10):
            tracks = tracker.update(2.5 + frame / 30, boxes, [], (1000, 600), picture(*colours))
        assert [t.track_id for t in sorted(tracks, key=lambda t: t.box_xyxy)] == expected
