"""A scene: a cabin, a camera, light, and people in postures. Its spec, as JSON, determines every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.fields import SeatName
from cabinsafe.options import Options
from cabinsafe.synthetic.body import Body, BodyModel, BodySpec
from cabinsafe.synthetic.cabin.boxes import OrientedBox
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.cabin.seats import Seat
from cabinsafe.synthetic.cabin.spec import HIP_TO_CUSHION_M, CabinSpec
from cabinsafe.synthetic.camera import CameraSpec
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.light_spec import LightSpec
from cabinsafe.synthetic.posing.act import draft_posture, near_side
from cabinsafe.synthetic.posing.draft import Setting
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.posing.posture import LEFT, RIGHT, Posture, side_name
from cabinsafe.synthetic.posing.settle import settle
from cabinsafe.synthetic.posing.style_name import StyleName
from cabinsafe.synthetic.posing.styles import STYLES
from cabinsafe.synthetic.sampling import generator
from cabinsafe.synthetic.sensor import SensorSpec
from cabinsafe.synthetic.wardrobe.spec import LookSpec

Covering = Literal["none", "blanket", "bag"]
NEUTRAL = "rest"
"""What a partner is taken to do who has not been posed yet."""


class PersonSpec(Options):
    """One person in a scene."""

    seat: SeatName
    style: StyleName = Field("rest", description="What the person does: a name of the repertoire")
    partner: SeatName | None = Field(None, description="Seat of the other person, for styles of two")
    pose_seed: int = Field(0, ge=0, description="Of what the style leaves to chance")
    side: Literal["left", "right"] | None = Field(
        None, description="To which side of the person lopsided styles go; drawn if left out"
    )
    body: BodySpec = BodySpec()
    look: LookSpec = LookSpec()
    belted: bool = Field(False, description="Whether a seat belt is worn")
    covering: Covering = Field("none", description="What lies on the lap")

    @model_validator(mode="after")
    def _has_its_partner(self) -> Self:
        if "partner" in STYLES[self.style].needs and self.partner is None:
            raise ValueError(f"style '{self.style}' needs a partner: the seat of the other person")
        return self


class SceneSpec(Options):
    """All that a picture is made from."""

    seed: int = Field(ge=0, description="Of noise")
    cabin: CabinSpec
    camera: CameraSpec
    light: LightSpec
    sensor: SensorSpec
    people: tuple[PersonSpec, ...] = Field((), description="In the order in which they are posed")

    @model_validator(mode="after")
    def _seats_exist(self) -> Self:
        seats = [person.seat for person in self.people]
        for seat in (*seats, *(p.partner for p in self.people if p.partner)):
            if seat not in self.cabin.seat_names:
                raise ValueError(f"no seat {seat} in this cabin; it has {', '.join(self.cabin.seat_names)}")
        if len(set(seats)) != len(seats):
            raise ValueError(f"two people on one seat: {', '.join(sorted(seats))}")
        if any(person.partner and person.partner not in seats for person in self.people):
            raise ValueError("a partner's seat is empty")
        return self


@dataclass(frozen=True)
class Occupant:
    """A person in place.

    Attributes:
        spec: what the person was made from, with the side to which the style goes.
        body: the body.
        posture: where it was sent.
        figure: the body in its pose.
    """

    spec: PersonSpec
    body: Body
    posture: Posture
    figure: Figure


def pose_people(cabin: Cabin, people: Sequence[PersonSpec], model: BodyModel) -> tuple[Occupant, ...]:
    """Everybody in place, posed one after the other in the given order."""
    bodies = {person.seat: model.shape(person.body) for person in people}
    occupants: list[Occupant] = []
    for person in people:
        occupants.append(pose_person(cabin, person, bodies, occupants))
    return tuple(occupants)


def pose_person(
    cabin: Cabin, person: PersonSpec, bodies: Mapping[str, Body], before: Sequence[Occupant]
) -> Occupant:
    """One person in place.

    Args:
        cabin: where.
        person: who, and in which style.
        bodies: everybody's, by seat.
        before: those who are already posed; the person keeps clear of them.
    """
    body = bodies[person.seat]
    setting = setting_of(cabin, person, bodies, before)
    rng = generator(person.pose_seed, "pose")
    if person.side is None:
        near = near_side(STYLES[person.style], setting, generator(person.pose_seed, "side"))
    else:
        near = LEFT if person.side == "left" else RIGHT
    posture = draft_posture(person.style, body, setting, rng, near)
    others = [occupant.figure for occupant in before]
    opened, touches = window_open(person.style), may_touch(person.style)
    posture = settle(body, posture, own_solids(cabin, person.seat), others, opened, touches)
    done = person.model_copy(update={"side": side_name(near)})
    return Occupant(done, body, posture, Figure(body, solve(body, posture)))


def window_open(style: str) -> bool:
    """Whether somebody who does this may reach through the side window."""
    return "window" in STYLES[style].needs


def may_touch(style: str) -> bool:
    """Whether hands may come to lie on a leg of somebody else."""
    return "hand_on_leg" in STYLES[style].shows or STYLES[style].sitting in ("fighting", "lying")


def look_in_style(person: PersonSpec) -> LookSpec:
    """The look, with a phone in the hand that the style uses it with."""
    hand = person.side if STYLES[person.style].phone and person.side is not None else "none"
    return person.look.model_copy(update={"phone_hand": hand})


def own_solids(cabin: Cabin, seat: str) -> list[OrientedBox]:
    """The solids that somebody on a seat must not go through: all but the child seat that is sat in."""
    if cabin.seats[seat].child_hip_m is None:
        return list(cabin.solids)
    return [solid for solid in cabin.solids if not ("child" in solid.name and seat in solid.name)]


def setting_of(
    cabin: Cabin, person: PersonSpec, bodies: Mapping[str, Body], before: Sequence[Occupant]
) -> Setting:
    """Where a person acts, with whom, and which seats beside are free."""
    seat = child_seat_or(cabin.seats[person.seat])
    posed = {occupant.spec.seat: occupant.figure for occupant in before}
    partner = None
    if person.partner is not None:
        partner = posed.get(person.partner) or _neutral(cabin, person.partner, bodies)
    free = frozenset(
        side
        for side in (LEFT, RIGHT)
        if (beside := neighbour(seat, side)) and beside not in bodies and not cabin.seats[beside].laden
    )
    return Setting(seat, cabin.spec.roof_m, cabin.spec.half_width_m, free, partner)


def neighbour(seat: Seat, side: int) -> str | None:
    """Name of the next seat to the sitter's left (+1) or right (-1)."""
    return seat.left if side * seat.facing > 0 else seat.right


def child_seat_or(seat: Seat) -> Seat:
    """The seat, or the child seat on it as a seat of its own."""
    if seat.child_hip_m is None:
        return seat
    return replace(seat, hip_m=seat.child_hip_m, cushion_top_m=float(seat.child_hip_m[2]) - HIP_TO_CUSHION_M)


def _neutral(cabin: Cabin, seat: str, bodies: Mapping[str, Body]) -> Figure:
    place = child_seat_or(cabin.seats[seat])
    setting = Setting(place, cabin.spec.roof_m, cabin.spec.half_width_m)
    posture = draft_posture(NEUTRAL, bodies[seat], setting, generator(0, "neutral"), LEFT)
    return Figure(bodies[seat], solve(bodies[seat], posture))
