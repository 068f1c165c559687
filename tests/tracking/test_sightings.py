import numpy as np
import pytest

from cabinsafe.tracking.boxes import checked_boxes, overlap
from cabinsafe.tracking.sightings import checked_poses, join


def _join(boxes, skeletons, min_keypoints=3):
    return join(checked_boxes(boxes), checked_poses(skeletons), 0.5, min_keypoints)


def test_box_and_skeleton_of_a_person_are_one_observation(people):
    skeletons = [people.skeleton(500.0), people.skeleton(200.0)]
    seen = _join([people.box(200.0), people.box(500.0)], skeletons)
    assert [o.pose.skeleton for o in seen] == skeletons[::-1]
    assert all(o.detected for o in seen)


def test_overlapping_neighbours_get_their_own_skeletons(people):
    seen = _join([people.box(300.0), people.box(380.0)], [people.skeleton(380.0), people.skeleton(300.0)])
    assert [float(o.pose.skeleton["nose"][0]) for o in seen] == [300.0, 380.0]


def test_what_has_no_partner_stands_alone(people):
    seen = _join([people.box(200.0, score=0.4)], [people.skeleton(600.0, score=0.7)])
    assert [(o.detected, o.pose is None, o.score) for o in seen] == [(True, True, 0.4), (False, False, 0.7)]
    assert _join([], []) == []


def test_skeletons_of_several_layouts_are_joined_in_one_go(people):
    other = people.skeleton(500.0, topology="other")
    seen = _join([people.box(200.0), people.box(500.0)], [other, people.skeleton(200.0)])
    assert [o.pose.skeleton.topology for o in seen] == ["test", "other"]


def test_a_lone_skeleton_needs_keypoints_and_extent(people):
    most = list(people.places)[2:]
    assert _join([], [people.skeleton(200.0, hidden=most)]) == []
    assert len(_join([people.box(200.0)], [people.skeleton(200.0, hidden=most)])) == 1
    assert _join([], [people.skeleton(200.0, width=1e-3, height=1e-3)]) == []


def test_keypoints_in_a_line_still_make_a_box(people):
    x1, y1, x2, y2 = people.pose(200.0, width=0.0).box()
    assert (x1 + x2) / 2 == pytest.approx(200.0)
    assert (x2 - x1) / (y2 - y1) == pytest.approx(0.25)


def test_a_body_reaches_beyond_its_keypoints(people):
    pose = people.pose(200.0)
    bare, wide = pose.box(), pose.box(0.1)
    size = np.sqrt((bare[2] - bare[0]) * (bare[3] - bare[1]))
    np.testing.assert_allclose(np.subtract(wide, bare), np.array([-0.1, -0.1, 0.1, 0.1]) * size)


def test_what_speaks_against_a_pair_can_part_it(people):
    boxes, poses = checked_boxes([people.box(200.0)]), checked_poses([people.skeleton(200.0)])
    assert len(join(boxes, poses, 0.5, 3, strangeness=lambda box, pose: 0.2)) == 1
    assert len(join(boxes, poses, 0.5, 3, strangeness=lambda box, pose: 1.0)) == 2


def test_overlap_is_intersection_over_union(people):
    a, b = (0.0, 0.0, 2.0, 2.0), (1.0, 1.0, 3.0, 3.0)
    assert overlap(a, b) == pytest.approx(1 / 7)
    assert overlap(a, a) == 1.0
    assert overlap(a, (5.0, 5.0, 6.0, 6.0)) == 0.0


def test_a_layout_knows_hips_sides_and_ends(people):
    layout = people.pose(0.0).layout
    names = list(people.places)
    assert [names[i] for i in layout.hips] == ["left_hip", "right_hip"]
    assert {names[i] for i in layout.ends} == {"left_wrist", "right_wrist", "left_ankle", "right_ankle"}
    parts = [([names[i] for i in left], [names[i] for i in right]) for left, right in layout.parts]
    assert parts == [
        (["left_shoulder", "left_wrist"], ["right_shoulder", "right_wrist"]),
        (["left_hip", "left_ankle"], ["right_hip", "right_ankle"]),
    ]
    assert np.isnan(people.pose(0.0, hidden=["nose"]).points[0]).all()
    assert people.pose(0.0, hidden=["nose"]).count == len(names) - 1
