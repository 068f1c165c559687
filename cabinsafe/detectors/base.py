"""What a detector is, and how one is found by its kind.

A detector reads one scene at a time and says, of a person or an ordered pair, whether something is so: true,
false, or not observable. It counts no time; that is the gate's work.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from cabinsafe.errors import ConfigError
from cabinsafe.options import Options
from cabinsafe.types import Reading, Scene, State
from cabinsafe.views import CameraView

ENTRY_POINT_GROUP = "cabinsafe.detectors"
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "feet_on_seats": "cabinsafe.detectors.feet_on_seats:FeetOnSeats",
        "hand_on_leg": "cabinsafe.detectors.hand_on_leg:HandOnLeg",
        "unsafe_sitting": "cabinsafe.detectors.unsafe_sitting:UnsafeSitting",
    }
)


class DetectorOptions(Options):
    """Base of every detector's options; unknown keys are refused."""


class Detector(Protocol):
    """Protocol of a detector; every one passes ``tests/contracts/test_detectors.py``.

    Attributes:
        Options: its options, a subclass of DetectorOptions.
        kind: what its readings and events are called.
        needs: names of keypoints it reads; checked against the network's when the analyzer starts.
    """

    Options: ClassVar[type[DetectorOptions]]
    kind: ClassVar[str]
    needs: ClassVar[frozenset[str]]

    def __init__(self, options: Any, views: Mapping[str, CameraView]) -> None:
        """Options of its own class, and the views of the cabin by camera id."""

    @property
    def digests(self) -> dict[str, str]:
        """File name to sha256 of the model files in use."""
        ...

    def read(self, scene: Scene) -> list[Reading]:
        """Readings of one scene: one for each person, or ordered pair, that it judges."""
        ...

    def reset(self) -> None:
        """Forget everything seen so far."""
        ...


def any_of(states: Iterable[State]) -> State:
    """Three-valued "or": one true makes it true; it is false only if all are false, and known to be."""
    seen = list(states)
    if State.TRUE in seen:
        return State.TRUE
    return State.FALSE if seen and set(seen) == {State.FALSE} else State.NOT_OBSERVABLE


def detector_kinds() -> dict[str, str]:
    """Kind to ``module:Class`` of every built-in and installed plug-in; nothing is imported.

    Raises:
        ConfigError: two packages claim the same kind.
    """
    kinds = dict(BUILT_IN)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if kinds.setdefault(entry.name, entry.value) != entry.value:
            raise ConfigError(
                f"detector kind '{entry.name}' is claimed by {kinds[entry.name]} and {entry.value}"
            )
    return kinds


def detector_class(kind: str) -> type[Detector]:
    """Import the detector of a kind.

    Raises:
        ConfigError: no such kind, or its module cannot be imported.
    """
    kinds = detector_kinds()
    if kind not in kinds:
        raise ConfigError(f"no detector of kind '{kind}'; there are {', '.join(sorted(kinds))}")
    module, _, name = kinds[kind].partition(":")
    try:
        found: type[Detector] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"detector '{kind}' ({kinds[kind]}) cannot be imported: {error}") from error
    return found
