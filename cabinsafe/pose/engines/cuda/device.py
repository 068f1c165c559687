"""What the engines need of a GPU, and how to open one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cabinsafe.errors import EngineError, MissingExtraError
from cabinsafe.pose.engines.options import Bindings


class HostBuffer(NamedTuple):
    """Page-locked memory: its bytes (N,) uint8, valid until it is freed, and what is needed to free it."""

    data: NDArray[np.uint8]
    handle: Any


class Device(Protocol):
    """One GPU with one stream. All but ``close`` must be called inside :meth:`current`.

    Copies, kernels and graphs go onto the stream and return at once; :meth:`synchronise` waits for them.

    Attributes:
        name, compute_capability, driver: of the GPU; ``driver`` is the CUDA version that the driver supports.
        stream: its handle.
        can_capture: whether graphs can be recorded.
    """

    name: str
    compute_capability: tuple[int, int]
    driver: str
    stream: int
    can_capture: bool

    def current(self) -> AbstractContextManager[None]:
        """Make the GPU's context the calling thread's for a ``with`` block, and give back the former."""
        ...

    def allocate(self, nbytes: int) -> int:
        """Device memory; its address.

        Raises:
            EngineError: there is not so much.
        """
        ...

    def free(self, address: int) -> None:
        """Free device memory."""
        ...

    def allocate_host(self, nbytes: int) -> HostBuffer:
        """Page-locked host memory, which copies need to run beside other work.

        Raises:
            EngineError: there is not so much.
        """
        ...

    def free_host(self, buffer: HostBuffer) -> None:
        """Free page-locked memory; arrays over it must be gone."""
        ...

    def upload(self, address: int, source: NDArray[Any]) -> None:
        """Copy contiguous page-locked bytes to the device."""
        ...

    def download(self, target: NDArray[Any], address: int) -> None:
        """Copy from the device to contiguous page-locked memory."""
        ...

    def synchronise(self) -> None:
        """Wait for all that is on the stream.

        Raises:
            EngineError: something on it failed.
        """
        ...

    def begin_capture(self) -> None:
        """From here on record what is put onto the stream, instead of running it."""
        ...

    def end_capture(self) -> Any:
        """Stop recording; the graph, ready to be launched.

        Raises:
            EngineError: something cannot be recorded. The stream is usable again.
        """
        ...

    def launch_graph(self, graph: Any) -> None:
        """Run a recorded graph."""
        ...

    def free_graph(self, graph: Any) -> None:
        """Free a recorded graph."""
        ...

    def compile(self, source: str, name: str) -> Any:
        """Compile CUDA source for this GPU; its kernel of that name, which lives as long as the device.

        Raises:
            EngineError: it does not compile; the message holds the compiler's.
        """
        ...

    def launch(
        self, kernel: Any, grid: tuple[int, int], block: tuple[int, int], argument: NDArray[np.void]
    ) -> None:
        """Run a kernel whose only parameter is a struct, by value; ``argument`` is the struct, shape (1,)."""
        ...

    def close(self) -> None:
        """Free stream, kernels and context; closing twice is allowed. All memory must have been freed."""
        ...


def open_device(index: int = 0, bindings: Bindings | None = None) -> Device:
    """Open a GPU with the package named, or the first that is installed.

    Raises:
        MissingExtraError: the package, or both, are not installed.
        EngineError: no NVIDIA driver, or no such GPU.
    """
    from cabinsafe.pose.engines.cuda.cuda_bindings import CudaBindingsDevice
    from cabinsafe.pose.engines.cuda.pycuda import PyCudaDevice

    makers: dict[Bindings, Callable[[int], Device]] = {
        "cuda-bindings": CudaBindingsDevice,
        "pycuda": PyCudaDevice,
    }
    for name, make in makers.items():
        if bindings in (None, name):
            try:
                return make(index)
            except ModuleNotFoundError as error:
                missing = error
    raise MissingExtraError("engine 'tensorrt'", "tensorrt", bindings or " or ".join(makers)) from missing


def out_of_memory(kind: str, nbytes: int, free: int | None = None) -> EngineError:
    """The error of an allocation that was refused."""
    left = "" if free is None else f"; {free / 2**20:.1f} MiB are free"
    return EngineError(f"out of {kind} memory: {nbytes / 2**20:.1f} MiB asked for{left}")
