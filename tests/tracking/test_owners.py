import pytest

from cabinsafe.tracking import TrackerOptions
from cabinsafe.tracking.owners import Owners


def _two(people, make_tracker, apart):
    tracker = make_tracker()
    for frame in range(10):
        x = (300.0, 300.0 + apart)
        tracker.update(frame / 30.0, [people.box(at) for at in x], [people.skeleton(at) for at in x])
    return tracker


@pytest.mark.parametrize(("pose_at", "is_strange"), [(300.0, False), (360.0, True)])
def test_a_skeleton_of_the_other_one_is_strange_in_a_box(people, make_tracker, pose_at, is_strange):
    tracker = _two(people, make_tracker, apart=60.0)
    owners = Owners(tracker._people, 0.3, 0.3 + 1.0 / 30.0)
    found = owners.strangeness(tuple(people.box(300.0)[:4]), people.pose(pose_at))
    assert (found > 0.3) == is_strange


def test_nothing_is_strange_where_one_person_is_near_or_keypoints_are_of_another_layout(people, make_tracker):
    apart = Owners(_two(people, make_tracker, apart=400.0)._people, 0.3, 0.3)
    assert apart.strangeness(tuple(people.box(300.0)[:4]), people.pose(330.0)) == 0.0
    near = Owners(_two(people, make_tracker, apart=60.0)._people, 0.3, 0.3)
    assert near.strangeness(tuple(people.box(300.0)[:4]), people.pose(360.0, topology="other")) == 0.0


def test_one_s_box_and_the_other_s_skeleton_stay_apart(people, make_tracker):
    tracker = _two(people, make_tracker, apart=60.0)
    tracks = tracker.update(10.0 / 30.0, [people.box(300.0)], [people.skeleton(360.0)])
    assert [t.box_source for t in tracks] == ["detection", "keypoints"]
    assert [(t.box_xyxy[0] + t.box_xyxy[2]) / 2.0 for t in tracks] == pytest.approx([300.0, 360.0], abs=5.0)


def test_people_no_detector_saw_are_larger_than_their_keypoints(people, make_tracker):
    skeleton = people.skeleton(300.0)
    x1, y1, x2, y2 = skeleton.box_xyxy
    size = ((x2 - x1) * (y2 - y1)) ** 0.5
    track = make_tracker().update(0.0, None, [skeleton])[0]
    reach = TrackerOptions().keypoint_margin_sizes * size
    assert track.box_xyxy == pytest.approx((x1 - reach, y1 - reach, x2 + reach, y2 + reach), abs=0.1)
