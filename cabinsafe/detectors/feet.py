"""One person's feet against the places where feet can rest: what says that a foot is up, and where."""

from __future__ import annotations

from collections.abc import Sequence
from math import dist, inf, nan
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import FALSE, NOT_OBSERVABLE, TRUE, TunableOptions, logistic
from cabinsafe.detectors.body import Body, Side
from cabinsafe.detectors.zones import FootZones
from cabinsafe.geometry import XY, midpoint, polygon_depth, segment_distance

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


class Foot:
    """What one foot says.

    Attributes:
        state: whether it is up.
        score: how strongly that is so.
        zone, seat: the place that it is nearest to; the seat's name if it is one.
        depth_shins: how deep the sole lies over that place, negative beside it; None if that is not known.
        not_down: how far from sure it is that the foot is down, [0, 1]; 0 if its place is not known.
        thigh_gap_shins: from the sole to the other thigh; None if not seen.
    """

    __slots__ = ("depth_shins", "not_down", "score", "seat", "state", "thigh_gap_shins", "zone")

    def __init__(self) -> None:
        self.state = NOT_OBSERVABLE
        self.score = 0.0
        self.not_down = 0.0
        self.zone: Zone | None = None
        self.seat: str | None = None
        self.depth_shins: float | None = None
        self.thigh_gap_shins: float | None = None

    @property
    def is_up(self) -> bool:
        """Whether more speaks for it than against it."""
        return self.score >= 0.5


def judge_feet(
    body: Body,
    ankles: Sequence[XY | None],
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> tuple[Foot, Foot]:
    """Left and right foot of one person.

    Args:
        body: the person.
        ankles: left and right, None where hidden.
        zones: the places in the view.
        own_seat: the person's seat, None if unknown.
        options: those that apply to the person.
    """
    left, right = feet = Foot(), Foot()
    if body.shin_px is not None:
        for i, (foot, ankle) in enumerate(zip(feet, ankles, strict=True)):
            if ankle is not None:
                _place(foot, body, i, ankle, zones, own_seat, options)
        for i, foot in enumerate(feet):
            other = None if feet[1 - i].depth_shins is None else feet[1 - i].not_down
            ankle = ankles[i]
            if ankle is not None:
                _uncross(foot, ankle, body, body.sides[1 - i], other, options)
    return left, right


def _place(
    foot: Foot,
    body: Body,
    i: int,
    ankle: XY,
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> None:
    """Put foot ``i``, taken by itself, on the seat that it is deepest over, or on the dashboard."""
    side, shin_px = body.sides[i], body.shin_px or nan
    own_is_known = _place_on_seat(foot, _sole(ankle, shin_px, options), shin_px, zones, own_seat, options)
    if foot.depth_shins is not None:
        margin = options.margin_shins + options.margin_per_doubt * (1.0 - body.ankle_scores[i])
        if side.hip is not None and side.knee is not None:
            knee_drop = (side.knee[1] - side.hip[1]) / shin_px
            margin += options.margin_per_knee_drop * min(max(knee_drop, _KNEE_DROPS[0]), _KNEE_DROPS[1])
        over = min(max(foot.depth_shins, _DEPTHS[0]), _DEPTHS[1]) - margin
        foot.score = logistic(over / options.softness_shins)
        foot.not_down = logistic((over + options.crossed_drop_shins) / options.softness_shins)
    if zones.dashboard and "dashboard" in options.zones:
        _place_on_dashboard(foot, side.knee, ankle, shin_px, zones.dashboard, own_seat, options)
        foot.not_down = max(foot.not_down, foot.score)
    is_low = side.hip is None or ankle[1] - side.hip[1] >= options.least_drop_shins * shin_px
    if foot.is_up:
        foot.state = TRUE
    elif own_is_known and is_low:
        foot.state = FALSE


def _place_on_seat(
    foot: Foot,
    sole: XY,
    shin_px: float,
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> bool:
    """Note the seat that a sole is deepest over; returns whether the person's own was among them."""
    own_is_known, deepest_px = False, -inf
    allowed, span_margin = options.zones, options.span_margin
    reach_px, largest_px = options.max_height_shins * shin_px, options.max_cushion_shins * shin_px
    for seat in zones.near(own_seat):
        is_own = own_seat is None or seat.name == own_seat
        zone: Zone = "own" if is_own else "other"
        if zone not in allowed or seat.size_px > largest_px:
            continue
        depth_px = seat.depth_px(sole, span_margin, reach_px, deepest_px)
        if depth_px is None:
            continue
        own_is_known = own_is_known or is_own
        if depth_px > deepest_px:
            foot.zone, foot.seat, deepest_px = zone, seat.name, depth_px
    if foot.zone is not None:
        foot.depth_shins = deepest_px / shin_px
    return own_is_known


def _place_on_dashboard(
    foot: Foot,
    knee: XY | None,
    ankle: XY,
    shin_px: float,
    dashboard: Sequence[XY],
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> None:
    """Put a foot of the first row there if that is likelier: in the outline, and not far below the knee."""
    if knee is None or not (own_seat is None or own_seat.startswith("Row1.")):
        return
    depth = polygon_depth(dashboard, ankle) / shin_px
    rise = (ankle[1] - knee[1]) / shin_px
    score = logistic((depth + options.dashboard_margin_shins) / _DASHBOARD_SOFTNESS)
    score *= logistic((options.dashboard_knee_rise_shins - rise) / _DASHBOARD_SOFTNESS)
    if score >= 0.5 and score > foot.score:
        foot.score, foot.zone, foot.seat, foot.depth_shins = score, "dashboard", None, depth


def _uncross(
    foot: Foot,
    ankle: XY,
    body: Body,
    other: Side,
    other_not_down: float | None,
    options: FeetOnSeatsOptions,
) -> None:
    """Lower the score as far as the foot may rest on the other leg, whose own foot is down.

    Where the other foot is hidden (None), an ankle on the other thigh may be either; it is not observable.
    The legs of those who lie only seem to cross.
    """
    if other.hip is None or other.knee is None or body.shin_px is None or foot.zone == "dashboard":
        return
    sole = _sole(ankle, body.shin_px, options)
    foot.thigh_gap_shins = segment_distance(sole, other.hip, other.knee) / body.shin_px
    if not foot.is_up or _uprightness(body) < options.crossed_uprightness:
        return
    rests = logistic((options.crossed_shins - foot.thigh_gap_shins) / _CROSSED_SOFTNESS)
    if other_not_down is not None:
        foot.score *= 1.0 - rests * (1.0 - other_not_down)
        foot.state = TRUE if foot.is_up else FALSE
    elif rests >= 0.5:
        foot.state = NOT_OBSERVABLE


def _uprightness(body: Body) -> float:
    """Cosine of the angle of the trunk from the vertical in the picture; 1 where it is not seen."""
    left, right = body.sides
    if left.shoulder is None or right.shoulder is None or left.hip is None or right.hip is None:
        return 1.0
    top, bottom = midpoint(left.shoulder, right.shoulder), midpoint(left.hip, right.hip)
    return (bottom[1] - top[1]) / (dist(top, bottom) or 1.0)


def _sole(ankle: XY, shin_px: float, options: FeetOnSeatsOptions) -> XY:
    """Where the sole under an ankle is in the picture."""
    return ankle[0], ankle[1] + options.sole_drop_shins * shin_px
