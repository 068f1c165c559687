"""Why an act was missed: frame by frame, and by what really shows."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.data import TrueEvent
from cabinsafe.evaluation.events.sight import NO_TRACK, answers, is_in_sight, only_visible
from cabinsafe.types import Reading, Scene, State, Track

ACT = TrueEvent(kind="hand", t_start_s=0.2, t_end_s=0.8, seats=("Row1.Pos1", "Row1.Pos2"))


def scene(t_s: float, *seats: str | None, skeleton=None) -> Scene:
    tracks = tuple(
        Track(track_id=i, box_xyxy=(0, 0, 1, 1), box_source="detection", seat=seat, skeleton=skeleton)
        for i, seat in enumerate(seats, 1)
    )
    return Scene(t_s=t_s, camera_id="front", size_wh=(400, 400), tracks=tracks)


def read(scene: Scene) -> list[Reading]:
    """Both directions of the first pair; what it says goes by the time."""
    if len(scene.tracks) < 2:
        return []
    said = State.TRUE if scene.t_s < 0.4 else State.FALSE if scene.t_s < 0.5 else State.NOT_OBSERVABLE
    return [
        Reading(kind="hand", track_ids=(1, 2), state=said),
        Reading(kind="hand", track_ids=(2, 1), state=State.TRUE),
        Reading(kind="feet", track_ids=(1,), state=State.TRUE),
    ]


def test_the_frames_of_an_act_by_what_was_said_of_its_people() -> None:
    seats = [("Row1.Pos1", "Row1.Pos2")] * 7 + [("Row1.Pos1",), ("Row1.Pos1", "Row1.Pos2")]
    counts = answers(ACT, [scene(i / 10, *names) for i, names in enumerate(seats)], read)
    assert counts == {"true": 2, "false": 1, "not_observable": 2, NO_TRACK: 1}
    assert answers(ACT, [scene(0.3, "Row1.Pos1", None)], read) == {NO_TRACK: 1}


def test_detectors_see_every_scene_of_the_ride() -> None:
    seen = []
    answers(ACT, [scene(i / 10) for i in range(20)], lambda s: seen.append(s.t_s) or [])
    assert len(seen) == 20


def test_hidden_keypoints_do_not_show(make_skeleton) -> None:
    skeleton = make_skeleton()
    scores = np.where(np.arange(len(skeleton.score)) % 2 == 0, 1.0, 0.5)
    true = skeleton.model_copy(update={"score": scores.astype(np.float32)})
    shown = only_visible(scene(0.0, "Row1.Pos1", None, skeleton=true)).tracks[0].skeleton
    assert np.isnan(shown.xy[1::2]).all()
    assert not np.isnan(shown.xy[::2]).any()
    assert (shown.score[1::2] == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        shown.xy[0] = 0


@pytest.mark.parametrize(
    ("hidden_from_s", "expected"), [(9.0, True), (0.5, True), (0.4, False), (0.0, False)]
)
def test_an_act_is_in_sight_if_half_of_it_can_be_judged(
    make_skeleton, hidden_from_s: float, expected: bool
) -> None:
    def judge(scene: Scene) -> list[Reading]:
        state = State.FALSE if scene.tracks[0].skeleton.sees("left_wrist") else State.NOT_OBSERVABLE
        return [Reading(kind="hand", track_ids=(1, 2), state=state)]

    skeleton = make_skeleton()
    wrist = skeleton.keypoints.index("left_wrist")
    score = np.ones_like(skeleton.score)
    shown = skeleton.model_copy(update={"score": score.copy()})
    score[wrist] = 0.5
    hidden = skeleton.model_copy(update={"score": score})
    scenes = [
        scene(i / 10, *ACT.seats, skeleton=hidden if i / 10 >= hidden_from_s else shown) for i in range(10)
    ]
    assert is_in_sight(ACT, scenes, judge) is expected
    assert not is_in_sight(ACT, [], judge)
