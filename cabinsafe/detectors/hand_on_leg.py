"""Hand on leg: a hand of one person near the thigh or shin of another."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from cabinsafe.detectors.base import DetectorOptions, any_of
from cabinsafe.detectors.body import SIDES, torso_px
from cabinsafe.geometry import Array, segment_distances
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView

# Left thigh, left shin, right thigh, right shin: the thigh of SIDES[i] is segment 2 * i.
_SEGMENTS = tuple((f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in (("hip", "knee"), ("knee", "ankle")))
_THIGHS = (0, 2)


class HandOnLegOptions(DetectorOptions):
    """Options of the detector; lengths are in torso lengths of the smaller of the two people."""

    # A hand that lies on a thigh is half the thigh's thickness (8 to 10 cm) and half its own (1 to 2 cm) away
    # from the line between hip and knee; an adult's torso is about 50 cm long. Keypoint error adds some 3 cm.
    reach_torsos: float = Field(
        0.25, gt=0, le=2, description="Distance of the hand from the leg's bone line at which the score is .5"
    )
    softness_torsos: float = Field(
        0.04, gt=0, le=1, description="Distance over which the score falls from .5 to .27"
    )
    hand_extension: float = Field(
        0.25, ge=0, le=1, description="The hand lies this far past the wrist, in forearms"
    )
    own_leg_factor: float = Field(
        1.0,
        ge=0,
        le=10,
        description="A hand nearer to the person's own leg than this times the gap is at rest",
    )
    min_keypoint_score: float = Field(
        0.15, ge=0, le=1, description="Weaker wrists, hips, knees, ankles are unseen"
    )
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")


class _Limbs(NamedTuple):
    """Of one person: hands (2, 2) and leg segments (4, 2, 2), left first, NaN where unseen; torso length."""

    hands: Array
    legs: Array
    torso_px: float


class HandOnLeg:
    """Whether a hand of one person lies on a leg of another; one reading per ordered pair.

    A wrist counts only where the elbow it hangs on was seen too, so that it is the first person's own. A hand
    near the other's leg counts as resting if the person's own leg is nearer still, and as not observed if the
    own thigh of its side is hidden: it may rest there. A hand counts as away only if both thighs of the other
    are seen. The reading is true if either hand touches, false if neither does, not observable otherwise.
    """

    Options: ClassVar[type[DetectorOptions]] = HandOnLegOptions
    kind: ClassVar[str] = "hand_on_leg"
    needs: ClassVar[frozenset[str]] = frozenset(
        f"{side}_{part}" for side in SIDES for part in ("elbow", "wrist", "hip", "knee", "ankle")
    )

    def __init__(self, options: HandOnLegOptions, views: Mapping[str, CameraView]) -> None:  # noqa: ARG002
        self._options = options

    @property
    def digests(self) -> dict[str, str]:
        """No model files."""
        return {}

    def reset(self) -> None:
        """Nothing is remembered between scenes."""

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per ordered pair of tracks, the acting person first."""
        limbs = {track.track_id: self._limbs(track) for track in scene.tracks}
        return [self._read_pair(actor, other, limbs) for actor, other in permutations(scene.tracks, 2)]

    def _read_pair(self, actor: Track, other: Track, limbs: Mapping[int, _Limbs | None]) -> Reading:
        ids = (actor.track_id, other.track_id)
        a, b = limbs[actor.track_id], limbs[other.track_id]
        if a is None or b is None or actor.skeleton is None:
            return Reading(kind=self.kind, track_ids=ids, state=State.NOT_OBSERVABLE)
        torso = min(a.torso_px, b.torso_px)
        gaps, own_gaps = (_gaps(a.hands, person.legs) / torso for person in (b, a))
        sees_thighs = not np.isnan(b.legs[_THIGHS, :]).any()
        states, scores, evidence = [], [0.0], {"reach_torsos": self._options.reach_torsos}
        for side, name in enumerate(SIDES):
            gap, own_gap = (float(np.nanmin(row, initial=np.inf)) for row in (gaps[side], own_gaps[side]))
            own_thigh_seen = not np.isnan(own_gaps[side, _THIGHS[side]])
            state, score = self._judge(gap, own_gap, own_thigh_seen, sees_thighs)
            states.append(state)
            scores.append(score)
            if np.isfinite(gap):
                evidence[f"{name}_hand_gap_torsos"] = round(gap, 3)
                evidence[f"{name}_wrist_score"] = round(actor.skeleton.score_of(f"{name}_wrist"), 3)
        state = any_of(states)
        return Reading(kind=self.kind, track_ids=ids, state=state, score=max(scores), evidence=evidence)

    def _judge(
        self, gap: float, own_gap: float, own_thigh_seen: bool, sees_thighs: bool
    ) -> tuple[State, float]:
        """State and score of one hand; gaps in torsos, infinite where nothing was seen."""
        if not np.isfinite(gap):
            return State.NOT_OBSERVABLE, 0.0
        if own_gap < gap * self._options.own_leg_factor:
            return State.FALSE, 0.0
        exponent = (gap - self._options.reach_torsos) / self._options.softness_torsos
        score = float(1.0 / (1.0 + np.exp(np.clip(exponent, -30.0, 30.0))))
        if score >= 0.5:
            return (State.TRUE if own_thigh_seen else State.NOT_OBSERVABLE), score
        return (State.FALSE if sees_thighs else State.NOT_OBSERVABLE), score

    def _limbs(self, track: Track) -> _Limbs | None:
        skeleton = track.skeleton
        if skeleton is None or skeleton.ambiguity > self._options.max_ambiguity:
            return None
        torso = torso_px(skeleton)
        if torso is None:
            return None
        wrists = np.stack([self._point(skeleton, f"{side}_wrist") for side in SIDES])
        elbows = np.stack([skeleton[f"{side}_elbow"] for side in SIDES])
        legs = np.stack([[self._point(skeleton, name) for name in pair] for pair in _SEGMENTS])
        return _Limbs(wrists + self._options.hand_extension * (wrists - elbows), legs, torso)

    def _point(self, skeleton: Skeleton, name: str) -> Array:
        if skeleton.score_of(name) < self._options.min_keypoint_score:
            return np.full(2, np.nan)
        return skeleton[name].astype(np.float64)


def _gaps(hands: Array, legs: Array) -> Array:
    """Distance (2, 4) of each hand from each leg segment, NaN where either is unseen."""
    return segment_distances(hands, legs[:, 0], legs[:, 1])
