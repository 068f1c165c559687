"""What a set may know of its images and people, as ``cabinsafe synth images`` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

IMAGE_ATTRIBUTES: Final = ("cabin", "mount", "lens", "light", "scenery", "mono", "people_count")
PERSON_ATTRIBUTES: Final = ("seat", "sitting", "style", "is_child", "belted", "covering")


def known(image: Mapping[str, Any], person: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The attributes of an entry of ``images`` and of one of its ``annotations``, in words, where known."""
    values = {key: image.get(key) for key in IMAGE_ATTRIBUTES}
    if person is not None:
        values |= {key: person.get(key) for key in PERSON_ATTRIBUTES}
    return {key: _in_words(value) for key, value in values.items() if value is not None}


def _in_words(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
