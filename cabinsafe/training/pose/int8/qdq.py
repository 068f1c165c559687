"""QuantizeLinear and DequantizeLinear nodes in a float network, by ONNX Runtime's quantiser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from cabinsafe.training.pose.int8.graph import Model, replace_nodes, set_constants, takers, with_shapes

Target = Literal["onnxruntime", "tensorrt"]

_WITHOUT_ARITHMETIC: Final = frozenset({"QuantizeLinear", "Shape"})

_WEIGHTED: Final = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_ACTIVATIONS: Final = frozenset({"Relu", "LeakyRelu", "PRelu", "Elu", "Clip", "Sigmoid", "Tanh", "HardSwish"})


def insert_qdq(
    model: Model, ranges: Mapping[str, tuple[float, float]], excluded: Iterable[str], target: Target
) -> Model:
    """Return the quantised network: int8 weights per output channel, activations per tensor.

    For ONNX Runtime activations are uint8 with a zero of their own and biases int32. TensorRT takes neither:
    there activations are int8 around zero, biases are float, and nothing is rounded between a convolution
    and its activation function, which run as one.

    Args:
        model: the float network, taken apart by this.
        ranges: what the 8 bits of every tensor shall cover.
        excluded: names of the nodes that stay float.
        target: which runtime it is for.
    """
    data = {
        name: TensorData(lowest=np.array(low, np.float32), highest=np.array(high, np.float32))
        for name, (low, high) in ranges.items()
    }
    symmetric = target == "tensorrt"
    kinds = {node.op_type for node in model.graph.node}
    quantiser = QDQQuantizer(
        with_shapes(model),
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QInt8 if symmetric else QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, data),
        nodes_to_quantize=[],
        nodes_to_exclude=list(excluded),
        op_types_to_quantize=sorted(kinds - _ACTIVATIONS if symmetric else kinds),
        extra_options={
            "ActivationSymmetric": symmetric,
            "QuantizeBias": not symmetric,
            "OpTypesToExcludeOutputQuantization": sorted(_WEIGHTED) if symmetric else [],
            "ForceQuantizeNoInputCheck": True,
        },
    )
    quantiser.quantize_model()
    quantiser.model.topological_sort()
    return quantiser.model.model


def read_levels_from_image(model: Model, centred: str) -> None:
    """Take out the node that centres the image, in place: a grey level is its own quantised value.

    QuantizeLinear then rounds the image itself, with zero level 0; the DequantizeLinear that follows keeps
    its zero level, which does the centring.
    """
    centre = next(node for node in model.graph.node if centred in node.output)
    (quantize,) = takers(model)[centred]
    quantize.input[0], quantize.input[2] = centre.input[0], "image_zero_level"
    set_constants(model, {"image_zero_level": np.array(0, np.uint8)})
    replace_nodes(model, [node for node in model.graph.node if node.name != centre.name])


def float_nodes(model: Model, target: Target) -> tuple[str, ...]:
    """Kind and name of every node that computes with floats.

    For ONNX Runtime these are those of the graph that it makes of the model; for TensorRT, which fuses more,
    those of the model that take a float which no quantised node made.
    """
    fused = model if target == "tensorrt" else _fused(model)
    is_float = {value.name: True for value in fused.graph.input}
    found = []
    for node in fused.graph.node:
        takes_float = any(is_float.get(name, False) for name in node.input)
        if node.op_type == "DequantizeLinear":
            makes_float = target == "onnxruntime"
        else:
            makes_float = takes_float and node.op_type not in _WITHOUT_ARITHMETIC
            if makes_float:
                found.append(f"{node.op_type} {node.name}")
        is_float |= dict.fromkeys(node.output, makes_float)
    return tuple(found)


def _fused(model: Model) -> Model:
    """The graph that ONNX Runtime runs."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 3
    with TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "fused.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)
