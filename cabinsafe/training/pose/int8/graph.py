"""Small helpers on ONNX graphs: constants as arrays, who takes a tensor, convolutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Floats = NDArray[np.floating]
Model = Any
Node = Any


def constants(model: Model) -> dict[str, NDArray[Any]]:
    """Copies of the initialisers by name."""
    return {tensor.name: numpy_helper.to_array(tensor).copy() for tensor in model.graph.initializer}


def set_constants(model: Model, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Replace initialisers of the same names; add those that are new."""
    known = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(np.ascontiguousarray(array), name)
        if name in known:
            known[name].CopyFrom(tensor)
        else:
            model.graph.initializer.append(tensor)


def takers(model: Model) -> dict[str, list[Node]]:
    """The nodes that take each tensor."""
    found: dict[str, list[Node]] = {}
    for node in model.graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node)
    return found


def outputs(model: Model) -> set[str]:
    """Names of the graph's outputs."""
    return {value.name for value in model.graph.output}


def convolutions(model: Model) -> Iterator[Node]:
    """The Conv nodes with constant weights, in order."""
    known = {tensor.name for tensor in model.graph.initializer}
    return (node for node in model.graph.node if node.op_type == "Conv" and node.input[1] in known)


def is_depthwise(node: Node, weight: Floats) -> bool:
    """Whether a Conv gives every channel a filter of its own."""
    return bool(_groups(node) == weight.shape[0] and weight.shape[1] == 1)


def is_grouped(node: Node) -> bool:
    """Whether a Conv has groups, depth-wise ones included."""
    return _groups(node) > 1


def attribute(node: Node, name: str, default: Any) -> Any:
    """Value of a node's attribute."""
    values = (onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name)
    return next(values, default)


def set_attributes(node: Node, values: Mapping[str, Any]) -> None:
    """Replace a node's attributes of these names."""
    kept = [a for a in node.attribute if a.name not in values]
    del node.attribute[:]
    node.attribute.extend([*kept, *(onnx.helper.make_attribute(*item) for item in values.items())])


def per_channel(values: NDArray[Any]) -> Floats:
    """(C,) as (C, 1, 1, 1) float32: one factor for each output channel of a weight."""
    return np.asarray(values, np.float32).reshape(-1, 1, 1, 1)


def replace_nodes(model: Model, nodes: list[Node]) -> None:
    """Set the graph's list of nodes."""
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def drop_unused(model: Model) -> None:
    """Take out the initialisers that no node takes, in place."""
    used = takers(model)
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def with_shapes(model: Model) -> Model:
    """The model with the type and shape of every tensor noted in it."""
    return onnx.shape_inference.infer_shapes(model)


def float_tensors(model: Model) -> list[str]:
    """Names of all float32 tensors that nodes make, in order; needs :func:`with_shapes`."""
    values = [*model.graph.value_info, *model.graph.output]
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    made = [name for node in model.graph.node for name in node.output]
    return [name for name in made if types.get(name) == onnx.TensorProto.FLOAT]


def _groups(node: Node) -> int:
    return int(attribute(node, "group", 1))
