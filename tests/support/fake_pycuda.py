"""``pycuda`` for tests, on the fake GPU."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from fake_gpu import FakeGpu, Held, Refusal, Status
from host_kernels import HostKernel


class Error(Exception):
    pass


class OutOfMemory(Error):
    pass


class CompileError(Error):
    pass


class FakePyCuda:
    """Stands in for ``pycuda.driver`` and ``pycuda.compiler``."""

    def __init__(self, gpu: FakeGpu) -> None:
        self.driver = ModuleType("pycuda.driver")
        self.driver.__dict__.update(
            Error=Error,
            MemoryError=OutOfMemory,
            CompileError=CompileError,
            Device=type("Device", (_Device,), {"gpu": gpu, "count": staticmethod(lambda: gpu.count)}),
            Context=SimpleNamespace(pop=partial(_mapped, gpu.pop)),
            Stream=partial(_Stream, gpu),
            init=lambda: None,
            get_driver_version=lambda: gpu.driver_version,
            mem_alloc=lambda nbytes: _Allocation(gpu, nbytes, "memory"),
            mem_get_info=lambda: (1 << 20, 1 << 30),
            pagelocked_empty=lambda nbytes, dtype: _pinned(_Allocation(gpu, nbytes, "pinned"), nbytes),
            memcpy_htod_async=lambda to, source, stream: _mapped(
                gpu.on(stream.handle).copy, to, source.ctypes.data, source.nbytes, "upload"
            ),
            memcpy_dtoh_async=lambda to, source, stream: _mapped(
                gpu.on(stream.handle).copy, to.ctypes.data, source, to.nbytes, "download"
            ),
            module_from_buffer=partial(_Module, gpu),
        )

    def install(self, monkeypatch: Any) -> None:
        package, compiler = ModuleType("pycuda"), ModuleType("pycuda.compiler")
        package.driver, package.compiler = self.driver, compiler
        compiler.compile = lambda source, no_extern_c, arch: source.encode()
        monkeypatch.setitem(sys.modules, "cuda.bindings", None)
        for module in (package, self.driver, compiler):
            monkeypatch.setitem(sys.modules, module.__name__, module)


def _mapped(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Refusal as refusal:
        is_memory = refusal.status is Status.CUDA_ERROR_OUT_OF_MEMORY
        raise (OutOfMemory if is_memory else Error)(refusal.status.name) from None


class _Allocation:
    def __init__(self, gpu: FakeGpu, nbytes: int, kind: str) -> None:
        self.gpu, self.kind = gpu, kind
        self.address = _mapped(gpu.allocate, nbytes, kind)

    def __int__(self) -> int:
        return self.address

    def free(self) -> None:
        _mapped(self.gpu.free, self.address, self.kind)


class _PinnedArray(np.ndarray):
    """numpy's own ``base`` would be the ctypes buffer; pycuda's is the allocation."""

    @property
    def base(self) -> Any:
        return self.allocation


def _pinned(allocation: _Allocation, nbytes: int) -> np.ndarray:
    array = np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(int(allocation)))
    view = array.view(_PinnedArray)
    view.allocation = allocation
    return view


class _Stream(Held):
    def __init__(self, gpu: FakeGpu, flags: int = 0) -> None:
        _mapped(gpu.need_context)
        super().__init__(gpu, "stream")
        self.handle = gpu.STREAM

    def synchronize(self) -> None:
        _mapped(self.gpu.synchronise)


class _Module(Held):
    def __init__(self, gpu: FakeGpu, code: bytes) -> None:
        super().__init__(gpu, "module")
        self.code = code

    def get_function(self, name: str) -> Any:
        kernel = HostKernel(self.code.decode(), name)

        def run(struct: np.ndarray, *, grid: Any, block: Any, stream: _Stream) -> None:
            self.gpu.on(stream.handle).launch(kernel, grid, block[:2], struct.tobytes())

        return run


class _Context:
    def __init__(self, gpu: FakeGpu) -> None:
        self.gpu = gpu
        gpu.live.append("context")

    def push(self) -> None:
        _mapped(self.gpu.push)

    def detach(self) -> None:
        self.gpu.live.remove("context")


class _Device:
    gpu: FakeGpu

    def __init__(self, index: int) -> None:
        pass

    def name(self) -> str:
        return self.gpu.name

    def compute_capability(self) -> tuple[int, int]:
        return self.gpu.capability

    def retain_primary_context(self) -> _Context:
        return _Context(self.gpu)
