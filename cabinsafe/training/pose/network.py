"""The embedded pose network as a trainable torch module.

The graph is that of ``human-pose-estimation-0001`` (lightweight OpenPose, Open Model Zoo,
Apache-2.0), read from its ONNX file: a MobileNet trunk at stride 8, a bridge of depth-wise
convolutions, an initial stage and one refinement stage, each with a heatmap and a PAF head.
Batch norm is already folded into the convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from cabinsafe.errors import ModelError
from cabinsafe.training.pose.layout import HEATMAP_COUNT, PAF_COUNT

_TRUNK: Final[tuple[tuple[int, int, int], ...]] = (
    (64, 1, 1),
    (128, 2, 1),
    (128, 1, 1),
    (256, 2, 1),
    (256, 1, 1),
    (512, 1, 1),
    (512, 1, 2),
    (512, 1, 1),
    (512, 1, 1),
    (512, 1, 1),
    (512, 1, 1),
)
"""(output channels, stride, dilation) of the depth-wise separable blocks after the first layer."""


@dataclass(frozen=True)
class Maps:
    """What one stage predicts: heatmaps (B, 19, H/8, W/8) and pafs (B, 38, H/8, W/8)."""

    heatmaps: Tensor
    pafs: Tensor


def _unit(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    activation: type[nn.Module] = nn.ReLU,
) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups)
    return nn.Sequential(convolution, activation())


def _separable(inputs: int, outputs: int, stride: int, dilation: int) -> nn.Sequential:
    depthwise = _unit(inputs, inputs, 3, stride=stride, dilation=dilation, groups=inputs)
    return nn.Sequential(depthwise, _unit(inputs, outputs))


def _head(width: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_unit(width, hidden), nn.Conv2d(hidden, outputs, 1))


class _Bridge(nn.Module):
    """Narrows the trunk's features: a residual run of depth-wise pairs, then a full 3x3."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.align = _unit(inputs, width, activation=nn.ELU)
        layers = [_unit(width, width, activation=nn.ELU)]
        for _ in range(3):
            layers.append(_unit(width, width, 3, groups=width, activation=nn.ELU))
            layers.append(_unit(width, width, activation=nn.ELU))
        self.run = nn.Sequential(*layers)
        self.out = _unit(width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        aligned = self.align(features)
        result: Tensor = self.out(aligned + self.run(aligned))
        return result


class _Refine(nn.Module):
    """1x1, 3x3, dilated 3x3, with the 1x1 added back."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.squeeze = _unit(inputs, width)
        self.body = nn.Sequential(_unit(width, width, 3), _unit(width, width, 3, dilation=2))

    def forward(self, features: Tensor) -> Tensor:
        squeezed = self.squeeze(features)
        result: Tensor = squeezed + self.body(squeezed)
        return result


class PoseNetwork(nn.Module):
    """Heatmaps and part-affinity fields of an image.

    Input: (B, 3, H, W) float, BGR, 0 to 255, H and W multiples of 8; padding is 128.
    Sub-modules are declared in the order of the convolutions in the source graph, because
    :func:`load_onnx_weights` fills them in that order.
    """

    input_scale: Tensor
    input_shift: Tensor

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.register_buffer("input_scale", torch.full((1, 1, 1, 1), 1.0 / 255.0))
        self.register_buffer("input_shift", torch.full((1, 3, 1, 1), -0.5))
        blocks = [_unit(3, 32, 3, stride=2)]
        channels = 32
        for outputs, stride, dilation in _TRUNK:
            blocks.append(_separable(channels, outputs, stride, dilation))
            channels = outputs
        self.trunk = nn.Sequential(*blocks)
        self.bridge = _Bridge(channels, width)
        self.initial = nn.Sequential(*(_unit(width, width, 3) for _ in range(3)))
        self.initial_pafs = _head(width, 4 * width, PAF_COUNT)
        self.initial_heatmaps = _head(width, 4 * width, HEATMAP_COUNT)
        joined = width + PAF_COUNT + HEATMAP_COUNT
        self.refine = nn.Sequential(_Refine(joined, width), *(_Refine(width, width) for _ in range(4)))
        self.heatmaps = _head(width, width, HEATMAP_COUNT)
        self.pafs = _head(width, width, PAF_COUNT)

    def stages(self, image: Tensor) -> tuple[Maps, Maps]:
        """Return the maps of the initial and of the refinement stage."""
        features = self.bridge(self.trunk(image * self.input_scale + self.input_shift))
        shared = self.initial(features)
        first = Maps(self.initial_heatmaps(shared), self.initial_pafs(shared))
        refined = self.refine(torch.cat((first.pafs, first.heatmaps, features), dim=1))
        return first, Maps(self.heatmaps(refined), self.pafs(refined))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return (heatmaps, pafs) of the refinement stage."""
        last = self.stages(image)[1]
        return last.heatmaps, last.pafs


def load_onnx_weights(network: PoseNetwork, path: Path) -> None:
    """Fill a network from an ONNX file, in place.

    Args:
        network: what to fill.
        path: ``human-pose-estimation-0001`` as float ONNX, or a file that this package exported.

    Raises:
        ModelError: the file is missing, no ONNX file, or its weights are not those of this network.
    """
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's own errors have no common base with the others
        raise ModelError(f"{path}: not a readable ONNX file: {error}") from error
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    try:
        if set(arrays) == set(network.state_dict()):
            network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
        else:
            _load_source(network, graph, arrays)
    except (ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: not the weights of this network: {error}") from error


def _load_source(network: PoseNetwork, graph: Any, arrays: dict[str, NDArray[np.float32]]) -> None:
    """Fill a network from the graph of ``human-pose-estimation-0001``, convolution by convolution."""
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    sources = _convolution_weights(graph, arrays)
    if len(convolutions) != len(sources):
        raise ValueError(f"expected {len(convolutions)} convolutions, got {len(sources)}")
    network.input_scale.copy_(torch.from_numpy(_constant(graph, "Mul", arrays)))
    network.input_shift.copy_(torch.from_numpy(_constant(graph, "Add", arrays)))
    with torch.no_grad():
        for module, (name, weight, bias) in zip(convolutions, sources, strict=True):
            if module.weight.shape != weight.shape or module.bias is None:
                raise ValueError(f"{name}: expected {tuple(module.weight.shape)}, got {weight.shape}")
            module.weight.copy_(torch.from_numpy(weight))
            module.bias.copy_(torch.from_numpy(bias))


def _constant(graph: Any, operator: str, arrays: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the constant operand of the first node of a kind: the input normalisation."""
    for node in graph.node:
        constants = [arrays[name] for name in node.input if name in arrays]
        if node.op_type == operator and constants:
            constant: NDArray[np.float32] = constants[0].copy()
            return constant
    raise ValueError(f"no {operator} with a constant, the input normalisation")


def _convolution_weights(
    graph: Any, arrays: dict[str, NDArray[np.float32]]
) -> list[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    """Return (name, weight, bias) of each convolution in graph order; biases are Add nodes."""
    bias_of = {
        node.input[0]: arrays[node.input[1]].reshape(-1)
        for node in graph.node
        if node.op_type == "Add" and node.input[1] in arrays
    }
    return [
        (node.input[1], arrays[node.input[1]].copy(), bias_of[node.output[0]].copy())
        for node in graph.node
        if node.op_type == "Conv"
    ]
