"""Feet on seats: an ankle above the front edge of a seat's cushion, in the view that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import ClassVar, NamedTuple

from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import DetectorOptions, any_of
from cabinsafe.detectors.body import SIDES, shin_px
from cabinsafe.errors import ConfigError
from cabinsafe.geometry import height_above_line
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView, SeatView


class FeetOnSeatsOptions(DetectorOptions):
    """Options of the detector; lengths are in the person's own shin lengths."""

    margin_shins: float = Field(0.15, ge=-1, le=2, description="Ankle height above the line at score .5")
    softness_shins: float = Field(
        0.06, gt=0, le=1, description="Height over which the score rises from .5 to .73"
    )
    max_height_shins: float = Field(
        2.5, gt=0, le=10, description="Ankles higher than this are not this seat's"
    )
    span_margin: float = Field(0.1, ge=0, le=1, description="How far beyond the line's ends, in line lengths")
    min_keypoint_score: float = Field(0.2, ge=0, le=1, description="Ankles weaker than this are not observed")
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")

    @model_validator(mode="after")
    def _margin_can_be_reached(self) -> Self:
        if self.margin_shins >= self.max_height_shins:
            raise ValueError(f"margin_shins must be below max_height_shins {self.max_height_shins}")
        return self


class _Foot(NamedTuple):
    state: State
    score: float = 0.0
    height_shins: float | None = None


class FeetOnSeats:
    """Whether a foot is on a seat of the person's row, or of any row if the seat is unknown.

    One reading per person. An ankle counts as up when it stands over a seat line by more than the margin,
    as down when it stands under every line or beside them all, and as not observed when it is hidden, weak,
    or so high that it belongs to no seat. The reading is true if either ankle is up, false if both are seen
    to be down, and not observable otherwise.
    """

    Options: ClassVar[type[DetectorOptions]] = FeetOnSeatsOptions
    kind: ClassVar[str] = "feet_on_seats"
    needs: ClassVar[frozenset[str]] = frozenset({"left_knee", "right_knee", "left_ankle", "right_ankle"})

    def __init__(self, options: FeetOnSeatsOptions, views: Mapping[str, CameraView]) -> None:
        if not any(seat.seat_line for view in views.values() for seat in view.seats):
            raise ConfigError(
                "feet_on_seats needs a seat_line on at least one seat of one camera; none has one"
            )
        self._options = options
        self._views = views

    @property
    def digests(self) -> dict[str, str]:
        """No model files."""
        return {}

    def reset(self) -> None:
        """Nothing is remembered between scenes."""

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per track."""
        view = self._views.get(scene.camera_id)
        return [self._read_track(track, view, scene.size_wh) for track in scene.tracks]

    def _read_track(self, track: Track, view: CameraView | None, size_wh: tuple[int, int]) -> Reading:
        skeleton = track.skeleton
        seats = (
            [] if view is None else [s for s in view.seats if s.seat_line and _same_row(track.seat, s.name)]
        )
        shin = None if skeleton is None else shin_px(skeleton)
        states, scores, evidence = [], [0.0], {}
        if skeleton is not None and shin and skeleton.ambiguity <= self._options.max_ambiguity:
            evidence["margin_shins"] = self._options.margin_shins
            for side in SIDES:
                foot = self._foot(skeleton, f"{side}_ankle", seats, size_wh, shin)
                states.append(foot.state)
                scores.append(foot.score)
                if foot.height_shins is not None:
                    evidence[f"{side}_ankle_height_shins"] = round(foot.height_shins, 3)
                    evidence[f"{side}_ankle_score"] = round(skeleton.score_of(f"{side}_ankle"), 3)
        ids = (track.track_id,)
        return Reading(
            kind=self.kind, track_ids=ids, state=any_of(states), score=max(scores), evidence=evidence
        )

    def _foot(
        self, skeleton: Skeleton, ankle: str, seats: list[SeatView], size_wh: tuple[int, int], shin: float
    ) -> _Foot:
        """What one ankle says: its height is over the seat line that it stands highest above."""
        if (
            not seats
            or skeleton.score_of(ankle) < self._options.min_keypoint_score
            or not skeleton.sees(ankle)
        ):
            return _Foot(State.NOT_OBSERVABLE)
        over = []
        for seat in seats:
            line = seat.seat_line_px(size_wh)
            if line is not None:
                height_px, along = height_above_line(skeleton[ankle], *line)
                if -self._options.span_margin <= along <= 1 + self._options.span_margin:
                    over.append(height_px / shin)
        if not over:
            return _Foot(State.FALSE)
        height = max((h for h in over if h <= self._options.max_height_shins), default=None)
        if height is None:
            return _Foot(State.NOT_OBSERVABLE)
        score = self._score(height)
        return _Foot(State.TRUE if score >= 0.5 else State.FALSE, score, height)

    def _score(self, height_shins: float) -> float:
        exponent = (height_shins - self._options.margin_shins) / self._options.softness_shins
        return 1.0 / (1.0 + exp(-min(max(exponent, -30.0), 30.0)))


def _same_row(own_seat: str | None, seat: str) -> bool:
    return own_seat is None or own_seat.partition(".")[0] == seat.partition(".")[0]
