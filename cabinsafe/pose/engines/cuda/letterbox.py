"""Frames to the network's input on the GPU: the launch of ``letterbox.cu``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.closing import Closing
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.engines.cuda.device import Device, HostBuffer
from cabinsafe.pose.preprocess import Image, Part, check_image

SOURCE: Final = Path(__file__).with_name("letterbox.cu")
_BLOCK: Final = (32, 8)
_INTS: Final = (
    *("source_width", "source_height", "width", "height", "left", "top", "inner_width", "inner_height"),
    *("pad_value", "is_rgb"),
)
_STRUCT: Final = np.dtype(
    [
        ("source", np.uint64),
        ("target", np.uint64),
        *((name, np.int32) for name in _INTS),
        ("mean", np.float32, 3),
        ("std", np.float32, 3),
    ],
    align=True,
)


class DeviceLetterbox(Closing):
    """Fills the network's input on the device from frames on the host.

    Each place of a batch has a buffer of its own, which grows with the largest frame it has seen.

    Args:
        device: the GPU; must be current in this and all other calls.
        spec: size, colours and normalisation of the input.

    Raises:
        EngineError: the kernel does not compile.
    """

    def __init__(self, device: Device, spec: InputSpec) -> None:
        self._device, self._spec = device, spec
        self._kernel = device.compile(SOURCE.read_text(encoding="utf-8"), "letterbox")
        self._staged: list[tuple[int, HostBuffer]] = []

    def fill(self, target: int, images: Sequence[Image]) -> None:
        """Put frames into consecutive images of an input tensor (N, 3, H, W) float32 on the device.

        Raises:
            ShapeError: as :func:`~cabinsafe.pose.preprocess.check_image`.
            EngineError: too little memory.
        """
        for image in images:
            check_image(image)
        width, height = self._spec.size_wh
        grid = (-(-width // _BLOCK[0]), -(-height // _BLOCK[1]))
        for place, image in enumerate(images):
            source = self._upload(place, image)
            argument = letterbox_struct(self._spec, image, source, target + place * 12 * width * height)
            self._device.launch(self._kernel, grid, _BLOCK, argument)

    def close(self) -> None:
        """Free the buffers of frames."""
        while self._staged:
            self._free(*self._staged.pop())

    def _upload(self, place: int, image: Image) -> int:
        if place == len(self._staged):
            self._staged.append(self._allocate(image.nbytes))
        if self._staged[place][1].data.nbytes < image.nbytes:
            larger = self._allocate(image.nbytes)
            self._free(*self._staged[place])
            self._staged[place] = larger
        address, host = self._staged[place]
        staged = host.data[: image.nbytes]
        np.copyto(staged.reshape(image.shape), image)
        self._device.upload(address, staged)
        return address

    def _allocate(self, nbytes: int) -> tuple[int, HostBuffer]:
        host = self._device.allocate_host(nbytes)
        try:
            return self._device.allocate(nbytes), host
        except BaseException:
            self._device.free_host(host)
            raise

    def _free(self, address: int, host: HostBuffer) -> None:
        self._device.free(address)
        self._device.free_host(host)


def letterbox_struct(spec: InputSpec, image: Image, source: int, target: int) -> NDArray[np.void]:
    """The kernel's parameter for a frame (H, W, 3)."""
    height, width = image.shape[:2]
    ints = (width, height, *spec.size_wh, *Part.of(image, spec.size_wh), spec.pad_value, spec.color == "rgb")
    argument: NDArray[np.void] = np.zeros(1, _STRUCT)
    argument[0] = (source, target, *ints, spec.mean, spec.std)
    return argument
