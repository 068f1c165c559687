"""Feet on seats: an ankle above the front edge of a seat's cushion, in the view that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import ClassVar

from pydantic import Field

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


class FeetOnSeats:
    """Whether a foot is on a seat of the person's row, or of any row if the seat is unknown.

    One reading per person. An ankle counts as up when it stands over a seat line by more than the margin; as
    down when it stands under every line, or beside them all. The reading is true if either ankle is up, false
    if both are seen to be down, and not observable otherwise.
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
        heights: dict[str, float] = {}
        contested = skeleton is None or skeleton.ambiguity > self._options.max_ambiguity
        if seats and not contested and skeleton is not None and shin is not None:
            heights = self._heights_shins(skeleton, seats, size_wh, shin)
        scores = {side: self._score(heights[side]) for side in heights}
        sides = [State.TRUE if scores[s] >= 0.5 else State.FALSE for s in scores]
        state = any_of([*sides, *[State.NOT_OBSERVABLE] * (len(SIDES) - len(sides))])
        evidence = {f"{side}_ankle_height_shins": round(height, 3) for side, height in heights.items()}
        if skeleton is not None and heights:
            evidence |= {
                f"{side}_ankle_score": round(skeleton.score_of(f"{side}_ankle"), 3) for side in heights
            }
            evidence["margin_shins"] = self._options.margin_shins
        score = 0.0 if state is State.NOT_OBSERVABLE else max(scores.values())
        return Reading(
            kind=self.kind, track_ids=(track.track_id,), state=state, score=score, evidence=evidence
        )

    def _heights_shins(
        self, skeleton: Skeleton, seats: list[SeatView], size_wh: tuple[int, int], shin: float
    ) -> dict[str, float]:
        """Height of each observed ankle over the seat line it stands highest above, in shins.

        An ankle that stands over no line, or too high to belong to any, counts as one shin below.
        """
        heights = {}
        for side in SIDES:
            name = f"{side}_ankle"
            if not skeleton.sees(name) or skeleton.score_of(name) < self._options.min_keypoint_score:
                continue
            over = [-1.0]
            for seat in seats:
                line = seat.seat_line_px(size_wh)
                if line is None:
                    continue
                height_px, along = height_above_line(skeleton[name], *line)
                in_span = -self._options.span_margin <= along <= 1 + self._options.span_margin
                if in_span and height_px <= self._options.max_height_shins * shin:
                    over.append(height_px / shin)
            heights[side] = max(over)
        return heights

    def _score(self, height_shins: float) -> float:
        exponent = (height_shins - self._options.margin_shins) / self._options.softness_shins
        return 1.0 / (1.0 + exp(-min(max(exponent, -30.0), 30.0)))


def _same_row(own_seat: str | None, seat: str) -> bool:
    return own_seat is None or own_seat.partition(".")[0] == seat.partition(".")[0]
