"""OpenVINO: what the contract of every engine does not say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cabinsafe.errors import MissingExtraError, ModelError
from cabinsafe.pose import PoseCard
from cabinsafe.pose.engines import OpenVinoEngine


def test_without_the_package_the_extra_is_named(monkeypatch, box_network: Path) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"engine 'openvino'.*pip install 'cabinsafe\[openvino\]'"):
        OpenVinoEngine(PoseCard.load(box_network).verified_file())


def test_files_that_are_none(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    with pytest.raises(ModelError, match=r"none\.onnx does not exist"):
        OpenVinoEngine(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"OpenVINO cannot load .*bad\.onnx"):
        OpenVinoEngine(tmp_path / "bad.onnx")


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_precision_are_those_asked_for(box_network: Path, threads: int) -> None:
    pytest.importorskip("openvino")
    with OpenVinoEngine(PoseCard.load(box_network).verified_file(), threads) as engine:
        assert engine._compiled.get_property("INFERENCE_NUM_THREADS") == threads
        assert engine._compiled.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"
        assert engine._compiled.get_property("NUM_STREAMS") == 1
        engine.infer({"image": np.zeros((1, 3, 160, 160), np.float32)})
