"""The float network, checked and simplified for quantisation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization.shape_inference import quant_pre_process

from cabinsafe.errors import ModelError
from cabinsafe.pose.card import InputSpec, PoseCard
from cabinsafe.training.pose.int8.graph import (
    Floats,
    Model,
    Node,
    constants,
    convolutions,
    drop_unused,
    is_grouped,
    replace_nodes,
    set_constants,
    takers,
)

ZERO_LEVEL: Final = 128
"""The grey level that the quantised network takes as zero."""

_CENTRED: Final = "image_centred"
_OLDEST_OPSET: Final = 13
"""The first in which QuantizeLinear has an axis."""


class Normalisation(NamedTuple):
    """The nodes from the image to the first convolutions, and the tensor image - 128 if they make that."""

    nodes: tuple[str, ...]
    centred: str | None


def load_source(card: PoseCard) -> Model:
    """Read a card's network; batch norms are folded, constants computed, every Conv has a bias.

    Raises:
        ModelError: the file is missing, not the one of the card, or no float32 network that can be quantised.
    """
    path = card.verified_file()
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own errors have no common base with the others
        raise ModelError(f"{path}: not a readable ONNX file: {error}") from error
    _check(model, card, path)
    with TemporaryDirectory() as folder:
        simplified = Path(folder) / "simplified.onnx"
        try:
            quant_pre_process(str(path), str(simplified), skip_symbolic_shape=True)
            model = onnx.load(str(simplified))
        except Exception as error:  # onnxruntime's exceptions share no base class but this one
            raise ModelError(f"{path}: ONNX Runtime cannot load it: {error}") from error
    names = Counter(node.name for node in model.graph.node)
    for number, node in enumerate(model.graph.node):
        if not node.name or names[node.name] > 1:
            node.name = f"{node.op_type}_{number}"
    _add_biases(model)
    return model


def _check(model: Model, card: PoseCard, path: Path) -> None:
    if any(onnx.external_data_helper.uses_external_data(tensor) for tensor in model.graph.initializer):
        raise ModelError(f"{path}: its weights lie in other files; expected one self-contained file")
    opset = max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)
    if opset < _OLDEST_OPSET:
        raise ModelError(f"{path}: opset {opset}; expected {_OLDEST_OPSET} or newer")
    quantised = [node.op_type for node in model.graph.node if "QuantizeLinear" in node.op_type]
    quantised += [node.op_type for node in model.graph.node if node.op_type.startswith("QLinear")]
    if quantised:
        raise ModelError(f"{path}: already quantised, it has {quantised[0]} nodes; expected a float network")
    inputs = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    if inputs != {card.input.name: onnx.TensorProto.FLOAT}:
        raise ModelError(f"{path}: expected one float32 input '{card.input.name}', found {', '.join(inputs)}")
    made = {value.name for value in model.graph.output}
    missing = [name for name in card.maps.names if name not in made]
    if missing:
        raise ModelError(f"{path}: no output '{missing[0]}', which its card names; it has {', '.join(made)}")
    if not list(convolutions(model)):
        raise ModelError(f"{path}: no convolutions with constant weights, so nothing to quantise")


def _add_biases(model: Model) -> None:
    """Give every Conv a bias of its own, so that later steps can change it."""
    arrays = constants(model)
    for node in convolutions(model):
        weight = arrays[node.input[1]]
        bias = arrays[node.input[2]] if len(node.input) > 2 else np.zeros(len(weight), np.float32)
        names = [f"{node.name}_weight", f"{node.name}_bias"]
        set_constants(model, dict(zip(names, (weight, bias), strict=True)))
        replaced = [node.input[0], *names]
        del node.input[:]
        node.input.extend(replaced)
    drop_unused(model)


def fold_normalisation(model: Model, spec: InputSpec) -> Normalisation:
    """Move ``image * scale + shift`` into the first convolutions, in place: their input becomes image - 128.

    That input is exact in 8 bits, and the normalisation costs nothing. It is left as it is where it is not
    of this form, or where its zero lies more than one grey level from :data:`ZERO_LEVEL`: the convolutions'
    padding stands for zero, and would change.

    Args:
        model: the float network.
        spec: how it is fed; only plain grey levels are exact.
    """
    arrays, taken = constants(model), takers(model)
    tensor = image = model.graph.input[0].name
    scale: Floats = np.ones((1, 1, 1, 1), np.float32)
    shift: Floats = np.zeros((1, 1, 1, 1), np.float32)
    chain: list[Node] = []
    while (step := _affine_step(taken.get(tensor, []), tensor, arrays)) is not None:
        scale, shift = scale * step[0], shift * step[0] + step[1]
        chain.append(taken[tensor][0])
        tensor = chain[-1].output[0]
    rest = shift + ZERO_LEVEL * scale
    users = taken.get(tensor, [])
    can_take = users and all(node.op_type == "Conv" and not is_grouped(node) for node in users)
    is_plain = not any(spec.mean) and set(spec.std) == {1}
    if not can_take or not is_plain or (np.abs(rest) > np.abs(scale)).any():
        return Normalisation(tuple(node.name for node in chain), None)
    for node in users:
        weight, bias = node.input[1:3]
        arrays[bias] = arrays[bias] + (arrays[weight] * rest).sum(axis=(1, 2, 3))
        arrays[weight] = arrays[weight] * scale
        node.input[0] = _CENTRED
    set_constants(model, {**arrays, "image_zero": np.array(ZERO_LEVEL, np.float32)})
    centre = onnx.helper.make_node("Sub", [image, "image_zero"], [_CENTRED], "image_centre")
    replace_nodes(model, [centre, *(node for node in model.graph.node if node not in chain)])
    return Normalisation((centre.name,), _CENTRED)


def _affine_step(
    users: list[Node], tensor: str, arrays: dict[str, NDArray[np.float32]]
) -> tuple[Floats, Floats] | None:
    """Factor and summand of the only node that takes a tensor; None if it is another kind of node."""
    if len(users) != 1 or users[0].op_type not in ("Mul", "Div", "Add", "Sub"):
        return None
    first, second = users[0].input
    kind = users[0].op_type
    other = second if first == tensor else first
    if other not in arrays or (kind in ("Div", "Sub") and first != tensor):
        return None
    value = arrays[other]
    if value.ndim > 4 or value.size not in (1, value.shape[-3] if value.ndim > 2 else 1):
        return None
    value = value.reshape(1, -1, 1, 1)
    one, zero = np.ones_like(value), np.zeros_like(value)
    return {"Mul": (value, zero), "Div": (one / value, zero), "Add": (one, value), "Sub": (one, -value)}[kind]
