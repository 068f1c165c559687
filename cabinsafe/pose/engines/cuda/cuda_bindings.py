"""A GPU through NVIDIA's ``cuda-bindings``."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.closing import Closing
from cabinsafe.errors import EngineError
from cabinsafe.pose.engines.cuda.device import HostBuffer, out_of_memory


class CudaBindingsDevice(Closing):
    """See :class:`~cabinsafe.pose.engines.cuda.device.Device`.

    It holds a reference to the GPU's primary context, which TensorRT, torch and others in the process share,
    and makes it current only during its own calls.

    Raises:
        ModuleNotFoundError: the package is not installed.
        EngineError: no NVIDIA driver, or no such GPU.
    """

    can_capture = True

    def __init__(self, index: int = 0) -> None:
        from cuda.bindings import driver

        self._cu: Any = driver
        self._modules: list[Any] = []
        self._open = False
        self._start()
        count = self._call("cuDeviceGetCount")
        if index >= count:
            raise EngineError(f"GPU {index} asked for; this machine has {count}")
        self._device = self._call("cuDeviceGet", index)
        self.name = self._call("cuDeviceGetName", 128, self._device).split(b"\0")[0].decode()
        attributes = driver.CUdevice_attribute
        self.compute_capability = (
            self._call(
                "cuDeviceGetAttribute", attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, self._device
            ),
            self._call(
                "cuDeviceGetAttribute", attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, self._device
            ),
        )
        version = self._call("cuDriverGetVersion")
        self.driver = f"{version // 1000}.{version % 1000 // 10}"
        self._context = self._call("cuDevicePrimaryCtxRetain", self._device)
        self._open = True
        try:
            with self.current():
                self._stream = self._call("cuStreamCreate", driver.CUstream_flags.CU_STREAM_NON_BLOCKING)
        except EngineError:
            self._release_context()
            raise
        self.stream = int(self._stream)

    def _start(self) -> None:
        try:
            self._call("cuInit", 0)
        except (EngineError, OSError, RuntimeError) as error:  # the loader's own errors are RuntimeErrors
            raise EngineError(f"no usable NVIDIA driver: {error}") from error

    def _call(self, function: str, *arguments: Any) -> Any:
        """Value of a driver function; several come as a tuple, none as None."""
        status, *values = getattr(self._cu, function)(*arguments)
        if int(status) != 0:
            raise EngineError(f"CUDA refused {function}: {status.name}")
        return values[0] if len(values) == 1 else tuple(values) or None

    @contextmanager
    def current(self) -> Iterator[None]:
        """Push the context onto the calling thread's, and pop it."""
        if not self._open:
            raise EngineError("the GPU was closed")
        self._call("cuCtxPushCurrent", self._context)
        try:
            yield
        finally:
            self._call("cuCtxPopCurrent")

    def allocate(self, nbytes: int) -> int:
        """Device memory."""
        try:
            return int(self._call("cuMemAlloc", nbytes))
        except EngineError as error:
            free, _ = self._call("cuMemGetInfo")
            raise out_of_memory("device", nbytes, free) from error

    def free(self, address: int) -> None:
        """Free device memory."""
        self._call("cuMemFree", address)

    def allocate_host(self, nbytes: int) -> HostBuffer:
        """Page-locked memory."""
        try:
            address = int(self._call("cuMemHostAlloc", nbytes, 0))
        except EngineError as error:
            raise out_of_memory("page-locked", nbytes) from error
        return HostBuffer(np.ctypeslib.as_array((ctypes.c_uint8 * nbytes).from_address(address)), address)

    def free_host(self, buffer: HostBuffer) -> None:
        """Free page-locked memory."""
        self._call("cuMemFreeHost", buffer.handle)

    def upload(self, address: int, source: NDArray[Any]) -> None:
        """Copy to the device."""
        self._call("cuMemcpyHtoDAsync", address, source.ctypes.data, source.nbytes, self._stream)

    def download(self, target: NDArray[Any], address: int) -> None:
        """Copy from the device."""
        self._call("cuMemcpyDtoHAsync", target.ctypes.data, address, target.nbytes, self._stream)

    def synchronise(self) -> None:
        """Wait for the stream."""
        self._call("cuStreamSynchronize", self._stream)

    def begin_capture(self) -> None:
        """Record; other threads may go on allocating meanwhile."""
        mode = self._cu.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        self._call("cuStreamBeginCapture", self._stream, mode)

    def end_capture(self) -> Any:
        """Stop recording."""
        graph = self._call("cuStreamEndCapture", self._stream)
        try:
            return self._call("cuGraphInstantiate", graph, 0)
        finally:
            self._call("cuGraphDestroy", graph)

    def launch_graph(self, graph: Any) -> None:
        """Run a graph."""
        self._call("cuGraphLaunch", graph, self._stream)

    def free_graph(self, graph: Any) -> None:
        """Free a graph."""
        self._call("cuGraphExecDestroy", graph)

    def compile(self, source: str, name: str) -> Any:
        """Compile with NVRTC."""
        from cabinsafe.pose.engines.cuda.nvrtc import compile_cubin

        module = self._call("cuModuleLoadData", compile_cubin(source, self.compute_capability))
        self._modules.append(module)
        return self._call("cuModuleGetFunction", module, name.encode())

    def launch(
        self, kernel: Any, grid: tuple[int, int], block: tuple[int, int], argument: NDArray[np.void]
    ) -> None:
        """Run a kernel."""
        pointers = np.array([argument.ctypes.data], dtype=np.uintp)
        sizes = (*grid, 1, *block, 1)
        self._call("cuLaunchKernel", kernel, *sizes, 0, self._stream, pointers.ctypes.data, 0)

    def close(self) -> None:
        """Free stream, kernels and context."""
        if not self._open:
            return
        try:
            with self.current():
                for module in self._modules:
                    self._call("cuModuleUnload", module)
                self._modules.clear()
                self._call("cuStreamDestroy", self._stream)
        finally:
            self._release_context()

    def _release_context(self) -> None:
        self._open = False
        with suppress(EngineError):  # a context that a failed kernel has spoilt cannot even be released
            self._call("cuDevicePrimaryCtxRelease", self._device)
