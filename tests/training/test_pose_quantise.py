"""A quantised network is int8 throughout, close to its float parent, and says on its card what it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from cabinsafe.errors import DataError, EngineError, MediaError, ModelError, OutputError  # noqa: E402
from cabinsafe.export_cli import export_app  # noqa: E402
from cabinsafe.onnx_session import open_session  # noqa: E402
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator, Topology  # noqa: E402
from cabinsafe.resources import sha256_of  # noqa: E402
from cabinsafe.training.pose.cards import write_card  # noqa: E402
from cabinsafe.training.pose.export import export_onnx  # noqa: E402
from cabinsafe.training.pose.int8.calibrate import Histogram, channel_ranges, choose_range  # noqa: E402
from cabinsafe.training.pose.int8.entry import fold_entry  # noqa: E402
from cabinsafe.training.pose.int8.equalise import equalise  # noqa: E402
from cabinsafe.training.pose.int8.pictures import batches, find_pictures  # noqa: E402
from cabinsafe.training.pose.int8.source import load_source  # noqa: E402
from cabinsafe.training.pose.layout import MapLayout  # noqa: E402
from cabinsafe.training.pose.networks import make_network  # noqa: E402
from cabinsafe.training.pose.networks.base import PoseNetwork  # noqa: E402
from cabinsafe.training.pose.networks.blocks import Refine, separable, unit  # noqa: E402
from cabinsafe.training.pose.quantise import QuantisationOptions, quantise  # noqa: E402
from cabinsafe.types import Frame  # noqa: E402

SIZE_WH = (64, 48)
FEW = {"images": 8, "held_out": 3}


class Small(PoseNetwork):
    """All that the trainable networks are made of, with channels of very unequal strength."""

    input_multiple = 4

    def __init__(
        self,
        activation: type[torch.nn.Module] = torch.nn.ReLU,
        boxes: bool = True,
        zero_rgb: tuple[float, float, float] = (127.5, 127.5, 127.5),
    ) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.register_buffer("shift", torch.tensor(zero_rgb[::-1]).reshape(1, 3, 1, 1) / 255)
        self.layout = MapLayout(Topology.openpose(), stride=4, boxes=boxes)
        self.trunk = torch.nn.Sequential(
            unit(3, 16, 3, stride=2),
            separable(16, 24, 2),
            separable(24, 24),
            unit(24, 32, activation=activation),
        )
        self.refine = Refine(32, 16)
        self.maps = torch.nn.Conv2d(16, self.layout.channels, 1)
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, torch.nn.Conv2d):
                    module.weight.mul_(1.4)
            for convolution in (self.trunk[1][1][0], self.trunk[2][1][0]):
                convolution.weight.mul_(torch.logspace(-1, 1, 24).reshape(-1, 1, 1, 1))
            self.maps.weight.mul_(torch.logspace(-1, 1, self.layout.channels).reshape(-1, 1, 1, 1))

    def stages(self, image):
        return (self.maps(self.refine(self.trunk(image * (1 / 255) - self.shift))),)


def write(network: PoseNetwork, path: Path, size_wh: tuple[int, int] = SIZE_WH) -> Path:
    """Card of an exported network."""
    export_onnx(network, path, {"licence": "none"})
    return write_card(path, network.layout, size_wh, notes={"data": "drawn"}, metrics={"ap": 0.5})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    """Smooth random pictures of several shapes."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for number in range(12):
        coarse = generator.integers(0, 256, (5, 6, 3), np.uint8)
        size_wh = [(80, 60), (60, 80), (100, 50)][number % 3]
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC))
    return find_pictures(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return write(Small(), tmp_path_factory.mktemp("float") / "small.onnx")


@pytest.fixture(scope="module")
def quantised(small: Path, pictures: list[Path], tmp_path_factory):
    out = tmp_path_factory.mktemp("int8") / "small-int8.onnx"
    return quantise(small, pictures, out, QuantisationOptions(**FEW, data_note="drawn, no licence"))


def constants(model) -> dict[str, np.ndarray]:
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


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


def maps_of(path: Path, image: np.ndarray) -> list[np.ndarray]:
    return open_session(path).run(["heatmaps", "pafs", "boxes"], {"image": image})


def smooth_image(size_wh: tuple[int, int], count: int) -> np.ndarray:
    """(count, 3, H, W) grey levels of the kind that the pictures have."""
    coarse = np.random.default_rng(5).integers(0, 256, (count, 5, 6, 3)).astype(np.float32)
    images = [cv2.resize(one, size_wh, interpolation=cv2.INTER_CUBIC) for one in coarse]
    return np.ascontiguousarray(np.clip(np.round(images), 0, 255).transpose(0, 3, 1, 2), np.float32)


def relative_error(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square of the difference over the standard deviation."""
    return float(np.sqrt(((one - other) ** 2).mean()) / one.std())


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


def test_torch_is_not_needed() -> None:
    code = "import sys, cabinsafe.training.pose.quantise; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def bell(outlier: int) -> Histogram:
    counts = np.round(1e6 * np.exp(-(((np.arange(2048) - 300) / 60.0) ** 2))).astype(np.int64)
    counts[-1] += outlier
    return Histogram(-3.0, 17.48, counts)


@pytest.mark.parametrize("calibrator", ["mse", "entropy", "percentile"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_outliers_are_cut_off(calibrator: str, symmetric: bool) -> None:
    low, high = choose_range(bell(1), calibrator, 99.99, symmetric=symmetric)
    assert -3.0 <= low <= 0
    assert 1.0 < high < 12.0
    assert choose_range(bell(1), "minmax", 99.99, symmetric=symmetric) == (-3.0, 17.48)


@pytest.mark.parametrize("calibrator", ["mse", "entropy", "percentile", "minmax"])
def test_ranges_hold_zero_and_constant_tensors_have_one(calibrator: str) -> None:
    positive = Histogram(2.0, 3.0, np.ones(2048, np.int64))
    low, high = choose_range(positive, calibrator, 99.9, symmetric=False)
    assert low == 0
    assert high > 2.4
    dead = Histogram(0.0, 0.0, np.eye(1, 2048, dtype=np.int64)[0])
    assert choose_range(dead, calibrator, 99.9, symmetric=False) == (0, 0)


def test_least_squares_are_less_than_those_of_the_whole_range() -> None:
    def error(bounds: tuple[float, float]) -> float:
        scale = (bounds[1] - bounds[0]) / 255
        ends = np.round(bounds[0] / scale), np.round(bounds[1] / scale)
        rounded = np.clip(np.round(histogram.centres / scale), *ends) * scale
        return float((histogram.counts * (rounded - histogram.centres) ** 2).sum())

    histogram = bell(1)
    best = error(choose_range(histogram, "mse", 99.99, symmetric=False))
    assert best < 0.5 * error(choose_range(histogram, "minmax", 99.99, symmetric=False))
    assert best <= error(choose_range(histogram, "entropy", 99.99, symmetric=False))


def test_grey_bars_are_among_the_pictures(tmp_path: Path, small: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), 10, np.uint8))
    first, second = batches(find_pictures(tmp_path), PoseCard.load(small).input)
    assert first.shape == second.shape == (1, 3, 48, 64)
    assert np.unique(first).tolist() == [10]
    assert np.unique(second).tolist() == [10, 128]
    assert (second[0, 0, :6] == 128).all()


def test_pictures_are_found_in_folders_and_sets(pictures: list[Path], tmp_path: Path) -> None:
    folder = pictures[0].parent
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.JPG").touch()
    (tmp_path / "notes.txt").touch()
    assert find_pictures(tmp_path) == [tmp_path / "deep" / "a.JPG"]
    images = [{"id": number, "file_name": f"{number}.png"} for number in range(12)]
    content = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    (tmp_path / "keypoints.json").write_text(json.dumps(content))
    assert len(find_pictures(folder, tmp_path / "keypoints.json")) == 12
    train = find_pictures(folder, tmp_path / "keypoints.json", "train")
    val = find_pictures(folder, tmp_path / "keypoints.json", "val")
    assert train
    assert not set(train) & set(val)


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no images, looked for \.bmp, \.jpeg, \.jpg"):
        find_pictures(tmp_path)
    with pytest.raises(DataError, match="no folder of images: "):
        find_pictures(tmp_path / "gone")
    with pytest.raises(DataError, match="the split 'train' goes by image id: it needs the annotations"):
        find_pictures(tmp_path, None, "train")


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
