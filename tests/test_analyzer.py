"""CabinAnalyzer with injected parts: order, batches, mirrored views, and that errors change nothing."""

from __future__ import annotations

import itertools
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from cabinsafe import Box, CabinAnalyzer, CabinConfig
from cabinsafe.assembly import assemble
from cabinsafe.camera_health import CameraHealth
from cabinsafe.config import load_config
from cabinsafe.detectors.base import DetectorOptions
from cabinsafe.errors import ConfigError, DataError, EngineError, FrameOrderError, ModelError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.tracking import OccupantLinker, Tracker, TrackIds
from cabinsafe.types import Reading, State
from cabinsafe.vehicle import VehicleState
from cabinsafe.views import CameraView


class FakeEstimator:
    """Stands in for the network: each call returns the skeletons it was given for that camera."""

    def __init__(self, by_camera: dict[str, list]) -> None:
        self.by_camera = by_camera
        self.batches: list[list[str]] = []
        self.expected: list = []
        self.closed = 0
        self.error: Exception | None = None

    @property
    def keypoints(self):
        return next(s.keypoints for skeletons in self.by_camera.values() for s in skeletons)

    def estimate(self, frames, expected=None):
        if self.error:
            raise self.error
        self.expected.append(expected)
        self.batches.append([frame.camera_id for frame in frames])
        return [SimpleNamespace(skeletons=tuple(self.by_camera[f.camera_id]), boxes=None) for f in frames]

    def close(self) -> None:
        self.closed += 1


class LeftWristUp:
    """A detector of ten lines: is the left wrist above the nose?"""

    Options = DetectorOptions
    kind = "left_wrist_up"
    needs = frozenset({"left_wrist", "nose"})

    @property
    def digests(self):
        return {}

    def read(self, scene):
        return [
            Reading(
                kind=self.kind,
                track_ids=(t.track_id,),
                state=State.TRUE if up else State.FALSE,
                score=float(up),
            )
            for t in scene.tracks
            if t.skeleton is not None
            for up in [t.skeleton["left_wrist"][1] < t.skeleton["nose"][1]]
        ]

    def reset(self) -> None:
        pass


AT_ONCE = GateOptions(hold_s=0, release_s=0.5, bridge_s=0.5, cooldown_s=0)


@pytest.fixture
def waving(make_skeleton):
    return make_skeleton(left_wrist=(240, 20))


def analyzer_of(estimator, **options) -> CabinAnalyzer:
    return CabinAnalyzer(
        estimator, options.pop("tracker", Tracker()), [LeftWristUp()], EventGate(default=AT_ONCE), **options
    )


def test_a_frame_becomes_an_event(waving, make_frame) -> None:
    with analyzer_of(FakeEstimator({"front": [waving]})) as cabin:
        (event,) = cabin.process(make_frame(1.0, (400, 400)))
        assert (event.kind, event.phase, event.t_start_s) == ("left_wrist_up", "started", 1.0)
        (ended,) = cabin.finish()
        assert (ended.phase, ended.end_reason, ended.event_id) == ("ended", "end_of_input", event.event_id)


def test_inspect_shows_every_step(waving, make_frame) -> None:
    cabin = analyzer_of(FakeEstimator({"front": [waving]}))
    boxes = np.array([[150, 60, 300, 390, 0.9]])
    seen = cabin.inspect(make_frame(0.0, (400, 400)), boxes)
    assert seen.pose.skeletons == (waving,)
    assert seen.boxes is boxes
    assert [t.box_source for t in seen.scene.tracks] == ["detection"]
    assert seen.readings[0].state is State.TRUE
    assert len(seen.events) == 1


def test_cameras_go_in_as_one_batch_and_ids_differ(waving, make_skeleton, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving], "rear": [make_skeleton(), waving]})
    ids = itertools.count(1)
    trackers = {camera: Tracker(ids=ids) for camera in ("front", "rear")}
    cabin = analyzer_of(estimator, tracker=trackers)
    frames = [make_frame(0.0, (400, 400), camera) for camera in ("front", "rear")]
    seen = cabin.inspect(frames)
    assert estimator.batches == [["front", "rear"]]
    track_ids = [t.track_id for inspection in seen for t in inspection.scene.tracks]
    assert len(set(track_ids)) == len(track_ids) >= 2
    assert {e.camera_id for i in seen for e in i.events} <= {"front", "rear"}


def test_time_running_backwards_changes_nothing(waving, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator)
    cabin.process(make_frame(1.0))
    with pytest.raises(
        FrameOrderError, match=r"camera 'front': frame 0 at 0\.500 s cannot follow one at 1\.000 s"
    ):
        cabin.process(make_frame(0.5))
    with pytest.raises(FrameOrderError):
        cabin.process(make_frame(1.0))
    assert len(estimator.batches) == 1
    cabin.process(make_frame(1.1))


