"""One way to open an ONNX file with ONNX Runtime, for networks and classifiers alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cabinsafe.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(path: Path, threads: int = 1) -> InferenceSession:
    """CPU session on a file, with ``threads`` threads that sleep, not spin, between runs.

    Raises:
        ModelError: the file is missing or ONNX Runtime refuses it.
    """
    import onnxruntime

    if not path.is_file():
        raise ModelError(f"the model file {path} does not exist")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class but this one
        raise ModelError(f"ONNX Runtime cannot load {path}: {error}") from error
