"""Why an act was missed: what its detector said frame by frame, and whether the act can be seen at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cabinsafe.data import KEYPOINTS, TrueEvent
from cabinsafe.detectors.features import BODY_KEYPOINTS
from cabinsafe.types import Reading, Scene, Track

NO_TRACK = "no track"
_VISIBLE = 1.0  # score of a keypoint that shows, in scenes that tell the truth
_ENOUGH = 0.5  # of an act's frames

Read = Callable[[Scene], Sequence[Reading]]


class _Part(NamedTuple):
    """Keypoints of an act's person of whom so many must show."""

    person: int
    keypoints: frozenset[str]
    least: int = 1

    def shows(self, shown: frozenset[str]) -> bool:
        return len(self.keypoints & shown) >= self.least


def _sides(*joints: str) -> frozenset[str]:
    return frozenset(f"{side}_{joint}" for side in ("left", "right") for joint in joints)


_ANY_THREE = _Part(0, frozenset(KEYPOINTS), 3)
_DECIDING: Mapping[str, tuple[_Part, ...]] = MappingProxyType(
    {
        "feet_on_seats": (_Part(0, _sides("ankle")),),
        "hand_on_leg": (_Part(0, _sides("wrist")), _Part(1, _sides("knee"))),
        "unsafe_sitting": (
            _Part(0, _sides("shoulder")),
            _Part(0, _sides("hip")),
            _Part(0, frozenset(BODY_KEYPOINTS), 6),
        ),
    }
)
"""What must show of an act's people, in their order, for each kind; of other kinds any three keypoints."""


def answers(act: TrueEvent, scenes: Iterable[Scene], read: Read) -> Counter[str]:
    """In how many frames of an act its detector said what of its people, who are known by their seats.

    Args:
        act: with seats.
        scenes: of the whole ride.
        read: what detectors say of a scene.

    Returns:
        Counts of the values of :class:`~cabinsafe.types.State`, and of :data:`NO_TRACK` where somebody of the
        act has no track in their seat.
    """
    counts: Counter[str] = Counter()
    for scene in scenes:
        readings = read(scene)  # detectors may remember: every scene is shown to them
        if act.t_start_s <= scene.t_s < act.t_end_s:
            seat_of = {track.track_id: track.seat for track in scene.tracks}
            own = [
                reading.state.value
                for reading in readings
                if reading.kind == act.kind and tuple(map(seat_of.get, reading.track_ids)) == act.seats
            ]
            counts[own[0] if own else NO_TRACK] += 1
    return counts


def is_in_sight(act: TrueEvent, true_scenes: Iterable[Scene], outlined: Collection[str]) -> bool:
    """Whether the joints that decide an act show in half of its frames: else no picture can tell of it.

    Args:
        act: with seats and the track ids of its people in the true scenes.
        true_scenes: of the whole ride; see :mod:`cabinsafe.data.scenes` for the scores of their keypoints.
        outlined: seats that have a cushion or a seat line in the view, which feet on seats are judged by.
    """
    if act.kind == "feet_on_seats" and not set(act.seats) <= set(outlined):
        return False
    parts = _DECIDING.get(act.kind, (_ANY_THREE,))
    frames = shown = 0
    for scene in true_scenes:
        if act.t_start_s <= scene.t_s < act.t_end_s:
            seen = {track.track_id: _shown(track) for track in scene.tracks}
            people = [seen.get(track_id, frozenset()) for track_id in act.track_ids]
            frames += 1
            shown += all(part.shows(people[part.person]) for part in parts if part.person < len(people))
    return frames > 0 and shown >= _ENOUGH * frames


def _shown(track: Track) -> frozenset[str]:
    """Keypoints of a true track that nothing hides."""
    skeleton = track.skeleton
    if skeleton is None:
        return frozenset()
    return frozenset(
        name for name, score in zip(skeleton.keypoints, skeleton.score, strict=True) if score >= _VISIBLE
    )
