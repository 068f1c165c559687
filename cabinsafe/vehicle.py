"""What the vehicle itself reports: speed, doors, the state of the trip."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cabinsafe.fields import Record


class VehicleState(Record):
    """Signals of the vehicle at the time of a frame; None where a signal is not known.

    Attributes:
        speed_m_s: speed over ground, metres per second, either way.
        doors_open: whether any door is open.
        trip: the operator's name of the trip's state, such as ``boarding``, ``driving``, ``parked``.
    """

    speed_m_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    doors_open: bool | None = None
    trip: Annotated[str, Field(min_length=1)] | None = None
