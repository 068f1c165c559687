"""A detector that any detector of a plug-in stands for, and what it is tuned on: boxes of known heights."""

from __future__ import annotations

from math import exp

from pydantic import Field

from cabinsafe.detectors import DetectorOptions
from cabinsafe.types import Reading, Scene, State, Track

CABIN = """\
# What this cabin is for.
name: test
cameras:
  - camera_id: front # the only one
detectors:
  tall: {margin_px: 60} # far too strict
events: # seconds
  default: {hold_s: 0.5, release_s: 0.5, cooldown_s: 1.0}
"""
HIGH, NEAR, DOWN = 45, 20, 5  # heights of a box, pixels: an act, a near miss, and nothing
TALL = {"tall": ("margin_px",)}


class TallOptions(DetectorOptions):
    margin_px: float = Field(60, gt=0)
    margins_px: tuple[float, ...] = ()


class Tall:
    """A detector by a plug-in: whether somebody's box is tall."""

    Options = TallOptions
    kind = "tall"
    needs: frozenset[str] = frozenset()

    def __init__(self, options: TallOptions, views: object) -> None:
        self._margin_px = options.margin_px

    @property
    def digests(self) -> dict[str, str]:
        return {}

    def read(self, scene: Scene) -> list[Reading]:
        return [self._reading(track) for track in scene.tracks]

    def _reading(self, track: Track) -> Reading:
        score = 1 / (1 + exp(-(track.box_xyxy[3] - self._margin_px) / 3))
        state = State.TRUE if score >= 0.5 else State.FALSE
        return Reading(kind=self.kind, track_ids=(track.track_id,), state=state, score=score)

    def reset(self) -> None:
        pass
