"""Which of the library's keypoints a name in somebody's annotations means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cabinsafe.data.keypoints import KEYPOINTS
from cabinsafe.errors import ConfigError, DataError
from cabinsafe.yaml_file import read_mapping

_NOTHING: Final[Mapping[str, str | None]] = MappingProxyType({})


def _plain(name: str) -> str:
    """A name without what spellings differ in: case, blanks, underscores, hyphens, dots."""
    return re.sub(r"[\s_.\-]+", "", name).casefold()


def _spellings(keypoint: str) -> tuple[str, ...]:
    """Plain spellings of a keypoint: the side in full or as a letter, before or after the part."""
    side, _, part = keypoint.partition("_")
    if not part:
        return (keypoint,)
    return (side + part, side[0] + part, part + side, part + side[0])


_PLACES: Final[Mapping[str, int]] = MappingProxyType(
    {spelling: place for place, keypoint in enumerate(KEYPOINTS) for spelling in _spellings(keypoint)}
)


class KeypointNames:
    """Finds keypoints by name.

    Common spellings need no mapping: ``left_shoulder``, ``Left Shoulder``, ``l_shoulder``, ``LShoulder``,
    ``shoulder.L`` are one.

    Args:
        mapping: for other names, the keypoint meant, or None for one to be left out.

    Raises:
        DataError: the mapping names something that is no keypoint.
    """

    def __init__(self, mapping: Mapping[str, str | None] = _NOTHING) -> None:
        self._mapped = {
            name: None if meant is None else _place(meant, f"the name given for '{name}'")
            for name, meant in mapping.items()
        }

    def place(self, name: str, where: str) -> int | None:
        """Position in :data:`~cabinsafe.data.KEYPOINTS`, or None for a keypoint to be left out.

        Args:
            name: as the annotations have it.
            where: for the message.

        Raises:
            DataError: no such keypoint; the message has those with a similar name.
        """
        return self._mapped[name] if name in self._mapped else _place(name, where)


def read_names(path: Path) -> dict[str, str | None]:
    """Read a YAML file of names: ``name in the annotations: keypoint``, or ``null`` to leave it out.

    Raises:
        ConfigError: the file cannot be read, or a value is no keypoint.
    """
    values = read_mapping(path)
    wrong = [name for name, meant in values.items() if not (meant is None or isinstance(meant, str))]
    if wrong:
        raise ConfigError(f"{path}: {wrong[0]}: expected a keypoint or null, got {values[wrong[0]]!r}")
    names = {str(name): meant for name, meant in values.items()}  # a label may be called 1
    try:
        KeypointNames(names)
    except DataError as error:
        raise ConfigError(f"{path}: {error}") from error
    return names


def _place(name: str, where: str) -> int:
    plain = _plain(name)
    if plain in _PLACES:
        return _PLACES[plain]
    near = difflib.get_close_matches(plain, _PLACES, n=6)
    hints = dict.fromkeys(KEYPOINTS[_PLACES[spelling]] for spelling in near)
    hint = f"did you mean {' or '.join(hints)}? " if hints else ""
    raise DataError(
        f"{where}: no keypoint is called '{name}'; {hint}A file of names can map or leave out a name; "
        f"known are {', '.join(KEYPOINTS)}"
    )