def test_a_failing_network_loses_nothing(waving, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator)
    (started,) = cabin.process(make_frame(0.0, (400, 400)))
    estimator.error = EngineError("the network failed")
    with pytest.raises(EngineError):
        cabin.process(make_frame(0.1, (400, 400)))
    estimator.error = None
    assert cabin.process(make_frame(0.1, (400, 400))) == [], (
        "the same frame again is accepted, the event goes on"
    )
    (ended,) = cabin.finish()
    assert ended.event_id == started.event_id


def test_wrong_batches_are_refused(waving, make_frame) -> None:
    estimator = FakeEstimator({"front": [waving]})
    cabin = analyzer_of(estimator, tracker={"front": Tracker()})
    with pytest.raises(DataError, match="no camera 'roof' in this cabin; it has front"):
        cabin.process(make_frame(camera_id="roof"))
    with pytest.raises(DataError, match="one frame per camera"):
        cabin.process([make_frame(0.0), make_frame(0.1)])
    with pytest.raises(DataError, match="boxes belong to a single frame"):
        cabin.process([make_frame(0.0), make_frame(0.0, camera_id="rear")], np.zeros((0, 5)))
    assert cabin.process([]) == []
    assert estimator.batches in ([], [[]])


def test_one_tracker_follows_one_camera(waving, make_frame) -> None:
    cabin = analyzer_of(FakeEstimator({"front": [waving], "rear": [waving]}))
    cabin.process(make_frame(0.0))
    with pytest.raises(DataError, match="one tracker follows one camera"):
        cabin.process(make_frame(0.0, camera_id="rear"))


def test_a_mirrored_view_swaps_sides(waving, make_frame) -> None:
    views = {"front": CameraView(camera_id="front", mirrored=True)}
    cabin = analyzer_of(FakeEstimator({"front": [waving]}), views=views)
    seen = cabin.inspect(make_frame(0.0, (400, 400)))
    skeleton = seen.scene.tracks[0].skeleton
    np.testing.assert_allclose(skeleton["right_wrist"], waving["left_wrist"])
    assert seen.events == ()


def test_two_analyzers_do_not_disturb_each_other(waving, make_frame) -> None:
    """Interleaved, with different options: each finds what it finds alone."""
    hasty = analyzer_of(FakeEstimator({"front": [waving]}))
    patient = CabinAnalyzer(
        FakeEstimator({"front": [waving]}),
        Tracker(),
        [LeftWristUp()],
        EventGate(default=GateOptions(hold_s=1.0)),
    )
    found: dict[str, list] = {"hasty": [], "patient": []}
    for i in range(12):
        found["hasty"] += hasty.process(make_frame(i / 10, (400, 400)))
        found["patient"] += patient.process(make_frame(i / 10, (400, 400)))
    assert [e.t_s for e in found["hasty"]] == [0.0]
    assert [e.t_s for e in found["patient"]] == [1.0]
    assert found["hasty"][0].track_ids == found["patient"][0].track_ids == (1,)
    assert found["hasty"][0].event_id == found["patient"][0].event_id, "ids are counted by instance"


def test_reset_begins_another_ride(waving, make_frame) -> None:
    cabin = analyzer_of(FakeEstimator({"front": [waving]}))
    (first,) = cabin.process(make_frame(5.0, (400, 400)))
    cabin.reset()
    (second,) = cabin.process(make_frame(0.0, (400, 400)))
    assert second.event_id != first.event_id


def test_a_person_detector_adds_its_boxes(waving, make_frame) -> None:
    class Boxes:
        def detect(self, frame):
            return [Box(xyxy=(0, 0, 50, 90), score=0.95)] if frame.t_s < 0.05 else None

        def close(self) -> None:
            pass

    cabin = analyzer_of(FakeEstimator({"front": []}), person_detector=Boxes())
    first, second = (cabin.inspect(make_frame(t)) for t in (0.0, 0.1))
    assert first.boxes.shape == (1, 5)
    assert second.boxes is None
    assert [t.box_source for t in first.scene.tracks] == ["detection"]


@pytest.fixture
def make_blue_cabin(box_network):
    """Cabin of the network with a person-box head; keywords go under ``pose``."""

    def make(person_detector=None, **pose) -> CabinAnalyzer:
        return CabinAnalyzer.from_config(
            CabinConfig(
                name="blue",
                cameras=[{"camera_id": "front", "seats": []}],
                pose={"model": str(box_network)} | pose,
                detectors={},
                person_detector=person_detector,
            )
        )

    return make


