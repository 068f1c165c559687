import json

import numpy as np
import pytest

from cabinsafe.errors import DataError
from cabinsafe.tracking import Tracker, TrackIds
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.snapshot import person_from, state_of

SIZE = (1000, 700)


@pytest.fixture(scope="module")
def ride(people):
    """Two people sway and swap places; boxes and keypoints come and go."""
    rng, frames = np.random.default_rng(7), []
    for frame in range(100):
        along = min(max((frame - 20) / 50, 0.0), 1.0)
        xs = 300.0 + 320.0 * along + rng.normal(0, 2), 620.0 - 320.0 * along + rng.normal(0, 2)
        places = (xs[0], 400.0, 200.0, 300.0), (xs[1], 380.0, 230.0, 330.0)
        boxes = [people.box(*place) for place in places if rng.random() < 0.6]
        poses = [people.skeleton(*place) for place in places if rng.random() < 0.7]
        image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        image[:, int(xs[0]) - 80 : int(xs[0]) + 80] = (200, 30, 30)
        frames.append((frame / 30, boxes, poses, SIZE, image))
    return frames


@pytest.mark.parametrize("cut", [0, 1, 25, 45, 60, 99])
def test_a_restart_in_mid_ride_changes_nothing(ride, bench_view, cut):
    whole, before = Tracker(view=bench_view), Tracker(view=bench_view)
    expected = [whole.update(*frame) for frame in ride]
    for frame in ride[:cut]:
        before.update(*frame)
    after = Tracker(view=bench_view)
    after.restore(before.snapshot())
    assert [after.update(*frame) for frame in ride[cut:]] == expected[cut:]
    assert after.snapshot() == whole.snapshot()


def test_every_attribute_of_a_person_lasts_or_belongs_to_the_frame(people, tracker):
    tracker.update(0.0, [people.box(300.0)], [people.skeleton(300.0)])
    [person] = tracker._people
    again = person_from(json.loads(json.dumps(state_of(person))), tracker.options)
    missing = [name for name in Person.__slots__ if not hasattr(again, name)]
    assert missing == []


def test_ids_go_on_behind_both(people):
    old, new = Tracker(), Tracker(ids=TrackIds(5))
    old.update(0.0, [people.box(300.0)], [])
    new.restore(old.snapshot())
    seen = [people.box(300.0), people.box(700.0)], [people.skeleton(700.0)]
    assert people.ids(new.update(0.1, *seen)) == [1, 5]
    again = Tracker()
    again.restore(new.snapshot())
    seen = [people.box(1100.0)], [people.skeleton(1100.0)]
    assert people.ids(again.update(0.2, *seen))[-1] == 6


def test_ids_of_the_callers_own_are_left_alone(people):
    old = Tracker(ids=iter([7, 8, 9]))
    old.update(0.0, [people.box(300.0)], [])
    new = Tracker(ids=iter([20]))
    new.restore(old.snapshot())
    seen = [people.box(300.0), people.box(700.0)], [people.skeleton(700.0)]
    assert people.ids(new.update(0.1, *seen)) == [7, 20]


BROKEN = {
    "no JSON": "{", "no mapping": "[]", "empty": "{}", "another version": '{"version": 99}',
    "no people": '{"version": 1, "t_s": 0, "next_id": 1}',
    "half a person": '{"version": 1, "t_s": 0, "next_id": 1, "people": [{"t_s": 0}]}',
    "a time in words": '{"version": 1, "t_s": "now", "next_id": 1, "people": []}',
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_snapshot_is_refused_and_changes_nothing(people, text):
    pair = Tracker(), Tracker()
    for tracker in pair:
        tracker.update(0.1, [people.box(100.0)], [])
    with pytest.raises(DataError, match="snapshot"):
        pair[0].restore(text)
    assert pair[0].update(0.2, [people.box(104.0)], []) == pair[1].update(0.2, [people.box(104.0)], [])


def test_a_day_of_riding_takes_no_more_memory_than_a_minute(people, bench_view):
    """24 hours in simulated time, three frames a minute; people come and go."""
    tracker, sizes = Tracker(view=bench_view), []
    rng = np.random.default_rng(0)
    for burst in range(24 * 60):
        xs = [x for x in (250.0, 750.0) if (burst // 10 + int(x)) % 3]
        for frame in range(3):
            now = [x + rng.normal(0.0, 3.0) for x in xs]
            skeletons = [people.skeleton(x) for x in now[:1]]
            tracks = tracker.update(burst * 60.0 + frame / 30, [people.box(x) for x in now], skeletons, SIZE)
        if burst % 10 == 5 and len(xs) == 2:
            sizes.append(len(tracker.snapshot()))
    assert len(tracks) <= 2
    assert len(sizes) > 20
    assert max(sizes[1:]) <= 1.1 * sizes[1]
