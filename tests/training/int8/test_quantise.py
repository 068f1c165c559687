"""A quantised network is int8 throughout, close to its float parent, and says on its card what it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from small_network import FEW, SIZE_WH, Small, constants, maps_of, relative_error, smooth_image, write  # noqa: E402

from cabinsafe.export_cli import export_app  # noqa: E402
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator  # noqa: E402
from cabinsafe.resources import sha256_of  # noqa: E402
from cabinsafe.training.pose.networks import make_network  # noqa: E402
from cabinsafe.training.pose.quantise import QuantisationOptions, quantise  # noqa: E402
from cabinsafe.types import Frame  # noqa: E402


def check_weights(path: Path) -> int:
    """Assert that every Conv takes int8 weights, a scale per output channel, and 8-bit values; count them."""
    model = onnx.load(str(path))
    arrays = constants(model)
    makers = {name: node for node in model.graph.node for name in node.output}
    found = [node for node in model.graph.node if node.op_type == "Conv"]
    for node in found:
        values, weight = makers[node.input[0]], makers[node.input[1]]
        assert (values.op_type, weight.op_type) == ("DequantizeLinear", "DequantizeLinear")
        assert arrays[weight.input[0]].dtype == np.int8
        assert arrays[weight.input[1]].shape == arrays[weight.input[0]].shape[:1]
    return len(found)


def test_every_convolution_is_int8_and_the_file_smaller(quantised) -> None:
    assert check_weights(quantised.model) == 10
    floats = [a for a in constants(onnx.load(str(quantised.model))).values() if a.dtype == np.float32]
    assert max(array.ndim for array in floats) <= 1  # scales only
    assert quantised.int8_bytes == quantised.model.stat().st_size < quantised.float_bytes


def test_only_cuts_are_left_in_float(quantised) -> None:
    assert {node.split()[0] for node in quantised.float_nodes} <= {"Split", "Slice"}


def test_maps_stay_close_at_other_sizes_and_batches(small: Path, quantised) -> None:
    image = smooth_image((96, 80), 2)
    before, after = (maps_of(path, image) for path in (small.with_suffix(".onnx"), quantised.model))
    assert [maps.shape for maps in before] == [maps.shape for maps in after]
    assert max(relative_error(*pair) for pair in zip(before, after, strict=True)) < 0.05
    assert 0 < quantised.differences["pafs"].mean < quantised.differences["pafs"].largest
    assert set(quantised.differences) == {"heatmaps", "pafs", "boxes"}


def test_equalising_and_correcting_biases_pays(
    small: Path, quantised, pictures: list[Path], tmp_path: Path
) -> None:
    plain = {**FEW, "equalise": False, "correct_bias": False, "calibrator": "minmax"}
    naive = quantise(small, pictures, tmp_path / "naive.onnx", QuantisationOptions(**plain))
    assert quantised.differences["heatmaps"].mean < 0.85 * naive.differences["heatmaps"].mean


def test_the_real_networks_are_int8_throughout(pictures: list[Path], tmp_path: Path) -> None:
    torch.manual_seed(0)
    card = write(make_network("light"), tmp_path / "light.onnx")
    report = quantise(card, pictures, tmp_path / "light-int8.onnx", QuantisationOptions(**FEW))
    assert check_weights(report.model) > 20
    assert {node.split()[0] for node in report.float_nodes} <= {"Split", "Slice", "Concat"}
    assert report.int8_bytes < 0.3 * report.float_bytes


def test_functions_without_int8_kernels_are_named(pictures: list[Path], tmp_path: Path) -> None:
    card = write(Small(torch.nn.ELU, boxes=False), tmp_path / "elu.onnx")
    report = quantise(card, pictures, tmp_path / "elu-int8.onnx", QuantisationOptions(**FEW))
    assert check_weights(report.model) == 10
    assert "Elu /trunk/trunk.3/trunk.3.1/Elu" in report.float_nodes
    assert set(report.differences) == {"heatmaps", "pafs"}


def test_the_card_tells_where_it_comes_from(small: Path, quantised) -> None:
    parent, card = PoseCard.load(small), PoseCard.load(quantised.card)
    assert card.verified_file() == quantised.model
    assert card.name == "small-int8"
    assert (card.input, card.maps, card.topology) == (parent.input, parent.maps, parent.topology)
    assert {"what": "data", "value": "drawn"} in card.sources
    assert parent.sha256 in [source.get("sha256") for source in card.sources]
    assert "drawn, no licence" in [source.get("value") for source in card.sources]
    assert card.metrics["of_the_float_network"] == {"ap": 0.5}
    assert card.metrics["int8_against_float"]["pafs"]["mean"] == quantised.differences["pafs"].mean
    assert card.metrics["float_nodes"] == list(quantised.float_nodes)
    assert card.training["quantisation"]["images"] == 8
    notes = {entry.key: entry.value for entry in onnx.load(str(quantised.model)).metadata_props}
    assert notes["licence"] == "none"
    assert parent.sha256 in notes["quantisation"]


def test_the_library_runs_it(quantised) -> None:
    card = PoseCard.load(quantised.card)
    engine = OnnxEngine(card.verified_file(), 1)
    estimator = PoseEstimator(engine, card, PafDecoder(card.topology))
    frame = Frame(image=np.full((60, 80, 3), 90, np.uint8), t_s=0.0)
    batch, _ = estimator.preprocess([frame, frame])
    one, other = estimator.infer(batch)
    estimator.close()
    assert one.boxes.shape == (5, 12, 16)
    assert np.array_equal(one.heatmaps, other.heatmaps)


def test_the_same_pictures_give_the_same_network(
    small: Path, quantised, pictures: list[Path], tmp_path: Path
) -> None:
    seen = []
    again = quantise(
        small, pictures, tmp_path / "a.onnx", QuantisationOptions(**FEW), lambda *counts: seen.append(counts)
    )
    assert sha256_of(again.model) == sha256_of(quantised.model)
    assert seen == [(done, 16) for done in range(1, 17)]
    other = quantise(small, pictures, tmp_path / "b.onnx", QuantisationOptions(**FEW, seed=1))
    assert sha256_of(other.model) != sha256_of(quantised.model)


def test_tensorrt_gets_int8_around_zero(small: Path, pictures: list[Path], tmp_path: Path) -> None:
    report = quantise(small, pictures, tmp_path / "trt.onnx", QuantisationOptions(**FEW, target="tensorrt"))
    assert check_weights(report.model) == 10
    model = onnx.load(str(report.model))
    arrays = constants(model)
    nodes = [
        node for node in model.graph.node if "QuantizeLinear" in node.op_type or "Dequant" in node.op_type
    ]
    zeros = [arrays[node.input[2]] for node in nodes]
    assert len(zeros) > 22
    assert {zero.dtype for zero in zeros} == {np.dtype(np.int8)}
    assert not any(zero.any() for zero in zeros)
    makers = {name: node.op_type for node in model.graph.node for name in node.output}
    assert all(makers.get(node.input[0]) != "Conv" for node in nodes)  # Conv and ReLU run as one
    assert report.float_nodes == ("Sub image_centre",)
    image = smooth_image(SIZE_WH, 1)
    before, after = (maps_of(path, image) for path in (small.with_suffix(".onnx"), report.model))
    assert max(relative_error(*pair) for pair in zip(before, after, strict=True)) < 0.05


def test_torch_is_not_needed() -> None:
    code = "import sys, cabinsafe.training.pose.quantise; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_command_shows_what_came_of_it(small: Path, pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    arguments = ["int8", str(small), "--calibration", str(pictures[0].parent), "--out", str(out)]
    arguments += ["--images", "8", "--held-out", "3", "--calibrator", "entropy", "--data-note", "drawn"]
    done = CliRunner().invoke(export_app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "int8 against float" in done.output
    assert "nodes left in float: " in done.output
    assert f"wrote {out} and {out.with_suffix('.json')}" in done.output
    assert PoseCard.load(out.with_suffix(".json")).training["quantisation"]["calibrator"] == "entropy"
