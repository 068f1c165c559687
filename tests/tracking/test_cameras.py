"""Trackers of all cameras: a restart in mid-ride, and snapshots that are not theirs."""

import json

import pytest

from cabinsafe.errors import DataError
from cabinsafe.tracking import CameraTrackers, OccupantLinker, Tracker, TrackIds
from cabinsafe.types import Reading, State
from cabinsafe.vehicle import VehicleState
from cabinsafe.views import CameraView

ZONES = {"Row1.Pos1": (0.0, 0.5), "Row1.Pos2": (0.5, 1.0)}
SEATS = [{"name": n, "zone": [(a, 0), (b, 0), (b, 1), (a, 1)]} for n, (a, b) in ZONES.items()]


def cabin(*cameras: str) -> CameraTrackers:
    views = {name: CameraView(camera_id=name, seats=SEATS) for name in cameras}
    ids = TrackIds()
    trackers = {name: Tracker(view=view, ids=ids) for name, view in views.items()}
    return CameraTrackers(trackers, views, OccupantLinker() if len(cameras) > 1 else None)


def boxes(shift: float = 0.0) -> list[list[float]]:
    return [[20 + shift, 100, 180 + shift, 390, 0.9], [220 - shift, 100, 380 - shift, 390, 0.9]]


def ride(trackers: CameraTrackers, make_frame, first: int, last: int) -> list:
    return [
        trackers.update(make_frame(i / 10, (400, 400), camera), boxes(i), ())
        for i in range(first, last)
        for camera in ("front", "rear")
    ]


def test_a_restart_in_mid_ride_changes_nothing(make_frame) -> None:
    whole, before, after = (cabin("front", "rear") for _ in range(3))
    expected = ride(whole, make_frame, 0, 20)
    ride(before, make_frame, 0, 10)
    after.restore(before.snapshot())
    again = ride(after, make_frame, 10, 20)
    assert again == expected[20:]
    assert all(track.occupant_id for scene in again for track in scene.tracks)


def test_a_single_tracker_keeps_its_camera_through_a_restart(make_frame) -> None:
    before, after = CameraTrackers(Tracker(), {}), CameraTrackers(Tracker(), {})
    before.update(make_frame(0.0, (400, 400), "front"), boxes(), ())
    after.restore(before.snapshot())
    after.check(["front"])
    with pytest.raises(DataError, match="camera 'rear': one tracker follows one camera only"):
        after.check(["rear"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 1}', '{"version": 1, "camera": null, "trackers": 3, "linker": null}'],
)
def test_what_is_no_snapshot_is_refused(text) -> None:
    with pytest.raises(DataError, match="not a snapshot of trackers"):
        cabin("front").restore(text)


def test_a_snapshot_of_other_cameras_is_refused() -> None:
    with pytest.raises(DataError, match=r"for cameras .*rear.*, expected version 1 for"):
        cabin("front").restore(cabin("front", "rear").snapshot())


def damage_linker(content) -> None:
    content["linker"]["people"] = [{"id": 1}]


@pytest.mark.parametrize(
    "damage",
    [
        dict.clear,
        damage_linker,
        lambda content: content.update(version=0),
        lambda content: content["trackers"].update(side=content["trackers"].pop("rear")),
        lambda content: content["trackers"].update(rear={}),
    ],
)
def test_what_is_refused_leaves_nobody(make_frame, damage) -> None:
    trackers = cabin("front", "rear")
    ride(trackers, make_frame, 0, 5)
    content = json.loads(trackers.snapshot())
    damage(content)
    with pytest.raises(DataError, match="snapshot"):
        trackers.restore(json.dumps(content))
    left = json.loads(trackers.snapshot())
    assert [tracker["people"] for tracker in left["trackers"].values()] == [[], []]
    assert left["linker"]["people"] == []


def test_a_refused_snapshot_does_not_choose_the_camera(make_frame) -> None:
    other, trackers = (CameraTrackers(Tracker(), {}) for _ in range(2))
    other.update(make_frame(0.0, (400, 400), "rear"), boxes(), ())
    with pytest.raises(DataError, match="a snapshot of version 0"):
        trackers.restore(json.dumps({**json.loads(other.snapshot()), "version": 0}))
    trackers.check(["front"])


def test_a_scene_holds_what_was_found_of_camera_and_vehicle(make_frame) -> None:
    reading = Reading(kind="camera_blind", track_ids=(), seats=(), state=State.FALSE)
    vehicle = VehicleState(speed_m_s=3.0)
    trackers = CameraTrackers(Tracker(), {})
    scene = trackers.update(make_frame(0.0, (400, 400)), boxes(), (), (reading,), vehicle)
    assert (scene.camera_readings, scene.vehicle) == ((reading,), vehicle)
