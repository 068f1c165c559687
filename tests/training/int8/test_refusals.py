"""Networks, pictures and places that the quantiser refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from small_network import FEW  # noqa: E402

from cabinsafe.errors import DataError, EngineError, MediaError, ModelError, OutputError  # noqa: E402
from cabinsafe.resources import sha256_of  # noqa: E402
from cabinsafe.training.pose.quantise import QuantisationOptions, quantise  # noqa: E402


def test_too_few_and_broken_pictures_are_refused(small: Path, pictures: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    with pytest.raises(DataError, match=r"150 pictures to calibrate on and 20 others .* only 12"):
        quantise(small, pictures, out)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(MediaError, match=r"broken.png: not an image"):
        quantise(small, [tmp_path / "broken.png"] * 11, out, QuantisationOptions(**FEW))
    assert not out.exists()


def test_places_that_cannot_be_written_are_refused(small: Path, pictures: list[Path], tmp_path: Path) -> None:
    options = QuantisationOptions(**FEW)
    with pytest.raises(OutputError, match=r"ends in \.onnx"):
        quantise(small, pictures, tmp_path / "out.pt", options)
    with pytest.raises(OutputError, match="its folder does not exist"):
        quantise(small, pictures, tmp_path / "nowhere" / "out.onnx", options)
    with pytest.raises(OutputError, match="that is the float network itself"):
        quantise(small, pictures, small.with_suffix(".onnx"), options)
    (tmp_path / "out.onnx").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        quantise(small, pictures, tmp_path / "out.onnx", options)


def test_a_quantised_network_is_not_quantised_again(quantised, pictures: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="already quantised, it has QuantizeLinear nodes"):
        quantise(quantised.card, pictures, tmp_path / "twice.onnx", QuantisationOptions(**FEW))


def altered(small: Path, folder: Path, change) -> Path:
    """Card of a copy of the network after a change, its digest correct."""
    model = onnx.load(str(small.with_suffix(".onnx")))
    change(model)
    onnx.save(model, str(folder / "other.onnx"))
    card = json.loads(small.read_text())
    card |= {"file": "other.onnx", "sha256": sha256_of(folder / "other.onnx")}
    (folder / "other.json").write_text(json.dumps(card))
    return folder / "other.json"


def rename_output(model) -> None:
    model.graph.node[-1].output[0] = model.graph.output[2].name = "people"


def fix_size(model) -> None:
    for place, side in ((2, 32), (3, 32)):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = side


def break_weight(model) -> None:
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == "maps.weight")
    array = onnx.numpy_helper.to_array(weight).copy()
    array[2] = np.nan
    weight.CopyFrom(onnx.numpy_helper.from_array(array, weight.name))


def move_weights_out(model) -> None:
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location="weights.bin")
    tensor.ClearField("raw_data")


def age(model) -> None:
    model.opset_import[0].version = 11


def drop_nodes(model) -> None:
    del model.graph.node[:], model.graph.initializer[:]
    for value in model.graph.output:
        model.graph.node.append(onnx.helper.make_node("Relu", ["image"], [value.name]))


def rename_input(model) -> None:
    model.graph.input[0].name = "frame"
    for node in model.graph.node:
        node.input[:] = ["frame" if name == "image" else name for name in node.input]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (rename_output, ModelError, "no output '.*', which its card names; it has "),
        (rename_input, ModelError, "expected one float32 input 'image', found frame"),
        (fix_size, EngineError, r"the float network cannot run on \(1, 3, 48, 64\)"),
        (break_weight, ModelError, "the float network is broken: tensor '.*' holds NaN or infinity"),
        (move_weights_out, ModelError, "its weights lie in other files"),
        (age, ModelError, "opset 11; expected 13 or newer"),
        (drop_nodes, ModelError, "no convolutions with constant weights"),
    ],
)
def test_other_networks_are_refused(
    small: Path, pictures: list[Path], tmp_path: Path, change, error: type[Exception], message: str
) -> None:
    card = altered(small, tmp_path, change)
    with pytest.raises(error, match=message):
        quantise(card, pictures, tmp_path / "out.onnx", QuantisationOptions(**FEW))
    assert not (tmp_path / "out.onnx").exists()


def test_a_file_that_is_no_network_is_refused(small: Path, pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"no network")
    card = json.loads(small.read_text())
    card |= {"file": "other.onnx", "sha256": sha256_of(tmp_path / "other.onnx")}
    (tmp_path / "other.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"other.onnx: not a readable ONNX file"):
        quantise(tmp_path / "other.json", pictures, tmp_path / "out.onnx", QuantisationOptions(**FEW))
    (tmp_path / "other.onnx").write_bytes(b"changed")
    with pytest.raises(ModelError, match=r"is not the file that other\.json describes"):
        quantise(tmp_path / "other.json", pictures, tmp_path / "out.onnx", QuantisationOptions(**FEW))
