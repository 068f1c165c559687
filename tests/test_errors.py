"""Only errors of this library come out of its public doors, whatever goes in; the cause stays reachable."""

from __future__ import annotations

import inspect
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import cabinsafe.errors
from cabinsafe import (
    Box,
    CabinAnalyzer,
    CabinConfig,
    CabinSafeError,
    Frame,
    Reading,
    Scene,
    Skeleton,
    Track,
    load_config,
)
from cabinsafe.detectors import FeetOnSeats, HandOnLeg, UnsafeSitting
from cabinsafe.errors import MissingExtraError, ShapeError
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.media import open_source
from cabinsafe.person_detectors import make_person_detector
from cabinsafe.pose import DecoderOptions, Limb, OnnxEngine, PafDecoder, PoseCard, Topology
from cabinsafe.tracking import Tracker, TrackerOptions
from cabinsafe.views import CameraView, SeatView

MAPS = np.zeros((18, 4, 4), np.float32), np.zeros((42, 4, 4), np.float32)


def file_with(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


HUGE_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
HUGE_PNG += struct.pack(">I", zlib.crc32(HUGE_PNG[12:]))


def analyzer() -> CabinAnalyzer:
    return CabinAnalyzer(SimpleNamespace(estimate=lambda frames: []), Tracker(), [], EventGate())


def frame(camera_id: str) -> Frame:
    return Frame(image=np.zeros((2, 2, 3), np.uint8), t_s=0, camera_id=camera_id)


BAD: dict[str, Callable[[Path], object]] = {
    "box": lambda _: Box(xyxy="a"),
    "frame": lambda _: Frame(image=None, t_s=0),
    "reading": lambda _: Reading(kind="a", track_ids=(1,), state="perhaps"),
    "scene json": lambda _: Scene.model_validate_json("{"),
    "scene": lambda _: Scene.model_validate({"t_s": "now"}),
    "skeleton": lambda _: Skeleton(),
    "track": lambda _: Track(track_id=-1, box_xyxy=(0, 0, 1, 1), box_source="guess"),
    "config": lambda _: CabinConfig(name=""),
    "config file": lambda folder: load_config(file_with(folder, "a.yaml", b"\xff\xfe")),
    "analyzer": lambda folder: CabinAnalyzer.from_config(file_with(folder, "a.yaml", b"name: [")),
    "config as a mapping": lambda _: CabinConfig.model_validate({"name": 3}),
    "config as json": lambda _: CabinConfig.model_validate_json("{"),
    "config with a list as key": lambda folder: load_config(file_with(folder, "a.yaml", b"? [1, 2]\n: 3")),
    "config with a date that is none": lambda folder: load_config(
        file_with(folder, "a.yaml", b"name: 2024-13-45")
    ),
    "config with a key called self": lambda folder: load_config(file_with(folder, "a.yaml", b"self: 3")),
    "frame that is none": lambda _: analyzer().process(MAPS[0]),
    "frames that are none": lambda _: analyzer().process([MAPS[0]]),
    "two cameras, one tracker": lambda _: analyzer().process([frame("a"), frame("b")]),
    "no number": lambda _: open_source("²"),
    "huge image": lambda folder: list(open_source(file_with(folder, "a.png", HUGE_PNG))),
    "recorded boxes": lambda folder: make_person_detector(
        "recorded", {"path": str(file_with(folder, "b.jsonl", b"")), "tolerance_s": "x"}
    ),
    "gate options": lambda _: GateOptions(hold_s=-1),
    "decoder options": lambda _: DecoderOptions(peak_threshold=7),
    "tracker options": lambda _: TrackerOptions(coast_s="long"),
    "view": lambda _: CameraView(camera_id=""),
    "seat": lambda _: SeatView(name="Row1.Pos1", zone=()),
    "limb": lambda _: Limb(start="a", end="b", x_channel=-1, y_channel=0),
    "topology": lambda _: Topology(name="a"),
    "card": lambda folder: PoseCard.load(file_with(folder, "a.json", b"[]")),
    "card bytes": lambda folder: PoseCard.load(file_with(folder, "a.json", b"\xff")),
    "engine": lambda folder: OnnxEngine(file_with(folder, "a.onnx", b"\x00\x01")),
    "decoder": lambda _: PafDecoder(Topology.trt_pose()).decode(MAPS[0], MAPS[0]),
    "tracker": lambda _: Tracker().update(0.0, np.zeros((2, 4)), []),
    "video": lambda folder: open_source(file_with(folder, "a.mp4", b"\x00" * 64)),
    "image": lambda folder: list(open_source(file_with(folder, "a.png", b"\x89PNG"))),
    "stream": lambda _: open_source("rtsp://127.0.0.1:9/none"),
    "feet options": lambda _: FeetOnSeats.Options(margin_shins="a"),
    "hand options": lambda _: HandOnLeg.Options(reach_torsos=-1),
    "sitting model": lambda _: UnsafeSitting(UnsafeSitting.Options(model="none"), {}),
    "keypoint": lambda _: Skeleton(topology="t", keypoints=("a",), xy=[[0, 0]], score=[1], person_score=1)[
        "b"
    ],
}


@pytest.mark.parametrize("attempt", BAD.values(), ids=BAD)
def test_only_our_errors_come_out(tmp_path: Path, attempt: Callable[[Path], object]) -> None:
    with pytest.raises(CabinSafeError) as raised:
        attempt(tmp_path)
    assert type(raised.value).__module__.startswith("cabinsafe")
    assert len(str(raised.value)) > 10, "a message that says something"


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    names = {
        name
        for name, kind in inspect.getmembers(cabinsafe.errors, inspect.isclass)
        if kind.__module__ == "cabinsafe.errors"
    }
    assert [name for name in names if name not in cabinsafe.errors.__doc__] == []
    assert all(issubclass(getattr(cabinsafe.errors, name), CabinSafeError) for name in names)


def test_shape_error_keeps_both_sides() -> None:
    error = ShapeError("maps", (1, 2), (3, 4))
    assert (error.what, error.expected, error.got) == ("maps", (1, 2), (3, 4))


def test_a_missing_extra_is_named() -> None:
    assert "pip install 'cabinsafe[train]'" in str(MissingExtraError("Training", "train", "torch"))


def test_a_gate_takes_scenes_of_any_camera_but_not_twice() -> None:
    gate = EventGate()
    scene = Scene(t_s=0, camera_id="a", size_wh=(1, 1))
    gate.update(scene, [])
    with pytest.raises(CabinSafeError):
        gate.update(scene, [])