BLUE_BOX = [40, 32, 120, 176, 0.6]
"""What the network finds for a blue cell in column 4, row 8."""


def test_boxes_of_the_network_feed_the_tracker(make_blue_cabin, blue_frame) -> None:
    with make_blue_cabin() as cabin:
        seen = cabin.inspect(blue_frame((4, 8, 0.6)))
        np.testing.assert_allclose(seen.boxes, [BLUE_BOX], atol=1e-6)
        assert [(t.box_xyxy, t.box_source) for t in seen.scene.tracks] == [((40, 32, 120, 176), "detection")]
        assert cabin.inspect(blue_frame(t_s=0.1)).boxes.shape == (0, 5), "looked and found nobody"


def test_the_callers_boxes_take_the_place_of_the_networks(make_blue_cabin, blue_frame) -> None:
    with make_blue_cabin() as cabin:
        for t_s, boxes in ((0.0, np.array([[200, 50, 260, 150, 0.9]])), (0.1, np.zeros((0, 5)))):
            seen = cabin.inspect(blue_frame((4, 8, 0.6), t_s=t_s), boxes)
            assert seen.boxes is boxes
            assert len(seen.pose.boxes) == 1
            assert [t.box_xyxy[0] >= 200 for t in seen.scene.tracks] == [True], (
                "the one passed, then predicted"
            )


def test_a_person_detector_takes_the_place_of_the_networks_boxes(
    make_blue_cabin, blue_frame, tmp_path
) -> None:
    """Also where it did not look at a frame: one source of boxes, so that their shape does not jump."""
    path = tmp_path / "boxes.jsonl"
    path.write_text('{"t_s": 0.0, "boxes": [[200, 50, 260, 150, 0.9]]}')
    with make_blue_cabin({"kind": "recorded", "options": {"path": str(path)}}) as cabin:
        looked, did_not = (cabin.inspect(blue_frame((4, 8, 0.6), t_s=t_s)) for t_s in (0.0, 0.5))
    np.testing.assert_allclose(looked.boxes, [[200, 50, 260, 150, 0.9]])
    assert did_not.boxes is None


def test_the_networks_boxes_can_be_switched_off_and_tuned(make_blue_cabin, blue_frame) -> None:
    frame = blue_frame((4, 8, 0.6))
    with make_blue_cabin(boxes=False) as cabin:
        seen = cabin.inspect(frame)
        assert (seen.boxes, seen.pose.boxes, seen.scene.tracks) == (None, None, ())
    with make_blue_cabin(box_decoder={"score_threshold": 0.7}) as cabin:
        assert cabin.inspect(frame).boxes.shape == (0, 5)


def test_a_mirrored_view_leaves_boxes_where_they_are(box_network, blue_frame) -> None:
    camera = {"camera_id": "front", "seats": [], "mirrored": True}
    config = CabinConfig(name="a", cameras=[camera], pose={"model": str(box_network)}, detectors={})
    with CabinAnalyzer.from_config(config) as cabin:
        (track,) = cabin.inspect(blue_frame((4, 8, 0.6))).scene.tracks
    assert track.box_xyxy == tuple(BLUE_BOX[:4])


def test_close_closes_the_parts(waving) -> None:
    estimator = FakeEstimator({"front": [waving]})
    with analyzer_of(estimator):
        pass
    assert estimator.closed == 1


def test_from_config_checks_models_before_it_runs(tmp_path) -> None:
    camera = {"camera_id": "front", "seats": []}
    with pytest.raises(ModelError, match="no model card 'none'"):
        CabinAnalyzer.from_config(CabinConfig(name="a", cameras=[camera], pose={"model": "none"}))
    with pytest.raises(ConfigError, match="feet_on_seats needs a seat_line"):
        CabinAnalyzer.from_config(CabinConfig(name="a", cameras=[camera], detectors={"feet_on_seats": {}}))
    with pytest.raises(ConfigError, match=r"person_detector\.kind: no 'yolo'; there are recorded"):
        CabinAnalyzer.from_config(
            CabinConfig(
                name="a", cameras=[camera], detectors={"hand_on_leg": {}}, person_detector={"kind": "yolo"}
            )
        )


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
    for decoder, expected in (({}, 1.0), ({"peak_threshold": 0.2}, 1.0), ({"min_person_score": 0.5}, 0.5)):
        pose = {"model": str(tmp_path / "strict.json"), "decoder": decoder}
        cabin = CabinConfig(name="strict", cameras=cameras, pose=pose, detectors={})
        estimator = assemble(cabin).estimator
        assert estimator.decoder.options == cabin.pose.decoder.model_copy(
            update={"min_person_score": expected}
        )
        estimator.close()


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
