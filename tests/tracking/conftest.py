"""Simple people for the tracking tests: a box and the keypoints in it, by position."""

from types import SimpleNamespace

import numpy as np
import pytest

from cabinsafe.tracking import Tracker, TrackerOptions
from cabinsafe.tracking.sightings import checked_poses
from cabinsafe.types import Skeleton
from cabinsafe.views import CameraView, SeatView

PLACES = {  # box widths and heights from the box's centre; the keypoints span 80 % x 90 % of the box
    "nose": (0.0, -0.45),
    "left_shoulder": (0.3, -0.2),
    "right_shoulder": (-0.3, -0.2),
    "left_wrist": (0.4, 0.1),
    "right_wrist": (-0.4, 0.1),
    "left_hip": (0.2, 0.2),
    "right_hip": (-0.2, 0.2),
    "left_ankle": (0.2, 0.45),
    "right_ankle": (-0.2, 0.45),
}


def box_of(x, y=400.0, width=200.0, height=300.0, score=0.9):
    """Detection row of a person centred at (x, y)."""
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2, score]


def skeleton_of(x, y=400.0, width=200.0, height=300.0, score=0.9, hidden=(), topology="test"):
    """Skeleton of the same person."""
    xy = np.array([(x + u * width, y + v * height) for u, v in PLACES.values()])
    lost = np.array([name in hidden for name in PLACES])
    xy[lost] = np.nan
    return Skeleton(
        topology=topology,
        keypoints=tuple(PLACES),
        xy=xy,
        score=np.where(lost, 0.0, score),
        person_score=score,
    )


def pose_of(x, *place, left_wrist=None, **shown):
    """The same, ready for arithmetic; the left wrist may be moved by (x, y) pixels."""
    skeleton = skeleton_of(x, *place, **shown)
    if left_wrist is not None:
        xy = np.array(skeleton.xy)
        xy[list(PLACES).index("left_wrist")] += left_wrist
        skeleton = skeleton.model_copy(update={"xy": xy})
    [pose] = checked_poses([skeleton])
    return pose


def play(tracker, frames):
    """Tracks of each (t_s, boxes, skeletons)."""
    return [tracker.update(*frame) for frame in frames]


def ids_of(tracks):
    return [track.track_id for track in tracks]


@pytest.fixture(scope="session")
def people():
    return SimpleNamespace(
        box=box_of, skeleton=skeleton_of, pose=pose_of, play=play, ids=ids_of, places=PLACES
    )


@pytest.fixture
def tracker():
    return Tracker()


@pytest.fixture(scope="session")
def make_tracker():
    """Tracker with some options changed."""
    return lambda view=None, ids=None, **changed: Tracker(TrackerOptions(**changed), view, ids)


def bench_of(*zones):
    """View of seats side by side, as high as the frame, each from one share of its width to another."""
    return CameraView(
        camera_id="front",
        seats=tuple(
            SeatView(name=f"Row2.Pos{i}", zone=((left, 0.0), (right, 0.0), (right, 1.0), (left, 1.0)))
            for i, (left, right) in enumerate(zones, start=1)
        ),
    )


@pytest.fixture(scope="session")
def make_bench():
    return bench_of


@pytest.fixture(scope="session")
def bench_view():
    """Two seats: the left and the right half of the frame."""
    return bench_of((0.0, 0.5), (0.5, 1.0))
