"""How somebody sits, as labels name it: safe, or one of the ways that belt and airbag are not made for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cabinsafe.errors import DataError

SAFE: Final = "safe"
POSTURES: Final = (SAFE, "lying", "kneeling", "standing", "sliding", "leaning_out", "reversed", "unsafe")
"""Labels. ``reversed`` kneels or stands the wrong way round; ``unsafe`` is any of them, or another."""

_BACKWARDS: Final = ("kneel_back", "stand_turned")


def posture(value: object, where: str) -> str:
    """A label, checked; ``seated`` is another word for safe.

    Raises:
        DataError: no such label; the message has ``where`` and those there are.
    """
    word = SAFE if value == "seated" else value
    if word not in POSTURES:
        raise DataError(f"{where}: expected one of {', '.join(POSTURES)} as its label, got {value!r:.40}")
    return str(word)


def posture_of(sitting: str, style: str, kinds: Collection[str], where: str) -> str:
    """The label of a synthetic person.

    Args:
        sitting: as its annotation has it.
        style: the same.
        kinds: the kinds of events that the person is in.
        where: what a refusal names.

    Raises:
        DataError: no such way of sitting.
    """
    if "unsafe_sitting" not in kinds:
        return SAFE
    if "leaning_out" in kinds:
        return "leaning_out"
    return "reversed" if style in _BACKWARDS else posture(sitting, where)
