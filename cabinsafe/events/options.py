"""When readings of one kind become an event. All times in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field, field_serializer, field_validator, model_validator
from typing_extensions import Self

from cabinsafe.fields import SeatName
from cabinsafe.options import Options
from cabinsafe.vehicle import VehicleState

_Time = Annotated[float, Field(ge=0, le=3600)]
_Span = Annotated[float, Field(gt=0, le=86400)]

_UNOBSERVED: Final = "_unobserved"
CAMERA_SILENT: Final = "camera_silent"


def unobserved_kind(kind: str) -> str:
    """Kind of the events that report that ``kind`` could not be judged for ``degraded_after_s``."""
    return kind + _UNOBSERVED


class WhenOptions(Options):
    """State of the vehicle in which a kind counts. A signal that is not known forbids nothing."""

    min_speed_m_s: float | None = Field(None, ge=0, le=200, description="Not below this speed")
    max_speed_m_s: float | None = Field(None, ge=0, le=200, description="Not above this speed")
    doors_open: bool | None = Field(None, description="Only with a door open, or only with all closed")
    trips: tuple[str, ...] = Field((), description="Only in these states of the trip; in all if empty")

    @model_validator(mode="after")
    def _some_speed_is_left(self) -> Self:
        low, high = self.min_speed_m_s, self.max_speed_m_s
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_speed_m_s {low} must not exceed max_speed_m_s {high}")
        return self

    def holds(self, vehicle: VehicleState | None) -> bool:
        """Whether nothing that is known of the vehicle forbids the kind."""
        if vehicle is None:
            return True
        speed = vehicle.speed_m_s
        if speed is not None and self.min_speed_m_s is not None and speed < self.min_speed_m_s:
            return False
        if speed is not None and self.max_speed_m_s is not None and speed > self.max_speed_m_s:
            return False
        if None not in (self.doors_open, vehicle.doors_open) and self.doors_open != vehicle.doors_open:
            return False
        return not self.trips or vehicle.trip is None or vehicle.trip in self.trips


class GateSettings(Options):
    """Levels and times of one kind, in one view, for one seat."""

    enter_score: float = Field(0.55, gt=0, le=1, description="Score at which an act counts as begun")
    exit_score: float = Field(
        0.35, gt=0, le=1, description="Score below which a running event counts as over"
    )
    hold_s: _Time = Field(1.0, description="Time the act must be seen before its event starts")
    deadline_s: _Time | None = Field(
        None,
        description="Time after an act's beginning at which its event starts, however short it was seen, "
        "as long as no interruption discarded it",
    )
    cumulative_s: _Time | None = Field(
        None, description="Time seen within window_s, over all interruptions, at which an event starts"
    )
    window_s: _Span = Field(60.0, description="The window of cumulative_s")
    reset_s: _Time | None = Field(
        None, description="Time the act must be seen to be over to set the cumulative time back to 0"
    )
    release_s: _Time = Field(1.0, description="Time the act must be seen to be over before it ends")
    bridge_s: _Time = Field(
        0.7, description="Longest interruption, unseen or below the level, that does not end the act"
    )
    frame_gap_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        2.0, description="Longest time between two frames in which nothing is taken to have changed"
    )
    views_agree: bool = Field(
        True,
        description="Whether an act begins only while no camera that can judge it scores it below exit_score",
    )
    cooldown_s: float = Field(
        5.0,
        ge=0,
        le=86400,
        description="Time after an event's end before the next of the same people, or seats, may start",
    )
    update_every_s: _Span = Field(5.0, description="Time between two updates of an event that lasts")
    repeat_every_s: _Span | None = Field(
        None, description="Time between two repetitions of the alarm of an event that lasts"
    )
    escalate_after_s: tuple[_Span, ...] = Field(
        (), description="Times after an event's start at which its level rises by one"
    )
    degraded_after_s: _Time | None = Field(
        None, description="Time in which a person could not be judged that is an event of its own"
    )
    when: WhenOptions = WhenOptions()

    @field_validator("escalate_after_s")
    @classmethod
    def _levels_rise(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("the times must rise")
        return times


class GateOptions(GateSettings):
    """Settings of one kind, and what differs from them in single views and for single seats.

    Where both name something, the seat's word counts. The seat of a pair is that of the acting person.
    """

    per_view: dict[str, GateSettings] = Field(default_factory=dict, description="By camera id")
    per_seat: dict[SeatName, GateSettings] = Field(default_factory=dict, description="By seat")

    @model_validator(mode="after")
    def _consistent_everywhere(self) -> Self:
        for place in [None, *self.per_view]:
            for seat in [None, *self.per_seat]:
                _check(self.at(place, seat), " ".join(name for name in (place, seat) if name))
        return self

    @field_serializer("per_view", "per_seat")
    def _only_what_differs(self, overrides: dict[str, GateSettings]) -> dict[str, dict[str, Any]]:
        return {name: settings.model_dump(exclude_unset=True) for name, settings in overrides.items()}

    def at(self, camera_id: str | None, seat: str | None) -> GateSettings:
        """The settings in a view, for a seat; None where not known."""
        values = {name: getattr(self, name) for name in GateSettings.model_fields}
        for own in (self.per_view.get(camera_id or ""), self.per_seat.get(seat or "")):
            if own is not None:
                values |= {name: getattr(own, name) for name in own.model_fields_set}
        return GateSettings.model_construct(**values)

    def of_unobserved(self) -> GateOptions:
        """Options of the events that say that this kind could not be judged."""

        def derived(settings: GateSettings) -> dict[str, Any]:
            given = {"hold_s": settings.degraded_after_s} if settings.degraded_after_s is not None else {}
            kept = settings.model_fields_set & {"when", "frame_gap_s"}
            return given | {name: getattr(settings, name) for name in kept}

        places = {
            key: {name: derived(own) for name, own in overrides.items()}
            for key, overrides in (("per_view", self.per_view), ("per_seat", self.per_seat))
        }
        return GateOptions(**derived(self), **places, bridge_s=0.0, cooldown_s=0.0)


def _check(settings: GateSettings, where: str) -> None:
    """Refuse settings that contradict each other; ``where`` names the override that brings it about."""
    place = f" ({where})" if where else ""
    if settings.exit_score > settings.enter_score:
        raise ValueError(
            f"exit_score {settings.exit_score} must not exceed enter_score {settings.enter_score}{place}"
        )
    if settings.deadline_s is not None and settings.deadline_s < settings.hold_s:
        raise ValueError(
            f"deadline_s {settings.deadline_s} must not be below hold_s {settings.hold_s}{place}"
        )
    if settings.cumulative_s is not None and settings.cumulative_s > settings.window_s:
        raise ValueError(
            f"cumulative_s {settings.cumulative_s} must not exceed window_s {settings.window_s}{place}"
        )


CAMERA_KINDS: Mapping[str, GateOptions] = MappingProxyType(
    {
        "camera_blind": GateOptions(hold_s=5.0, release_s=2.0, bridge_s=2.0, cooldown_s=0.0),
        "camera_frozen": GateOptions(hold_s=5.0, release_s=1.0, bridge_s=0.0, cooldown_s=0.0),
        "camera_moved": GateOptions(hold_s=8.0, release_s=2.0, bridge_s=3.0, cooldown_s=0.0),
        CAMERA_SILENT: GateOptions(hold_s=10.0, cooldown_s=0.0),
    }
)
"""Kinds about a camera itself, and their options where nothing else is given."""
