"""The float network, checked and simplified for quantisation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import onnx
from onnxruntime.quantization.shape_inference import quant_pre_process

from cabinsafe.errors import ModelError
from cabinsafe.pose.card import PoseCard
from cabinsafe.training.pose.int8.graph import Model, constants, convolutions, drop_unused, set_constants

_OLDEST_OPSET: Final = 13
"""The first in which QuantizeLinear has an axis."""


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
