"""The attention ResNets are trt_pose's: same names, same shapes, same maps."""

from __future__ import annotations

import io

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from cabinsafe.pose.topology import Topology  # noqa: E402
from cabinsafe.training.pose.networks.resnet_att import (  # noqa: E402
    resnet18_att,
    resnet34_att,
    resnet50_att,
)

BASIC = ("conv1", 3), ("conv2", 3)
BOTTLENECK = ("conv1", 1), ("conv2", 3), ("conv3", 1)
BACKBONES = {  # network, blocks of each layer, convolutions of a block, parameters without the classifier
    "resnet18_att": (resnet18_att, (2, 2, 2, 2), BASIC, 11_176_512),
    "resnet34_att": (resnet34_att, (3, 4, 6, 3), BASIC, 21_284_672),
    "resnet50_att": (resnet50_att, (3, 4, 6, 3), BOTTLENECK, 23_508_032),
}


def batch_norm_shapes(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {**{f"{name}.{v}": (channels,) for v in vectors}, f"{name}.num_batches_tracked": ()}


def backbone_shapes(blocks: tuple[int, ...], kernels: tuple) -> dict[str, tuple[int, ...]]:
    shapes = {"0.resnet.conv1.weight": (64, 3, 7, 7), **batch_norm_shapes("0.resnet.bn1", 64)}
    expansion = 4 if kernels is BOTTLENECK else 1
    features = 64
    for layer, (count, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True), start=1):
        for block in range(count):
            at = f"0.resnet.layer{layer}.{block}"
            channels = features
            for conv, kernel in kernels:
                outputs = width * expansion if conv == "conv3" else width
                shapes[f"{at}.{conv}.weight"] = (outputs, channels, kernel, kernel)
                shapes |= batch_norm_shapes(f"{at}.bn{conv[-1]}", outputs)
                channels = outputs
            if block == 0 and (layer > 1 or kernels is BOTTLENECK):
                shapes[f"{at}.downsample.0.weight"] = (channels, features, 1, 1)
                shapes |= batch_norm_shapes(f"{at}.downsample.1", channels)
            features = channels
    return shapes


