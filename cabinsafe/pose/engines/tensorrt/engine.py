"""TensorRTEngine: a plan on a GPU behind the protocol of every engine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np

from cabinsafe.errors import EngineError, ShapeError
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines.base import EngineBase, Image, Tensor, TensorSpec
from cabinsafe.pose.engines.cuda import Device, HostBuffer
from cabinsafe.pose.engines.cuda.letterbox import DeviceLetterbox
from cabinsafe.pose.engines.tensorrt.session import PlanTensor, Session

_log = logging.getLogger(__name__)


class _Buffer(NamedTuple):
    """Where a tensor lies on the device, and its page-locked twin."""

    tensor: PlanTensor
    address: int
    host: HostBuffer

    def view(self, batch: int) -> Tensor:
        """The first images of the twin."""
        whole: Tensor = self.host.data.view(np.float32).reshape(self.tensor.largest)
        return whole[:batch]


class TensorRTEngine(EngineBase):
    """Runs a plan: page-locked buffers, asynchronous copies, one stream, a CUDA graph where one can be made.

    It may be used from any thread, by one at a time: a thread that calls while another's run is going gets an
    error. The GPU's context is current only during a call.

    Args:
        session: the loaded plan; the engine's own from here on, as is the device.
        device: the GPU.
        spec: how frames become the input, for :meth:`infer_images`.
        cuda_graph: record the run from its second time on, and replay it.
        prepares_images: whether the pose layer is to hand it frames as they come.

    Raises:
        EngineError: the plan's tensors are not batches of float32, or there is too little memory. Nothing
            stays allocated.
    """

    def __init__(
        self,
        session: Session,
        device: Device,
        spec: InputSpec,
        *,
        cuda_graph: bool = True,
        prepares_images: bool = False,
    ) -> None:
        self._session, self._device, self._spec = session, device, spec
        self.prepares_images = prepares_images
        self._lock = threading.Lock()
        self._user = ""
        self._held = ExitStack()
        self._batch = 0  # of the last run, whose shapes TensorRT still has
        self._graph: Any = None
        self._can_record = cuda_graph and device.can_capture
        self._letterbox: DeviceLetterbox | None = None
        self._buffers: tuple[_Buffer, ...] = ()
        try:
            with device.current():
                self._held.callback(session.close)
                self._buffers = tuple(self._allocate(tensor) for tensor in session.tensors())
        except BaseException:
            self.close()
            raise
        self.inputs, self.outputs = (
            tuple(_spec(b.tensor) for b in self._buffers if b.tensor.is_input is wanted)
            for wanted in (True, False)
        )

    @property
    def device_bytes(self) -> int:
        """Device memory that tensors and layers take; the plan's weights come on top."""
        return sum(b.host.data.nbytes for b in self._buffers) + self._session.device_bytes

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once; see :class:`~cabinsafe.pose.engines.base.Engine`.

        Raises:
            ShapeError: as there, or more images than the plan was built for.
            EngineError: as there, or another thread's run is going.
        """
        self._check(feeds)
        batch = self._checked_batch({len(feed) for feed in feeds.values()})
        with self._running():
            for buffer in self._buffers:
                if buffer.tensor.is_input:
                    staged = buffer.view(batch)
                    np.copyto(staged, feeds[buffer.tensor.name])
                    self._device.upload(buffer.address, staged)
            return self._run(batch)

    def infer_images(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """Run on frames as they are: they are letterboxed and normalised on the GPU.

        Args:
            images: uint8 BGR (H, W, 3), of any sizes.

        Raises:
            ShapeError: an image is not such an array, or there are more than the plan was built for.
            EngineError: as :meth:`infer`, or the kernel does not compile.
        """
        if self._closed:
            raise EngineError("the engine is closed")
        batch = self._checked_batch({len(images)})
        with self._running():
            if self._letterbox is None:
                self._letterbox = DeviceLetterbox(self._device, self._spec)
                self._held.callback(self._letterbox.close)
            (target,) = (b.address for b in self._buffers if b.tensor.is_input)
            self._letterbox.fill(target, images)
            return self._run(batch)

    def close(self) -> None:
        """Free everything, after a run that may be going; closing twice is allowed."""
        with self._lock:
            if self._closed:
                return
            super().close()
            self._buffers = ()
            self._letterbox = None
            try:
                with self._device.current(), self._held:
                    self._drop_graph()
            finally:
                self._device.close()

    def _allocate(self, tensor: PlanTensor) -> _Buffer:
        if tensor.smallest[1:] != tensor.largest[1:]:
            raise EngineError(
                f"tensor '{tensor.name}' of the plan: only the batch may vary, got {tensor.smallest} to "
                f"{tensor.largest}"
            )
        nbytes = 4 * int(np.prod(tensor.largest))
        address = self._device.allocate(nbytes)
        self._held.callback(self._device.free, address)
        host = self._device.allocate_host(nbytes)
        self._held.callback(self._device.free_host, host)
        self._session.set_address(tensor.name, address)
        return _Buffer(tensor, address, host)

    def _checked_batch(self, counts: set[int]) -> int:
        most = min(buffer.tensor.largest[0] for buffer in self._buffers)
        if len(counts) != 1 or not 1 <= min(counts) <= most:
            raise ShapeError("batch", f"1 to {most} images (pose.tensorrt.max_batch)", sorted(counts))
        return counts.pop()

    @contextmanager
    def _running(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise EngineError(
                f"thread '{self._user}' is using this engine; it serves one thread at a time: share it "
                "through a queue, or make one for each thread"
            )
        try:
            self._user = threading.current_thread().name
            if self._closed:
                raise EngineError("the engine is closed")
            with self._device.current():
                yield
        finally:
            self._lock.release()

    def _run(self, batch: int) -> dict[str, Tensor]:
        """Run on what lies in the input buffers."""
        if batch != self._batch:
            self._reshape(batch)
            self._enqueue(batch)
        elif self._graph is not None or self._record():
            self._device.launch_graph(self._graph)
        else:
            self._enqueue(batch)
        self._device.synchronise()
        self._batch = batch
        return {b.tensor.name: b.view(batch).copy() for b in self._buffers if not b.tensor.is_input}

    def _reshape(self, batch: int) -> None:
        """A graph is of one batch size only, and TensorRT must run once before the next can be recorded."""
        self._drop_graph()
        self._batch = 0
        for buffer in self._buffers:
            if buffer.tensor.is_input:
                self._session.set_input_shape(buffer.tensor.name, (batch, *buffer.tensor.largest[1:]))

    def _enqueue(self, batch: int) -> None:
        self._session.enqueue(self._device.stream)
        for buffer in self._buffers:
            if not buffer.tensor.is_input:
                self._device.download(buffer.view(batch), buffer.address)

    def _record(self) -> bool:
        """Record the run; False if it cannot be, and for good if that was tried."""
        if not self._can_record or not self._session.can_be_captured(self._device.stream):
            return False
        try:
            self._device.begin_capture()
            try:
                self._enqueue(self._batch)
            finally:
                self._graph = self._device.end_capture()
        except EngineError as error:
            _log.info("no CUDA graph of this plan: %s", error)
            self._drop_graph()
            self._can_record = False
        return self._can_record

    def _drop_graph(self) -> None:
        if self._graph is not None:
            graph, self._graph = self._graph, None
            self._device.free_graph(graph)


def _spec(tensor: PlanTensor) -> TensorSpec:
    is_free = tensor.smallest[0] != tensor.largest[0]
    return TensorSpec(tensor.name, (None if is_free else tensor.largest[0], *tensor.largest[1:]), "float32")
