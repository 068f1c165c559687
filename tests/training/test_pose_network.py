"""The torch module gives what the ONNX file it was read from gives."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from cabinsafe.errors import ConfigError, ModelError  # noqa: E402
from cabinsafe.resources import bundled_dir  # noqa: E402
from cabinsafe.training.pose.networks import NETWORKS, make_network  # noqa: E402
from cabinsafe.training.pose.networks.light import LightNetwork  # noqa: E402
from cabinsafe.training.pose.networks.onnx_weights import load_onnx_weights, read_onnx_network  # noqa: E402
from cabinsafe.training.pose.networks.openpose_mobilenet import (  # noqa: E402
    AccurateNetwork,
    OpenPoseMobileNet,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
WEIGHTS_VARIABLE = "CABINSAFE_HPE_0001"


def source_weights() -> Path:
    path = Path(os.environ.get(WEIGHTS_VARIABLE, ""))
    if not path.is_file():
        pytest.skip(f"set {WEIGHTS_VARIABLE} to the file human-pose-estimation-0001.onnx")
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_keeps_its_word(name: str) -> None:
    network = make_network(name).eval()
    layout, side = network.layout, 2 * network.input_multiple
    with torch.no_grad():
        stages, outputs = (
            network.stages(torch.zeros(2, 3, side, side)),
            network(torch.zeros(2, 3, side, side)),
        )
    cells = side // layout.stride
    assert {maps.shape for maps in stages} == {(2, layout.channels, cells, cells)}
    assert [part.shape[1] for part in outputs] == [
        layout.topology.heatmap_count,
        layout.topology.paf_count,
        *([5] if layout.boxes else []),
    ]
    assert torch.equal(torch.cat(outputs, dim=1), stages[-1])


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="no 'heavy'; there are accurate, accurate_boxes, light, openpose_mobilenet"
    ):
        make_network("heavy")


def test_boxes_beside_the_keypoint_maps_change_nothing_of_these() -> None:
    boxed = make_network("accurate_boxes").eval()
    plain = make_network("accurate").eval()
    plain.load_state_dict(boxed.state_dict(), strict=False)
    image = torch.rand(2, 3, 48, 64) * 255
    with torch.no_grad():
        heatmaps, pafs, boxes = boxed(image)
        assert all(torch.equal(*pair) for pair in zip((heatmaps, pafs), plain(image), strict=True))
    assert boxes.shape == (2, 5, 6, 8)


def test_the_light_network_starts_as_the_accurate_one_at_half_the_resolution() -> None:
    torch.manual_seed(0)
    source = AccurateNetwork().eval()
    light = LightNetwork().eval()
    light.load_state_dict(source.state_dict(), strict=False)
    image = torch.rand(1, 3, 64, 96) * 255
    with torch.no_grad():
        expected = source(torch.nn.functional.avg_pool2d(image, 2))
        got = light(image)
    for ours, theirs in zip(got, expected, strict=False):
        repeated = theirs.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        torch.testing.assert_close(ours, repeated, atol=1e-4, rtol=1e-3)


def test_equal_to_the_source_network() -> None:
    path = source_weights()
    network = OpenPoseMobileNet().eval()
    load_onnx_weights(network, path)
    image = np.random.default_rng(0).uniform(0, 255, (1, 3, 96, 128)).astype(np.float32)
    with torch.no_grad():
        ours = network(torch.from_numpy(image))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = session.run(["Mconv7_stage2_L2", "Mconv7_stage2_L1"], {"data": image})
    for got, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got.numpy(), expected, atol=1e-4)


def write_chain(path: Path, widths: list[int]) -> None:
    """Write normalisation and a chain of 1x1 convolutions with their biases as Add nodes."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    constants = [array(np.full((1, 1, 1, 1), 0.5, np.float32), "scale")]
    constants.append(array(np.zeros((1, 3, 1, 1), np.float32), "shift"))
    nodes = [helper.make_node("Mul", ["data", "scale"], ["m"])]
    nodes.append(helper.make_node("Add", ["m", "shift"], ["x0"]))
    for i, (inputs, outputs) in enumerate(zip([3, *widths], widths, strict=False)):
        constants.append(array(np.ones((outputs, inputs, 1, 1), np.float32), f"w{i}"))
        constants.append(array(np.ones((1, outputs, 1, 1), np.float32), f"b{i}"))
        nodes.append(helper.make_node("Conv", [f"x{i}", f"w{i}"], [f"c{i}"]))
        nodes.append(helper.make_node("Add", [f"c{i}", f"b{i}"], [f"x{i + 1}"]))
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None, None, None])
        for name in ("data", f"x{len(widths)}")
    ]
    graph = helper.make_graph(nodes, "chain", values[:1], values[1:], constants)
    onnx.save(helper.make_model(graph), str(path))


@pytest.mark.parametrize(("count", "message"), [(2, "expected 58 convolutions"), (58, "conv|w0")])
def test_another_graph_is_refused(tmp_path: Path, count: int, message: str) -> None:
    path = tmp_path / "other.onnx"
    write_chain(path, [4] * count)
    with pytest.raises(ModelError, match=message):
        load_onnx_weights(OpenPoseMobileNet(width=8), path)


def test_the_shipped_network_is_read_too() -> None:
    path = bundled_dir("models") / "cabinsafe-pose-float.onnx"
    network = read_onnx_network(path).eval()
    image = np.random.default_rng(0).uniform(0, 255, (1, 3, 96, 128)).astype(np.float32)
    with torch.no_grad():
        ours = network(torch.from_numpy(image))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for got, expected in zip(ours, session.run(["heatmaps", "pafs"], {"image": image}), strict=True):
        np.testing.assert_allclose(got.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("content", [None, b"no network at all"])
def test_a_file_without_a_network_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"w\.onnx"):
        load_onnx_weights(OpenPoseMobileNet(width=8), path)


@pytest.mark.parametrize("name", ["openpose_mobilenet", "accurate", "accurate_boxes", "light"])
def test_what_was_exported_is_read_back(tmp_path: Path, name: str) -> None:
    from cabinsafe.training.pose.export import export_onnx

    network = make_network(name)
    for value in network.parameters():
        torch.nn.init.normal_(value)  # the exporter would join those that are alike
    export_onnx(network, tmp_path / "pose.onnx", {})
    again = read_onnx_network(tmp_path / "pose.onnx")
    assert type(again) is type(network)
    assert all(torch.equal(again.state_dict()[key], value) for key, value in network.state_dict().items())
