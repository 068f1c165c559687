"""A network's file in the precision that a plan is to have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cabinsafe.errors import MissingExtraError, ModelError
from cabinsafe.pose.engines.options import Precision


def prepared_network(file: Path, precision: Precision, strongly_typed: bool) -> bytes:
    """ONNX bytes for TensorRT to build from.

    A strongly typed TensorRT computes as the file says: for fp16 the file is converted, its inputs and
    outputs stay float32. int8 always comes from the file's QuantizeLinear nodes: calibration by TensorRT is
    gone from version 11.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        ModelError: the file cannot be read, or is not quantised as the precision asks.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("building a TensorRT plan", "tensorrt", "onnx") from error
    content = file.read_bytes()
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf's DecodeError, from a package that is not ours to import
        raise ModelError(f"{file}: not a readable ONNX file: {error}") from error
    _check_quantisation(file, model, precision)
    if precision == "fp16" and strongly_typed:
        from onnxruntime.transformers.float16 import convert_float_to_float16

        return bytes(convert_float_to_float16(model, keep_io_types=True).SerializeToString())
    return content


def _check_quantisation(file: Path, model: Any, precision: Precision) -> None:
    quantisers = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    how = "cabinsafe export int8 --target tensorrt"
    if precision == "int8" and not quantisers:
        raise ModelError(f"{file}: int8 needs a quantised network, and this is a float one: {how} makes one")
    if precision != "int8" and quantisers:
        raise ModelError(f"{file}: {precision} needs a float network, and this one is quantised")
    uint8 = 2  # TensorProto.UINT8
    levels = {tensor.name for tensor in model.graph.initializer if tensor.data_type == uint8}
    if any(set(node.input) & levels for node in quantisers):
        raise ModelError(
            f"{file}: quantised for ONNX Runtime (uint8 activations), which TensorRT cannot read; {how} "
            "makes one that it can, from the float network"
        )
