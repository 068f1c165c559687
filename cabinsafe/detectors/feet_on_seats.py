"""Feet on seats: an ankle over a cushion of the person's row, or on the dashboard, in the view that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import LocalOptions, TunableOptions, any_of, logistic
from cabinsafe.detectors.body import SIDES, Body, Side
from cabinsafe.detectors.zones import FootZones, ZoneMap
from cabinsafe.errors import ConfigError
from cabinsafe.geometry import XY, polygon_depth, segment_distance
from cabinsafe.types import Reading, Scene, State, Track
from cabinsafe.views import CameraView

Zone = Literal["own", "other", "dashboard"]
# The rule was fitted with what lies beyond these limits taken for the limit.
_DEPTHS, _KNEE_DROPS, _ANKLE_DROPS = (-0.8, 0.3), (-0.4, 0.7), (-0.5, 1.5)
_USUAL_ANKLE_DROP = 0.5
_CROSSED_SOFTNESS_SHINS, _DASHBOARD_SOFTNESS_SHINS = 0.04, 0.1


class FeetOnSeatsOptions(TunableOptions):
    """Options of the detector; lengths are in the person's own shin lengths, drops downwards in the picture.

    The defaults were fitted to rendered people; ``benchmarks/detectors.py`` says how well they do on others.
    """

    margin_shins: float = Field(
        -0.15,
        ge=-1,
        le=2,
        description="How deep over the cushion, or how high over the seat line, an ankle level with the hip is "
        "at score .5; negative: so far outside",
    )
    margin_per_knee_drop: float = Field(
        0.12, ge=0, le=2, description="The margin grows by this per shin that the knee lies below the hip"
    )
    margin_per_ankle_drop: float = Field(
        0.15, ge=0, le=2, description="The margin grows by this per shin that the ankle lies below the hip"
    )
    softness_shins: float = Field(
        0.05, gt=0, le=1, description="Depth over which the score rises from .5 to .73"
    )
    crossed_shins: float = Field(
        0.26,
        ge=0,
        le=2,
        description="An ankle nearer than this to the other thigh rests on it, if the other foot is down",
    )
    least_drop_shins: float = Field(
        0.25,
        ge=-1,
        le=2,
        description="An ankle over no seat, but not this far below the hip, may be on a seat unknown to the view",
    )
    max_height_shins: float = Field(
        2.5, gt=0, le=10, description="Ankles higher than this over a seat line are not that seat's"
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
    zones: tuple[Zone, ...] = Field(
        ("own", "other"), min_length=1, description="Which places count"
    )
    hidden_ankle_s: float = Field(
        0.5,
        ge=0,
        le=5,
        description="How long an ankle that got hidden is taken to stay where it was, while the knee stays",
    )
    hidden_ankle_knee_shins: float = Field(
        0.15, ge=0, le=1, description="How far the knee may move meanwhile"
    )
    min_keypoint_score: float = Field(0.2, ge=0, le=1, description="Weaker joints of the legs are unseen")
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")

    @model_validator(mode="after")
    def _margin_can_be_reached(self) -> Self:
        if self.margin_shins >= self.max_height_shins:
            raise ValueError(f"margin_shins must be below max_height_shins {self.max_height_shins}")
        return self


class _Foot(NamedTuple):
    """What one foot says; lengths in shins."""

    state: State = State.NOT_OBSERVABLE
    score: float = 0.0
    zone: Zone | None = None
    seat: str | None = None
    depth_shins: float | None = None
    thigh_gap_shins: float | None = None


class _Shin(NamedTuple):
    """Where an ankle was last seen, and its knee then."""

    t_s: float
    ankle: XY
    knee: XY | None


_Shins = dict[tuple[int, str], _Shin]
_UNSEEN = _Foot()


class FeetOnSeats:
    """Whether a foot is on a seat of the person's row (of any row if the seat is unknown), or on the dashboard.

    One reading per person. How deep an ankle lies over a cushion decides, the more easily the higher knee and
    ankle are drawn up. An ankle on the other thigh whose own foot is down is on the knee, not on a seat. An
    ankle that gets hidden is taken to stay for a moment, while its knee stays. The reading is true if either
    foot is up, false if both are seen to be down and the view knows the person's seat, not observable
    otherwise. ``Reading.seats`` names the seats that feet are on.
    """

    Options: ClassVar[type[FeetOnSeatsOptions]] = FeetOnSeatsOptions
    kind: ClassVar[str] = "feet_on_seats"
    needs: ClassVar[frozenset[str]] = frozenset(
        f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "hip", "knee", "ankle")
    )

    def __init__(self, options: FeetOnSeatsOptions, views: Mapping[str, CameraView]) -> None:
        self._options = LocalOptions(options, views)
        self._zones = ZoneMap(views)
        if self._zones.is_empty:
            raise ConfigError(
                "feet_on_seats needs a seat_line or a cushion on at least one seat of one camera, or a "
                "dashboard; there is none"
            )
        self.reset()

    @property
    def digests(self) -> dict[str, str]:
        """No model files."""
        return {}

    def reset(self) -> None:
        """Forget where ankles were seen."""
        self._shins: dict[str, dict[tuple[int, str], _Shin]] = {}

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per track."""
        zones = self._zones.of(scene.camera_id, scene.size_wh)
        before = self._shins.get(scene.camera_id, {})
        after = self._shins[scene.camera_id] = {}
        return [self._read_track(track, scene, zones, before, after) for track in scene.tracks]

    def _read_track(
        self, track: Track, scene: Scene, zones: FootZones, before: _Shins, after: _Shins
    ) -> Reading:
        options = self._options.at(scene.camera_id, track.seat)
        skeleton, evidence = track.skeleton, dict[str, float]()
        feet = _UNSEEN, _UNSEEN
        if skeleton is not None and skeleton.ambiguity <= options.max_ambiguity:
            body = Body(skeleton, options.min_keypoint_score)
            ankles: list[XY | None] = []
            for name, side in zip(SIDES, body.sides, strict=True):
                key = track.track_id, name
                shin = _seen_shin(side, scene.t_s) or _remembered(side, scene.t_s, before.get(key), body, options)
                if shin is not None:
                    after[key] = shin
                ankles.append(shin and shin.ankle)
            feet = _judge(body, (ankles[0], ankles[1]), zones, track.seat, options)
            evidence = _evidence(feet, options)
            for name, foot in zip(SIDES, feet, strict=True):
                if foot.depth_shins is not None:
                    evidence[f"{name}_ankle_score"] = round(skeleton.score_of(f"{name}_ankle"), 3)
        seats = {foot.seat for foot in feet if foot.seat is not None and foot.score >= 0.5}
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (track.track_id,),
                "state": any_of(foot.state for foot in feet),
                "score": max(foot.score for foot in feet),
                "evidence": evidence,
                "seats": tuple(sorted(seats)),
            }
        )


