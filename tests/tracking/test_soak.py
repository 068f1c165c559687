"""Hours of simulated time: what is remembered stays bounded, and so does the process's memory."""

import gc
import tracemalloc

import numpy as np
import pytest

from cabinsafe.tracking import Tracker, TrackIds


def _traffic(people, seconds, fps):
    """Three seats whose people change; boxes and keypoints are lost, and things are taken for people."""
    rng = np.random.default_rng(1)
    sizes = rng.uniform((160.0, 260.0), (240.0, 360.0), (3, 2))
    seated = [True, True, False]
    for frame in range(int(seconds * fps)):
        if rng.random() < 0.02 / fps:
            seat = rng.integers(3)
            seated[seat] = not seated[seat]
            sizes[seat] = rng.uniform((160.0, 260.0), (240.0, 360.0))
        places = [
            (300.0 + 300.0 * seat + rng.normal(0.0, 4.0), 400.0, *sizes[seat])
            for seat in range(3)
            if seated[seat]
        ]
        boxes = [people.box(*place) for place in places if rng.random() < 0.7]
        poses = [people.skeleton(*place) for place in places if rng.random() < 0.8]
        if rng.random() < 0.1:
            boxes.append(people.box(*rng.uniform(100.0, 1000.0, 2), 90.0, 150.0, 0.4))
        yield frame / fps, boxes, poses


@pytest.mark.parametrize(("hours", "fps"), [(0.5, 1.0), (0.02, 15.0)])
def test_memory_stays_flat(people, hours, fps):
    ids = TrackIds()
    tracker = Tracker(ids=ids)
    frames = list(_traffic(people, hours * 3600.0, fps))
    sizes, longest = [], 0
    tracemalloc.start()
    for number, frame in enumerate(frames):
        tracker.update(*frame)
        if number % 100 == 0:
            longest = max(longest, len(tracker.snapshot()))
        if (number + 1) % (len(frames) // 4) == 0:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert ids.next_id > 3
    assert longest < 100_000
    assert max(sizes[1:]) < sizes[0] + 200_000
