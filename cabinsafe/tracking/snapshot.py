"""A tracker's memory as JSON: floats come back bit by bit, and what is malformed is refused as a whole."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from cabinsafe.errors import CabinSafeError, DataError
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person

_VERSION = 1


def dump_snapshot(t_s: float, next_id: int | None, people: Sequence[Person]) -> str:
    """JSON text of the last time, the next id and everybody remembered."""
    content = {
        "version": _VERSION,
        "t_s": t_s,
        "next_id": next_id,
        "people": [person.state() for person in people],
    }
    return json.dumps(_without_specials(content), allow_nan=False)


def read_snapshot(text: str, options: TrackerOptions) -> tuple[float, int | None, list[Person]]:
    """What :func:`dump_snapshot` took.

    Raises:
        DataError: the text is no such snapshot.
    """
    try:
        content = _with_specials(json.loads(text))
        if content["version"] != _VERSION:
            raise DataError(f"a tracker snapshot of version {content['version']}, expected {_VERSION}")
        t_s, next_id = float(content["t_s"]), content["next_id"]
        people = [Person.from_state(state, options) for state in content["people"]]
        return t_s, None if next_id is None else int(next_id), people
    except CabinSafeError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"not a tracker snapshot: {type(error).__name__}: {error}") from error


def _without_specials(value: Any) -> Any:
    """JSON knows no NaN and no infinity: they become words."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {key: _without_specials(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_specials(item) for item in value]
    return value


def _with_specials(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"float"}:
            return float(value["float"])
        return {key: _with_specials(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_specials(item) for item in value]
    return value
