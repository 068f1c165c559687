"""Why an act was missed: what its detector said frame by frame, and whether the act can be seen at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from cabinsafe.data import TrueEvent
from cabinsafe.fields import read_only_floats
from cabinsafe.types import Reading, Scene, Skeleton, State, Track

NO_TRACK = "no track"
_VISIBLE = 1.0  # score of a keypoint that shows, in scenes that tell the truth
_ENOUGH = 0.5  # of an act's frames

Read = Callable[[Scene], Sequence[Reading]]


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


def is_in_sight(act: TrueEvent, true_scenes: Iterable[Scene], read: Read) -> bool:
    """Whether its detector can judge an act in half of its frames from the keypoints that really show.

    Args:
        act: with seats.
        true_scenes: of the whole ride; see :mod:`cabinsafe.data.scenes` for the scores of their keypoints.
        read: what detectors say of a scene.
    """
    counts = answers(act, map(only_visible, true_scenes), read)
    blind = counts[NO_TRACK] + counts[State.NOT_OBSERVABLE.value]
    return counts.total() > 0 and blind <= _ENOUGH * counts.total()


def only_visible(scene: Scene) -> Scene:
    """A scene that tells the truth without the keypoints that lie behind something."""
    return scene.model_copy(update={"tracks": tuple(_visible(track) for track in scene.tracks)})


def _visible(track: Track) -> Track:
    skeleton = track.skeleton
    return track if skeleton is None else track.model_copy(update={"skeleton": _seen(skeleton)})


def _seen(skeleton: Skeleton) -> Skeleton:
    hidden = skeleton.score < _VISIBLE
    return skeleton.model_copy(
        update={
            "xy": read_only_floats(np.where(hidden[:, None], np.nan, skeleton.xy)),
            "score": read_only_floats(np.where(hidden, 0.0, skeleton.score)),
        }
    )
