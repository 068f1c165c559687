"""Every error that cabinsafe raises on purpose.

    CabinSafeError
    ├── ConfigError         a cabin file: which file, which key, what is allowed
    ├── DataError           a value that a type of cabinsafe.types refuses
    │   └── ShapeError      an array of another shape or dtype: expected and got
    ├── ModelError          a network or classifier file, or its card
    ├── EngineError         an inference engine could not start or run
    ├── DetectorError       a detector, a plug-in most likely, failed or is not what its protocol asks for
    ├── CapacityError       a configured limit was hit; nothing was cut silently
    ├── MediaError          a video, image or stream that cannot be read or written
    ├── FrameOrderError     frames of one camera whose time does not rise
    ├── OutputError         results that cannot be written
    └── MissingExtraError   an optional dependency is not installed; names the extra

Errors of the libraries underneath (cv2, onnxruntime, pydantic, yaml, ...) are mapped to these; the
original stays reachable as ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class CabinSafeError(Exception):
    """Base of every error of this library: catch it to catch them all."""


class ConfigError(CabinSafeError):
    """A cabin file that cannot be used; the message names file, key and allowed values."""


class DataError(CabinSafeError):
    """A value that a type of :mod:`cabinsafe.types` refuses."""


class ShapeError(DataError):
    """An array whose shape or dtype is not the expected one.

    Attributes:
        what: name of the array.
        expected: what was asked for, in words or as a shape.
        got: what came.
    """

    def __init__(self, what: str, expected: object, got: object) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}")
        self.what = what
        self.expected = expected
        self.got = got


class ModelError(CabinSafeError):
    """A network or classifier file, or its card, is missing, malformed or not the one it claims to be."""


class EngineError(CabinSafeError):
    """An inference engine could not start or run."""


class DetectorError(CabinSafeError):
    """A detector failed, gave something else than readings, or lacks what its protocol asks for."""


class CapacityError(CabinSafeError):
    """A configured limit (peaks per keypoint, people, ...) was hit."""


class MediaError(CabinSafeError):
    """A video, image or stream could not be read or written."""


class FrameOrderError(CabinSafeError):
    """Frames of one camera must come with strictly rising capture times."""


class OutputError(CabinSafeError):
    """Results could not be written."""


class MissingExtraError(CabinSafeError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str, package: str) -> None:
        super().__init__(
            f"{feature} needs the package '{package}', which is not installed: "
            f"pip install 'cabinsafe[{extra}]'"
        )
        self.extra = extra
        self.package = package


@contextmanager
def within(place: object) -> Iterator[None]:
    """Put a place, a file or a key, before the message of what is wrong with a cabin or a model there."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    except ModelError as error:
        raise ModelError(f"{place}: {error}") from error
