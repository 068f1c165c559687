"""Hand on leg: a hand of one person on the thigh or shin of another."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist, inf
from typing import ClassVar

from cabinsafe.detectors.base import LocalOptions, any_of
from cabinsafe.detectors.body import SIDES, Body
from cabinsafe.detectors.hands import UNSEEN, HandOnLegOptions, Limbs, Spot, box_of, judge_hand, legs_of
from cabinsafe.geometry import XY
from cabinsafe.types import Reading, Scene, Skeleton, Track
from cabinsafe.views import CameraView

_Spots = dict[tuple[int, int, int], Spot]


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
        people = [(track, self._limbs(track, scene.camera_id)) for track in scene.tracks]
        return [
            self._read_pair(one, other, scene.t_s, before, after)
            for one in people
            for other in people
            if other is not one
        ]

    def _read_pair(
        self,
        actor: tuple[Track, Limbs | None],
        other: tuple[Track, Limbs | None],
        t_s: float,
        before: _Spots,
        after: _Spots,
    ) -> Reading:
        (one, limbs), (two, others) = actor, other
        hands, evidence = [UNSEEN], dict[str, float]()
        if limbs is not None and others is not None and _side_by_side(limbs, others):
            hands = []
            evidence["reach_torsos"] = limbs.options.reach_torsos
            for i, name in enumerate(SIDES):
                hand, spot = judge_hand(i, limbs, others, t_s, before.get((one.track_id, two.track_id, i)))
                if spot is not None:
                    after[one.track_id, two.track_id, i] = spot
                hands.append(hand)
                if hand.gap_torsos < inf:
                    evidence[f"{name}_hand_gap_torsos"] = round(hand.gap_torsos, 3)
                    evidence[f"{name}_wrist_score"] = round(limbs.scores[i], 3)
                if hand.speed_torsos_per_s is not None:
                    evidence[f"{name}_hand_speed_torsos_per_s"] = round(hand.speed_torsos_per_s, 3)
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (one.track_id, two.track_id),
                "state": any_of(hand.state for hand in hands),
                "score": max(hand.score for hand in hands),
                "evidence": evidence,
                "seats": (),
            }
        )

    def _limbs(self, track: Track, camera_id: str) -> Limbs | None:
        skeleton = track.skeleton
        options = self._options.at(camera_id, track.seat)
        if skeleton is None:
            return None
        body = Body(skeleton, options.min_keypoint_score, options.max_ambiguity)
        if body.torso_px is None:
            return None
        raw = track.raw_skeleton
        doubtful_px = options.max_raw_shift_torsos * body.torso_px
        hands: list[XY | None] = []
        for name, side in zip(SIDES, body.sides, strict=True):
            hand = None
            if (
                side.wrist is not None
                and side.elbow is not None
                and not _moved(raw, name, side.wrist, doubtful_px)
            ):
                (ex, ey), (wx, wy) = side.elbow, side.wrist
                hand = wx + options.hand_extension * (wx - ex), wy + options.hand_extension * (wy - ey)
            hands.append(hand)
        scores = skeleton.score_of("left_wrist"), skeleton.score_of("right_wrist")
        legs = tuple(legs_of(body))
        return Limbs(body, (hands[0], hands[1]), scores, legs, box_of(legs), options)


def _moved(raw: Skeleton | None, side: str, wrist: XY, most_px: float) -> bool:
    """Whether a wrist is far from both wrists as the network saw them: repaired, bridged, or in a swing."""
    if raw is None or dist(raw[f"{side}_wrist"].tolist(), wrist) <= most_px:
        return False
    return not any(dist(raw[f"{name}_wrist"].tolist(), wrist) <= most_px for name in SIDES if name != side)


def _side_by_side(one: Limbs, other: Limbs) -> bool:
    """Whether two people may be at the same distance from the camera."""
    a, b = one.body.torso_px or 0.0, other.body.torso_px or 0.0
    return max(a, b) <= one.options.max_size_ratio * min(a, b)
