"""What the analyzer knows of people over time: expected, on seats, over cameras, over a restart."""

from __future__ import annotations

import itertools
import json
import shutil

import numpy as np
import pytest
from waving import FakeEstimator, analyzer_of

from cabinsafe import CabinAnalyzer, CabinConfig
from cabinsafe.assembly import assemble
from cabinsafe.camera_health import CameraHealth
from cabinsafe.config import load_config
from cabinsafe.errors import DataError
from cabinsafe.tracking import OccupantLinker, Tracker, TrackIds
from cabinsafe.types import State
from cabinsafe.vehicle import VehicleState
from cabinsafe.views import CameraView


def test_who_was_seen_is_expected_in_the_next_frame(waving, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator, expect_s=0.5)
    for i in range(3):
        cabin.process(make_frame(i / 10, (400, 400)))
    first, *later = estimator.expected
    assert first == [None]
    for (prior,) in later:
        assert list(prior.ids) == [1]
        np.testing.assert_allclose(prior.xy[0], waving.xy, atol=1.0)
    cabin.process(make_frame(2.0, (400, 400)))
    (prior,) = estimator.expected[-1]
    assert np.isnan(prior.xy).all(), "too long ago"


def test_people_of_a_mirrored_view_are_expected_as_its_picture_shows_them(waving, make_frame) -> None:
    views = {"front": CameraView(camera_id="front", mirrored=True)}
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator, views=views, expect_s=0.5)
    for i in range(2):
        cabin.process(make_frame(i / 10, (400, 400)))
    (prior,) = estimator.expected[1]
    np.testing.assert_allclose(prior.xy[0], waving.xy, atol=1.0)


def test_nobody_is_expected_unless_asked_for(waving, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator)
    for i in range(2):
        cabin.process(make_frame(i / 10, (400, 400)))
    assert estimator.expected == [None, None]


WHOLE_VIEW = [{"name": "Row1.Pos1", "zone": [(0, 0), (1, 0), (1, 1), (0, 1)]}]


def test_each_seat_has_an_occupancy(waving, make_frame) -> None:
    view = CameraView(camera_id="front", seats=WHOLE_VIEW)
    cabin = analyzer_of(FakeEstimator({"front": [waving]}), tracker=Tracker(view=view), views={"front": view})
    (seat,) = cabin.inspect(make_frame(0.0, (400, 400))).occupancy
    assert (seat.seats, seat.state, seat.track_ids) == (("Row1.Pos1",), State.TRUE, (1,))


def test_two_cameras_know_one_occupant(waving, make_frame) -> None:
    views = {name: CameraView(camera_id=name, seats=WHOLE_VIEW) for name in ("front", "rear")}
    ids = TrackIds()
    trackers = {name: Tracker(view=view, ids=ids) for name, view in views.items()}
    cabin = analyzer_of(
        FakeEstimator({"front": [waving], "rear": [waving]}),
        tracker=trackers,
        views=views,
        linker=OccupantLinker(),
    )
    seen = cabin.inspect([make_frame(0.0, (400, 400), name) for name in views])
    tracks = [track for inspection in seen for track in inspection.scene.tracks]
    assert [track.track_id for track in tracks] == [1, 2]
    assert [track.occupant_id for track in tracks] == [1, 1]


@pytest.mark.slow
def test_the_network_decodes_with_who_is_expected() -> None:
    config = load_config("shuttle")
    config = CabinConfig(**config.model_dump() | {"pose": {"expect_s": 0.5}})
    with CabinAnalyzer.from_config(config) as cabin:
        frames = itertools.islice(cabin.frames("demo/ride.mp4"), 3)
        seen = [cabin.inspect(frame) for frame in frames]
    assert (seen[0].pose.decoded.prior_id == -1).all()
    tracked = {track.track_id for track in seen[1].scene.tracks}
    assert tracked <= set(seen[2].pose.decoded.prior_id.tolist())


def test_the_card_says_from_which_score_on_skeletons_are_people(tmp_path, repository) -> None:
    card = json.loads((repository / "models" / "cabinsafe-pose.json").read_text())
    shutil.copy(repository / "models" / card["file"], tmp_path)
    (tmp_path / "strict.json").write_text(json.dumps(card | {"min_person_score": 1.0}))
    cameras = [{"camera_id": "front", "seats": []}]
    for decoder, tracker, least, birth in (
        ({}, {}, 0.6, 1.0),
        ({"peak_threshold": 0.2}, {"birth_pose_score": 0.7}, 0.6, 0.7),
        ({"min_person_score": 0.5}, {}, 0.5, 0.5),
    ):
        pose = {"model": str(tmp_path / "strict.json"), "decoder": decoder}
        cabin = CabinConfig(name="strict", cameras=cameras, pose=pose, tracker=tracker, detectors={})
        parts = assemble(cabin)
        assert parts.estimator.decoder.options == cabin.pose.decoder.model_copy(
            update={"min_person_score": least}
        )
        assert parts.trackers["front"].options.birth_pose_score == birth
        parts.estimator.close()


def test_a_restart_in_mid_ride_goes_on_with_tracks_and_events(waving, make_frame) -> None:
    before, after = (analyzer_of(FakeEstimator({"front": [waving]})) for _ in range(2))
    (started,) = before.process(make_frame(0.0, (400, 400)))
    after.restore(before.snapshot())
    assert after.process(make_frame(0.1, (400, 400))) == [], "the event is running already"
    (ended,) = after.finish()
    assert (ended.event_id, ended.track_ids) == (started.event_id, started.track_ids)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trackers": "{}", "gate": "{}"}'])
def test_what_is_no_snapshot_of_an_analyzer_is_refused(text, waving, make_frame) -> None:
    cabin = analyzer_of(FakeEstimator({"front": [waving]}))
    with pytest.raises(DataError, match="not a snapshot"):
        cabin.restore(text)
    assert cabin.process(make_frame(0.0, (400, 400)))


def test_a_covered_camera_is_an_event_and_the_vehicles_state_is_in_the_scene(waving, make_frame) -> None:
    cabin = analyzer_of(FakeEstimator({"front": [waving]}), health=CameraHealth())
    cabin.vehicle = VehicleState(speed_m_s=3.0)
    seen = [cabin.inspect(make_frame(i / 2, (400, 400))) for i in range(60)]
    assert seen[0].scene.vehicle == VehicleState(speed_m_s=3.0)
    kinds = {event.kind for inspection in seen for event in inspection.events}
    assert {"camera_blind", "left_wrist_up"} <= kinds, "a picture of one grey level shows nothing"
