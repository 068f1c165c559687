"""ONNX Runtime on the CPU: the embedded default engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cabinsafe.errors import EngineError
from cabinsafe.onnx_session import open_session
from cabinsafe.pose.engines.base import EngineBase, Tensor, TensorSpec

_DTYPES = MappingProxyType({"tensor(float)": "float32", "tensor(uint8)": "uint8", "tensor(int64)": "int64"})


class OnnxEngine(EngineBase):
    """Runs an ONNX file with float32 inputs and outputs.

    Args:
        path: the file; its digest is the caller's business (:meth:`PoseCard.verified_file`).
        threads: threads per run.

    Raises:
        ModelError: the file is missing or cannot be loaded.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        self._session: Any = open_session(Path(path), threads)
        self.inputs = tuple(_spec(tensor) for tensor in self._session.get_inputs())
        self.outputs = tuple(_spec(tensor) for tensor in self._session.get_outputs())

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see :class:`~cabinsafe.pose.engines.base.Engine`."""
        self._check(feeds)
        names = [spec.name for spec in self.outputs]
        try:
            results = self._session.run(names, dict(feeds))
        except Exception as error:  # onnxruntime's exceptions share no base class but this one
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        return {name: np.asarray(result) for name, result in zip(names, results, strict=True)}

    def close(self) -> None:
        """Free the session."""
        super().close()
        self._session = None


def _spec(tensor: Any) -> TensorSpec:
    shape = tuple(side if isinstance(side, int) else None for side in tensor.shape)
    return TensorSpec(tensor.name, shape, _DTYPES.get(tensor.type, tensor.type))
