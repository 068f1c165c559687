"""Whole sources through the analyzer: what the plain loop finds, bit for bit, and nothing left behind."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cabinsafe import CabinAnalyzer, CabinConfig, Frame, load_config
from cabinsafe.errors import DataError, EngineError, FrameOrderError
from cabinsafe.events import EventGate
from cabinsafe.media import open_source
from cabinsafe.tracking import Tracker


def cabin_config(expect_s: float, *cameras: str) -> CabinConfig:
    cabin = load_config("shuttle")
    view = cabin.cameras[0]
    return cabin.model_copy(
        update={
            "cameras": tuple(view.model_copy(update={"camera_id": camera}) for camera in cameras),
            "pose": cabin.pose.model_copy(update={"expect_s": expect_s, "threads": 1}),
        }
    )


def found_in(inspections) -> list[tuple[str, ...]]:
    """All that was found, as text that shows every bit."""
    return [
        (
            i.frame.camera_id,
            i.pose.maps.heatmaps.tobytes().hex(),
            i.scene.model_dump_json(),
            *(reading.model_dump_json() for reading in (*i.readings, *i.occupancy)),
            *(event.model_dump_json() for event in i.events),
        )
        for i in inspections
    ]


@pytest.mark.parametrize("expect_s", [0.0, 0.5])
def test_the_same_as_frame_by_frame(short_clip: Path, expect_s: float) -> None:
    config = cabin_config(expect_s, "front")
    with CabinAnalyzer.from_config(config) as cabin, open_source(short_clip) as source:
        plain = found_in(map(cabin.inspect, source))
    with CabinAnalyzer.from_config(config) as cabin, open_source(short_clip) as source:
        with cabin.inspect_stream([source]) as stream:
            streamed = found_in(inspection for moment in stream for inspection in moment)
        assert stream.dropped == {"front": 0}
    assert len(plain) == 12
    assert streamed == plain


def test_several_cameras_are_the_same_as_batch_by_batch(short_clip: Path) -> None:
    config = cabin_config(0.0, "front", "rear")
    with (
        CabinAnalyzer.from_config(config) as cabin,
        open_source(short_clip, "front") as front,
        open_source(short_clip, "rear") as rear,
    ):
        plain = [i for pair in zip(front, rear, strict=True) for i in cabin.inspect(list(pair))]
    with (
        CabinAnalyzer.from_config(config) as cabin,
        open_source(short_clip, "front") as front,
        open_source(short_clip, "rear") as rear,
    ):
        streamed = [i for moment in cabin.inspect_stream([front, rear]) for i in moment]
    assert found_in(streamed) == found_in(plain)


@pytest.fixture
def make_blue_cabin(box_network: Path):
    def make(*cameras: str, expect_s: float = 0.0) -> CabinAnalyzer:
        return CabinAnalyzer.from_config(
            CabinConfig(
                name="blue",
                cameras=[{"camera_id": camera, "seats": []} for camera in cameras],
                pose={"model": str(box_network), "expect_s": expect_s},
                detectors={},
                camera_health=None,  # its pictures are even and still
            )
        )

    return make


def test_process_stream_gives_the_events(make_source, make_skeleton) -> None:
    """Also with an estimator that cannot be taken apart; then only reading runs ahead."""
    poses = SimpleNamespace(skeletons=(make_skeleton(),), boxes=None)
    estimator = SimpleNamespace(
        estimate=lambda frames, expected: [poses] * len(frames), close=lambda: None, keypoints=()
    )
    with CabinAnalyzer(estimator, Tracker(), [], EventGate()) as cabin:
        assert list(cabin.process_stream([make_source(0.0, 0.1)])) == []
        moments = list(cabin.inspect_stream([make_source(0.2, 0.3)]))
    assert [[len(i.scene.tracks) for i in moment] for moment in moments] == [[1], [1]]


def test_leaving_early_leaves_nothing_behind(make_blue_cabin, make_source) -> None:
    source = make_source(*(i / 10 for i in range(1000)))
    with make_blue_cabin("front") as cabin:
        for (inspection,) in cabin.inspect_stream([source]):
            if inspection.frame.index == 2:
                break
        assert source.given < 50
        again = make_source(100.0)
        assert len(list(cabin.inspect_stream([again]))) == 1, "the analyzer goes on"


def test_ctrl_c_in_the_loop_leaves_nothing_behind(make_blue_cabin, make_source) -> None:
    with make_blue_cabin("front") as cabin, pytest.raises(KeyboardInterrupt):
        for _ in cabin.inspect_stream([make_source(*(i / 10 for i in range(1000)))]):
            raise KeyboardInterrupt


@pytest.mark.parametrize("method", ["preprocess", "infer", "decode"])
def test_an_error_of_any_stage_comes_after_what_was_found(
    make_blue_cabin, make_source, monkeypatch, method: str
) -> None:
    with make_blue_cabin("front") as cabin:
        inner, calls = getattr(cabin._estimator, method), []

        def fails_at_third(*arguments):
            calls.append(arguments)
            if len(calls) == 3:
                raise EngineError("the device is gone")
            return inner(*arguments)

        monkeypatch.setattr(cabin._estimator, method, fails_at_third)
        found = []
        with pytest.raises(EngineError, match="the device is gone"):
            for moment in cabin.inspect_stream([make_source(*(i / 10 for i in range(50)))]):
                found.append(moment)
    assert len(found) == 2


@pytest.mark.parametrize("expect_s", [0.0, 0.5])
def test_time_that_does_not_rise_is_refused_after_what_was_found(
    make_blue_cabin, make_source, expect_s: float
) -> None:
    found = []
    with (
        make_blue_cabin("front", expect_s=expect_s) as cabin,
        pytest.raises(FrameOrderError, match="capture times must rise"),
    ):
        for moment in cabin.inspect_stream([make_source(0.0, 0.1, 0.05, 0.2)]):
            found.append(moment)
    assert len(found) == 2


def test_cameras_that_are_not_known_are_refused_at_once(make_blue_cabin, make_source) -> None:
    with make_blue_cabin("front") as cabin:
        with pytest.raises(DataError, match="no camera 'roof' in this cabin; it has front"):
            cabin.inspect_stream([make_source(0.0, camera_id="roof")])
        with pytest.raises(DataError, match="one source for each camera"):
            cabin.inspect_stream([make_source(0.0), make_source(0.0)])


def test_frames_are_shared_not_copied(make_blue_cabin) -> None:
    class Once:
        camera_id, live, fps = "front", False, 10.0
        image = np.zeros((48, 64, 3), np.uint8)

        def __iter__(self):
            yield Frame(image=self.image, t_s=0.0)

        def close(self) -> None:
            pass

    with make_blue_cabin("front") as cabin:
        ((inspection,),) = list(cabin.inspect_stream([Once()]))
    assert np.shares_memory(inspection.frame.image, Once.image)


def events_of(cabin: CabinAnalyzer, batches) -> list[tuple[str, str, str, float]]:
    events = [event for batch in batches for event in cabin.process(batch)]
    return [(event.kind, event.phase, event.camera_id, event.t_s) for event in events]


def test_a_camera_that_stays_away_is_an_event_while_the_others_go_on(make_blue_cabin, make_frame) -> None:
    """Each camera has its own time: rear's is a thousand seconds ahead."""
    with make_blue_cabin("front", "rear") as cabin:
        rear = {t: make_frame(1000.0 + t, camera_id="rear") for t in (0, 1, 2, 18, 19)}
        found = events_of(
            cabin, [[make_frame(float(t)), *([rear[t]] if t in rear else [])] for t in range(20)]
        )
        assert found == [
            ("camera_silent", "started", "rear", 1012.0),
            ("camera_silent", "updated", "rear", 1017.0),
            ("camera_silent", "ended", "rear", 1018.0),
        ]
        assert cabin.silent_s == {"front": 0.0, "rear": 0.0}


def test_a_camera_that_nobody_gave_is_not_missed(make_blue_cabin, make_frame) -> None:
    with make_blue_cabin("front", "rear") as cabin:
        assert events_of(cabin, [make_frame(float(t)) for t in range(20)]) == []


def test_a_stream_misses_a_source_that_never_sends(make_blue_cabin, make_source) -> None:
    front = make_source(*(float(t) for t in range(15)), live=True)
    rear = make_source(threading.Event(), camera_id="rear", live=True)
    found = []
    with make_blue_cabin("front", "rear") as cabin:
        for (inspection,) in cabin.inspect_stream([front, rear], patience_s=0.01):
            found += [(e.kind, e.phase, e.camera_id, e.t_start_s, e.t_s) for e in inspection.events]
            if inspection.frame.t_s == 14.0:
                break
    assert found == [("camera_silent", "started", "rear", 0.0, 10.0)]
