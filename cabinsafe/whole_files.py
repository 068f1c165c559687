"""Files that are there whole or not at all, whatever ends the writing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cabinsafe.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the place to write a file's new content to; it is moved over the file at the end, in one step.

    Raises:
        OutputError: it cannot be written; what was there before stays.
    """
    partial = _partial(path)
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def replace_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Put a file in place as a whole, in one step; pieces are written as they come.

    Raises:
        OutputError: it cannot be written; what was there before stays.
    """
    with replacing(path) as partial, partial.open("wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)


def require_writable(path: Path) -> None:
    """Check that a file can be put in place, before what goes into it is worked out; what is there stays.

    Raises:
        OutputError: it cannot.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        partial = _partial(path)
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
