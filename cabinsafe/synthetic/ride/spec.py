"""A ride as a script: who sits where, and what each does from when on. As JSON it determines the clip."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.fields import SeatName
from cabinsafe.options import Options
from cabinsafe.synthetic.body import BodySpec
from cabinsafe.synthetic.cabin.spec import CabinSpec
from cabinsafe.synthetic.camera import CameraSpec
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.posing.style_name import StyleName
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.sensor import SensorSpec
from cabinsafe.synthetic.wardrobe.spec import LookSpec

Seconds = Annotated[float, Field(ge=0, le=86400)]

ENTRY_S = 3.0
"""How long it takes to come in or to leave."""
DOOR_S = 0.4
"""How much longer the door is open, before and after."""
SWAP_S = 3.0
"""How long it takes to change seats."""


class ActSpec(Options):
    """What a person does from a time on, until the next act."""

    start_s: Seconds = Field(description="When the person begins to move towards it")
    move_s: float = Field(1.0, ge=0.2, le=10, description="How long it takes to get there")
    style: StyleName = "rest"
    seat: SeatName = Field(description="On which seat; another than before is a change of seats")
    partner: int | None = Field(None, ge=1, description="Number of the other person, for styles of two")
    pose_seed: int = Field(0, ge=0)
    side: Literal["left", "right"] | None = Field(
        None, description="To which side of the person lopsided styles go; drawn if left out"
    )

    @property
    def held_s(self) -> float:
        """When the posture is reached."""
        return self.start_s + self.move_s


class RiderSpec(Options):
    """One person of a ride; the place in the list, from 1, is the person's number and track id."""

    body: BodySpec = BodySpec()
    look: LookSpec = LookSpec()
    belted: bool = False
    enters_s: Seconds | None = Field(
        None, description="When the person begins to come in; None: there at once"
    )
    leaves_s: Seconds | None = Field(None, description="When the person begins to leave; None: stays")
    acts: tuple[ActSpec, ...] = Field(
        min_length=1, description="One after the other; the first is there at once"
    )

    @model_validator(mode="after")
    def _acts_follow_each_other(self) -> Self:
        for number, (before, after) in enumerate(pairwise(self.acts)):
            reached_s = before.held_s if number else before.start_s
            if after.start_s < reached_s:
                raise ValueError(
                    f"the act at {after.start_s:g} s begins before the one at {before.start_s:g} s is "
                    f"reached, at {reached_s:g} s"
                )
        if (
            self.enters_s is not None
            and self.leaves_s is not None
            and self.leaves_s < self.enters_s + ENTRY_S
        ):
            raise ValueError(f"leaves_s must be at least {ENTRY_S:g} s after enters_s")
        return self

    def is_there(self, t_s: float) -> bool:
        """Whether the person is in the cabin, or on the way in or out."""
        came = self.enters_s is None or t_s >= self.enters_s
        left = self.leaves_s is not None and t_s >= self.leaves_s + ENTRY_S
        return came and not left

    def is_in_door(self, t_s: float) -> bool:
        """Whether the person's door is open: while coming in or leaving, and a little before and after."""
        times = [time for time in (self.enters_s, self.leaves_s) if time is not None]
        return any(-DOOR_S <= t_s - time <= ENTRY_S + DOOR_S for time in times)

    def has_left(self, t_s: float) -> bool:
        """Whether the person has begun to leave."""
        return self.leaves_s is not None and t_s >= self.leaves_s

    def act_at(self, t_s: float) -> ActSpec:
        """The act that the person is in, or on the way to."""
        begun = [act for act in self.acts if act.start_s <= t_s]
        return begun[-1] if begun else self.acts[0]


class RideSpec(Options):
    """All that a clip is made from."""

    seed: int = Field(ge=0, description="Of noise, breathing and shaking")
    duration_s: float = Field(30.0, gt=0, le=7200)
    fps: float = Field(15.0, ge=1, le=60)
    speed_m_s: float = Field(12.0, ge=0, le=50, description="Of the vehicle: scenery passes, the road shakes")
    cabin: CabinSpec
    camera: CameraSpec
    light: LightSpec
    sensor: SensorSpec
    riders: tuple[RiderSpec, ...] = ()

    @model_validator(mode="after")
    def _partners_and_seats_exist(self) -> Self:
        for number, rider in enumerate(self.riders, 1):
            for act in rider.acts:
                if act.seat not in self.cabin.seat_names:
                    raise ValueError(
                        f"riders.{number - 1}: no seat {act.seat}; "
                        f"there are {', '.join(self.cabin.seat_names)}"
                    )
                needs_partner = act.partner is None and "partner" in STYLES[act.style].needs
                if needs_partner or act.partner == number or (act.partner or 0) > len(self.riders):
                    raise ValueError(
                        f"riders.{number - 1}: '{act.style}' at {act.start_s:g} s needs a partner: "
                        f"the number of another rider, 1 to {len(self.riders)}"
                    )
        return self

    @model_validator(mode="after")
    def _nobody_sits_on_another(self) -> Self:
        starts = sorted({act.start_s for rider in self.riders for act in rider.acts} | {self.duration_s})
        for t_s in starts:
            taken: dict[str, int] = {}
            for number, rider in enumerate(self.riders, 1):
                if rider.is_there(t_s) and taken.setdefault(rider.act_at(t_s).seat, number) != number:
                    other = taken[rider.act_at(t_s).seat]
                    raise ValueError(
                        f"riders {other} and {number} are both on {rider.act_at(t_s).seat} at {t_s:g} s"
                    )
        return self

    @property
    def frame_count(self) -> int:
        """Frames of the clip."""
        return max(1, round(self.duration_s * self.fps))
