"""JSON Lines that hold whole lines only, also when the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cabinsafe.closing import Closing
from cabinsafe.errors import OutputError


class JsonLinesFile(Closing):
    """A file that is replaced at opening and then grows by whole lines, each on disk before the next.

    Raises:
        OutputError: the file cannot be created or written to; a line that did not fit is taken back.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        self._size = 0

    def write(self, line: str) -> None:
        """Append one line; ``line`` holds no newline."""
        data = memoryview(line.encode() + b"\n")
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            with contextlib.suppress(OSError):  # a device cannot be cut
                os.ftruncate(self._file.fileno(), self._size)
            raise self._unwritable(error) from error
        self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: cannot be written: {error.strerror or error}")
