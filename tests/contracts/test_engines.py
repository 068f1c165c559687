"""What every inference engine keeps, whatever is behind it. A new engine is one more line in ENGINES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import FakeCudaBindings, FakeGpu
from fake_pycuda import FakePyCuda
from fake_tensorrt import FakeTensorRT

from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.pose import Engine, OnnxEngine, RecordingEngine, ReplayEngine
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines import OpenVinoEngine, TensorRTEngine, TensorSpec
from cabinsafe.pose.engines.cuda import open_device
from cabinsafe.pose.engines.tensorrt.vendor import BuildRequest, load_vendor

IMAGE = TensorSpec("image", (None, 3, 8, 8), "float32")


def write_onnx(path: Path) -> Path:
    """A real network of one averaging layer: image (N, 3, 8, 8) to maps (N, 3, 4, 4)."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("AveragePool", ["image"], ["maps"], kernel_shape=[2, 2], strides=[2, 2])],
        "tiny",
        [helper.make_tensor_value_info("image", kind, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("maps", kind, ["n", 3, 4, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def onnx_engine(folder: Path) -> Engine:
    return OnnxEngine(write_onnx(folder / "tiny.onnx"))


def replay_engine(folder: Path) -> Engine:
    return ReplayEngine({"maps": np.arange(20 * 48, dtype=np.float32).reshape(20, 3, 4, 4)}, (IMAGE,))


def recording_engine(folder: Path) -> Engine:
    return RecordingEngine(onnx_engine(folder))


def openvino_engine(folder: Path) -> Engine:
    pytest.importorskip("openvino")
    return OpenVinoEngine(write_onnx(folder / "tiny.onnx"))


def tensorrt_engine(folder: Path) -> Engine:
    """TensorRT on the fake GPU, whichever of its versions and packages are installed for the test."""
    spec = InputSpec(name="image", color="bgr", size_wh=(8, 8), mean=(0, 0, 0), std=(1, 1, 1), pad_value=0)
    vendor, device = load_vendor(), open_device()
    with device.current():
        request = BuildRequest("fp32", (3, 8, 8), (1, 2, 8), 1 << 20)
        session = vendor.open(vendor.build(write_onnx(folder / "tiny.onnx").read_bytes(), request))
    return TensorRTEngine(session, device, spec)


ENGINES = [onnx_engine, replay_engine, recording_engine, openvino_engine]
TENSORRT = [
    (FakePyCuda, "tensorrt", "8.6.1"),
    (FakeCudaBindings, "tensorrt", "10.3.0"),
    (FakeCudaBindings, "tensorrt", "11.0.0"),
    (FakeCudaBindings, "tensorrt_rtx", "1.7.1"),
]


@pytest.fixture(params=[*ENGINES, *TENSORRT], ids=lambda p: getattr(p, "__name__", "") or f"{p[1]}_{p[2]}")
def make(request, tmp_path: Path, monkeypatch) -> Iterator[Callable[[], Engine]]:
    if callable(request.param):
        yield lambda: request.param(tmp_path)
        return
    bindings, flavour, version = request.param
    gpu = FakeGpu()
    bindings(gpu).install(monkeypatch)
    FakeTensorRT(gpu, flavour, version).install(monkeypatch)
    load_vendor.cache_clear()
    yield lambda: tensorrt_engine(tmp_path)
    load_vendor.cache_clear()


def feed(count: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(count)
    return {"image": rng.random((count, 3, 8, 8), dtype=np.float32)}


def test_it_describes_its_tensors(make) -> None:
    with make() as engine:
        assert isinstance(engine, Engine)
        assert engine.inputs == (IMAGE,)
        assert engine.outputs == (TensorSpec("maps", (None, 3, 4, 4), "float32"),)


@pytest.mark.parametrize("count", [1, 3])
def test_one_output_per_image_and_the_caller_owns_it(make, count: int) -> None:
    with make() as engine:
        first = engine.infer(feed(count))["maps"]
        assert first.shape == (count, 3, 4, 4)
        assert first.dtype == np.float32
        kept = first.copy()
        second = engine.infer(feed(count + 1))["maps"]
        second[...] = -1
        np.testing.assert_array_equal(first, kept)


def test_feeds_are_not_written_to(make) -> None:
    given = feed()
    given["image"].setflags(write=False)
    with make() as engine:
        engine.infer(given)


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({}, r"feeds: expected tensors named \['image'\], got \[\]"),
        ({"picture": np.zeros((1, 3, 8, 8), np.float32)}, "got \\['picture'\\]"),
        (
            {"image": np.zeros((1, 3, 8, 9), np.float32)},
            r"float32 \('any', 3, 8, 8\), got float32 \(1, 3, 8, 9\)",
        ),
        ({"image": np.zeros((3, 8, 8), np.float32)}, r"got float32 \(3, 8, 8\)"),
        ({"image": np.zeros((1, 3, 8, 8))}, "got float64"),
    ],
)
def test_wrong_feeds_are_refused(make, feeds: dict, message: str) -> None:
    with make() as engine, pytest.raises(ShapeError, match=message):
        engine.infer(feeds)


def test_closed_engines_do_not_run_and_close_twice(make) -> None:
    engine = make()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.infer(feed())


def test_onnx_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx does not exist"):
        OnnxEngine(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="ONNX Runtime cannot load"):
        OnnxEngine(tmp_path / "bad.onnx")


def test_a_recording_replays_what_was_recorded(tmp_path: Path) -> None:
    with RecordingEngine(onnx_engine(tmp_path)) as recorder:
        first, second = recorder.infer(feed(1)), recorder.infer(feed(2))
        recorder.save(tmp_path / "maps.npz")
    replay = ReplayEngine.from_file(tmp_path / "maps.npz", (IMAGE,))
    np.testing.assert_array_equal(replay.infer(feed(2))["maps"][0], first["maps"][0])
    np.testing.assert_array_equal(replay.infer(feed(1))["maps"][0], second["maps"][1])
    with pytest.raises(EngineError, match="holds 3 images; images 4 to 4 were asked for"):
        replay.infer(feed(1))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04cut"])
def test_recordings_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "maps.npz").write_bytes(content)
    with pytest.raises(ModelError, match="not a readable"):
        ReplayEngine.from_file(tmp_path / "maps.npz", (IMAGE,))


def test_recordings_of_unequal_length_are_refused() -> None:
    with pytest.raises(ShapeError, match="of one length T"):
        ReplayEngine({"a": np.zeros((2, 1, 1, 1)), "b": np.zeros((3, 1, 1, 1))}, (IMAGE,))
