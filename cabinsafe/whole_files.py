"""Files that are there whole or not at all, whatever ends the writing."""

from __future__ import annotations

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
    partial = path.with_name(f".{path.name}.part")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
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
