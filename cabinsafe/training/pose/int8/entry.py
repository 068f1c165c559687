"""From the image to the first convolutions: normalisation and shrinking become part of their weights."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from cabinsafe.pose.card import InputSpec
from cabinsafe.training.pose.int8.graph import (
    Floats,
    Model,
    Node,
    attribute,
    constants,
    is_grouped,
    replace_nodes,
    set_attributes,
    set_constants,
    takers,
)

ZERO_LEVEL: Final = 128
"""The grey level that the quantised network takes as zero."""

_CENTRED: Final = "image_centred"


class Entry(NamedTuple):
    """The nodes from the image to the first convolutions, and the tensor image - 128 if they make that."""

    nodes: tuple[str, ...]
    centred: str | None


class _Chain(NamedTuple):
    """Nodes that make ``scale * mean over shrink x shrink pixels + shift`` of an image, (1, C, 1, 1) each."""

    nodes: list[Node]
    tensor: str
    scale: Floats
    shift: Floats
    shrink: int


def fold_entry(model: Model, spec: InputSpec) -> Entry:
    """Move scaling, shifting and averaging into the first convolutions, in place: they get image - 128.

    That input is exact in 8 bits, and the rest costs nothing. Things are left as they are where they are not
    of this form, or where the zero of the normalisation lies more than one grey level from
    :data:`ZERO_LEVEL`: the convolutions' padding stands for zero, and would change.

    Args:
        model: the float network; it takes images whose sides are multiples of what it shrinks them by.
        spec: how it is fed; only plain grey levels are exact.
    """
    arrays, image = constants(model), model.graph.input[0].name
    chain = _chain(model, image, arrays)
    rest = chain.shift + ZERO_LEVEL * chain.scale
    users = takers(model).get(chain.tensor, [])
    is_plain = not any(spec.mean) and set(spec.std) == {1}
    can_take = bool(users) and all(_can_take(node, chain.shrink) for node in users)
    if not can_take or not is_plain or (np.abs(rest) > np.abs(chain.scale)).any():
        return Entry(tuple(node.name for node in chain.nodes), None)
    for node in users:
        weight, bias = node.input[1:3]
        arrays[bias] = arrays[bias] + (arrays[weight] * rest).sum(axis=(1, 2, 3))
        arrays[weight] = _spread(arrays[weight] * chain.scale, chain.shrink)
        _enlarge(node, chain.shrink)
        node.input[0] = _CENTRED
    set_constants(model, {**arrays, "image_zero": np.array(ZERO_LEVEL, np.float32)})
    centre = onnx.helper.make_node("Sub", [image, "image_zero"], [_CENTRED], "image_centre")
    replace_nodes(model, [centre, *(node for node in model.graph.node if node not in chain.nodes)])
    return Entry((centre.name,), _CENTRED)


def _chain(model: Model, image: str, arrays: dict[str, NDArray[np.float32]]) -> _Chain:
    """Follow the image as far as it goes through one node after the other of these kinds."""
    taken = takers(model)
    chain = _Chain([], image, np.ones((1, 1, 1, 1), np.float32), np.zeros((1, 1, 1, 1), np.float32), 1)
    while len(users := taken.get(chain.tensor, [])) == 1:
        node = users[0]
        step = _affine(node, chain.tensor, arrays)
        shrink = _shrink(node)
        if step is None and shrink is None:
            break
        factor, summand = step or (np.ones(1, np.float32), np.zeros(1, np.float32))
        chain = _Chain(
            [*chain.nodes, node],
            node.output[0],
            chain.scale * factor,
            chain.shift * factor + summand,
            chain.shrink * (shrink or 1),
        )
    return chain


def _affine(node: Node, tensor: str, arrays: dict[str, NDArray[np.float32]]) -> tuple[Floats, Floats] | None:
    """Factor and summand of a node that multiplies or adds constants, all or one for each channel."""
    if node.op_type not in ("Mul", "Div", "Add", "Sub"):
        return None
    first, second = node.input
    other = second if first == tensor else first
    if other not in arrays or (node.op_type in ("Div", "Sub") and first != tensor):
        return None
    value = arrays[other]
    if value.ndim > 4 or value.size not in (1, value.shape[-3] if value.ndim > 2 else 1):
        return None
    value = value.reshape(1, -1, 1, 1)
    one, zero = np.ones_like(value), np.zeros_like(value)
    kinds = {"Mul": (value, zero), "Div": (one / value, zero), "Add": (one, value), "Sub": (one, -value)}
    return kinds[node.op_type]


def _shrink(node: Node) -> int | None:
    """Side of the squares that an AveragePool makes one pixel of; None if it is another kind of node."""
    if node.op_type != "AveragePool":
        return None
    kernel, strides = attribute(node, "kernel_shape", []), attribute(node, "strides", [])
    plain = not any(attribute(node, "pads", [])) and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    is_square = len(kernel) == 2 and kernel[0] == kernel[1] and list(kernel) == list(strides)
    return int(kernel[0]) if plain and is_square else None


def _can_take(node: Node, shrink: int) -> bool:
    if node.op_type != "Conv" or is_grouped(node) or attribute(node, "auto_pad", b"NOTSET") != b"NOTSET":
        return False
    return shrink == 1 or set(attribute(node, "dilations", [1])) == {1}


def _spread(weight: Floats, shrink: int) -> Floats:
    """Weights of pixels from those of means over shrink x shrink pixels."""
    return np.asarray(weight.repeat(shrink, axis=2).repeat(shrink, axis=3) / shrink**2, np.float32)


def _enlarge(node: Node, shrink: int) -> None:
    """Kernel, strides and padding of a Conv in pixels from those in means over shrink x shrink pixels."""
    kernel, strides = attribute(node, "kernel_shape", None), attribute(node, "strides", [1, 1])
    values = {"strides": strides, "pads": attribute(node, "pads", [0, 0, 0, 0])}
    values |= {} if kernel is None else {"kernel_shape": kernel}
    set_attributes(node, {name: [side * shrink for side in sides] for name, sides in values.items()})
