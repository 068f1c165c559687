"""One array of numbers out of a MATLAB file of version 5 to 7 ("MAT-File Format", mathworks.com).

SciPy's reader is not used: on a damaged file it can end the process.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.convert.source import read_bytes
from cabinsafe.errors import DataError

_HEADER_BYTES: Final = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS: Final = MappingProxyType(
    {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
)
_LARGEST: Final = 1 << 28  # bytes of a variable, unpacked


def read_array(path: Path, name: str) -> NDArray[np.float64]:
    """Read the variable of a name, with its own number of dimensions.

    Raises:
        DataError: the file cannot be read, is no such file, or has no array of numbers of that name.
    """
    content = read_bytes(path)
    if content[126:128] != b"IM":  # little-endian, as all machines write that still run MATLAB
        raise DataError(f"{path}: not a MATLAB file of version 5 to 7")
    try:
        for kind, body in _elements(content[_HEADER_BYTES:]):
            found = _matrix(body, name) if kind == _MATRIX else None
            if found is not None:
                return found
    except (struct.error, zlib.error, ValueError, RecursionError) as error:
        raise DataError(f"{path}: a damaged MATLAB file: {error}") from error
    raise DataError(f"{path}: it has no array of numbers '{name}'")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each data element; compressed ones are unpacked."""
    start = 0
    while start < len(data):
        kind, size = struct.unpack_from("<II", data, start)
        if kind >> 16:  # a small element: type, size and body in eight bytes
            kind, size, start = kind & 0xFFFF, kind >> 16, start + 4
            body, start = data[start : start + size], start + 4
        else:
            body = data[start + 8 : start + 8 + size]
            start += 8 + (size if kind == _COMPRESSED else size + -size % 8)
        if len(body) != size:
            raise ValueError("it ends too early")
        if kind == _COMPRESSED:
            yield from _elements(zlib.decompressobj().decompress(body, _LARGEST))
        else:
            yield kind, body


def _matrix(body: bytes, name: str) -> NDArray[np.float64] | None:
    """Flags, dimensions, name, numbers; None for another name or for what has no numbers."""
    parts = list(_elements(body))
    if len(parts) != 4 or parts[2][1] != name.encode():
        return None
    (_, dimensions), (kind, numbers) = parts[1], parts[3]
    if kind not in _NUMBERS:
        return None
    shape = np.frombuffer(dimensions, "<i4").tolist()
    array = np.frombuffer(numbers, np.dtype(_NUMBERS[kind]).newbyteorder("<"))
    return np.array(array.reshape(shape, order="F"), np.float64)
