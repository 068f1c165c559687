"""What the readers of all formats share: strict JSON, and finding the images that a source names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from os.path import isfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cabinsafe.errors import DataError

Content = TypeVar("Content", bound=BaseModel)
Pixels = Annotated[int, Field(gt=0, le=1_000_000)]
"""A side of an image."""


class Entry(BaseModel):
    """Base of what is read: keys beyond those named are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: not a readable annotation file: {error.strerror or error}") from error


def read_json(path: Path, keep: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> Any:
    """Plain values of a JSON file.

    Args:
        path: the file.
        keep: returns what is to be kept of an object, as soon as it is read.

    Raises:
        DataError: it cannot be read or is no JSON.
    """
    try:
        return json.loads(read_bytes(path), object_hook=keep)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a readable annotation file: {error}") from error


def checked(path: Path, model: type[Content], values: Any, what: str) -> Content:
    """Values as a model.

    Args:
        path: where they are from.
        model: what they must be.
        values: plain ones.
        what: name of such a file.

    Raises:
        DataError: they are something else; the message names the first entry that is wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        details = error.errors()[0]
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in details["loc"])
        if details["type"] == "missing":
            raise DataError(f"{path}: not {what}: it lacks {where.lstrip('.')}") from error
        name = where.lstrip(".") or "content"
        raise DataError(
            f"{path}: not {what}: {name}: {details['msg']}, got {details['input']!r:.80}"
        ) from error


def find_image(folder: Path, names: Iterable[str], where: str) -> str:
    """The first name that is a file in a folder of images, with or without its leading folders.

    Args:
        folder: of images.
        names: what the image may be called, with ``/`` between folders.
        where: for the message.

    Raises:
        DataError: there is none.
    """
    names = list(names)
    for name in names:
        parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
        for first in range(len(parts)):
            tail = "/".join(parts[first:])
            if isfile(folder / tail):
                return tail
    raise DataError(f"{where}: no image '{names[0]}' in {folder}")


def require_folder(folder: Path) -> None:
    """Check that there is a folder of images.

    Raises:
        DataError: there is none.
    """
    if not folder.is_dir():
        raise DataError(f"no folder of images: {folder}")
