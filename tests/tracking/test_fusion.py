import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.tracking.fusion import PoseInBox

BOX = (300.0, 200.0, 500.0, 520.0)


@given(
    hidden=st.sets(st.sampled_from(["nose", "left_ankle", "right_ankle", "left_wrist", "left_hip"])),
    move=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
    scale=st.floats(0.7, 1.4),
)
def test_learned_shape_gives_the_detection_box_whatever_is_hidden(people, hidden, move, scale):
    learned = PoseInBox(memory_s=2.0)
    for frame in range(5):
        learned.learn(frame / 10, BOX, people.pose(405.0, 350.0, 170.0, 280.0))
    x, y = 405.0 * scale + move[0], 350.0 * scale + move[1]
    now = people.pose(x, y, 170.0 * scale, 280.0 * scale, hidden=hidden)
    expected = np.array(BOX) * scale + [*move, *move]
    found = learned.box_of(now, (200.0 * scale, 320.0 * scale))
    np.testing.assert_allclose(found, expected, atol=0.5)


def test_an_arm_that_moves_hardly_moves_the_box(people):
    learned = PoseInBox(memory_s=2.0)
    rng = np.random.default_rng(0)
    for frame in range(50):
        learned.learn(
            frame / 10, BOX, people.pose(400.0, 360.0, 200.0, 320.0, left_wrist=rng.normal(0.0, 50.0, 2))
        )
    stretched = people.pose(400.0, 360.0, 200.0, 320.0, left_wrist=(90.0, -90.0))
    np.testing.assert_allclose(learned.box_of(stretched, (200.0, 320.0)), BOX, atol=4.0)


def test_keypoints_that_span_too_little_keep_the_size_known_so_far(people):
    learned = PoseInBox(memory_s=2.0)
    learned.learn(0.0, BOX, people.pose(400.0, 360.0, 200.0, 320.0))
    wrists = people.pose(450.0, 360.0, 200.0, 320.0, hidden={*people.places} - {"left_wrist", "right_wrist"})
    x1, y1, x2, y2 = learned.box_of(wrists, (200.0, 330.0))
    assert y2 - y1 == pytest.approx(330.0)
    assert (x1 + x2) / 2 == pytest.approx(450.0, abs=1.0)


def test_nothing_learned_or_another_layout_gives_none(people):
    learned = PoseInBox(memory_s=2.0)
    pose = people.pose(400.0)
    assert learned.box_of(pose, (1.0, 1.0)) is None
    learned.learn(0.0, BOX, people.pose(400.0, topology="other"))
    assert learned.box_of(pose, (1.0, 1.0)) is None


def test_shape_is_relearned_within_its_memory(people):
    learned = PoseInBox(memory_s=1.0)
    pose = people.pose(400.0)
    learned.learn(0.0, (200.0, 100.0, 600.0, 700.0), pose)
    for frame in range(1, 301):
        learned.learn(frame / 30, tuple(people.box(400.0)[:4]), pose)
    found = learned.box_of(pose, (200.0, 300.0))
    np.testing.assert_allclose(found, people.box(400.0)[:4], atol=0.5)
