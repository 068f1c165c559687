"""Hand on leg: a hand of one person on the thigh or shin of another."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist, inf
from typing import ClassVar, NamedTuple

from cabinsafe.detectors.base import LocalOptions, any_of
from cabinsafe.detectors.body import SIDES, Body, Side
from cabinsafe.detectors.hands import UNSEEN, Hand, HandOnLegOptions, Limbs, Spot, box_of, judge_hand, legs_of
from cabinsafe.geometry import XY
from cabinsafe.types import FALSE, NOT_OBSERVABLE, Reading, Scene, Track
from cabinsafe.views import CameraView

_Spots = dict[tuple[int, int], tuple[Spot | None, Spot | None]]


class _Names(NamedTuple):
    """What the evidence of one hand is called."""

    gap: str
    score: str
    speed: str


_NAMES = tuple(
    _Names(f"{side}_hand_gap_torsos", f"{side}_wrist_score", f"{side}_hand_speed_torsos_per_s")
    for side in SIDES
)


class HandOnLeg:
    """Whether a hand of one person lies on a leg of another; one reading per ordered pair.

    A wrist counts only where the elbow it hangs on was seen too, so that it is the first person's own. A hand
    near the other's leg counts as resting if the person's own leg is nearer still, and as not observed if the
    own thigh of its side is hidden: it may rest there. A hand counts as away only if both thighs of the other
    are seen. The reading is true if either hand touches, false if neither does, not observable otherwise.
    """

    Options: ClassVar[type[HandOnLegOptions]] = HandOnLegOptions
    kind: ClassVar[str] = "hand_on_leg"
    needs: ClassVar[frozenset[str]] = frozenset(
        f"{side}_{joint}"
        for side in SIDES
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    )

    def __init__(self, options: HandOnLegOptions, views: Mapping[str, CameraView]) -> None:
        self._options = LocalOptions(options, views)
        self.reset()

    @property
    def digests(self) -> dict[str, str]:
        """No model files."""
        return {}

    def reset(self) -> None:
        """Forget where hands were."""
        self._spots: dict[str, _Spots] = {}

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per ordered pair of tracks, the acting person first."""
        before = self._spots.get(scene.camera_id, {})
        after = self._spots[scene.camera_id] = {}
        if len(scene.tracks) < 2:
            return []
        people = [(track.track_id, self._limbs(track, scene.camera_id)) for track in scene.tracks]
        return [
            self._read_pair(one, other, scene.t_s, before, after)
            for one in people
            for other in people
            if other is not one
        ]

    def _read_pair(
        self,
        actor: tuple[int, Limbs | None],
        other: tuple[int, Limbs | None],
        t_s: float,
        before: _Spots,
        after: _Spots,
    ) -> Reading:
        (one, limbs), (two, others) = actor, other
        left, right = UNSEEN, UNSEEN
        evidence: dict[str, float] = {}
        if limbs is not None and others is not None and _side_by_side(limbs, others):
            first, second = before.get((one, two), (None, None))
            left, first = judge_hand(0, limbs, others, t_s, first)
            right, second = judge_hand(1, limbs, others, t_s, second)
            after[one, two] = first, second
            evidence = _evidence(limbs, (left, right))
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (one, two),
                "state": any_of((left.state, right.state)),
                "score": max(left.score, right.score),
                "evidence": evidence,
                "seats": (),
            }
        )

    def _limbs(self, track: Track, camera_id: str) -> Limbs | None:
        skeleton = track.skeleton
        if skeleton is None:
            return None
        options = self._options.at(camera_id, track.seat)
        body = Body(skeleton, options.min_keypoint_score, options.max_ambiguity)
        if body.torso_px is None:
            return None
        (left, right), legs, raw = body.sides, legs_of(body), track.raw_skeleton
        raw_wrists = None if raw is None else (raw["left_wrist"].tolist(), raw["right_wrist"].tolist())
        doubtful_px = options.max_raw_shift_torsos * body.torso_px
        hands = [_hand(side, raw_wrists, doubtful_px, options.hand_extension) for side in body.sides]
        thighs = _both(left.hip, left.knee), _both(right.hip, right.knee)
        return Limbs(
            body.torso_px,
            (hands[0], hands[1]),
            legs,
            box_of(legs),
            thighs,
            FALSE if all(thighs) else NOT_OBSERVABLE,
            options,
            (round(body.wrist_scores[0], 3), round(body.wrist_scores[1], 3)),
        )


def _both(one: XY | None, other: XY | None) -> bool:
    return one is not None and other is not None


def _hand(side: Side, raw_wrists: tuple[XY, XY] | None, doubtful_px: float, extension: float) -> XY | None:
    """Where a hand is; None where it is not seen, or may be another's.

    It may be if its wrist is far from both wrists as the network saw them: repaired, bridged, or in a swing.
    """
    wrist, elbow = side.wrist, side.elbow
    if wrist is None or elbow is None:
        return None
    if raw_wrists is not None:
        left, right = raw_wrists
        if not (dist(left, wrist) <= doubtful_px or dist(right, wrist) <= doubtful_px):
            return None
    return wrist[0] + extension * (wrist[0] - elbow[0]), wrist[1] + extension * (wrist[1] - elbow[1])


def _evidence(limbs: Limbs, hands: tuple[Hand, Hand]) -> dict[str, float]:
    evidence = {"reach_torsos": limbs.options.reach_torsos}
    for (_, _, gap, speed), score, names in zip(hands, limbs.wrist_scores, _NAMES, strict=True):
        if gap < inf:
            evidence[names.gap] = round(gap, 3)
            evidence[names.score] = score
        if speed is not None:
            evidence[names.speed] = round(speed, 3)
    return evidence


def _side_by_side(one: Limbs, other: Limbs) -> bool:
    """Whether two people may be at the same distance from the camera."""
    a, b, ratio = one.torso_px, other.torso_px, one.options.max_size_ratio
    return a <= ratio * b and b <= ratio * a
