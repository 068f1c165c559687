"""One person's feet against the places where feet can rest: what says that a foot is up, and where."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist, inf
from typing import Literal, NamedTuple

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import TunableOptions, logistic
from cabinsafe.detectors.body import Body, Side
from cabinsafe.detectors.zones import FootZones, SeatZone
from cabinsafe.geometry import XY, polygon_depth, segment_distance
from cabinsafe.types import FALSE, NOT_OBSERVABLE, TRUE

Zone = Literal["own", "other", "dashboard"]
# The rule was fitted with what lies beyond these limits taken for the limit; lengths in shins.
_DEPTHS, _KNEE_DROPS = (-0.8, 0.3), (-0.4, 0.7)
_CROSSED_SOFTNESS, _DASHBOARD_SOFTNESS = 0.04, 0.1


class FeetOnSeatsOptions(TunableOptions):
    """Options of the detector; lengths are in the person's own shins, drops downwards in the picture.

    The defaults were fitted to rendered people; ``benchmarks/detectors.py`` says how well they do on others.
    """

    sole_drop_shins: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The sole lies so far below the ankle in the picture; 0 for a camera that looks straight "
        "down",
    )
    margin_shins: float = Field(
        -0.19,
        ge=-1,
        le=2,
        description="How deep over the cushion, or high over the seat line, the sole is at score .5, knee "
        "and hip level, the ankle sure; negative: so far outside",
    )
    margin_per_doubt: float = Field(
        0.15, ge=0, le=2, description="The margin grows by this times what the ankle's score lacks to 1"
    )
    margin_per_knee_drop: float = Field(
        0.11, ge=0, le=2, description="The margin grows by this per shin that the knee lies below the hip"
    )
    softness_shins: float = Field(
        0.03, gt=0, le=1, description="Depth over which the score rises from .5 to .73"
    )
    crossed_shins: float = Field(
        0.325,
        ge=0,
        le=2,
        description="A sole nearer than this to the other thigh rests on it, if the other foot is down",
    )
    crossed_drop_shins: float = Field(
        0.1,
        ge=0,
        le=2,
        description="The other foot is down for sure if it is this much farther from a seat than at score .5",
    )
    crossed_uprightness: float = Field(
        0.6,
        ge=-1,
        le=1,
        description="The trunk of one whose foot may rest on the other thigh is at least so upright in the "
        "picture (a cosine); others lie; -1 for a camera that looks straight down",
    )
    least_drop_shins: float = Field(
        0.25,
        ge=-1,
        le=2,
        description="An ankle over no seat, yet not so far below the hip, may be on one unknown to the view",
    )
    max_height_shins: float = Field(
        2.5, gt=0, le=10, description="Soles higher than this over a seat line are not that seat's"
    )
    max_cushion_shins: float = Field(
        3.5,
        gt=0,
        le=20,
        description="A cushion that is larger in the picture is nearer to the camera than the person",
    )
    span_margin: float = Field(
        0.1, ge=0, le=1, description="How far beyond a seat line's ends, in line lengths"
    )
    dashboard_margin_shins: float = Field(
        0.1, ge=-1, le=2, description="How far outside the dashboard's outline an ankle may be at score .5"
    )
    dashboard_knee_rise_shins: float = Field(
        0.1, ge=-2, le=2, description="How far the knee may be above an ankle on the dashboard at score .5"
    )
    zones: tuple[Zone, ...] = Field(("own", "other"), min_length=1, description="Which places count")
    hidden_ankle_s: float = Field(
        1.0,
        ge=0,
        le=5,
        description="How long an ankle that got hidden is taken to stay where it was, while the knee stays",
    )
    hidden_ankle_knee_shins: float = Field(
        0.15, ge=0, le=1, description="How far the knee may move meanwhile"
    )
    min_keypoint_score: float = Field(0.35, ge=0, le=1, description="Weaker joints of the legs are unseen")
    max_ambiguity: float = Field(
        1.0, ge=0, le=1, description="Thighs and shins more contested than this are unseen"
    )

    @model_validator(mode="after")
    def _margin_can_be_reached(self) -> Self:
        if self.margin_shins >= self.max_height_shins:
            raise ValueError(f"margin_shins must be below max_height_shins {self.max_height_shins}")
        return self


class Ankle(NamedTuple):
    """Where an ankle was seen last, pixels, and how sure it was then, [0, 1]."""

    xy: XY
    score: float


class Foot:
    """What one foot says.

    Attributes:
        state: whether it is up.
        score: how strongly that is so.
        zone, seat: the place that it is nearest to; the seat's name if it is one.
        sole: where it is in the picture; None where the ankle is hidden, or nothing is known of the body.
        depth_shins: how deep the sole lies over that place, negative beside it; None if that is not known.
        not_down: how far from sure it is that the foot is down, [0, 1]; 0 if its place is not known.
        thigh_gap_shins: from the sole to the other thigh; None if not seen.
    """

    __slots__ = ("depth_shins", "not_down", "score", "seat", "sole", "state", "thigh_gap_shins", "zone")

    def __init__(self) -> None:
        self.state = NOT_OBSERVABLE
        self.score = 0.0
        self.not_down = 0.0
        self.zone: Zone | None = None
        self.seat: str | None = None
        self.sole: XY | None = None
        self.depth_shins: float | None = None
        self.thigh_gap_shins: float | None = None

    @property
    def is_up(self) -> bool:
        """Whether more speaks for it than against it."""
        return self.score >= 0.5


def judge_feet(
    body: Body,
    ankles: Sequence[Ankle | None],
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> tuple[Foot, Foot]:
    """Left and right foot of one person.

    Args:
        body: the person.
        ankles: left and right, None where it is not known where they are.
        zones: the places in the view.
        own_seat: the person's seat, None if unknown.
        options: those that apply to the person.
    """
    left, right = Foot(), Foot()
    shin_px = body.shin_px()
    if shin_px is not None:
        person = _person(body, shin_px, zones, own_seat, options)
        for i, (foot, ankle) in enumerate(zip((left, right), ankles, strict=True)):
            if ankle is not None:
                _place(foot, i, ankle, person)
        _uncross(left, body.sides[1], right, person)
        _uncross(right, body.sides[0], left, person)
    return left, right


class _Person(NamedTuple):
    """One person, the places that count for them, and their own seat in any case."""

    body: Body
    shin_px: float
    seats: list[tuple[Zone, SeatZone]]
    dashboard_counts: bool
    dashboard: tuple[XY, ...] | None
    options: FeetOnSeatsOptions


def _person(
    body: Body, shin_px: float, zones: FootZones, own_seat: str | None, options: FeetOnSeatsOptions
) -> _Person:
    seats: list[tuple[Zone, SeatZone]] = []
    for seat in zones.near(own_seat):
        zone: Zone = "own" if own_seat is None or seat.name == own_seat else "other"
        matters = zone in options.zones or seat.name == own_seat
        if matters and seat.size_px <= options.max_cushion_shins * shin_px:
            seats.append((zone, seat))
    in_front = "dashboard" in options.zones and (own_seat is None or own_seat.startswith("Row1."))
    return _Person(body, shin_px, seats, in_front, zones.dashboard, options)


def _place(foot: Foot, i: int, ankle: Ankle, person: _Person) -> None:
    """Put foot ``i``, taken by itself, on the seat that it is deepest over, or on the dashboard."""
    (x, y), score = ankle
    shin_px, options = person.shin_px, person.options
    foot.sole = x, y + options.sole_drop_shins * shin_px
    can_tell = _place_on_seat(foot, foot.sole, person)
    knee, hip = person.body.sides[i].knee, person.body.sides[i].hip
    if foot.depth_shins is not None:
        margin = options.margin_shins + options.margin_per_doubt * (1.0 - score)
        if hip is not None and knee is not None:
            margin += options.margin_per_knee_drop * _within(_KNEE_DROPS, (knee[1] - hip[1]) / shin_px)
        over = _within(_DEPTHS, foot.depth_shins) - margin
        foot.score = logistic(over / options.softness_shins)
        foot.not_down = logistic((over + options.crossed_drop_shins) / options.softness_shins)
    if person.dashboard_counts:
        if person.dashboard is None or knee is None:
            can_tell = False
        else:
            _place_on_dashboard(foot, knee, ankle.xy, person.dashboard, person)
    is_low = hip is None or y - hip[1] >= options.least_drop_shins * shin_px
    if foot.is_up:
        foot.state = TRUE
    elif can_tell and is_low:
        foot.state = FALSE


def _within(limits: tuple[float, float], value: float) -> float:
    """The value, or the limit that it is beyond."""
    least, most = limits
    return least if value < least else most if value > most else value  # half the time of min() and max()


def _place_on_seat(foot: Foot, sole: XY, person: _Person) -> bool:
    """Note the seat, of those that count, that a sole is deepest over; returns whether the own is known."""
    shin_px, seats, options = person.shin_px, person.seats, person.options
    own_is_known, reach_px, deepest_px = False, options.max_height_shins * shin_px, -inf
    for zone, seat in seats:
        depth_px = seat.depth_px(sole, options.span_margin, reach_px, deepest_px)
        if depth_px is None:
            continue
        own_is_known = own_is_known or zone == "own"
        if depth_px > deepest_px and zone in options.zones:
            foot.zone, foot.seat, deepest_px = zone, seat.name, depth_px
            foot.depth_shins = depth_px / shin_px
    return own_is_known


def _place_on_dashboard(foot: Foot, knee: XY, ankle: XY, dashboard: Sequence[XY], person: _Person) -> None:
    """Put a foot of the first row there if that is likelier: in the outline, and not far below the knee."""
    depth = polygon_depth(dashboard, ankle) / person.shin_px
    rise = (ankle[1] - knee[1]) / person.shin_px
    score = logistic((depth + person.options.dashboard_margin_shins) / _DASHBOARD_SOFTNESS)
    score *= logistic((person.options.dashboard_knee_rise_shins - rise) / _DASHBOARD_SOFTNESS)
    if score >= 0.5 and score > foot.score:
        foot.score, foot.zone, foot.seat, foot.depth_shins = score, "dashboard", None, depth
        foot.not_down = max(foot.not_down, score)


def _uncross(foot: Foot, other_leg: Side, other: Foot, person: _Person) -> None:
    """Lower the score as far as the foot may rest on the other leg, whose own foot is down.

    Where that foot's place is not known, an ankle on the other thigh may be either; it is not observable.
    The legs of those who lie only seem to cross.
    """
    hip, knee = other_leg.hip, other_leg.knee
    if foot.sole is None or hip is None or knee is None or foot.zone == "dashboard":
        return
    gap = foot.thigh_gap_shins = segment_distance(foot.sole, hip, knee) / person.shin_px
    if not foot.is_up or _uprightness(person.body) < person.options.crossed_uprightness:
        return
    rests = logistic((person.options.crossed_shins - gap) / _CROSSED_SOFTNESS)
    if other.depth_shins is not None:
        foot.score *= 1.0 - rests * (1.0 - other.not_down)
        foot.state = TRUE if foot.is_up else FALSE
    elif rests >= 0.5:
        foot.state = NOT_OBSERVABLE


def _uprightness(body: Body) -> float:
    """Cosine of the angle of the trunk from the vertical in the picture; 1 where it is not seen."""
    if body.trunk is None:
        return 1.0
    top, bottom = body.trunk
    return (bottom[1] - top[1]) / (dist(top, bottom) or 1.0)
