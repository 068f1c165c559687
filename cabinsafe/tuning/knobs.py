"""What can be turned: a detector's main margins, and the gate's levels and hold time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from cabinsafe.detectors import DetectorOptions, detector_class
from cabinsafe.errors import ConfigError
from cabinsafe.events import GateOptions
from cabinsafe.options import did_you_mean

MARGINS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "feet_on_seats": ("margin_shins",),
        "hand_on_leg": ("reach_torsos", "own_leg_factor"),
        "unsafe_sitting": ("threshold",),
    }
)
"""The margins of the built-in detectors."""

_STEPS: Final = (-0.6, -0.3, -0.15, 0.15, 0.3, 0.6)
_SMALLEST: Final = 0.15  # a margin of 0 moves as one of this
_LEVELS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_EXIT_SHARES: Final = (0.4, 0.6, 0.8)
_HOLD_SHARES: Final = (0.5, 0.75, 1.25, 1.5)


class Setting(NamedTuple):
    """How one kind is watched for."""

    detector: DetectorOptions
    gate: GateOptions


def variants(kind: str, setting: Setting, margins: tuple[str, ...], hold_s: float) -> Iterator[list[Setting]]:
    """Settings that differ from one in a single knob: a list for each knob, the detector's first.

    Args:
        kind: the detector's kind, for messages.
        setting: where to start.
        margins: names of the detector's options to turn.
        hold_s: hold time that others are shares of.

    Raises:
        ConfigError: the detector has no such option, or it is no number.
    """
    for name in margins:
        values = _margin_values(kind, setting.detector, name)
        changed = [_with(setting.detector, **{name: value}) for value in values]
        yield [Setting(detector, setting.gate) for detector in changed if detector is not None]
    gate = setting.gate
    levels = [{"enter_score": level, "exit_score": min(gate.exit_score, level)} for level in _LEVELS]
    exits = [{"exit_score": round(gate.enter_score * share, 3)} for share in _EXIT_SHARES]
    holds = [{"hold_s": round(hold_s * share, 3)} for share in (*_HOLD_SHARES, 1.0)]
    for changes in (levels, exits, holds):
        gates = [_with(gate, **change) for change in changes]
        yield [Setting(setting.detector, changed) for changed in gates if changed is not None]


def margins_of(kind: str, wanted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the options to turn of a detector: the wanted ones, else those of a built-in one."""
    if wanted:
        return wanted
    known = detector_class(kind).Options.model_fields
    return tuple(name for name in MARGINS.get(kind, ()) if name in known)


def check_margins(detectors: Mapping[str, DetectorOptions], margins: Mapping[str, tuple[str, ...]]) -> None:
    """Check that all margins can be turned.

    Args:
        detectors: options of a cabin's detectors, by kind.
        margins: kind to names of detector options.

    Raises:
        ConfigError: the cabin has no such detector, that has no such option, or it is no number.
    """
    for kind, names in margins.items():
        if kind not in detectors:
            hint = did_you_mean(kind, detectors)
            raise ConfigError(
                f"the cabin has no detector of kind '{kind}'; {hint}it has {', '.join(detectors)}"
            )
        for name in names:
            _margin_values(kind, detectors[kind], name)


def _margin_values(kind: str, options: DetectorOptions, name: str) -> list[float]:
    known = type(options).model_fields
    if name not in known:
        hint = did_you_mean(name, known)
        raise ConfigError(f"detector '{kind}' has no option '{name}'; {hint}it has {', '.join(known)}")
    value = getattr(options, name)
    if value is None:  # the classifier's own: a probability
        return list(_LEVELS)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"detector '{kind}': option '{name}' is no number that can be tuned: {value!r}")
    return [round(value + step * max(abs(value), _SMALLEST), 3) for step in _STEPS]


def _with(options: Any, **changes: float) -> Any:
    """The options with some values changed, or None if they do not allow them."""
    try:
        return type(options)(**(options.model_dump(exclude_unset=True) | changes))
    except ConfigError:
        return None


def changes(before: Setting, after: Setting) -> tuple[dict[str, float], dict[str, float]]:
    """What differs: detector options and gate options by name."""
    first, second = (
        {
            name: getattr(new, name)
            for name in type(new).model_fields
            if getattr(new, name) != getattr(old, name)
        }
        for old, new in ((before.detector, after.detector), (before.gate, after.gate))
    )
    return first, second
