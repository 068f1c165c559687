"""CabinAnalyzer with injected parts: order, batches, mirrored views, and that errors change nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from waving import FakeEstimator, LeftWristUp, analyzer_of

from cabinsafe import Box, CabinAnalyzer, CabinConfig
from cabinsafe.errors import ConfigError, DataError, EngineError, FrameOrderError, ModelError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.tracking import Tracker
from cabinsafe.types import State
from cabinsafe.views import CameraView


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
