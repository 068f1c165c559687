"""Checkpoints come back as networks; what is none is refused without running it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from cabinsafe.errors import ModelError  # noqa: E402
from cabinsafe.resources import bundled_dir  # noqa: E402
from cabinsafe.training.pose.checkpoints import read_network, start_network, write_checkpoint  # noqa: E402
from cabinsafe.training.pose.networks.light import LightNetwork  # noqa: E402
from cabinsafe.training.pose.networks.openpose_mobilenet import AccurateNetwork, OpenPoseMobileNet  # noqa: E402

SHIPPED = bundled_dir("models") / "cabinsafe-pose-float.onnx"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    network = LightNetwork()
    write_checkpoint(tmp_path / "best.pt", {"network": "light", "average": network.state_dict()})
    assert [path.name for path in tmp_path.iterdir()] == ["best.pt"]
    return tmp_path / "best.pt"


def test_a_checkpoint_comes_back(checkpoint: Path) -> None:
    network = read_network(checkpoint)
    assert isinstance(network, LightNetwork)
    kept = torch.load(checkpoint, weights_only=True)["average"]
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())


def test_what_a_run_may_start_from(checkpoint: Path) -> None:
    assert isinstance(start_network("light", None), LightNetwork)
    assert isinstance(start_network("light", checkpoint), LightNetwork)
    assert isinstance(start_network("openpose_mobilenet", SHIPPED), OpenPoseMobileNet)
    assert isinstance(start_network("accurate", SHIPPED), AccurateNetwork)
    inherited = start_network("light", SHIPPED)
    assert torch.equal(inherited.trunk[0][0].weight, read_network(SHIPPED).trunk[0][0].weight)


def test_another_network_is_no_start(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="a LightNetwork, which the network 'accurate' cannot"):
        start_network("accurate", checkpoint)


class Code:
    def __reduce__(self):
        return (print, ("ran",))


@pytest.mark.parametrize("content", [None, b"nothing", {"average": {}}, {}, [], Code()])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: object, capsys) -> None:
    path = tmp_path / "best.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, Code):
        path.write_bytes(pickle.dumps(content, protocol=2))
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ModelError, match=r"best\.pt"):
        read_network(path)
    assert "ran" not in capsys.readouterr().out


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "best.pt", {"network": "light", "average": {"a": torch.zeros(1)}})
    with pytest.raises(ModelError, match="no weights of the network 'light'"):
        read_network(tmp_path / "best.pt")
