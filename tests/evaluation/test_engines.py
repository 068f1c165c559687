"""The profile of engines: stages, memory, likeness to ONNX Runtime, and those that cannot run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cabinsafe.engine_cli import engine_app
from cabinsafe.errors import EngineError, MediaError
from cabinsafe.evaluation.engines import STAGES, ProfileRequest, profile_engine, profile_engines
from cabinsafe.pose.engines import EngineOptions


def run(*arguments: object):
    return CliRunner().invoke(engine_app, [str(argument) for argument in arguments])


def test_a_profile_has_every_stage_and_adds_up(box_network: Path, short_clip: Path) -> None:
    request = ProfileRequest(str(box_network), EngineOptions(), str(short_clip), cameras=3, batches=5)
    profile = profile_engine(request)
    assert (profile.engine, profile.batches, profile.likeness, profile.refusal) == ("onnx", 5, None, None)
    assert tuple(profile.stages) == STAGES
    for spread in profile.stages.values():
        assert 0 < spread.median <= spread.p95 <= spread.p99
    assert profile.stages["total"].p99 >= max(profile.stages[stage].p99 for stage in STAGES[:3])
    assert profile.fps > 0
    assert profile.peak_memory_mb > 20


def test_the_video_may_end_before_the_batches(box_network: Path, short_clip: Path) -> None:
    request = ProfileRequest(str(box_network), EngineOptions(), str(short_clip), batches=100)
    assert profile_engine(request).batches == 12 - 3
    request = ProfileRequest(str(box_network), EngineOptions(), str(short_clip), cameras=3, batches=100)
    assert profile_engine(request).batches == 12 - 3 - 2 * 2, "the third camera is four frames ahead"


def test_a_video_that_only_warms_up_is_refused(box_network: Path, tmp_path: Path, short_clip: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(MediaError, match="more than 3 frames expected, got 3"):
        profile_engine(ProfileRequest(str(box_network), EngineOptions(), str(tmp_path)))


def test_an_engine_that_sees_otherwise_is_found_out(short_clip: Path, monkeypatch) -> None:
    """The network's own maps, moved by half a map cell to the right and a bit too strong."""
    from cabinsafe.evaluation import engines
    from cabinsafe.pose import OnnxEngine

    class Askew(OnnxEngine):
        def infer(self, feeds):
            return {name: np.roll(maps, 2, axis=-1) for name, maps in super().infer(feeds).items()}

    monkeypatch.setattr(engines, "make_engine", lambda options, card, cameras: Askew(card.verified_file()))
    options = EngineOptions(engine="openvino")
    request = ProfileRequest("cabinsafe-pose", options, str(short_clip), batches=1, compared=2)
    likeness = profile_engine(request).likeness
    assert likeness.frames == 2
    assert likeness.expected_people == likeness.people > 0
    assert likeness.oks < 0.9
    assert all(difference > 0.1 for difference in likeness.map_difference.values())


def test_an_engine_of_one_size_is_compared_with_bars(short_clip: Path, monkeypatch) -> None:
    from cabinsafe.evaluation import engines
    from cabinsafe.pose import OnnxEngine

    class OneSize(OnnxEngine):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self.inputs = (self.inputs[0]._replace(shape=(None, 3, 352, 352)),)

    monkeypatch.setattr(engines, "make_engine", lambda options, card, cameras: OneSize(card.verified_file()))
    options = EngineOptions(engine="openvino")
    request = ProfileRequest("cabinsafe-pose", options, str(short_clip), batches=1, compared=2)
    likeness = profile_engine(request).likeness
    assert likeness.people == likeness.expected_people > 0
    assert set(likeness.map_difference.values()) == {0.0}


def test_openvino_finds_the_same_people(short_clip: Path) -> None:
    pytest.importorskip("openvino")
    options = EngineOptions(engine="openvino")
    request = ProfileRequest("cabinsafe-pose", options, str(short_clip), batches=1, compared=3)
    likeness = profile_engine(request).likeness
    assert likeness.people == likeness.expected_people > 0
    assert likeness.oks > 0.98
    assert all(0 < difference < 0.1 for difference in likeness.map_difference.values())


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple:
        return os._exit, (3,)


def test_an_engine_that_crashes_does_not_stop_the_others(box_network: Path, short_clip: Path) -> None:
    videos = (Deadly(), str(short_clip))
    requests = [ProfileRequest(str(box_network), EngineOptions(), video, batches=1) for video in videos]
    crashed, whole = profile_engines(requests)
    assert (crashed.engine, crashed.stages) == ("onnx", {})
    assert "its process died" in crashed.refusal
    assert whole.batches == 1


def test_the_command_shows_and_writes_what_ran_and_what_did_not(
    box_network: Path, short_clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "profile.json"
    shown = run(
        *("profile", box_network, "--video", short_clip, "--cameras", 2, "--batches", 2, "--out", out),
        *("--engine", "onnx", "--engine", "tensorrt", "--precision", "int8"),
    )
    assert shown.exit_code == 0, shown.output
    report = json.loads(out.read_text())
    assert (report["cameras"], report["video"]) == (2, short_clip.name)
    onnx, tensorrt = report["engines"]
    assert (onnx["engine"], onnx["batches"], tensorrt["engine"]) == ("onnx", 2, "tensorrt int8")
    assert set(onnx["stages"]) == set(STAGES)
    assert "tensorrt int8 cannot run: " in shown.output
    assert tensorrt["refusal"] in shown.output.replace("\n", "")


def test_a_command_of_which_nothing_ran_fails(box_network: Path, short_clip: Path) -> None:
    shown = run("profile", box_network, "--video", short_clip, "--engine", "tensorrt", "--precision", "int8")
    assert isinstance(shown.exception, EngineError)
    assert "none of the engines could run" in str(shown.exception)
