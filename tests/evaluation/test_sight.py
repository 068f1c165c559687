"""Why an act was missed: frame by frame, and by what really shows."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.data import TrueEvent
from cabinsafe.evaluation.events.sight import NO_TRACK, answers, is_in_sight
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


def act(kind: str, *seats: str) -> TrueEvent:
    ids = tuple(range(1, len(seats) + 1))
    return TrueEvent(kind=kind, t_start_s=0.2, t_end_s=0.8, seats=seats, track_ids=ids)


FEET, SITTING = act("feet_on_seats", "Row1.Pos1"), act("unsafe_sitting", "Row1.Pos1")
HAND = act("hand_on_leg", "Row1.Pos1", "Row1.Pos2")


@pytest.fixture
def hiding(make_skeleton):
    """Scenes of a second of two people of whom, from a time on, something hides keypoints."""

    def make(from_s: float, *names: str) -> list[Scene]:
        skeleton = make_skeleton()
        shown, hidden = (
            skeleton.model_copy(
                update={
                    "score": np.array([0.5 if n in gone else 1.0 for n in skeleton.keypoints], np.float32)
                }
            )
            for gone in ((), names)
        )
        return [scene(i / 10, *HAND.seats, skeleton=hidden if i / 10 >= from_s else shown) for i in range(10)]

    return make


@pytest.mark.parametrize(
    ("hidden_from_s", "expected"), [(9.0, True), (0.5, True), (0.4, False), (0.0, False)]
)
def test_an_act_is_in_sight_if_its_joints_show_half_the_time(hiding, hidden_from_s, expected) -> None:
    scenes = hiding(hidden_from_s, "left_ankle", "right_ankle")
    assert is_in_sight(FEET, scenes, {"Row1.Pos1"}) is expected
    assert not is_in_sight(FEET, [], {"Row1.Pos1"})


@pytest.mark.parametrize(
    ("what", "hidden", "expected"),
    [
        (FEET, ["left_ankle"], True),
        (FEET, ["left_hip", "right_hip", "left_knee"], True),
        (HAND, ["left_wrist", "right_knee"], True),
        (HAND, ["left_wrist", "right_wrist"], False),
        (HAND, ["left_knee", "right_knee"], False),
        (SITTING, ["left_knee", "right_knee", "left_ankle", "right_ankle"], True),
        (SITTING, ["left_hip", "right_hip"], False),
        (act("leaning_out", "Row1.Pos1"), ["left_hip", "right_hip"], True),
        (act("feet_on_seats", "Row1.Pos9"), [], False),
    ],
)
def test_each_kind_has_its_joints(hiding, what: TrueEvent, hidden: list[str], expected: bool) -> None:
    assert is_in_sight(what, hiding(0.0, *hidden), {"Row1.Pos1", "Row1.Pos2"}) is expected
