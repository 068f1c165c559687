"""A GPU through ``pycuda``, which JetPack's users have; it cannot record graphs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.closing import Closing
from cabinsafe.errors import EngineError
from cabinsafe.pose.engines.cuda.device import HostBuffer, out_of_memory

_NON_BLOCKING: Final = 1


class PyCudaDevice(Closing):
    """See :class:`~cabinsafe.pose.engines.cuda.device.Device`; never ``pycuda.autoinit``.

    Raises:
        ModuleNotFoundError: the package is not installed.
        EngineError: no NVIDIA driver, or no such GPU.
    """

    can_capture = False

    def __init__(self, index: int = 0) -> None:
        self._cuda: Any = _driver()
        self._modules: list[Any] = []
        self._memory: dict[int, Any] = {}
        with self._mapped():
            self._cuda.init()
            count = self._cuda.Device.count()
        if index >= count:
            raise EngineError(f"GPU {index} asked for; this machine has {count}")
        with self._mapped():
            device = self._cuda.Device(index)
            self.name = device.name()
            self.compute_capability = tuple(device.compute_capability())
            version = self._cuda.get_driver_version()
            self.driver = f"{version // 1000}.{version % 1000 // 10}"
            self._context: Any = device.retain_primary_context()
        with self.current(), self._mapped():
            self._stream: Any = self._cuda.Stream(_NON_BLOCKING)
            self.stream = self._stream.handle

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except self._cuda.Error as error:
            raise EngineError(f"CUDA refused: {error}") from error

    @contextmanager
    def current(self) -> Iterator[None]:
        """Push the context onto the calling thread's, and pop it."""
        if self._context is None:
            raise EngineError("the GPU was closed")
        with self._mapped():
            self._context.push()
        try:
            yield
        finally:
            self._cuda.Context.pop()

    def allocate(self, nbytes: int) -> int:
        """Device memory."""
        try:
            memory = self._cuda.mem_alloc(nbytes)
        except self._cuda.MemoryError as error:
            raise out_of_memory("device", nbytes, self._cuda.mem_get_info()[0]) from error
        self._memory[int(memory)] = memory
        return int(memory)

    def free(self, address: int) -> None:
        """Free device memory."""
        with self._mapped():
            self._memory.pop(address).free()

    def allocate_host(self, nbytes: int) -> HostBuffer:
        """Page-locked memory."""
        try:
            array = self._cuda.pagelocked_empty(nbytes, np.uint8)
        except self._cuda.MemoryError as error:
            raise out_of_memory("page-locked", nbytes) from error
        return HostBuffer(array, array.base)

    def free_host(self, buffer: HostBuffer) -> None:
        """Free page-locked memory."""
        with self._mapped():
            buffer.handle.free()

    def upload(self, address: int, source: NDArray[Any]) -> None:
        """Copy to the device."""
        with self._mapped():
            self._cuda.memcpy_htod_async(address, source, self._stream)

    def download(self, target: NDArray[Any], address: int) -> None:
        """Copy from the device."""
        with self._mapped():
            self._cuda.memcpy_dtoh_async(target, address, self._stream)

    def synchronise(self) -> None:
        """Wait for the stream."""
        with self._mapped():
            self._stream.synchronize()

    def begin_capture(self) -> None:
        """Not possible."""
        raise EngineError("pycuda cannot record CUDA graphs; cuda-bindings can")

    def end_capture(self) -> Any:
        """Not possible."""
        return self.begin_capture()

    def launch_graph(self, graph: Any) -> None:  # noqa: ARG002 - the protocol's
        """Not possible."""
        self.begin_capture()

    def free_graph(self, graph: Any) -> None:  # noqa: ARG002 - the protocol's
        """Not possible."""
        self.begin_capture()

    def compile(self, source: str, name: str) -> Any:
        """Compile with nvcc."""
        from pycuda.compiler import compile as nvcc

        architecture = "sm_{}{}".format(*self.compute_capability)
        try:
            code = nvcc(source, no_extern_c=True, arch=architecture)
        except (OSError, self._cuda.CompileError) as error:
            raise EngineError(f"the CUDA kernel does not compile for {architecture}: {error}") from error
        with self._mapped():
            module = self._cuda.module_from_buffer(code)
            self._modules.append(module)
            return module.get_function(name)

    def launch(
        self, kernel: Any, grid: tuple[int, int], block: tuple[int, int], argument: NDArray[np.void]
    ) -> None:
        """Run a kernel."""
        with self._mapped():
            kernel(argument, grid=grid, block=(*block, 1), stream=self._stream)

    def close(self) -> None:
        """Free stream, kernels and context."""
        if self._context is None:
            return
        with self.current():
            self._modules.clear()
            self._stream = None
        with self._mapped():
            self._context.detach()
        self._context = None


def _driver() -> Any:
    try:
        import pycuda.driver
    except ModuleNotFoundError:
        raise
    except ImportError as error:  # it is linked with the driver's library
        raise EngineError(f"no usable NVIDIA driver: {error}") from error
    return pycuda.driver