def head_shapes(features: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for kind, maps in (("cmap", 18), ("paf", 42)):
        for place, inputs in ((0, features), (3, 256), (6, 256)):
            shapes[f"1.{kind}_up.{place}.weight"] = (inputs, 256, 4, 4)
            shapes[f"1.{kind}_up.{place}.bias"] = (256,)
            shapes |= batch_norm_shapes(f"1.{kind}_up.{place + 1}", 256)
        shapes[f"1.{kind}_att.weight"], shapes[f"1.{kind}_att.bias"] = (256, 256, 3, 3), (256,)
        shapes[f"1.{kind}_conv.weight"], shapes[f"1.{kind}_conv.bias"] = (maps, 256, 1, 1), (maps,)
    return shapes


def trt_pose_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """What a checkpoint of trt_pose holds, without the classifier."""
    _, blocks, kernels, _ = BACKBONES[name]
    return {**backbone_shapes(blocks, kernels), **head_shapes(2048 if kernels is BOTTLENECK else 512)}


def reference_maps(weights: dict, image, blocks: tuple[int, ...], kernels: tuple):
    """trt_pose's forward pass, written from its description as plain function calls."""

    def norm(x, name):
        mean, var, gain, bias = (
            weights[f"{name}.{v}"] for v in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, var, gain, bias)

    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
    rgb = torch.stack((image[:, 2], image[:, 1], image[:, 0]), dim=1)
    x = F.conv2d((rgb / 255 - mean) / std, weights["0.resnet.conv1.weight"], stride=2, padding=3)
    x = F.max_pool2d(F.relu(norm(x, "0.resnet.bn1")), 3, 2, 1)
    for layer, count in enumerate(blocks, start=1):
        for block in range(count):
            at, skip = f"0.resnet.layer{layer}.{block}", x
            first = 2 if block == 0 and layer > 1 else 1
            for conv, kernel in kernels:
                stride = (
                    first if kernel == 3 and conv == ("conv2" if kernels is BOTTLENECK else "conv1") else 1
                )
                x = F.conv2d(x, weights[f"{at}.{conv}.weight"], stride=stride, padding=kernel // 2)
                x = norm(x, f"{at}.bn{conv[-1]}")
                x = x if conv == kernels[-1][0] else F.relu(x)
            if f"{at}.downsample.0.weight" in weights:
                skip = norm(
                    F.conv2d(skip, weights[f"{at}.downsample.0.weight"], stride=first), f"{at}.downsample.1"
                )
            x = F.relu(x + skip)
    maps = []
    for kind, gate in (("cmap", torch.sigmoid), ("paf", torch.tanh)):
        up = x
        for i in (0, 3, 6):
            name = f"1.{kind}_up.{i}"
            up = F.conv_transpose2d(
                up, weights[f"{name}.weight"], weights[f"{name}.bias"], stride=2, padding=1
            )
            up = F.relu(norm(up, f"1.{kind}_up.{i + 1}"))
        attention = gate(
            F.conv2d(up, weights[f"1.{kind}_att.weight"], weights[f"1.{kind}_att.bias"], padding=1)
        )
        maps.append(
            F.conv2d(up * attention, weights[f"1.{kind}_conv.weight"], weights[f"1.{kind}_conv.bias"])
        )
    return maps


def with_statistics(network):
    """Give batch norms statistics and gains that a wrong name or order would show."""
    generator = torch.Generator().manual_seed(1)
    for name, values in network.state_dict().items():
        if name.endswith(("running_mean", "running_var")) or values.ndim == 1:
            values.add_(0.2 * torch.rand(values.shape, generator=generator))
    return network.eval()


def random_image(*size: int):
    return 255 * torch.rand(*size, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return with_statistics(resnet18_att())


@pytest.mark.parametrize("name", BACKBONES)
def test_names_and_shapes_are_those_of_trt_pose(name: str) -> None:
    make, _, _, backbone_parameters = BACKBONES[name]
    with torch.device("meta"):
        network = make()
    assert {k: tuple(v.shape) for k, v in network.state_dict().items()} == trt_pose_shapes(name)
    assert sum(p.numel() for p in network[0].parameters()) == backbone_parameters


@pytest.mark.parametrize("name", ["resnet18_att", "resnet50_att"])
def test_maps_equal_the_description(name: str) -> None:
    make, blocks, kernels, _ = BACKBONES[name]
    torch.manual_seed(0)
    network = with_statistics(make())
    image = random_image(1, 3, 64, 96)
    with torch.no_grad():
        expected = reference_maps(network.state_dict(), image, blocks, kernels)
        got = network(image)
    for ours, theirs in zip(got, expected, strict=True):
        assert float(theirs.std()) > 1e-3
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


def test_output_shapes_and_layout(network) -> None:
    with torch.no_grad():
        heatmaps, pafs = network(random_image(1, 3, 224, 224))
    assert heatmaps.shape == (1, 18, 56, 56)
    assert pafs.shape == (1, 42, 56, 56)
    assert network.layout.topology == Topology.trt_pose()
    assert (network.layout.stride, network.layout.boxes, network.input_multiple) == (4, False, 32)


def test_gradient_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    network = resnet18_att().train()
    (maps,) = network.stages(random_image(2, 3, 64, 64))
    maps.square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
    weights = [p for p in network.parameters() if p.ndim == 4]
    assert all(bool(weight.grad.any()) for weight in weights)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_onnx_equals_torch(network) -> None:
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    file = io.BytesIO()
    axes = {"image": {0: "batch", 2: "height", 3: "width"}}
    torch.onnx.export(
        network,
        (random_image(1, 3, 32, 64),),
        file,
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["heatmaps", "pafs"],
        dynamic_axes=axes,
    )
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for size in ((1, 3, 32, 64), (2, 3, 64, 32)):
        image = random_image(*size)
        with torch.no_grad():
            expected = network(image)
        for ours, theirs in zip(session.run(None, {"image": image.numpy()}), expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)
