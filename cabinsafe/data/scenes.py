"""Scenes as JSON Lines: what ``cabinsafe analyze`` saw, or what was really there, frame by frame.

In a scene that tells the truth a keypoint's score says how it shows: 1 where it is visible, 0.5 where it lies
in the picture but behind something, 0 with NaN coordinates where it is outside the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cabinsafe.errors import DataError
from cabinsafe.types import Scene


def read_scenes(path: str | Path) -> Iterator[Scene]:
    """Yield the scenes of a file one after the other; only one is held in memory.

    Raises:
        DataError: while iterating: the file cannot be read, or a line is no scene; the message says which.
    """
    try:
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _scene(line, f"{path}, line {number}")
    except OSError as error:
        raise DataError(f"{path}: no readable file of scenes: {error.strerror or error}") from error


def _scene(line: bytes, where: str) -> Scene:
    try:
        return Scene.model_validate_json(line)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
