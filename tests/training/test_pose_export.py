"""The exported file is self-contained, dynamic, and equal to the torch module."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def _tiny():
    class Tiny(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = torch.nn.Conv2d(3, 4, 9, stride=8, padding=4)
            self.heatmaps = torch.nn.Conv2d(4, 19, 1)
            self.pafs = torch.nn.Conv2d(4, 38, 1)

        def forward(self, image):
            features = torch.relu(self.trunk(image / 255.0))
            return self.heatmaps(features), self.pafs(features)

    torch.manual_seed(0)
    return Tiny()


def test_export_matches_torch_at_several_sizes_and_is_one_file(tmp_path: Path) -> None:
    from cabinsafe.training.pose.export import export_onnx, largest_difference

    network = _tiny()
    path = tmp_path / "tiny.onnx"
    export_onnx(network, path, {"source": "test"})
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.onnx"]
    assert largest_difference(network, path, ((1, 64, 96), (3, 96, 64))) < 1e-5


def test_export_names_axes_and_keeps_the_notes(tmp_path: Path) -> None:
    from cabinsafe.training.pose.export import export_onnx

    path = tmp_path / "tiny.onnx"
    export_onnx(_tiny(), path, {"source": "test"})
    model = onnx.load(str(path))
    assert [value.name for value in model.graph.input] == ["image"]
    assert [value.name for value in model.graph.output] == ["heatmaps", "pafs"]
    axes = [axis.dim_param for axis in model.graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", "", "height", "width"]
    assert {entry.key: entry.value for entry in model.metadata_props} == {"source": "test"}
    assert model.opset_import[0].version >= 17
