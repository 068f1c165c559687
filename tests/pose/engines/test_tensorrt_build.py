"""What TensorRT is asked to build, by version and precision; the real TensorRT-RTX where it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import fake_tensorrt
import numpy as np
import onnxruntime
import pytest
from gpu_bench import ALL_TENSORRT, replace_network

from cabinsafe.errors import CabinSafeError, ModelError
from cabinsafe.pose import PoseCard
from cabinsafe.pose.engines import TensorRTOptions
from cabinsafe.pose.engines.cuda import open_device
from cabinsafe.pose.engines.tensorrt import build_plan, open_tensorrt
from cabinsafe.pose.engines.tensorrt.plan import read_plan
from cabinsafe.pose.engines.tensorrt.precision import prepared_network
from cabinsafe.pose.engines.tensorrt.vendor import BuildRequest, load_vendor

onnx = pytest.importorskip("onnx")


def quantised(kind: str) -> bytes:
    """A network (N, 3, 160, 160), its convolution quantised for TensorRT (int8) or ONNX Runtime (uint8)."""
    helper, tensor = onnx.helper, onnx.numpy_helper.from_array
    zero = np.array(0, np.int8 if kind == "int8" else np.uint8)
    weights = np.random.default_rng(0).integers(-127, 128, (18, 3, 8, 8)).astype(np.int8)
    constants = {"scale": np.float32(2), "zero": zero, "weights": weights, "w_scale": np.float32(1e-4),
                 "w_zero": np.int8(0)}  # fmt: skip
    nodes = [
        helper.make_node("QuantizeLinear", ["image", "scale", "zero"], ["levels"]),
        helper.make_node("DequantizeLinear", ["levels", "scale", "zero"], ["pixels"]),
        helper.make_node("DequantizeLinear", ["weights", "w_scale", "w_zero"], ["filters"]),
        helper.make_node("Conv", ["pixels", "filters"], ["maps"], strides=[8, 8]),
    ]
    sizes = {"image": ["n", 3, 160, 160], "maps": ["n", 18, 20, 20]}
    infos = {
        name: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, s) for name, s in sizes.items()
    }
    graph = helper.make_graph(
        nodes, kind, [infos["image"]], [infos["maps"]],
        [tensor(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()


@pytest.mark.parametrize(("flavour", "version", "bindings"), ALL_TENSORRT)
def test_the_profile_covers_one_image_to_the_largest_batch(bench, flavour, version, bindings) -> None:
    bench.install(flavour, version, bindings)
    build_plan(bench.card, bench.options(batch=3, max_batch=8, workspace_mib=64))
    (built,) = bench.trt.builds
    assert built["shapes"] == {"image": [(n, 3, 160, 160) for n in (1, 3, 8)]}
    assert built["workspace"] == 64 << 20
    assert bench.gpu.leaks() == {}


@pytest.mark.parametrize(("flavour", "version", "bindings"), ALL_TENSORRT)
@pytest.mark.parametrize(
    ("precision", "flags"), [("fp32", set()), ("fp16", {"FP16"}), ("int8", {"FP16", "INT8"})]
)
def test_precision_is_a_flag_or_in_the_file(bench, flavour, version, bindings, precision, flags) -> None:
    bench.install(flavour, version, bindings)
    if precision == "int8":
        bench.retrain(quantised("int8"))
    plan = read_plan(build_plan(bench.card, bench.options(precision=precision))).plan
    (built,) = bench.trt.builds
    is_typed = version.startswith("11") or flavour == "tensorrt_rtx"
    kept = set() if precision == "fp32" else {"TF32"}
    assert {flag.name for flag in built["flags"]} == kept | (set() if is_typed else flags)
    network = onnx.load_from_string(plan[4 + int.from_bytes(plan[:4], "little") :])
    halves = sum(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in network.graph.initializer)
    assert (halves > 0) == (is_typed and precision == "fp16")
    assert network.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_half_precision_of_the_embedded_network_stays_close() -> None:
    card = PoseCard.load("cabinsafe-pose-float")
    file = card.verified_file()
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 96, 96)).astype(np.float32)
    found = []
    for content in (file.read_bytes(), prepared_network(file, "fp16", strongly_typed=True)):
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        found.append(session.run(list(card.maps.names), {card.input.name: image}))
    for single, half in zip(*found, strict=True):
        assert half.dtype == np.float32
        assert np.abs(single - half).max() < 0.02


@pytest.mark.parametrize(
    ("network", "precision", "message"),
    [
        (None, "int8", "int8 needs a quantised network, and this is a float one: cabinsafe export int8"),
        ("int8", "fp16", "fp16 needs a float network, and this one is quantised"),
        ("uint8", "int8", "quantised for ONNX Runtime .uint8 activations., which TensorRT cannot read"),
        (b"no network", "fp32", "not a readable ONNX file"),
    ],
)
def test_networks_that_do_not_fit_the_precision_are_refused(bench, network, precision, message) -> None:
    if network is not None:
        bench.retrain(quantised(network) if isinstance(network, str) else network)
    with pytest.raises(ModelError, match=message):
        bench.open(precision=precision)
    assert bench.gpu.leaks() == {}


def test_what_the_parser_says_is_passed_on(bench) -> None:
    request = BuildRequest("fp32", (3, 8, 8), (1, 1, 1), 1 << 20)
    message = r"TensorRT 10\.3\.0 cannot read the network: no ONNX"
    with open_device() as device, device.current(), pytest.raises(ModelError, match=message):
        load_vendor().build(b"nothing", request)


@pytest.fixture
def rtx_options(tmp_path: Path, monkeypatch) -> Iterator[TensorRTOptions]:
    """Options for the real package; there need be no GPU."""
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    load_vendor.cache_clear()
    yield TensorRTOptions(flavour="tensorrt_rtx", precision="fp32", batch=3, cache=str(tmp_path / "cache"))
    load_vendor.cache_clear()


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_tensorrt_rtx_builds_ahead_of_time(rtx_options, box_network: Path, precision: str) -> None:
    if precision == "int8":
        replace_network(box_network, quantised("int8"))
    options = rtx_options.model_copy(update={"precision": precision})
    stored = read_plan(build_plan(PoseCard.load(box_network), options))
    assert stored.built_here
    assert (stored.key.version, stored.key.gpu) == (version("tensorrt-rtx"), "any")
    assert len(stored.plan) > 1000


def test_tensorrt_rtx_builds_the_embedded_network(rtx_options, tmp_path: Path) -> None:
    card = PoseCard.load("cabinsafe-pose-float")
    plan = build_plan(card, rtx_options.model_copy(update={"precision": "fp16"}), tmp_path / "pose.plan")
    stored = read_plan(plan)
    assert stored.key.batches == (1, 3, 8)
    assert len(stored.plan) < 0.7 * card.verified_file().stat().st_size, "weights are halves"


def test_tensorrt_rtx_says_what_it_cannot_read(rtx_options) -> None:
    request = BuildRequest("int8", (3, 160, 160), (1, 1, 1), 1 << 20)
    with pytest.raises(ModelError, match=r"TensorRT-RTX .* cannot read the network: .*DequantizeLinear"):
        load_vendor("tensorrt_rtx").build(
            PoseCard.load("cabinsafe-pose").verified_file().read_bytes(), request
        )


def test_without_a_driver_tensorrt_rtx_is_never_asked_to_run(rtx_options, box_network: Path) -> None:
    """Its runtime may crash the process there."""
    try:
        open_device().close()
    except CabinSafeError as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            open_tensorrt(PoseCard.load(box_network), rtx_options)
    else:
        pytest.skip("this machine has an NVIDIA driver")


def test_the_fake_has_the_methods_of_the_real_package(bench) -> None:
    code = """
import tensorrt_rtx as trt
kinds = (trt.Runtime, trt.ICudaEngine, trt.IExecutionContext, trt.Builder, trt.OnnxParser, trt.IBuilderConfig)
print(*{name for kind in kinds for name in dir(kind)})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("TensorRT-RTX is not installed")
    kinds = (
        *(fake_tensorrt._Runtime, fake_tensorrt._Engine, fake_tensorrt._Context),
        *(fake_tensorrt._Builder, fake_tensorrt._Parser, fake_tensorrt._Config),
    )
    names = {name for kind in kinds for name in vars(kind) if not name.startswith("_")}
    assert names <= set(done.stdout.split())
