"""Hand on leg: a hand of one person near the thigh or shin of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from math import exp
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from cabinsafe.detectors.base import DetectorOptions, any_of
from cabinsafe.detectors.body import SIDES, torso_px
from cabinsafe.geometry import Array, segment_distance
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView

_SEGMENTS = (("hip", "knee"), ("knee", "ankle"))


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
        description="A hand nearer to the person's own leg than this times the distance is its own",
    )
    min_keypoint_score: float = Field(
        0.15, ge=0, le=1, description="Weaker wrists, hips, knees, ankles are unseen"
    )
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")


class _Hand(NamedTuple):
    side: str
    xy: Array


class HandOnLeg:
    """Whether a hand of one person lies on a leg of another; one reading per ordered pair.

    A wrist counts only where the elbow it hangs on was seen too, so that it is the first person's own; a hand
    nearer to the person's own leg is at rest there. The reading is true if either hand touches, false if both
    were seen not to, and not observable otherwise.
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
        return [self._read_pair(actor, other) for actor, other in permutations(scene.tracks, 2)]

    def _read_pair(self, actor: Track, other: Track) -> Reading:
        ids = (actor.track_id, other.track_id)
        unseen = Reading(kind=self.kind, track_ids=ids, state=State.NOT_OBSERVABLE)
        a, b = actor.skeleton, other.skeleton
        if a is None or b is None or max(a.ambiguity, b.ambiguity) > self._options.max_ambiguity:
            return unseen
        torsos = [torso for torso in (torso_px(a), torso_px(b)) if torso is not None]
        legs = self._legs(b)
        hands = list(self._hands(a))
        if not torsos or not legs or not hands:
            return unseen
        evidence = {"reach_torsos": self._options.reach_torsos}
        scores = []
        for hand in hands:
            gap = _nearest(hand.xy, legs) / min(torsos)
            own_legs = self._legs(a)
            own_gap = _nearest(hand.xy, own_legs) / min(torsos) if own_legs else np.inf
            resting = own_gap < gap * self._options.own_leg_factor
            scores.append(0.0 if resting else self._score(gap))
            evidence[f"{hand.side}_hand_gap_torsos"] = round(gap, 3)
            evidence[f"{hand.side}_wrist_score"] = round(a.score_of(f"{hand.side}_wrist"), 3)
        judged = [State.TRUE if score >= 0.5 else State.FALSE for score in scores]
        state = any_of([*judged, *[State.NOT_OBSERVABLE] * (len(SIDES) - len(judged))])
        score = 0.0 if state is State.NOT_OBSERVABLE else max(scores)
        return Reading(kind=self.kind, track_ids=ids, state=state, score=score, evidence=evidence)

    def _hands(self, skeleton: Skeleton) -> Iterator[_Hand]:
        for side in SIDES:
            if self._observed(skeleton, f"{side}_wrist") and skeleton.sees(f"{side}_elbow"):
                wrist = skeleton[f"{side}_wrist"].astype(np.float64)
                yield _Hand(side, wrist + self._options.hand_extension * (wrist - skeleton[f"{side}_elbow"]))

    def _legs(self, skeleton: Skeleton) -> list[tuple[Array, Array]]:
        names = [(f"{side}_{start}", f"{side}_{end}") for side in SIDES for start, end in _SEGMENTS]
        return [
            (skeleton[start].astype(np.float64), skeleton[end].astype(np.float64))
            for start, end in names
            if self._observed(skeleton, start) and self._observed(skeleton, end)
        ]

    def _observed(self, skeleton: Skeleton, name: str) -> bool:
        return skeleton.sees(name) and skeleton.score_of(name) >= self._options.min_keypoint_score

    def _score(self, gap_torsos: float) -> float:
        exponent = (gap_torsos - self._options.reach_torsos) / self._options.softness_torsos
        return 1.0 / (1.0 + exp(min(max(exponent, -30.0), 30.0)))


def _nearest(point: Array, segments: list[tuple[Array, Array]]) -> float:
    return min(segment_distance(point, start, end) for start, end in segments)
