"""From a cabin file to the engine that it names."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from gpu_bench import GpuBench

from cabinsafe import CabinAnalyzer, CabinConfig, Frame
from cabinsafe.doctor import Finding, examine
from cabinsafe.errors import ConfigError, MissingExtraError
from cabinsafe.pose import OnnxEngine, PoseCard
from cabinsafe.pose.engines import EngineOptions, OpenVinoEngine, TensorRTOptions, make_engine
from cabinsafe.pose.engines.tensorrt.plan import read_plan


def cabin(bench: GpuBench, cameras: int, **tensorrt: object) -> CabinConfig:
    return CabinConfig(
        name="van",
        cameras=[{"camera_id": f"camera {number}"} for number in range(cameras)],
        detectors={},
        pose={
            "model": str(bench.card.path),
            "engine": "tensorrt",
            "tensorrt": {"precision": "fp32", "cache": str(bench.folder / "cache"), **tensorrt},
        },
    )


def test_a_cabin_runs_on_tensorrt_tuned_for_its_cameras(bench, blue_frame) -> None:
    frames = [
        Frame(image=blue_frame((5, 8, 0.9)).image, t_s=0, camera_id=f"camera {number}") for number in range(3)
    ]
    with CabinAnalyzer.from_config(cabin(bench, 3)) as analyzer:
        assert [len(seen.pose.boxes) for seen in analyzer.inspect(frames)] == [1, 1, 1]
    assert bench.gpu.leaks() == {}
    (plan,) = bench.plans()
    assert read_plan(plan).key.batches == (1, 3, 8)


@pytest.mark.parametrize(
    ("options", "batches"),
    [({}, (1, 10, 10)), ({"batch": 2}, (1, 2, 10)), ({"max_batch": 16}, (1, 10, 16))],
    ids=str,
)
def test_a_plan_takes_all_cameras_at_once(bench, options: dict, batches: tuple[int, ...]) -> None:
    CabinAnalyzer.from_config(cabin(bench, 10, **options)).close()
    assert read_plan(bench.plans()[0]).key.batches == batches


def test_a_batch_larger_than_the_largest_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch 9 is more than max_batch 8"):
        TensorRTOptions(batch=9)


def test_each_kind_is_made(box_network: Path) -> None:
    card = PoseCard.load(box_network)
    with make_engine(EngineOptions(), card) as engine:
        assert isinstance(engine, OnnxEngine)
    pytest.importorskip("openvino")
    with make_engine(EngineOptions(engine="openvino", threads=2), card) as engine:
        assert isinstance(engine, OpenVinoEngine)


def test_a_replay_needs_a_recording(box_network: Path) -> None:
    with pytest.raises(ConfigError, match=r"pose\.recording: engine 'replay' needs"):
        make_engine(EngineOptions(engine="replay"), PoseCard.load(box_network))


def engines_of_doctor() -> dict[str, Finding]:
    return {finding.name: finding for finding in examine() if finding.area == "engine"}


def test_the_doctor_sees_a_gpu(bench) -> None:
    found = engines_of_doctor()["tensorrt"]
    assert found.usable
    assert found.detail == "TensorRT 10.3.0, Fake GPU, compute capability 8.7, CUDA 12.6"
    assert bench.gpu.leaks() == {}


def test_the_doctor_says_what_is_missing(bench, monkeypatch) -> None:
    for package in ("openvino", "tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, package, None)
    found = engines_of_doctor()
    assert [name for name, finding in found.items() if finding.usable] == ["onnx", "replay"]
    assert "pip install 'cabinsafe[openvino]'" in found["openvino"].detail
    assert "pip install 'cabinsafe[tensorrt-rtx]'" in found["tensorrt"].detail
    bench.install(count=0)
    assert "no usable NVIDIA driver" in engines_of_doctor()["tensorrt"].detail


def test_a_missing_engine_is_told_when_the_cabin_is_opened(bench, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(MissingExtraError, match="engine 'tensorrt'"):
        CabinAnalyzer.from_config(cabin(bench, 1))


def test_the_feed_of_a_batch_is_what_the_cameras_saw(bench) -> None:
    """Three cameras in one batch get the maps that each gets alone."""
    with bench.open() as engine:
        feeds = bench.batch(3)
        together = engine.infer(feeds)
        for camera in range(3):
            alone = engine.infer({name: images[camera : camera + 1] for name, images in feeds.items()})
            for name, maps in alone.items():
                np.testing.assert_array_equal(maps[0], together[name][camera])
