import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.tracking.fusion import PoseInBox, join, keypoint_box


def _join(boxes, skeletons, min_keypoints=3):
    return join(np.array(boxes, dtype=float).reshape(-1, 5), skeletons, 0.5, min_keypoints)


def test_box_and_skeleton_of_a_person_are_one_observation(people):
    skeletons = [people.skeleton(500.0), people.skeleton(200.0)]
    seen = _join([people.box(200.0), people.box(500.0)], skeletons)
    assert [o.skeleton for o in seen] == skeletons[::-1]
    assert all(o.detected for o in seen)


def test_overlapping_neighbours_get_their_own_skeletons(people):
    seen = _join([people.box(300.0), people.box(380.0)], [people.skeleton(380.0), people.skeleton(300.0)])
    assert [float(o.skeleton["nose"][0]) for o in seen] == [300.0, 380.0]


def test_what_has_no_partner_stands_alone(people):
    seen = _join([people.box(200.0, score=0.4)], [people.skeleton(600.0, score=0.7)])
    assert [(o.detected, o.skeleton is None, o.score) for o in seen] == [
        (True, True, 0.4),
        (False, False, 0.7),
    ]
    assert _join([], []) == []


def test_a_lone_skeleton_needs_keypoints_and_extent(people):
    most = list(people.places)[2:]
    assert _join([], [people.skeleton(200.0, hidden=most)]) == []
    assert len(_join([people.box(200.0)], [people.skeleton(200.0, hidden=most)])) == 1
    assert keypoint_box(people.skeleton(200.0, width=1e-3, height=1e-3), 3) is None


def test_keypoints_in_a_line_still_make_a_box(people):
    x1, y1, x2, y2 = keypoint_box(people.skeleton(200.0, width=0.0), 3)
    assert (x1 + x2) / 2 == pytest.approx(200.0)
    assert (x2 - x1) / (y2 - y1) == pytest.approx(0.25)


BOX = (300.0, 200.0, 500.0, 520.0)


@given(
    hidden=st.sets(st.sampled_from(["nose", "left_ankle", "right_ankle", "left_wrist", "left_hip"])),
    move=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    scale=st.floats(0.5, 2.0),
)
def test_learned_shape_gives_the_detection_box_whatever_is_hidden(people, hidden, move, scale):
    learned = PoseInBox(memory_s=2.0)
    for frame in range(5):
        learned.learn(frame / 30, BOX, people.skeleton(405.0, 350.0, 170.0, 280.0))
    now = people.skeleton(
        405.0 * scale + move[0], 350.0 * scale + move[1], 170.0 * scale, 280.0 * scale, hidden=hidden
    )
    expected = np.array(BOX) * scale + [*move, *move]
    found = learned.box_of(now, keypoint_box(now, 3), (200.0 * scale, 320.0 * scale))
    np.testing.assert_allclose(found, expected, atol=0.5)


def test_keypoints_that_span_too_little_keep_the_size_known_so_far(people):
    learned = PoseInBox(memory_s=2.0)
    learned.learn(0.0, BOX, people.skeleton(400.0, 360.0, 200.0, 320.0))
    feet = people.skeleton(450.0, 360.0, 200.0, 320.0, hidden=list(people.places)[:5])
    x1, y1, x2, y2 = learned.box_of(feet, keypoint_box(feet, 3), (210.0, 330.0))
    assert y2 - y1 == pytest.approx(330.0)
    assert (x1 + x2) / 2 == pytest.approx(450.0, abs=1.0)


def test_nothing_learned_or_another_layout_gives_the_keypoint_box(people):
    learned = PoseInBox(memory_s=2.0)
    skeleton = people.skeleton(400.0)
    union = keypoint_box(skeleton, 3)
    assert learned.box_of(skeleton, union, (1.0, 1.0)) == union
    learned.learn(0.0, BOX, people.skeleton(400.0, topology="other"))
    assert learned.box_of(skeleton, union, (1.0, 1.0)) == union


def test_shape_is_relearned_within_its_memory(people):
    learned = PoseInBox(memory_s=1.0)
    skeleton = people.skeleton(400.0)
    learned.learn(0.0, (200.0, 100.0, 600.0, 700.0), skeleton)
    for frame in range(1, 301):
        learned.learn(frame / 30, tuple(people.box(400.0)[:4]), skeleton)
    found = learned.box_of(skeleton, keypoint_box(skeleton, 3), (1.0, 1.0))
    np.testing.assert_allclose(found, people.box(400.0)[:4], atol=0.5)
