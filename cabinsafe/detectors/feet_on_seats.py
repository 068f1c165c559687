"""Feet on seats: a sole over a cushion of the person's row, or on the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import dist
from typing import ClassVar, NamedTuple

from cabinsafe.detectors.base import LocalOptions, any_of
from cabinsafe.detectors.body import SIDES, Body
from cabinsafe.detectors.feet import Ankle, FeetOnSeatsOptions, Foot, judge_feet
from cabinsafe.detectors.zones import FootZones, ZoneMap
from cabinsafe.errors import ConfigError
from cabinsafe.geometry import XY
from cabinsafe.types import Reading, Scene, Track
from cabinsafe.views import CameraView


class _Shin(NamedTuple):
    """Where an ankle was last seen, and its knee then; and since when it is seen or taken to have stayed."""

    t_s: float
    ankle: Ankle
    knee: XY | None
    since_s: float

    def stays_until_s(self, options: FeetOnSeatsOptions) -> float:
        """Once hidden it stays no longer than it was there before: a single sighting may be an error."""
        return self.t_s + min(options.hidden_ankle_s, self.t_s - self.since_s)


class _Names(NamedTuple):
    """What the evidence of one foot is called."""

    depth: str
    score: str
    thigh_gap: str


_Shins = dict[int, tuple[_Shin | None, _Shin | None]]
_NAMES = tuple(
    _Names(f"{side}_sole_depth_shins", f"{side}_ankle_score", f"{side}_sole_to_other_thigh_shins")
    for side in SIDES
)


class FeetOnSeats:
    """Whether a foot is on a seat of the person's row (any row if the seat is unknown), or the dashboard.

    One reading per person. How deep the sole under an ankle lies over a cushion decides, the more easily the
    higher the knee is drawn up. A sole on the other thigh whose own foot is down is on the knee, not on a
    seat. An ankle that gets hidden is taken to stay for a moment, while its knee stays, as sure as it was.
    The reading is true if either foot is up, false if both are seen to be on none of the places that count
    by a view that knows the person's seat, and the dashboard if that counts; of somebody whose seat is not
    known at all, by one that knows any seat, where own seats count. It is not observable otherwise.
    ``Reading.seats`` names the seats that feet are on.
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
        self._shins: dict[str, _Shins] = {}

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per track."""
        zones = self._zones.of(scene.camera_id, scene.size_wh)
        before = self._shins.get(scene.camera_id, {})
        after = self._shins[scene.camera_id] = {}
        return [self._read_track(track, scene, zones, before, after) for track in scene.tracks]

    def _read_track(
        self, track: Track, scene: Scene, zones: FootZones, before: _Shins, after: _Shins
    ) -> Reading:
        options, skeleton = self._options.at(scene.camera_id, track.seat), track.skeleton
        if skeleton is None:
            left, right = Foot(), Foot()
            evidence: dict[str, float] = {}
        else:
            body = Body(skeleton, options.min_keypoint_score, options.max_ambiguity)
            lasts = before.get(track.track_id, (None, None))
            one, other = after[track.track_id] = (
                _current_shin(0, scene.t_s, lasts[0], body, options),
                _current_shin(1, scene.t_s, lasts[1], body, options),
            )
            ankles = one and one.ankle, other and other.ankle
            left, right = judge_feet(body, ankles, zones, track.seat, options)
            evidence = _evidence((left, right), ankles, options)
        seats = {foot.seat for foot in (left, right) if foot.is_up and foot.seat is not None}
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (track.track_id,),
                "state": any_of((left.state, right.state)),
                "score": max(left.score, right.score),
                "evidence": evidence,
                "seats": tuple(sorted(seats)),
            }
        )


def _current_shin(
    i: int, t_s: float, last: _Shin | None, body: Body, options: FeetOnSeatsOptions
) -> _Shin | None:
    """The shin as seen, else the last one, if it was seen a moment ago and the knee has not moved since."""
    side = body.sides[i]
    if side.ankle is not None:
        ankle = Ankle(side.ankle, body.ankle_scores[i])
        return _Shin(t_s, ankle, side.knee, t_s if last is None else last.since_s)
    shin_px = body.shin_px()
    if last is None or last.knee is None or side.knee is None or shin_px is None:
        return None
    stays = dist(last.knee, side.knee) <= options.hidden_ankle_knee_shins * shin_px
    return last if stays and t_s <= last.stays_until_s(options) else None


def _evidence(
    feet: tuple[Foot, Foot], ankles: Sequence[Ankle | None], options: FeetOnSeatsOptions
) -> dict[str, float]:
    evidence = {"margin_shins": options.margin_shins}
    for foot, ankle, names in zip(feet, ankles, _NAMES, strict=True):
        if foot.depth_shins is not None and ankle is not None:
            evidence[names.depth] = round(foot.depth_shins, 3)
            evidence[names.score] = round(ankle.score, 3)
        if foot.thigh_gap_shins is not None:
            evidence[names.thigh_gap] = round(foot.thigh_gap_shins, 3)
        if foot.zone is not None and foot.is_up:
            evidence["on_dashboard" if foot.zone == "dashboard" else f"on_{foot.zone}_seat"] = 1.0
    return evidence
