"""Whose frames stay away, for how long, on clocks that do not agree."""

from __future__ import annotations

import pytest

from cabinsafe.errors import FrameOrderError
from cabinsafe.stream import CameraClocks


def test_nobody_is_missed_while_all_send(make_frame) -> None:
    clocks = CameraClocks()
    for i in range(5):
        clocks.note([make_frame(i / 10), make_frame(1000 + i / 10, camera_id="rear")])
        assert clocks.silent_s == {"front": 0.0, "rear": 0.0}


def test_a_silence_is_measured_on_the_others_clocks(make_frame) -> None:
    clocks = CameraClocks()
    clocks.note([make_frame(0.0), make_frame(1000.0, camera_id="rear"), make_frame(7.0, camera_id="left")])
    clocks.note([make_frame(0.5), make_frame(7.5, camera_id="left")])
    clocks.note([make_frame(2.0)])
    assert clocks.silent_s == {"front": 0.0, "rear": 2.0, "left": 1.5}
    assert clocks.now_s == {"front": 2.0, "rear": 1002.0, "left": 9.0}
    clocks.note([make_frame(1002.1, camera_id="rear")])
    assert clocks.silent_s["rear"] == 0.0


def test_cameras_that_send_one_after_the_other_are_not_missed_for_longer_than_a_round(make_frame) -> None:
    clocks = CameraClocks()
    for i in range(12):
        clocks.note([make_frame(i / 10, camera_id=("front", "rear", "left")[i % 3])])
        assert max(clocks.silent_s.values()) <= 0.3 + 1e-9


def test_a_camera_that_never_sent_is_missed_only_if_it_was_expected(make_frame) -> None:
    clocks = CameraClocks()
    clocks.expect(["front", "rear"])
    assert clocks.silent_s == {"front": 0.0, "rear": 0.0}
    clocks.note([make_frame(5.0)])
    clocks.note([make_frame(8.0)])
    assert clocks.silent_s == {"front": 0.0, "rear": 3.0}
    assert clocks.now_s == {"front": 8.0, "rear": 8.0}
    clocks.reset()
    clocks.note([make_frame(5.0)])
    assert clocks.silent_s == {"front": 0.0}


def test_each_cameras_time_rises_by_itself(make_frame) -> None:
    clocks = CameraClocks()
    clocks.note([make_frame(5.0)])
    clocks.check([make_frame(5.1), make_frame(0.0, camera_id="rear")])
    with pytest.raises(
        FrameOrderError, match=r"camera 'front': frame 0 at 5.000 s cannot follow one at 5.000"
    ):
        clocks.check([make_frame(0.0, camera_id="rear"), make_frame(5.0)])
