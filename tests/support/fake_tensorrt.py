"""TensorRT for tests, in the shape of each version: it checks what the real one demands, and runs the network
with ONNX Runtime when the fake GPU comes to it.
"""

from __future__ import annotations

import enum
import json
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
from fake_gpu import FakeGpu, Held


class FakeTensorRT:
    """A module object.

    Args:
        gpu: the GPU.
        flavour: import name.
        version: which of the supported versions to be like.
    """

    def __init__(self, gpu: FakeGpu, flavour: str = "tensorrt", version: str = "10.3.0") -> None:
        self.gpu, self.flavour, self.__version__ = gpu, flavour, version
        self.__name__ = flavour
        major = 11 if flavour == "tensorrt_rtx" else int(version.partition(".")[0])
        self.is_old = major < 10
        flags = ["TF32", "REFIT"] + ([] if major >= 11 else ["FP16", "INT8"])
        self.BuilderFlag = enum.Enum("BuilderFlag", flags)
        creation = ["EXPLICIT_BATCH"] if self.is_old else ["STRONGLY_TYPED"]
        self.NetworkDefinitionCreationFlag = enum.IntEnum("NetworkDefinitionCreationFlag", creation, start=0)
        self.MemoryPoolType = enum.Enum("MemoryPoolType", ["WORKSPACE"])
        self.TensorIOMode = enum.Enum("TensorIOMode", ["INPUT", "OUTPUT"])
        self.DataType = enum.Enum("DataType", ["FLOAT", "HALF"])
        self.ILogger = _Logger
        self.build_fails: str | None = None
        self.load_fails: str | None = None
        self.enqueue_fails = False
        self.capturable = True
        self.builds: list[dict[str, Any]] = []
        self.Builder = lambda logger: _Builder(self, logger)
        self.OnnxParser = _Parser
        self.Runtime = lambda logger: _Runtime(self, logger)

    def install(self, monkeypatch: Any) -> None:
        other = {"tensorrt": "tensorrt_rtx", "tensorrt_rtx": "tensorrt"}[self.flavour]
        monkeypatch.setitem(sys.modules, self.flavour, self)
        monkeypatch.setitem(sys.modules, other, None)


