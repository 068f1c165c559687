"""A GPU for tests: it obeys the order of things that a real one demands, and says what was not given back.

Device memory is host memory, so kernels are the real source, compiled for the host. What goes onto the
stream runs when it is waited for, not before. :class:`FakeCudaBindings` and
``fake_pycuda.FakePyCuda`` are the two packages through which it is driven.
"""

from __future__ import annotations

import ctypes
import enum
import sys
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from host_kernels import HostKernel


class Status(enum.IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_CONTEXT = 201
    CUDA_ERROR_ILLEGAL_ADDRESS = 700
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901


class Refusal(Exception):
    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class FakeGpu:
    """The GPU itself.

    Args:
        fail_allocation: number, from 0, of the allocation that finds no memory.
        count: GPUs in the machine.
    """

    CONTEXT, STREAM = 0xC0, 0x57

    def __init__(self, fail_allocation: int | None = None, count: int = 1) -> None:
        self.fail_allocation, self.count = fail_allocation, count
        self.name, self.capability, self.driver_version = "Fake GPU", (8, 7), 12060
        self.calls: list[str] = []
        self.memory: dict[int, np.ndarray] = {}
        self.pinned: dict[int, np.ndarray] = {}
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self.live: list[str] = []
        self.allocations = 0
        self.spoilt: Status | None = None
        self.refuse_capture = False
        self._queue: list[Callable[[], None]] = []
        self._recording: list[Callable[[], None]] | None = None
        self._stacks: dict[int, list[int]] = {}

    def leaks(self) -> dict[str, Any]:
        """What is still held, by kind."""
        held = {"memory": self.memory, "pinned": self.pinned, "graphs": self.graphs, "live": self.live}
        current = [stack for stack in self._stacks.values() if stack]
        return {kind: list(things) for kind, things in (held | {"current": current}).items() if things}

    def note(self, call: str) -> None:
        self.calls.append(call)

    def need_context(self) -> None:
        if not self._stacks.get(threading.get_ident()):
            raise Refusal(Status.CUDA_ERROR_INVALID_CONTEXT)

    def on(self, stream: Any) -> FakeGpu:
        """Itself, if that is its stream."""
        if stream != self.STREAM:
            raise Refusal(Status.CUDA_ERROR_INVALID_VALUE)
        return self

    def push(self) -> None:
        if "context" not in self.live:
            raise Refusal(Status.CUDA_ERROR_INVALID_CONTEXT)
        self._stacks.setdefault(threading.get_ident(), []).append(self.CONTEXT)

    def pop(self) -> None:
        self.need_context()
        self._stacks[threading.get_ident()].pop()

    def allocate(self, nbytes: int, kind: str) -> int:
        self.need_context()
        number, self.allocations = self.allocations, self.allocations + 1
        if number == self.fail_allocation:
            raise Refusal(Status.CUDA_ERROR_OUT_OF_MEMORY)
        array = np.full(nbytes, 0xAB, np.uint8)
        getattr(self, kind)[array.ctypes.data] = array
        self.note(f"allocate {kind} {nbytes}")
        return array.ctypes.data

    def free(self, address: int, kind: str) -> None:
        self.need_context()
        if int(address) not in getattr(self, kind):
            raise Refusal(Status.CUDA_ERROR_INVALID_VALUE)
        del getattr(self, kind)[int(address)]
        self.note(f"free {kind}")

    def copy(self, target: int, source: int, nbytes: int, what: str) -> None:
        """Queue a copy between device and page-locked memory."""
        to, at = (self.memory, self.pinned) if what == "upload" else (self.pinned, self.memory)
        self._require_inside(to, target, nbytes)
        self._require_inside(at, source, nbytes)
        self.put(f"{what} {nbytes}", lambda: ctypes.memmove(target, source, nbytes))

    def put(self, call: str, work: Callable[[], Any]) -> None:
        """Put work onto the stream, or into the graph that is being recorded."""
        self.need_context()
        self.note(call)
        (self._queue if self._recording is None else self._recording).append(work)

    def synchronise(self) -> None:
        self.need_context()
        if self._recording is not None:
            raise Refusal(Status.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)
        self.note("synchronise")
        queue, self._queue = self._queue, []
        for work in queue:
            work()
        if self.spoilt is not None:
            raise Refusal(self.spoilt)

    def begin_capture(self) -> None:
        self.need_context()
        self.note("begin capture")
        self._recording = []

    def end_capture(self) -> int:
        self.need_context()
        recorded, self._recording = self._recording, None
        self.note("end capture")
        if self.refuse_capture:
            raise Refusal(Status.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED)
        handle = 0x6000 + len(self.calls)
        self.graphs[handle] = recorded or []
        return handle

    def copy_graph(self, graph: int) -> int:
        self.graphs[graph + 1] = self.graphs[graph]
        return graph + 1

    def free_graph(self, graph: int) -> None:
        del self.graphs[graph]

    def launch_graph(self, graph: int) -> None:
        self.put("launch graph", lambda works=tuple(self.graphs[graph]): [work() for work in works])

    def launch(
        self, kernel: HostKernel, grid: tuple[int, int], block: tuple[int, int], struct: bytes
    ) -> None:
        self.put(f"launch {kernel.name} {grid} {block}", lambda: kernel(grid, block, struct))

    def array_at(self, address: int, shape: tuple[int, ...]) -> np.ndarray:
        """Device memory as float32."""
        nbytes = 4 * int(np.prod(shape))
        self._require_inside(self.memory, address, nbytes)
        return np.ctypeslib.as_array((ctypes.c_float * (nbytes // 4)).from_address(address)).reshape(shape)

    @staticmethod
    def _require_inside(places: dict[int, np.ndarray], address: int, nbytes: int) -> None:
        if not any(a <= address and address + nbytes <= a + array.nbytes for a, array in places.items()):
            raise Refusal(Status.CUDA_ERROR_ILLEGAL_ADDRESS)


class FakeCudaBindings:
    """Stands in for ``cuda.bindings.driver`` and ``cuda.bindings.nvrtc``."""

    name = "cuda-bindings"

    def __init__(self, gpu: FakeGpu) -> None:
        def answer(function: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
            def call(*arguments: Any) -> tuple[Any, ...]:
                try:
                    value = function(*arguments)
                except Refusal as refusal:
                    return (refusal.status, None)
                return (Status.CUDA_SUCCESS,) if value is None else (Status.CUDA_SUCCESS, value)

            return call

        attributes = SimpleNamespace(
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR=0, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR=1
        )
        functions = {
            "cuInit": lambda flags: self._init(gpu),
            "cuDeviceGetCount": lambda: gpu.count,
            "cuDeviceGet": lambda index: index,
            "cuDeviceGetName": lambda length, device: gpu.name.encode().ljust(length, b"\0"),
            "cuDeviceGetAttribute": lambda attribute, device: gpu.capability[attribute],
            "cuDriverGetVersion": lambda: gpu.driver_version,
            "cuDevicePrimaryCtxRetain": lambda device: gpu.live.append("context") or gpu.CONTEXT,
            "cuDevicePrimaryCtxRelease": lambda device: gpu.live.remove("context"),
            "cuCtxPushCurrent": lambda context: gpu.push(),
            "cuCtxPopCurrent": lambda: gpu.pop() or gpu.CONTEXT,
            "cuStreamCreate": lambda flags: gpu.live.append("stream") or gpu.STREAM,
            "cuStreamDestroy": lambda stream: gpu.live.remove("stream"),
            "cuStreamSynchronize": lambda stream: gpu.on(stream).synchronise(),
            "cuStreamBeginCapture": lambda stream, mode: gpu.on(stream).begin_capture(),
            "cuStreamEndCapture": lambda stream: gpu.on(stream).end_capture(),
            "cuGraphInstantiate": lambda graph, flags: gpu.copy_graph(graph),
            "cuGraphDestroy": gpu.free_graph,
            "cuGraphLaunch": lambda graph, stream: gpu.on(stream).launch_graph(graph),
            "cuGraphExecDestroy": gpu.free_graph,
            "cuMemAlloc": lambda nbytes: gpu.allocate(nbytes, "memory"),
            "cuMemFree": lambda address: gpu.free(address, "memory"),
            "cuMemHostAlloc": lambda nbytes, flags: gpu.allocate(nbytes, "pinned"),
            "cuMemFreeHost": lambda address: gpu.free(address, "pinned"),
            "cuMemcpyHtoDAsync": lambda to, at, size, stream: gpu.on(stream).copy(to, at, size, "upload"),
            "cuMemcpyDtoHAsync": lambda to, at, size, stream: gpu.on(stream).copy(to, at, size, "download"),
            "cuModuleLoadData": lambda code: gpu.live.append("module") or code,
            "cuModuleUnload": lambda module: gpu.live.remove("module"),
            "cuModuleGetFunction": lambda module, name: HostKernel(module.decode(), name.decode()),
            "cuLaunchKernel": lambda kernel, gx, gy, gz, bx, by, bz, shared, stream, pointers, extra: (
                gpu.on(stream).launch(kernel, (gx, gy), (bx, by), _struct_at(pointers, kernel))),
        }  # fmt: skip
        self.driver = SimpleNamespace(
            CUdevice_attribute=attributes,
            CUstream_flags=SimpleNamespace(CU_STREAM_NON_BLOCKING=1),
            CUstreamCaptureMode=SimpleNamespace(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL=1),
            cuMemGetInfo=lambda: (Status.CUDA_SUCCESS, 1 << 20, 1 << 30),
            **{name: answer(function) for name, function in functions.items()},
        )
        self.nvrtc = FakeNvrtc()

    def install(self, monkeypatch: Any) -> None:
        package = ModuleType("cuda.bindings")
        package.driver, package.nvrtc = self.driver, self.nvrtc  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
        monkeypatch.setitem(sys.modules, "cuda.bindings", package)

    @staticmethod
    def _init(gpu: FakeGpu) -> None:
        if not gpu.count:
            raise Refusal(Status.CUDA_ERROR_NO_DEVICE)


class FakeNvrtc:
    """Its machine code is the source."""

    def nvrtcCreateProgram(self, source: bytes, name: bytes, *_: Any) -> tuple[Any, ...]:
        return Status.CUDA_SUCCESS, source

    def nvrtcCompileProgram(self, program: bytes, count: int, options: list[bytes]) -> tuple[Any, ...]:
        return (Status.CUDA_SUCCESS if options == [b"--gpu-architecture=sm_87"] else Status(1),)

    def nvrtcGetCUBINSize(self, program: bytes) -> tuple[Any, ...]:
        return Status.CUDA_SUCCESS, len(program)

    def nvrtcGetCUBIN(self, program: bytes, code: bytes) -> tuple[Any, ...]:
        ctypes.memmove(code, program, len(program))
        return (Status.CUDA_SUCCESS,)

    def nvrtcDestroyProgram(self, program: bytes) -> tuple[Any, ...]:
        return (Status.CUDA_SUCCESS,)


def _struct_at(pointers: int, kernel: HostKernel) -> bytes:
    """The bytes of a kernel's one parameter."""
    first = ctypes.c_void_p.from_address(pointers).value
    return ctypes.string_at(first, kernel.argument_bytes)


class Held:
    """What is freed with the last reference to it."""

    def __init__(self, gpu: FakeGpu, what: str) -> None:
        self.gpu, self.what = gpu, what
        gpu.live.append(what)

    def __del__(self) -> None:
        self.gpu.need_context()
        self.gpu.live.remove(self.what)
