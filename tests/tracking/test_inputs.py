import numpy as np
import pytest

from cabinsafe.errors import CapacityError, ConfigError, DataError, FrameOrderError, ShapeError
from cabinsafe.tracking import Tracker, TrackerOptions
from cabinsafe.views import CameraView

GOOD = [10.0, 10.0, 110.0, 210.0, 0.9]
BAD_BOXES = {
    "flat": (GOOD, ShapeError),
    "four columns": ([GOOD[:4]], ShapeError),
    "no columns": (np.zeros((1, 0)), ShapeError),
    "empty of the wrong width": (np.zeros((0, 4)), ShapeError),
    "three axes": ([[GOOD]], ShapeError),
    "ragged": ([GOOD, GOOD[:3]], ShapeError),
    "words": ([["a"] * 5], ShapeError),
    "an object": (object(), ShapeError),
    "nan": ([[np.nan, *GOOD[1:]]], DataError),
    "infinite": ([[*GOOD[:2], np.inf, *GOOD[3:]]], DataError),
    "nan score": ([[*GOOD[:4], np.nan]], DataError),
    "far beyond any frame": ([[10.0, 10.0, 1e30, 210.0, 0.9]], DataError),
    "no width": ([[10.0, 10.0, 10.0, 210.0, 0.9]], DataError),
    "upside down": ([[10.0, 210.0, 110.0, 10.0, 0.9]], DataError),
    "score above 1": ([[*GOOD[:4], 1.01]], DataError),
    "score below 0": ([GOOD, [*GOOD[:4], -0.01]], DataError),
}


def _assert_unchanged(tracker, twin, people):
    """The tracker goes on exactly like a twin that never saw the bad call."""
    for t_s in (0.2, 0.3):
        frame = t_s, [people.box(104.0), people.box(700.0)], [people.skeleton(104.0)]
        assert tracker.update(*frame) == twin.update(*frame)


@pytest.fixture
def twins(people):
    pair = Tracker(), Tracker()
    for each in pair:
        each.update(0.1, [people.box(100.0)], [people.skeleton(100.0)])
    return pair


@pytest.mark.parametrize(("boxes", "error"), BAD_BOXES.values(), ids=BAD_BOXES.keys())
def test_bad_boxes_change_nothing(twins, people, boxes, error):
    with pytest.raises(error):
        twins[0].update(0.15, boxes, [])
    _assert_unchanged(*twins, people)


@pytest.mark.parametrize("t_s", [np.nan, np.inf, -np.inf, None, "soon", [1, 2]])
def test_bad_time_changes_nothing(twins, people, t_s):
    with pytest.raises(DataError):
        twins[0].update(t_s, [people.box(100.0)], [])
    _assert_unchanged(*twins, people)


@pytest.mark.parametrize("t_s", [0.1, 0.0999, -5.0])
def test_time_must_rise(twins, people, t_s):
    with pytest.raises(FrameOrderError) as caught:
        twins[0].update(t_s, [people.box(300.0)], [])
    assert str(t_s) in str(caught.value)
    assert "0.1" in str(caught.value)
    _assert_unchanged(*twins, people)


@pytest.mark.parametrize("skeletons", [None, 7, [None], ["x"], np.zeros((1, 18, 2))])
def test_bad_skeletons_change_nothing(twins, people, skeletons):
    with pytest.raises(DataError):
        twins[0].update(0.15, None, skeletons)
    _assert_unchanged(*twins, people)


def test_a_keypoint_light_years_away_changes_nothing(twins, people):
    with pytest.raises(DataError):
        twins[0].update(0.15, None, [people.skeleton(1e20)])
    _assert_unchanged(*twins, people)


@pytest.mark.parametrize(
    "image",
    [5, np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)],
)
def test_a_bad_frame_changes_nothing(twins, people, image):
    with pytest.raises(ShapeError, match="image"):
        twins[0].update(0.15, None, [], None, image)
    _assert_unchanged(*twins, people)


def test_too_many_people_change_nothing(people):
    options = TrackerOptions(max_people=2)
    pair = Tracker(options), Tracker(options)
    for each in pair:
        each.update(0.1, [people.box(100.0)], [people.skeleton(100.0)])
    with pytest.raises(CapacityError, match="max_people"):
        pair[0].update(0.15, [people.box(x) for x in (100.0, 500.0, 900.0)], [])
    _assert_unchanged(*pair, people)


@pytest.mark.parametrize("size_wh", [None, (0, 100), (100, -1), (100,), 5, "ab", (np.nan, 3)])
def test_seats_need_the_frame_size(people, make_tracker, bench_view, size_wh):
    tracker = make_tracker(view=bench_view)
    with pytest.raises(DataError, match="size_wh"):
        tracker.update(0.0, [people.box(100.0)], [], size_wh)
    assert people.ids(tracker.update(0.0, [people.box(100.0)], [], (1000, 800))) == [1]


def test_a_view_without_seats_needs_no_frame_size(people, make_tracker):
    tracker = make_tracker(view=CameraView(camera_id="front"))
    assert len(tracker.update(0.0, [people.box(100.0)], [])) == 1


def test_ids_that_end_are_our_error(people, make_tracker):
    tracker = make_tracker(ids=iter([7]), confirm_s=0.0)
    assert people.ids(tracker.update(0.0, [people.box(100.0)], [])) == [7]
    with pytest.raises(CapacityError):
        tracker.update(0.1, [people.box(100.0), people.box(600.0)], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"coast_s": -1.0}, {"coast_s": float("nan")}, {"memory_s": 1.0}, {"max_people": 0},
        {"instant_score": 0.05}, {"birth_score": 1.5}, {"unknown": 1}, {"velocity_decay_s": 0.0},
    ],
)  # fmt: skip
def test_options_refuse_nonsense(changed):
    with pytest.raises(ConfigError):
        TrackerOptions(**changed)


def test_options_are_frozen_and_every_one_is_explained():
    with pytest.raises(Exception, match="frozen"):
        TrackerOptions().coast_s = 3.0
    for name, field in TrackerOptions.model_fields.items():
        assert field.description, name
        assert field.metadata or field.annotation is bool, f"{name} has no bounds"
