"""The exported file is self-contained, dynamic, equal to the torch module, and described by its card."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from cabinsafe.errors import ConfigError, ModelError, OutputError, ShapeError  # noqa: E402
from cabinsafe.export_cli import export_app  # noqa: E402
from cabinsafe.pose import PoseCard, Topology  # noqa: E402
from cabinsafe.training.pose.cards import write_card  # noqa: E402
from cabinsafe.training.pose.export import (  # noqa: E402
    export_onnx,
    largest_difference,
    read_any_network,
)
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.networks import make_network  # noqa: E402
from cabinsafe.training.pose.networks.base import PoseNetwork  # noqa: E402
from cabinsafe.training.pose.networks.light import LightNetwork  # noqa: E402
from cabinsafe.training.pose.networks.resnet_att import resnet18_att  # noqa: E402


class Tiny(PoseNetwork):
    """One stage at stride 4; batch norm tells whether export left the training mode as it was."""

    input_multiple = 4

    def __init__(self, boxes: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layout = MapLayout(Topology.openpose(), stride=4, boxes=boxes)
        self.trunk = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 7, stride=4, padding=3), torch.nn.BatchNorm2d(8), torch.nn.ReLU()
        )
        self.maps = torch.nn.Conv2d(8, self.layout.channels, 1)

    def stages(self, image):
        return (self.maps(self.trunk(image * (1 / 255) - 0.5)),)


@pytest.mark.parametrize("boxes", [False, True])
def test_export_matches_torch_at_several_sizes_and_is_one_file(tmp_path: Path, boxes: bool) -> None:
    network = Tiny(boxes)
    path = tmp_path / "tiny.onnx"
    export_onnx(network, path, {"source": "test"})
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.onnx"]
    assert network.training
    assert largest_difference(network, path, ((1, 64, 96), (3, 96, 64), (2, 4, 4))) < 1e-5


@pytest.mark.parametrize(
    ("boxes", "names"), [(False, ["heatmaps", "pafs"]), (True, ["heatmaps", "pafs", "boxes"])]
)
def test_export_names_axes_and_keeps_the_notes(tmp_path: Path, boxes: bool, names: list[str]) -> None:
    path = tmp_path / "tiny.onnx"
    export_onnx(Tiny(boxes), path, {"source": "test"})
    model = onnx.load(str(path))
    assert [value.name for value in model.graph.input] == ["image"]
    assert [value.name for value in model.graph.output] == names
    axes = [axis.dim_param for axis in model.graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", "", "height", "width"]
    assert {entry.key: entry.value for entry in model.metadata_props} == {"source": "test"}
    assert model.opset_import[0].version >= 17


@pytest.mark.parametrize("name", ["light", "openpose_mobilenet"])
def test_the_networks_can_be_exported(tmp_path: Path, name: str) -> None:
    network = make_network(name)
    export_onnx(network, tmp_path / "network.onnx", {})
    side = 2 * network.input_multiple
    assert largest_difference(network, tmp_path / "network.onnx", [(1, side, 2 * side)]) < 1e-4


def test_a_difference_is_seen(tmp_path: Path) -> None:
    network = Tiny()
    export_onnx(network, tmp_path / "tiny.onnx", {})
    with torch.no_grad():
        network.maps.bias[3] += 0.5
    assert largest_difference(network, tmp_path / "tiny.onnx", [(1, 32, 32)]) == pytest.approx(0.5, abs=1e-4)
    network.trunk[0].stride = (8, 8)
    with pytest.raises(ShapeError, match=r"output 'heatmaps' of .*tiny.onnx: expected"):
        largest_difference(network, tmp_path / "tiny.onnx", [(1, 32, 32)])


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        export_onnx(Tiny(), tmp_path / "nowhere" / "tiny.onnx", {})


@pytest.mark.parametrize("boxes", [False, True])
def test_the_card_describes_the_file(tmp_path: Path, boxes: bool) -> None:
    network, path = Tiny(boxes), tmp_path / "tiny.onnx"
    export_onnx(network, path, {})
    written = write_card(
        path,
        network.layout,
        (96, 64),
        side_multiple=32,
        licence="none",
        notes={"data": "drawn"},
        training={"steps": 3},
        metrics={"ap": 0.5},
    )
    card = PoseCard.load(written)
    assert written == tmp_path / "tiny.json"
    assert card.verified_file() == path
    assert (card.input.size_wh, card.input.side_multiple) == ((96, 64), 32)
    assert (card.input.color, card.input.mean, card.input.std, card.input.pad_value) == (
        "bgr",
        (0, 0, 0),
        (1, 1, 1),
        128,
    )
    assert card.maps.names == ("heatmaps", "pafs", "boxes")[: 2 + boxes]
    assert (card.maps.stride, card.topology) == (4, network.layout.topology)
    assert (card.licence, card.sources) == ("none", ({"what": "data", "value": "drawn"},))
    assert (card.training, card.metrics) == ({"steps": 3}, {"ap": 0.5})


def test_a_card_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    path.touch()
    path.with_suffix(".json").mkdir()
    with pytest.raises(OutputError, match=r"the card .*tiny.json cannot be written"):
        write_card(path, Tiny().layout, (96, 64))


@pytest.fixture
def best(tmp_path: Path) -> Path:
    """What the training loop writes."""
    torch.manual_seed(0)
    path = tmp_path / "best.pt"
    torch.save({"network": "light", "average": LightNetwork().state_dict(), "step": 3}, path)
    return path


def test_the_checkpoint_of_a_run_is_read(best: Path) -> None:
    network = read_any_network(best)
    assert isinstance(network, LightNetwork)
    kept = torch.load(best, weights_only=True)["average"]
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())


def test_a_checkpoint_of_trt_pose_is_read_and_exported(tmp_path: Path) -> None:
    checkpoint, out = tmp_path / "resnet18.pth", tmp_path / "resnet18.onnx"
    torch.save(resnet18_att().state_dict(), checkpoint)
    network = read_any_network(checkpoint)
    assert network.layout.topology == Topology.trt_pose()
    export_onnx(network, out, {})
    assert largest_difference(network, out, [(1, 32, 64)]) < 1e-4
    checkpoint.unlink()  # 80 MB each
    out.unlink()


class Code:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("content", [{"weights": {}}, [1, 2], Code()])
def test_other_files_are_refused_without_running_them(tmp_path: Path, content, capsys) -> None:
    path = tmp_path / "other.pt"
    torch.save(content, path)
    with pytest.raises(
        ModelError, match=r"other.pt: .* tensors.*; and it is no checkpoint of a training run either"
    ):
        read_any_network(path)
    assert capsys.readouterr().out == ""


def test_a_checkpoint_of_a_run_with_other_weights_is_called_that(tmp_path: Path) -> None:
    torch.save({"network": "light", "average": {}}, tmp_path / "best.pt")
    with pytest.raises(ModelError, match="no weights of the network 'light'"):
        read_any_network(tmp_path / "best.pt")


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone.pt does not exist"):
        read_any_network(tmp_path / "gone.pt")


def test_the_command_writes_network_and_card(best: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    arguments = ["onnx", str(best), "--out", str(out), "--size", "96", "--licence", "none"]
    done = CliRunner().invoke(export_app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert f"wrote {out} and {out.with_suffix('.json')}" in done.output
    card = PoseCard.load(out.with_suffix(".json"))
    assert card.verified_file() == out
    assert card.input.size_wh == (96, 96)
    assert card.licence == "none"
    assert card.sources[0]["value"].startswith("best.pt sha256 ")
    assert card.metrics["onnx_against_torch_largest_difference"] < 1e-4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "mine.onnx", "--size", "100"], "--size: this network takes multiples of 16, got 100"),
        (["--out", "mine.pt"], "--out: expected a file name ending in .onnx"),
        (["--out", "nowhere/mine.onnx"], "in a folder that exists; got nowhere/mine.onnx"),
    ],
)
def test_the_command_refuses_what_cannot_work(best: Path, options: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CliRunner().invoke(export_app, ["onnx", str(best), *options], catch_exceptions=False)
