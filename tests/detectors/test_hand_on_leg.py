from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.detectors.hand_on_leg import HandOnLeg, HandOnLegOptions
from cabinsafe.types import Reading, Scene, State

NEIGHBOUR = (120, 0)  # the second person sits to the first one's left, 120 px further right in the picture
REACHING = {"left_elbow": (270, 215), "left_wrist": (293, 258)}  # onto the right thigh of the neighbour


def read(scene: Scene, **options: float) -> dict[tuple[int, ...], Reading]:
    detector = HandOnLeg(HandOnLegOptions(**options), {})
    return {reading.track_ids: reading for reading in detector.read(scene)}


def test_hands_at_rest_touch_nobody(make_skeleton, make_scene) -> None:
    readings = read(make_scene(make_skeleton(), make_skeleton(NEIGHBOUR)))
    assert {ids: r.state for ids, r in readings.items()} == {(1, 2): State.FALSE, (2, 1): State.FALSE}


def test_a_hand_on_the_neighbours_thigh_names_who_touches_whom(make_skeleton, make_scene) -> None:
    readings = read(make_scene(make_skeleton(**REACHING), make_skeleton(NEIGHBOUR)))
    assert readings[1, 2].state is State.TRUE
    assert readings[2, 1].state is State.FALSE
    evidence = readings[1, 2].evidence
    assert evidence["left_hand_gap_torsos"] < evidence["reach_torsos"] < evidence["right_hand_gap_torsos"]


@pytest.mark.parametrize(
    ("actor", "other", "state"),
    [
        ({"left_wrist": (265, 215)}, {}, State.FALSE),
        (REACHING | {"left_elbow": None}, {}, State.NOT_OBSERVABLE),
        ({"left_wrist": None}, {}, State.NOT_OBSERVABLE),
        (REACHING | {"right_wrist": None}, {}, State.TRUE),
        (REACHING, dict.fromkeys(["left_knee", "right_knee"]), State.NOT_OBSERVABLE),
        (REACHING, {"right_knee": None}, State.NOT_OBSERVABLE),
        ({"left_wrist": (280, 150)}, {"left_knee": None}, State.NOT_OBSERVABLE),
        (REACHING | {"left_knee": None}, {}, State.NOT_OBSERVABLE),
        ({"left_elbow": (250, 215), "left_wrist": (232, 268)}, {}, State.FALSE),
    ],
    ids=[
        "near miss",
        "a wrist without its elbow",
        "one hand hidden",
        "other hand hidden",
        "no legs",
        "the thigh in question hidden",
        "away, but a thigh is hidden",
        "near, but the own thigh is hidden",
        "own thigh",
    ],
)
def test_truth_table(make_skeleton, make_scene, actor: dict, other: dict, state: State) -> None:
    scene = make_scene(make_skeleton(**actor), make_skeleton(NEIGHBOUR, **other))
    assert read(scene)[1, 2].state is state


def test_own_leg_wins_when_thighs_touch(make_skeleton, make_scene) -> None:
    """Two people thigh to thigh: a hand on one's own leg is not on the other's, near as that is."""
    scene = make_scene(make_skeleton(left_elbow=(250, 215), left_wrist=(228, 268)), make_skeleton((54, 0)))
    assert read(scene)[1, 2].state is State.FALSE
    assert read(scene, own_leg_factor=0.0)[1, 2].state is State.TRUE, "the example needs the ownership rule"


def test_contested_limbs_withhold_the_reading(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**REACHING), make_skeleton(NEIGHBOUR, ambiguity=0.95))
    assert {r.state for r in read(scene).values()} == {State.NOT_OBSERVABLE}


def test_one_person_and_boxes_without_skeleton(make_skeleton, make_scene) -> None:
    assert read(make_scene(make_skeleton())) == {}
    assert {r.state for r in read(make_scene(make_skeleton(), None)).values()} == {State.NOT_OBSERVABLE}


def test_scale_and_mirror_do_not_matter(make_skeleton, make_scene) -> None:
    people = make_skeleton(**REACHING), make_skeleton(NEIGHBOUR)
    plain = read(make_scene(*people))[1, 2]
    small = read(make_scene(*(p.model_copy(update={"xy": p.xy * np.float32(0.3)}) for p in people)))[1, 2]
    swapped = (p.with_sides_swapped() for p in people)
    mirrored = read(make_scene(*(p.model_copy(update={"xy": p.xy * [-1, 1] + [400, 0]}) for p in swapped)))[
        1, 2
    ]
    assert small.state is mirrored.state is plain.state
    assert small.score == pytest.approx(plain.score, rel=1e-3)
    assert mirrored.score == pytest.approx(plain.score, rel=1e-3)
