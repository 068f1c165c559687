"""Values drawn from a seed, any of which may be fixed instead."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def merged(drawn: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """``drawn`` with the values of ``fixed`` put over it; mappings merge key by key, all else is replaced."""
    result = dict(drawn)
    for key, value in fixed.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def generator(*keys: int | str) -> np.random.Generator:
    """A random generator of its own for each list of keys, so that one draw never moves another's.

    ``generator(seed, "light")`` and ``generator(seed, "camera")`` are independent; the same keys give the
    same numbers in every process.
    """
    text = "/".join(map(str, keys))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little"))
