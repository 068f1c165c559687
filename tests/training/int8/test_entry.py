"""What is folded and equalised before quantising leaves the float network as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from small_network import FEW, SIZE_WH, Small, constants, maps_of, relative_error, smooth_image, write  # noqa: E402

from cabinsafe.pose import PoseCard  # noqa: E402
from cabinsafe.training.pose.int8.calibrate import channel_ranges  # noqa: E402
from cabinsafe.training.pose.int8.entry import fold_entry  # noqa: E402
from cabinsafe.training.pose.int8.equalise import equalise  # noqa: E402
from cabinsafe.training.pose.int8.pictures import batches  # noqa: E402
from cabinsafe.training.pose.int8.source import load_source  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.quantise import QuantisationOptions, quantise  # noqa: E402


def test_folding_and_equalising_leave_the_float_network_as_it_is(small: Path, pictures: list[Path]) -> None:
    card = PoseCard.load(small)
    model = load_source(card)
    image = np.ascontiguousarray(np.random.default_rng(0).integers(0, 256, (1, 3, 96, 96)), np.float32)

    def run() -> list[np.ndarray]:
        import onnxruntime

        return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"image": image})

    before = run()
    entry = fold_entry(model, card.input)
    assert entry.nodes == ("image_centre",)
    assert [node.op_type for node in model.graph.node][:2] == ["Sub", "Conv"]
    folded = run()
    inner = (..., slice(6, -6), slice(6, -6))  # the padding is half a grey level brighter
    for one, other in zip(before, folded, strict=True):
        assert np.allclose(one[inner], other[inner], atol=1e-4 * np.abs(one).max())
        assert np.allclose(one, other, atol=0.01 * np.abs(one).max())
    ranges = channel_ranges(model, batches(pictures[:4], card.input), 1)
    spread = {name: r.largest.max() / r.largest[r.largest > 0].min() for name, r in ranges.items()}
    equalise(model, ranges)
    for one, other in zip(folded, run(), strict=True):
        assert np.allclose(one, other, atol=1e-4 * np.abs(one).max())
    measured = channel_ranges(model, batches(pictures[:4], card.input), 1)
    into_depthwise = "/trunk/trunk.1/trunk.1.1/trunk.1.1.1/Relu_output_0"
    assert measured[into_depthwise].high == pytest.approx(ranges[into_depthwise].high, rel=1e-3, abs=1e-5)
    live = measured[into_depthwise].high[measured[into_depthwise].high > 0.01]
    assert live.max() / live.min() < 1.01 < spread[into_depthwise]


class Halved(Small):
    """Sees the image shrunk by two."""

    input_multiple = 8

    def __init__(self) -> None:
        super().__init__()
        self.layout = MapLayout(self.layout.topology, stride=8, boxes=True)

    def stages(self, image):
        return super().stages(torch.nn.functional.avg_pool2d(image, 2))


def test_shrinking_becomes_part_of_the_first_convolution(tmp_path: Path) -> None:
    card = PoseCard.load(write(Halved(), tmp_path / "halved.onnx"))
    model = load_source(card)
    assert fold_entry(model, card.input).nodes == ("image_centre",)
    first = model.graph.node[1]
    assert constants(model)[first.input[1]].shape == (16, 3, 6, 6)
    onnx.save(model, str(tmp_path / "folded.onnx"))
    image = np.ascontiguousarray(np.random.default_rng(0).integers(0, 256, (1, 3, 160, 160)), np.float32)
    before, after = (maps_of(tmp_path / name, image) for name in ("halved.onnx", "folded.onnx"))
    inner = (..., slice(6, -6), slice(6, -6))
    for one, other in zip(before, after, strict=True):
        assert np.allclose(one[inner], other[inner], atol=1e-4 * np.abs(one).max())
        assert np.allclose(one, other, atol=0.01 * np.abs(one).max())


def test_a_normalisation_with_another_zero_is_left_alone(pictures: list[Path], tmp_path: Path) -> None:
    card = write(Small(zero_rgb=(124, 116, 104)), tmp_path / "other.onnx")
    model = load_source(PoseCard.load(card))
    assert fold_entry(model, PoseCard.load(card).input) == (("/Mul", "/Sub"), None)
    report = quantise(card, pictures, tmp_path / "other-int8.onnx", QuantisationOptions(**FEW))
    assert {"Mul /Mul", "Sub /Sub"} <= set(report.float_nodes)
    before, after = (
        maps_of(path, smooth_image(SIZE_WH, 1)) for path in (tmp_path / "other.onnx", report.model)
    )
    assert max(relative_error(*pair) for pair in zip(before, after, strict=True)) < 0.05
