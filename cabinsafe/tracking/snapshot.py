"""A tracker's memory as JSON: floats come back bit by bit, and what is malformed is refused as a whole."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cabinsafe.errors import CabinSafeError, DataError
from cabinsafe.tracking.claims import Claim
from cabinsafe.tracking.fusion import PoseInBox
from cabinsafe.tracking.keypoints import KeypointMemory
from cabinsafe.tracking.motion import BoxMotion
from cabinsafe.tracking.options import TrackerOptions
from cabinsafe.tracking.people import Person
from cabinsafe.tracking.seats import SeatHold

_VERSION = 3
_PLAIN = (
    "away_sizes", "build_log_h", "build_log_w", "coloured_s", "first_pace_xy", "first_s", "first_xy",
    "home_x", "home_y", "is_built", "is_doubtful", "is_instant", "is_proven", "left_vx", "left_vy",
    "left_x", "left_y", "other_home_xy", "posed_x", "posed_y", "postured_s", "postures", "seen_box_source",
    "seen_box_xyxy", "seen_s", "sightings", "t_s", "track_id",
)  # fmt: skip
"""Attributes of a person that are plain values, and are stored under their own name."""


def dump_snapshot(t_s: float, next_id: int | None, people: Sequence[Person]) -> str:
    """JSON text of the last time, the next id and everybody remembered."""
    content = {
        "version": _VERSION,
        "t_s": t_s,
        "next_id": next_id,
        "people": [state_of(person) for person in people],
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
        people = [person_from(state, options) for state in content["people"]]
        return t_s, None if next_id is None else int(next_id), people
    except CabinSafeError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"not a tracker snapshot: {type(error).__name__}: {error}") from error


def state_of(person: Person) -> dict[str, Any]:
    """All of a person that lasts from frame to frame, as plain values."""
    plain = {name: getattr(person, name) for name in _PLAIN}
    return plain | {
        "motion": person.motion.state(),
        "pose_in_box": person.pose_in_box.state(),
        "seat": person.seat_hold.state(),
        "claims": {str(track_id): list(claim) for track_id, claim in person.claims.items()},
        "keypoints": None if person.keypoints is None else person.keypoints.to_state(),
        "colours": None if person.colours is None else person.colours.tolist(),
    }


def person_from(state: dict[str, Any], options: TrackerOptions) -> Person:
    """The person of whom :func:`state_of` gave the state."""
    person = Person.__new__(Person)
    for name in _PLAIN:
        value = state[name]
        setattr(person, name, tuple(value) if isinstance(value, list) else value)
    person.options = options
    person.postures = [(float(wide), float(high)) for wide, high in state["postures"]]
    person.motion = BoxMotion.from_state(state["motion"])
    person.pose_in_box = PoseInBox.from_state(state["pose_in_box"], options.shape_memory_s)
    person.seat_hold = SeatHold.from_state(state["seat"], options.seat_hold_s)
    person.claims = {int(track_id): Claim(*map(float, claim)) for track_id, claim in state["claims"].items()}
    keypoints, colours = state["keypoints"], state["colours"]
    person.keypoints = None if keypoints is None else KeypointMemory.from_state(keypoints)
    person.colours = None if colours is None else np.array(colours, dtype=np.float64)
    person.skeleton = person.pose = None
    return person


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