class _Logger:
    Severity = enum.Enum("Severity", ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"])

    def complain(self, message: str) -> None:
        self.log(self.Severity.WARNING, "a warning")
        self.log(self.Severity.ERROR, message)


class _Builder:
    def __init__(self, trt: FakeTensorRT, logger: Any) -> None:
        if trt.flavour == "tensorrt":
            trt.gpu.need_context()
        self.trt, self.logger = trt, logger

    def create_network(self, flags: int) -> Any:
        assert flags == (1 if self.trt.is_old else 0)
        return SimpleNamespace(session=None)

    def create_builder_config(self) -> Any:
        return _Config(self.trt)

    def create_optimization_profile(self) -> Any:
        return _Profile()

    def build_serialized_network(self, network: Any, config: Any) -> Any:
        if self.trt.build_fails:
            self.logger.complain(self.trt.build_fails)
            return None
        shapes = [p.shapes for p in config.profiles] or [{"": [network.image.shape] * 3}]
        self.trt.builds.append({"flags": config.flags, "shapes": shapes[0], "workspace": config.workspace})
        header = json.dumps(shapes[0]).encode()
        return memoryview(len(header).to_bytes(4, "little") + header + network.content)


class _Config:
    def __init__(self, trt: FakeTensorRT) -> None:
        self.flags, self.profiles, self.workspace = {trt.BuilderFlag.TF32}, [], None

    def set_flag(self, flag: Any) -> None:
        self.flags.add(flag)

    def clear_flag(self, flag: Any) -> None:
        self.flags.discard(flag)

    def set_memory_pool_limit(self, pool: Any, nbytes: int) -> None:
        self.workspace = nbytes

    def add_optimization_profile(self, profile: Any) -> None:
        self.profiles.append(profile)


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        assert len(shapes) == 3
        self.shapes[name] = list(shapes)


class _Parser:
    def __init__(self, network: Any, logger: Any) -> None:
        self.network, self.logger, self.errors = network, logger, []

    num_errors = property(lambda self: len(self.errors))

    def get_error(self, index: int) -> str:
        return self.errors[index]

    def parse(self, content: bytes) -> bool:
        try:
            session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:
            self.errors.append(f"no ONNX: {error}")
            return False
        (image,) = session.get_inputs()
        shape = tuple(side if isinstance(side, int) else -1 for side in image.shape)
        self.network.content, self.network.image = content, SimpleNamespace(name=image.name, shape=shape)
        self.network.get_input = lambda index: self.network.image
        return True


class _Held(Held):
    """Notes, too, when it is freed."""

    def __del__(self) -> None:
        super().__del__()
        self.gpu.note(f"free {self.what}")


class _Runtime(_Held):
    def __init__(self, trt: FakeTensorRT, logger: Any) -> None:
        trt.gpu.need_context()  # the real one may crash without
        super().__init__(trt.gpu, "runtime")
        self.trt, self.logger = trt, logger

    def deserialize_cuda_engine(self, plan: bytes) -> Any:
        if self.trt.load_fails:
            self.logger.complain(self.trt.load_fails)
            return None
        return _Engine(self.trt, plan)


class _Engine(_Held):
    def __init__(self, trt: FakeTensorRT, plan: bytes) -> None:
        super().__init__(trt.gpu, "engine")
        length = int.from_bytes(plan[:4], "little")
        self.trt, self.shapes = trt, json.loads(plan[4 : 4 + length])
        self.session = onnxruntime.InferenceSession(plan[4 + length :], providers=["CPUExecutionProvider"])
        (image,) = self.session.get_inputs()
        if "" in self.shapes:
            self.shapes = {image.name: self.shapes[""]}
        self.names = [image.name, *(output.name for output in self.session.get_outputs())]
        self.num_io_tensors = len(self.names)
        setattr(self, "device_memory_size" if trt.is_old else "device_memory_size_v2", 4096)

    def get_tensor_name(self, index: int) -> str:
        return self.names[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        smallest, _, largest = self.shapes[name]
        return tuple(low if low == high else -1 for low, high in zip(smallest, largest, strict=True))

    def get_tensor_mode(self, name: str) -> Any:
        return self.trt.TensorIOMode.INPUT if name in self.shapes else self.trt.TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        return self.trt.DataType.FLOAT

    def get_tensor_profile_shape(self, name: str, profile: int) -> Any:
        assert profile == 0
        assert -1 in self.get_tensor_shape(name), "what is fixed need not be in a profile"
        return self.shapes[name]

    def create_execution_context(self) -> Any:
        return _Context(self)


class _Context(_Held):
    def __init__(self, engine: _Engine) -> None:
        super().__init__(engine.gpu, "execution context")
        self.engine, self.shapes, self.addresses = engine, {}, {}
        if engine.trt.flavour == "tensorrt_rtx":
            self.is_stream_capturable = lambda stream: engine.trt.capturable

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        smallest, _, largest = self.engine.shapes[name]
        self.shapes[name] = tuple(shape)
        return all(low <= side <= high for low, side, high in zip(smallest, shape, largest, strict=True))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        if name in self.shapes:
            return self.shapes[name]
        image = self.engine.names[0]
        feed = {image: np.zeros(self.shapes[image], np.float32)}
        return self.engine.session.run([name], feed)[0].shape

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return name in self.engine.names

    def execute_async_v3(self, stream: int) -> bool:
        gpu = self.engine.gpu
        assert stream == gpu.STREAM
        assert set(self.addresses) == set(self.engine.names), "every tensor has an address"
        if self.engine.trt.enqueue_fails:
            return False
        image = self.engine.names[0]
        shape = self.shapes[image]
        addresses = dict(self.addresses)

        def work() -> None:
            feed = {image: gpu.array_at(addresses[image], shape).copy()}
            for name, value in zip(self.engine.names[1:], self.engine.session.run(None, feed), strict=True):
                gpu.array_at(addresses[name], value.shape)[...] = value

        gpu.put(f"run {shape[0]}", work)
        return True
