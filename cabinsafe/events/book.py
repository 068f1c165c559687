"""Which settings apply: by kind, view and seat."""

from __future__ import annotations

from collections.abc import Mapping

from cabinsafe.events.options import CAMERA_KINDS, GateOptions, GateSettings, unobserved_kind


class SettingsBook:
    """Settings by kind, view and seat, each worked out once.

    Args:
        options: by kind; those about cameras have their own where none are given.
        default: for kinds not named.

    Attributes:
        reports_unobserved: whether any kind reports that it could not be judged.
    """

    def __init__(self, options: Mapping[str, GateOptions], default: GateOptions) -> None:
        given = {**CAMERA_KINDS, **options}
        derived = {unobserved_kind(kind): of.of_unobserved() for kind, of in given.items()}
        self._options = {**derived, **given}
        self._default = default
        self._default_unobserved = default.of_unobserved()
        self.reports_unobserved = any(
            settings.degraded_after_s is not None
            for of in (*given.values(), default)
            for settings in (of, *of.per_view.values(), *of.per_seat.values())
        )
        self._settings: dict[tuple[str, str, str | None], GateSettings] = {}

    def options_of(self, kind: str) -> GateOptions:
        """Options that apply to a kind."""
        if kind in self._options:
            return self._options[kind]
        return self._default_unobserved if kind.endswith(unobserved_kind("")) else self._default

    def at(self, kind: str, camera_id: str, seat: str | None) -> GateSettings:
        """What applies in a view, for a seat."""
        place = (kind, camera_id, seat)
        settings = self._settings.get(place)
        if settings is None:
            settings = self._settings[place] = self.options_of(kind).at(camera_id, seat)
        return settings
