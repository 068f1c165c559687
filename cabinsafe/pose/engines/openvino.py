"""OpenVINO on the CPU: the quickest engine on x86 where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cabinsafe.errors import EngineError, MissingExtraError, ModelError
from cabinsafe.pose.engines.base import EngineBase, Tensor, TensorSpec


class OpenVinoEngine(EngineBase):
    """Runs an ONNX file with float32 inputs and outputs, in the precision that the file says.

    Left alone, OpenVINO computes float layers in bfloat16 where the CPU has it; float32 keeps the maps
    within rounding of ONNX Runtime's.

    Args:
        path: the file; its digest is the caller's business (:meth:`PoseCard.verified_file`).
        threads: threads per run.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        ModelError: the file is missing or cannot be loaded.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        openvino = _openvino()
        if not Path(path).is_file():
            raise ModelError(f"the model file {path} does not exist")
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
        }
        try:
            self._compiled: Any = openvino.Core().compile_model(str(path), "CPU", options)
            self._request: Any = self._compiled.create_infer_request()
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot load {path}: {error}") from error
        self.inputs = tuple(_spec(port) for port in self._compiled.inputs)
        self.outputs = tuple(_spec(port) for port in self._compiled.outputs)

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see :class:`~cabinsafe.pose.engines.base.Engine`."""
        self._check(feeds)
        try:
            results = self._request.infer(dict(feeds), share_inputs=True, share_outputs=False)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO failed: {error}") from error
        return {spec.name: result for spec, result in zip(self.outputs, results.values(), strict=True)}

    def close(self) -> None:
        """Free the network."""
        super().close()
        self._request = self._compiled = None


def describe() -> str:
    """Version and devices, for people.

    Raises:
        MissingExtraError: OpenVINO is not installed.
    """
    openvino = _openvino()
    return f"OpenVINO {openvino.__version__}, {', '.join(openvino.Core().available_devices)}"


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("engine 'openvino'", "openvino", "openvino") from error
    return openvino


def _spec(port: Any) -> TensorSpec:
    shape = tuple(None if side.is_dynamic else side.get_length() for side in port.partial_shape)
    return TensorSpec(port.any_name, shape, port.element_type.to_dtype().name)
