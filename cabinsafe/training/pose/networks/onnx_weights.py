"""Weights of :class:`OpenPoseMobileNet`, and of those made from it, from ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from cabinsafe.errors import ModelError
from cabinsafe.training.pose.networks.light import LightNetwork
from cabinsafe.training.pose.networks.openpose_mobilenet import (
    AccurateNetwork,
    BoxedNetwork,
    OpenPoseMobileNet,
)


def load_onnx_weights(network: OpenPoseMobileNet, path: Path) -> None:
    """Fill a network from an ONNX file, in place.

    Args:
        network: what to fill.
        path: ``human-pose-estimation-0001`` as float ONNX, or a file that this package exported.

    Raises:
        ModelError: the file is missing, no ONNX file, or its weights are not those of this network.
    """
    graph = _read_graph(path)
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    try:
        names = network.state_dict()
        if set(names) <= set(arrays):
            network.load_state_dict({name: torch.tensor(arrays[name]) for name in names})
        else:
            _load_source(network, graph, arrays)
    except (ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: not the weights of this network: {error}") from error


def read_onnx_network(path: Path) -> OpenPoseMobileNet:
    """Return the network that a float ONNX file holds, told by its operators and outputs.

    Raises:
        ModelError: the file is missing, no ONNX file, or holds none of the networks that can be read.
    """
    graph = _read_graph(path)
    operators = {node.op_type for node in graph.node}
    network: OpenPoseMobileNet
    if "Elu" in operators:
        network = OpenPoseMobileNet()
    elif "AveragePool" in operators:
        network = LightNetwork()
    else:
        network = BoxedNetwork() if "boxes" in {output.name for output in graph.output} else AccurateNetwork()
    load_onnx_weights(network, path)
    return network


def _read_graph(path: Path) -> Any:
    try:
        return onnx.load(str(path)).graph
    except Exception as error:  # protobuf's own errors have no common base with the others
        raise ModelError(f"{path}: not a readable ONNX file: {error}") from error


def _load_source(network: OpenPoseMobileNet, graph: Any, arrays: dict[str, NDArray[np.float32]]) -> None:
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