def _seen_shin(side: Side, t_s: float) -> _Shin | None:
    return None if side.ankle is None else _Shin(t_s, side.ankle, side.knee)


def _remembered(
    side: Side, t_s: float, last: _Shin | None, body: Body, options: FeetOnSeatsOptions
) -> _Shin | None:
    """The last shin, if the ankle was seen a moment ago and the knee has not moved since."""
    if last is None or last.knee is None or side.knee is None or not body.shin_px:
        return None
    stays = dist(last.knee, side.knee) <= options.hidden_ankle_knee_shins * body.shin_px
    return last if stays and t_s - last.t_s <= options.hidden_ankle_s else None


def _judge(
    body: Body,
    ankles: tuple[XY | None, XY | None],
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> tuple[_Foot, _Foot]:
    if body.shin_px is None:
        return _UNSEEN, _UNSEEN
    left, right = (
        _placed(side, ankle, body.shin_px, zones, own_seat, options)
        for side, ankle in zip(body.sides, ankles, strict=True)
    )
    return (
        _uncrossed(left, ankles[0], right, body.sides[1], body.shin_px, options),
        _uncrossed(right, ankles[1], left, body.sides[0], body.shin_px, options),
    )


def _placed(
    side: Side,
    ankle: XY | None,
    shin_px: float,
    zones: FootZones,
    own_seat: str | None,
    options: FeetOnSeatsOptions,
) -> _Foot:
    """Where one foot is, taken by itself: on the place that its score is highest for."""
    if ankle is None:
        return _UNSEEN
    knee_drop = _limited(_drop(side.hip, side.knee, shin_px), _KNEE_DROPS) or 0.0
    ankle_drop = _limited(_drop(side.hip, ankle, shin_px), _ANKLE_DROPS)
    margin = (
        options.margin_shins
        + options.margin_per_knee_drop * knee_drop
        + options.margin_per_ankle_drop * (_USUAL_ANKLE_DROP if ankle_drop is None else ankle_drop)
    )
    best, known = _UNSEEN, False
    for seat in zones.near(own_seat):
        is_own = own_seat is None or seat.name == own_seat
        zone: Zone = "own" if is_own else "other"
        depth_px = seat.depth_px(ankle, options.span_margin, options.max_height_shins * shin_px)
        if depth_px is None or zone not in options.zones:
            continue
        known = known or is_own
        depth = depth_px / shin_px
        score = logistic((min(max(depth, _DEPTHS[0]), _DEPTHS[1]) - margin) / options.softness_shins)
        if best.depth_shins is None or depth > best.depth_shins:
            best = _Foot(score=score, zone=zone, seat=seat.name, depth_shins=depth)
    may_reach = own_seat is None or own_seat.startswith("Row1.")
    if zones.dashboard and may_reach and "dashboard" in options.zones and side.knee is not None:
        depth = polygon_depth(zones.dashboard, ankle) / shin_px
        rise = (ankle[1] - side.knee[1]) / shin_px
        score = logistic((depth + options.dashboard_margin_shins) / _DASHBOARD_SOFTNESS_SHINS) * logistic(
            (options.dashboard_knee_rise_shins - rise) / _DASHBOARD_SOFTNESS_SHINS
        )
        if score > best.score and score >= 0.5:
            best = _Foot(score=score, zone="dashboard", depth_shins=depth)
    if best.score >= 0.5:
        return best._replace(state=State.TRUE)
    is_down = known and (ankle_drop is None or ankle_drop >= options.least_drop_shins)
    return best._replace(state=State.FALSE) if is_down else best


def _uncrossed(
    foot: _Foot, ankle: XY | None, other: _Foot, other_side: Side, shin_px: float, options: FeetOnSeatsOptions
) -> _Foot:
    """The foot, with its score lowered as far as it may rest on the other leg, whose own foot is down."""
    if ankle is None or foot.zone == "dashboard" or other_side.hip is None or other_side.knee is None:
        return foot
    gap = segment_distance(ankle, other_side.hip, other_side.knee) / shin_px
    rests = logistic((options.crossed_shins - gap) / _CROSSED_SOFTNESS_SHINS)
    foot = foot._replace(thigh_gap_shins=gap)
    if foot.score < 0.5:
        return foot
    if other.depth_shins is None:
        return foot._replace(state=State.NOT_OBSERVABLE) if rests >= 0.5 else foot
    score = foot.score * (1.0 - rests * (1.0 - other.score))
    return foot if score >= 0.5 else foot._replace(state=State.FALSE, score=score)


def _evidence(feet: tuple[_Foot, _Foot], options: FeetOnSeatsOptions) -> dict[str, float]:
    evidence = {"margin_shins": options.margin_shins}
    for name, foot in zip(SIDES, feet, strict=True):
        if foot.depth_shins is not None:
            evidence[f"{name}_ankle_depth_shins"] = round(foot.depth_shins, 3)
        if foot.thigh_gap_shins is not None:
            evidence[f"{name}_ankle_to_other_thigh_shins"] = round(foot.thigh_gap_shins, 3)
        if foot.zone is not None and foot.score >= 0.5:
            evidence["on_dashboard" if foot.zone == "dashboard" else f"on_{foot.zone}_seat"] = 1.0
    return evidence


def _drop(hip: XY | None, joint: XY | None, shin_px: float) -> float | None:
    """How far a joint lies below the hip in the picture, in shins."""
    return None if hip is None or joint is None else (joint[1] - hip[1]) / shin_px


def _limited(value: float | None, limits: tuple[float, float]) -> float | None:
    return None if value is None else min(max(value, limits[0]), limits[1])
