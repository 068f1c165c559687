"""What an inference engine is: named tensors in, named tensors out. It knows nothing of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from cabinsafe.closing import Closing
from cabinsafe.errors import EngineError, ShapeError

Tensor = NDArray[np.float32]
Image = NDArray[np.uint8]


class TensorSpec(NamedTuple):
    """Name, shape (None where a dimension is free) and numpy dtype name of a tensor."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@runtime_checkable
class Engine(Protocol):
    """Protocol of an inference engine; every engine passes ``tests/contracts/test_engines.py``."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Tensors that ``infer`` needs."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """Tensors that ``infer`` returns."""
        ...

    def infer(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run once. The returned arrays belong to the caller and are never written to again.

        Raises:
            ShapeError: a feed is missing, unknown, or of the wrong shape or dtype.
            EngineError: the engine is closed, or the run failed.
        """
        ...

    def close(self) -> None:
        """Free what the engine holds; closing twice is allowed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class ImageEngine(Engine, Protocol):
    """An engine that can also make its own input, of frames as they come."""

    @property
    def prepares_images(self) -> bool:
        """Whether it is to do so."""
        ...

    def infer_images(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """Run once on uint8 BGR images (H, W, 3) of any sizes, which are letterboxed and normalised first.

        Raises:
            ShapeError: an image is not such an array, or there are too many.
            EngineError: as :meth:`infer`.
        """
        ...


class EngineBase(Closing):
    """Context manager and feed checks that engines share."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    _closed: bool = False

    def close(self) -> None:
        """Mark the engine as closed."""
        self._closed = True

    def _check(self, feeds: Mapping[str, Tensor]) -> None:
        if self._closed:
            raise EngineError("the engine is closed")
        expected = [spec.name for spec in self.inputs]
        if sorted(feeds) != sorted(expected):
            raise ShapeError("feeds", f"tensors named {expected}", sorted(feeds))
        for spec in self.inputs:
            feed = feeds[spec.name]
            fits = feed.ndim == len(spec.shape) and all(
                want in (None, have) for want, have in zip(spec.shape, feed.shape, strict=False)
            )
            if not fits or feed.dtype.name != spec.dtype:
                wanted = f"{spec.dtype} {tuple('any' if d is None else d for d in spec.shape)}"
                raise ShapeError(f"feed '{spec.name}'", wanted, f"{feed.dtype.name} {feed.shape}")
