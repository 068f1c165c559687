"""Weights moved between layers so that all channels of a tensor fill its 8 bits, and biases corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.pose.int8.calibrate import ChannelRange
from cabinsafe.training.pose.int8.graph import (
    Floats,
    Model,
    Node,
    constants,
    convolutions,
    is_depthwise,
    is_grouped,
    outputs,
    per_channel,
    set_constants,
    takers,
)

_SMALLEST: Final = 1e-3
"""Channels that are weaker than the strongest by more than this count as this strong: they may be dead."""

_HOMOGENEOUS: Final = frozenset({"Relu", "LeakyRelu"})
"""Activations f with f(s x) = s f(x) for s > 0."""


def equalise(model: Model, ranges: dict[str, ChannelRange]) -> None:
    """Scale the channels between convolutions, in place; the network's result stays the same.

    Where a convolution's output goes, at most through a ReLU, to convolutions only, its channels are
    divided by factors that the next weights are multiplied with (cross-layer equalisation; Nagel et al.
    2019, arXiv:1906.04721). Activations are quantised per tensor and weights per output channel, so the
    factors are the channels' ranges if the next convolutions are depth-wise, which costs their weights
    nothing; else the square root of the quotient of range and weights, which shares the loss.

    Args:
        model: the float network.
        ranges: of all tensors' channels; those of scaled tensors are replaced.
    """
    arrays = constants(model)
    for maker, tensors, users in _pairs(model):
        strength = _floored(ranges[tensors[-1]].largest)
        weights = [arrays[node.input[1]] for node in users]
        if all(is_depthwise(node, weight) for node, weight in zip(users, weights, strict=True)):
            factors = strength
        else:
            shares = [_input_shares(node, weight) for node, weight in zip(users, weights, strict=True)]
            factors = np.sqrt(strength / _floored(np.max(shares, axis=0)))
        factors = _floored(factors).astype(np.float32)
        arrays[maker.input[1]] = arrays[maker.input[1]] / per_channel(factors)
        arrays[maker.input[2]] = arrays[maker.input[2]] / factors
        for node, weight in zip(users, weights, strict=True):
            by_input = per_channel(factors) if is_depthwise(node, weight) else factors.reshape(1, -1, 1, 1)
            arrays[node.input[1]] = weight * by_input
        for tensor in tensors:
            ranges[tensor] = ChannelRange(ranges[tensor].low / factors, ranges[tensor].high / factors)
    set_constants(model, arrays)


def correct_bias(model: Model, means: Mapping[str, NDArray[np.float64]]) -> None:
    """Take the mean error of rounded weights out of the biases, in place (section 4.2 of the same paper).

    Args:
        model: the float network.
        means: (C,) mean of each channel of every convolution's input.
    """
    arrays = constants(model)
    for node in convolutions(model):
        weight = arrays[node.input[1]]
        error = (_rounded(weight) - weight).sum(axis=(2, 3), dtype=np.float64)
        mean = means[node.input[0]]
        if is_depthwise(node, weight):
            shift = error[:, 0] * mean
        else:
            groups = len(mean) // weight.shape[1]
            shift = np.concatenate(
                [
                    part @ own
                    for part, own in zip(np.split(error, groups), np.split(mean, groups), strict=True)
                ]
            )
        arrays[node.input[2]] = (arrays[node.input[2]] - shift).astype(np.float32)
    set_constants(model, arrays)


def _pairs(model: Model) -> Iterator[tuple[Node, list[str], list[Node]]]:
    """Convolutions, the tensors they make up to the next convolutions, and those."""
    taken, final = takers(model), outputs(model)
    for node in convolutions(model):
        tensors = [node.output[0]]
        users = taken.get(tensors[0], [])
        if len(users) == 1 and users[0].op_type in _HOMOGENEOUS:
            tensors.append(users[0].output[0])
            users = taken.get(tensors[1], [])
        if (
            users
            and not final & set(tensors)
            and all(_can_absorb(user, tensors[-1], model) for user in users)
        ):
            yield node, tensors, users


def _can_absorb(node: Node, tensor: str, model: Model) -> bool:
    if node.op_type != "Conv" or node.input[0] != tensor:
        return False
    weights = {t.name: t.dims for t in model.graph.initializer}
    dims = weights.get(node.input[1])
    return dims is not None and (not is_grouped(node) or dims[1] == 1)


def _input_shares(node: Node, weight: Floats) -> NDArray[np.float64]:
    """(C,): how large an input channel's weights are beside those of the same output channel, at most 1."""
    if is_depthwise(node, weight):
        return np.ones(len(weight))
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    shares = np.abs(weight) / np.maximum(largest, np.finfo(np.float32).tiny)
    return np.asarray(shares.max(axis=(0, 2, 3)), np.float64)


def _floored(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Relative to the largest, and not below :data:`_SMALLEST`."""
    largest = float(values.max())
    if largest <= 0:
        return np.ones(len(values))
    return np.maximum(np.asarray(values, np.float64) / largest, _SMALLEST)


def _rounded(weight: Floats) -> Floats:
    """Weights after symmetric int8 rounding with one scale per output channel."""
    scale = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 127
    scale[scale == 0] = 1
    return np.asarray(np.round(weight / scale) * scale, np.float32)
