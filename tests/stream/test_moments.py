"""Frames of several cameras, joined by capture time; nothing lost, nobody waited for in vain."""

from __future__ import annotations

import logging
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import DataError, MediaError
from cabinsafe.stream import Moments


def times(moments: Moments) -> list[dict[str, float]]:
    with moments:
        return [{frame.camera_id: frame.t_s for frame in moment} for moment in moments]


def test_cameras_in_step(make_source) -> None:
    front = make_source(0.0, 0.1, 0.2)
    rear = make_source(0.02, 0.13, 0.19, camera_id="rear")
    assert times(Moments([front, rear])) == [
        {"front": 0.0, "rear": 0.02},
        {"front": 0.1, "rear": 0.13},
        {"front": 0.2, "rear": 0.19},
    ]


def test_a_frame_joins_the_nearest_one(make_source) -> None:
    """With a tolerance of half the time between frames, 0.06 belongs to 0.1, not to 0.0."""
    front, rear = make_source(0.0, 0.1, 0.2), make_source(0.06, 0.16, camera_id="rear")
    assert times(Moments([front, rear])) == [
        {"front": 0.0},
        {"rear": 0.06, "front": 0.1},
        {"rear": 0.16, "front": 0.2},
    ]


def test_cameras_of_different_rates_and_lengths(make_source) -> None:
    front = make_source(0.0, 0.1, 0.2, 0.3, 0.4)
    rear = make_source(0.01, 0.21, camera_id="rear", fps=5.0)
    assert times(Moments([front, rear])) == [
        {"front": 0.0, "rear": 0.01},
        {"front": 0.1},
        {"front": 0.2, "rear": 0.21},
        {"front": 0.3},
        {"front": 0.4},
    ]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.lists(st.floats(0.001, 0.3), max_size=12), min_size=1, max_size=4),
    tolerance_s=st.floats(0, 0.2),
)
def test_every_frame_once_and_in_order(make_source, steps: list[list[float]], tolerance_s: float) -> None:
    sources, all_times = [], []
    for camera, gaps in enumerate(steps):
        stamps = [sum(gaps[: i + 1]) for i in range(len(gaps))]
        sources.append(make_source(*stamps, camera_id=str(camera)))
        all_times += [(str(camera), t_s) for t_s in stamps]
    found = times(Moments(sources, tolerance_s=tolerance_s))
    assert sorted(item for moment in found for item in moment.items()) == sorted(all_times)
    for moment in found:
        assert max(moment.values()) - min(moment.values()) <= tolerance_s + 1e-9
    for camera in range(len(steps)):
        own = [moment[str(camera)] for moment in found if str(camera) in moment]
        assert own == sorted(own)


def test_files_are_waited_for(make_source) -> None:
    held = threading.Event()
    front, rear = make_source(0.0, 0.1), make_source(held, 0.0, 0.1, camera_id="rear")
    threading.Timer(0.3, held.set).start()
    assert times(Moments([front, rear], patience_s=0.01)) == [{"front": t, "rear": t} for t in (0.0, 0.1)]


def test_a_silent_live_camera_does_not_hold_up_the_others_and_may_come_back(make_source) -> None:
    held = threading.Event()
    front = make_source(0.0, 0.1, 0.2, held, 0.3, 0.4, live=True)
    rear = make_source(0.0, held, 0.31, 0.41, camera_id="rear", live=True)
    moments, found = Moments([front, rear], patience_s=0.3), []
    with moments:
        for moment in moments:
            found.append({frame.camera_id: frame.t_s for frame in moment})
            if len(found) == 3:
                held.set()
    assert found[:3] == [{"front": 0.0, "rear": 0.0}, {"front": 0.1}, {"front": 0.2}]
    assert [moment.get("front") for moment in found if "front" in moment][3:] == [0.3, 0.4]
    assert [moment.get("rear") for moment in found if "rear" in moment][1:] == [0.31, 0.41]
    assert moments.dropped == {"front": 0, "rear": 0}


def test_a_live_camera_that_is_lost_is_logged_while_another_goes_on(make_source, caplog) -> None:
    front = make_source(0.0, 0.1, 0.2, live=True)
    rear = make_source(0.0, MediaError("sent nothing for 10 s"), camera_id="rear", live=True)
    moments, found = Moments([front, rear]), []
    with caplog.at_level(logging.WARNING), moments, pytest.raises(MediaError, match="sent nothing for 10 s"):
        for moment in moments:
            found.append([frame.camera_id for frame in moment])
    assert found == [["front", "rear"], ["front"], ["front"]]
    assert caplog.text.count("camera 'rear' is lost, the others go on: sent nothing for 10 s") == 1


def test_what_ends_a_file_is_an_error_after_its_frames(make_source) -> None:
    front = make_source(0.0, 0.1, 0.2, 0.3, 0.4)
    rear = make_source(0.0, 0.1, MediaError("the file is cut off"), camera_id="rear")
    found = []
    with Moments([front, rear]) as moments, pytest.raises(MediaError, match="cut off"):
        for moment in moments:
            found.append([frame.camera_id for frame in moment])
    assert found == [["front", "rear"]] * 2


def test_what_is_not_kept_up_with_is_dropped_only_when_asked_for_and_counted(make_source, wait_until) -> None:
    source = make_source(*(i / 10 for i in range(20)))
    with Moments([source], drop="oldest", capacity=3) as moments:
        stream = iter(moments)
        next(stream)
        wait_until(lambda: source.given == 20)
        kept = [frame.index for (frame,) in stream]
    assert kept == sorted(kept)
    assert kept[-1] == 19, "the newest frame is never left out"
    assert len(kept) <= 4
    assert moments.dropped == {"front": 19 - len(kept)}


def test_frames_that_a_live_camera_left_out_are_counted(make_source) -> None:
    class Hasty(make_source):
        def __iter__(self):
            return (frame for frame in super().__iter__() if frame.index % 3 == 0)

    with Moments([Hasty(*(i / 10 for i in range(10)), live=True)]) as moments:
        assert [frame.index for (frame,) in moments] == [0, 3, 6, 9]
        assert moments.dropped == {"front": 6}


def test_no_more_is_read_than_was_asked_for(make_source, wait_until) -> None:
    source = make_source(*(i / 10 for i in range(100)))
    with Moments([source], capacity=3) as moments:
        stream = iter(moments)
        for taken in (1, 2):
            next(stream)
            wait_until(lambda: source.given == taken + 4)  # noqa: B023 - it is called at once
    assert source.given <= 7


def test_nothing_is_read_before_it_is_asked_for(make_source) -> None:
    source = make_source(0.0)
    with Moments([source]) as moments:
        pass
    assert list(moments) == []
    assert source.given == 0


def test_closing_frees_a_thread_that_waits_for_a_camera(make_source) -> None:
    source = make_source(0.0, threading.Event(), live=True)
    with Moments([source]) as moments:
        next(iter(moments))
    assert source.closed.is_set()


@pytest.mark.parametrize(
    ("cameras", "options", "message"),
    [
        ([], {}, "no source to read"),
        (["front", "front"], {}, "one source for each camera, got front, front"),
        (["front"], {"tolerance_s": -1}, "tolerance_s: expected 0 or more, got -1"),
        (["front"], {"patience_s": float("nan")}, "patience_s: expected 0 or more, got nan"),
        (["front"], {"capacity": 0}, "capacity: expected at least 1"),
        (["front"], {"drop": "some"}, "drop: expected None"),
    ],
)
def test_options_out_of_range(make_source, cameras: list[str], options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Moments([make_source(0.0, camera_id=camera) for camera in cameras], **options)
