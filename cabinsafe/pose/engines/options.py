"""Which engine runs the network, and how: the engine's part of a cabin file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.options import Options

EngineKind = Literal["onnx", "openvino", "tensorrt", "replay"]
Precision = Literal["fp32", "fp16", "int8"]
Flavour = Literal["tensorrt", "tensorrt_rtx"]
Bindings = Literal["cuda-bindings", "pycuda"]


class TensorRTOptions(Options):
    """How TensorRT builds and runs a network."""

    precision: Precision = Field("fp16", description="int8 needs a network that was quantised for TensorRT")
    flavour: Flavour | None = Field(None, description="Package to use; by default the first that is there")
    bindings: Bindings | None = Field(
        None, description="Package for device memory; by default the first that is there"
    )
    batch: int | None = Field(
        None, ge=1, le=64, description="Frames per run to tune for; by default the number of cameras"
    )
    max_batch: int = Field(8, ge=1, le=64, description="Most frames per run")
    workspace_mib: int = Field(1024, ge=16, description="Scratch memory that a layer may use, MiB")
    gpu: int = Field(0, ge=0, description="Which GPU")
    letterbox: Literal["host", "device"] = Field(
        "host", description="Where frames are made the network's input: on the CPU, or on the GPU by a kernel"
    )
    cuda_graph: bool = Field(True, description="Replay a recorded graph of the run, where that is possible")
    cache: str | None = Field(None, description="Folder of built plans; by default in the user's cache")
    plan: str | None = Field(None, description="A plan of `cabinsafe engine build`, instead of the cache")
    allow_foreign: bool = Field(
        False, description="Load plans that were built elsewhere; they may hold code: only if you trust them"
    )

    @model_validator(mode="after")
    def _batch_fits(self) -> Self:
        if self.batch is not None and self.batch > self.max_batch:
            raise ValueError(f"batch {self.batch} is more than max_batch {self.max_batch}")
        return self

    def for_cameras(self, count: int) -> Self:
        """The same, with the batches that so many cameras need."""
        batch = self.batch or count
        return self.model_copy(update={"batch": batch, "max_batch": max(batch, count, self.max_batch)})


class EngineOptions(Options):
    """Which engine runs the network."""

    engine: EngineKind = Field("onnx", description="What runs it")
    recording: str | None = Field(None, description="For engine replay: .npz file of recorded maps")
    threads: int = Field(1, ge=1, le=64, description="Threads per run of the network, on the CPU")
    tensorrt: TensorRTOptions = TensorRTOptions()
