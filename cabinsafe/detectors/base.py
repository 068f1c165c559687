"""What a detector is, and how one is found by its kind.

A detector reads one scene at a time and says, of a person or an ordered pair, whether something is so: true,
false, or not observable. It counts no time; that is the gate's work.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Set
from importlib.metadata import entry_points
from math import exp
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.errors import CabinSafeError, ConfigError, DetectorError, within
from cabinsafe.fields import SeatName
from cabinsafe.options import Options, OptionsError
from cabinsafe.types import NOT_OBSERVABLE, TRUE, Reading, Scene, State
from cabinsafe.views import CameraView, check_places

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


class TunableOptions(DetectorOptions):
    """Base of options that may differ by camera view and by the person's seat.

    ``per_view`` and ``per_seat`` hold, by camera id and by seat name, the keys that differ there; where both
    name a key, the seat's value counts. :class:`LocalOptions` finds what applies.
    """

    per_view: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Camera id to the options that differ in its view"
    )
    per_seat: dict[SeatName, dict[str, Any]] = Field(
        default_factory=dict, description="Seat name to the options that differ for the person on that seat"
    )

    @model_validator(mode="after")
    def _overrides_are_valid(self) -> Self:
        for key, place in (("per_view", self.per_view), ("per_seat", self.per_seat)):
            for name, changes in place.items():
                if nested := sorted({"per_view", "per_seat"} & changes.keys()):
                    raise ValueError(f"{key}.{name} must not hold {' or '.join(nested)}")
                try:
                    self._overridden(changes)
                except OptionsError as error:
                    raise error.within(key, name) from None
        return self

    def at(self, camera_id: str, seat: str | None) -> Self:
        """These options as they apply to a person on a seat (None: unknown) in a view.

        Raises:
            ConfigError: the two overrides do not go together.
        """
        changes = self.per_view.get(camera_id, {}) | self.per_seat.get(seat or "", {})
        return self._overridden(changes) if changes else self

    def _overridden(self, changes: dict[str, Any]) -> Self:
        return type(self)(**(self.model_dump(exclude={"per_view", "per_seat"}) | changes))


_Tunable = TypeVar("_Tunable", bound=TunableOptions)


class LocalOptions(Generic[_Tunable]):
    """A detector's options as they apply to each view and seat, worked out once.

    Raises:
        ConfigError: ``per_view`` or ``per_seat`` names what the cabin does not have, or an override of a view
            and one of a seat do not go together.
    """

    def __init__(self, options: _Tunable, views: Mapping[str, CameraView]) -> None:
        check_places(views, options.per_view, options.per_seat)
        seats = {seat.name for view in views.values() for seat in view.seats}
        self._general = options
        self._local = {
            (camera_id, seat): options.at(camera_id, seat) for camera_id in views for seat in (None, *seats)
        }

    def at(self, camera_id: str, seat: str | None) -> _Tunable:
        """Options that apply to a person on a seat (None: unknown) in a view."""
        return self._local.get((camera_id, seat), self._general)


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
    answer = None
    for state in states:
        if state is TRUE:
            return state
        if answer is not NOT_OBSERVABLE:
            answer = state
    return answer or NOT_OBSERVABLE


def logistic(value: float) -> float:
    """Score in (0, 1): .5 at 0, .73 at 1."""
    return 1.0 / (1.0 + exp(-30.0 if value > 30.0 else 30.0 if value < -30.0 else -value))


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
        DetectorError: it lacks what makes a detector; the message says what.
    """
    kinds = detector_kinds()
    if kind not in kinds:
        raise ConfigError(f"no detector of kind '{kind}'; there are {', '.join(sorted(kinds))}")
    module, _, name = kinds[kind].partition(":")
    try:
        found: type[Detector] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"detector '{kind}' ({kinds[kind]}) cannot be imported: {error}") from error
    wrong = [f"no {part}()" for part in ("read", "reset") if not callable(getattr(found, part, None))]
    options = getattr(found, "Options", None)
    if not (isinstance(options, type) and issubclass(options, DetectorOptions)):
        wrong.append("no Options that are a subclass of DetectorOptions")
    if (called := getattr(found, "kind", None)) != kind:
        wrong.append("no kind" if called is None else f"kind {called!r} instead of '{kind}'")
    if wrong:
        raise DetectorError(f"detector '{kind}' ({kinds[kind]}) has {', '.join(wrong)}")
    return found


def make_detector(kind: str, options: DetectorOptions, views: Mapping[str, CameraView]) -> Detector:
    """A detector of a kind, with all that its protocol asks for.

    Raises:
        ConfigError, ModelError: what it needs is missing; the message begins with the detector's key.
        DetectorError: it cannot be made, or lacks ``needs`` or ``digests``.
    """
    made = detector_class(kind)
    try:
        with within(f"detectors.{kind}"):
            detector = made(options, views)
        needs, digests = getattr(detector, "needs", None), getattr(detector, "digests", None)
    except CabinSafeError:
        raise
    except Exception as error:  # whatever a plug-in raises
        raise DetectorError(f"detector '{kind}' cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(needs, Set):
        raise DetectorError(f"detector '{kind}': needs must be a set of keypoint names, got {needs!r:.80}")
    if not isinstance(digests, Mapping):
        raise DetectorError(
            f"detector '{kind}': digests must be a dict of file to sha256, got {digests!r:.80}"
        )
    return detector


def read_all(detectors: Iterable[Detector], scene: Scene) -> list[Reading]:
    """What all detectors say of a scene, one after the other.

    Raises:
        DetectorError: one failed, or gave something else than a list of readings of its kind.
    """
    readings: list[Reading] = []
    for detector in detectors:
        try:
            found = detector.read(scene)
        except CabinSafeError:
            raise
        except Exception as error:  # whatever a plug-in raises
            at = f"camera '{scene.camera_id}' at {scene.t_s} s"
            raise DetectorError(
                f"detector '{detector.kind}' failed on {at}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, list):
            raise _not_readings(detector, type(found).__name__)
        for reading in found:
            if not isinstance(reading, Reading):
                raise _not_readings(detector, f"{type(reading).__name__} in it")
            if reading.kind != detector.kind:
                raise _not_readings(detector, f"one of kind '{reading.kind}'")
        readings += found
    return readings


def _not_readings(detector: Detector, got: str) -> DetectorError:
    return DetectorError(f"detector '{detector.kind}': read() must give a list of its readings, got {got}")
