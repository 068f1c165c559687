"""The ends of a network: convolutions that make its maps, and what only cuts and joins them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import onnx

from cabinsafe.training.pose.int8.calibrate import ChannelRange
from cabinsafe.training.pose.int8.graph import (
    Floats,
    Model,
    Node,
    constants,
    convolutions,
    outputs,
    per_channel,
    replace_nodes,
    set_constants,
    takers,
)

_CUTS_AND_JOINS: Final = frozenset({"Slice", "Split", "Concat", "Identity"})


class Ends(NamedTuple):
    """Names of the convolutions whose results are only cut and joined to outputs, and of those nodes."""

    heads: tuple[str, ...]
    tail: tuple[str, ...]


class Levels(NamedTuple):
    """Names of the tensors that hold levels, 0 to 255, and of the nodes that make maps of them."""

    tensors: list[str]
    nodes: list[str]


def find_ends(model: Model) -> Ends:
    """Look for them from the outputs backwards."""
    taken, final = takers(model), outputs(model)
    weighted = {node.name for node in convolutions(model)}
    heads: list[str] = []
    tail: list[str] = []
    for node in reversed(model.graph.node):
        users = [user for name in node.output for user in taken.get(name, [])]
        ends_here = all(user.name in tail for user in users) and bool(users or final & set(node.output))
        if ends_here and node.op_type in _CUTS_AND_JOINS:
            tail.append(node.name)
        elif ends_here and node.name in weighted:
            heads.append(node.name)
    return Ends(tuple(heads), tuple(tail))


def split_levels(model: Model, heads: tuple[str, ...], ranges: dict[str, ChannelRange]) -> Levels:
    """Let each head make the 8-bit levels of its maps, in place: every channel gets a scale of its own.

    Heatmaps, PAFs and distances differ in range, and a tensor has one scale. So the weights are scaled such
    that every channel runs from 0 to 255, and two nodes undo it; :func:`merge_levels` makes one of them.

    Args:
        model: the float network; its result stays the same.
        heads: names of the convolutions.
        ranges: of all tensors' channels; those of the new tensors are added.
    """
    arrays = constants(model)
    nodes: list[Node] = []
    levels = Levels([], [])
    for node in model.graph.node:
        nodes.append(node)
        if node.name not in heads:
            continue
        maps = node.output[0]
        scale, zero = _scale_and_zero(ranges.pop(maps))
        arrays[node.input[1]] = arrays[node.input[1]] / per_channel(scale)
        arrays[node.input[2]] = arrays[node.input[2]] / scale + zero
        arrays |= {f"{maps}_scale": scale.reshape(1, -1, 1, 1), f"{maps}_zero": zero.reshape(1, -1, 1, 1)}
        node.output[0] = f"{maps}_levels"
        edges = np.zeros(len(scale), np.float32), np.full(len(scale), 255, np.float32)
        ranges[f"{maps}_levels"] = ChannelRange(*edges)
        sub = onnx.helper.make_node(
            "Sub", [f"{maps}_levels", f"{maps}_zero"], [f"{maps}_steps"], f"{maps}_Sub"
        )
        mul = onnx.helper.make_node("Mul", [f"{maps}_steps", f"{maps}_scale"], [maps], f"{maps}_Mul")
        nodes += [sub, mul]
        levels.tensors.append(node.output[0])
        levels.nodes.extend((sub.name, mul.name))
    replace_nodes(model, nodes)
    set_constants(model, arrays)
    return levels


def merge_levels(model: Model, heads: tuple[str, ...]) -> None:
    """Make one DequantizeLinear of it and of the two nodes of :func:`split_levels`, in place."""
    arrays, made = constants(model), {name: node for node in model.graph.node for name in node.output}
    nodes = {node.name: node for node in model.graph.node}
    gone: list[str] = []
    for head in heads:
        maps = nodes[head].output[0].removesuffix("_levels")
        dequantize = made[nodes[f"{maps}_Sub"].input[0]]
        scale, zero = arrays[f"{maps}_scale"].ravel(), arrays[f"{maps}_zero"].ravel()
        set_constants(model, {f"{maps}_scale": scale, f"{maps}_zero": zero.astype(np.uint8)})
        dequantize.input[1], dequantize.input[2] = f"{maps}_scale", f"{maps}_zero"
        dequantize.output[0] = maps
        dequantize.attribute.append(onnx.helper.make_attribute("axis", 1))
        gone += [f"{maps}_Sub", f"{maps}_Mul"]
    replace_nodes(model, [node for node in model.graph.node if node.name not in gone])


def _scale_and_zero(channels: ChannelRange) -> tuple[Floats, Floats]:
    """(C,) step and zero level of each channel's 256 levels; the range is widened to hold zero."""
    low, high = np.minimum(channels.low, 0), np.maximum(channels.high, 0)
    scale = np.where(high > low, (high - low) / 255, 1).astype(np.float32)
    return scale, np.round(-low / scale).astype(np.float32)
