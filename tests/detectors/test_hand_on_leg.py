from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cabinsafe.detectors.hand_on_leg import HandOnLeg, HandOnLegOptions
from cabinsafe.errors import ConfigError
from cabinsafe.types import Reading, Scene, State
from cabinsafe.views import CameraView, SeatView

NEIGHBOUR = (120, 0)  # the second person sits to the first one's left, 120 px further right in the picture
REACHING = {"left_elbow": (270, 215), "left_wrist": (290, 256)}  # onto the right thigh of the neighbour

LIMBS = [
    f"{side}_{a}-{side}_{b}"
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
]


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
    scene = make_scene(make_skeleton(left_elbow=(250, 215), left_wrist=(230, 236)), make_skeleton((54, 0)))
    assert read(scene)[1, 2].state is State.FALSE
    assert read(scene, own_leg_factor=0.0)[1, 2].state is State.TRUE, "the example needs the ownership rule"


def test_contested_limbs_withhold_the_reading(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**REACHING), make_skeleton(NEIGHBOUR, ambiguity=0.95))
    assert {r.state for r in read(scene).values()} == {State.NOT_OBSERVABLE}


@pytest.mark.parametrize(
    ("who", "limb", "state"),
    [
        ("actor", "left_elbow-left_wrist", State.NOT_OBSERVABLE),
        ("actor", "left_elbow-left_shoulder", State.NOT_OBSERVABLE),
        ("actor", "left_hip-left_knee", State.NOT_OBSERVABLE),
        ("actor", "right_elbow-right_wrist", State.TRUE),
        ("actor", "right_knee-right_ankle", State.TRUE),
        ("other", "right_hip-right_knee", State.NOT_OBSERVABLE),
        ("other", "left_elbow-left_wrist", State.TRUE),
        ("other", "neck-nose", State.TRUE),
    ],
)
def test_only_the_limbs_that_decide_count(make_skeleton, make_scene, who: str, limb: str, state) -> None:
    limbs = {limb: 0.95}
    actor = make_skeleton(**REACHING, limbs=limbs if who == "actor" else None)
    other = make_skeleton(NEIGHBOUR, limbs=limbs if who == "other" else None)
    assert read(make_scene(actor, other))[1, 2].state is state
    assert read(make_scene(actor, other), max_ambiguity=0.95)[1, 2].state is State.TRUE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(LIMBS), st.floats(0, 1), min_size=1))
def test_the_more_is_contested_the_less_is_known(make_skeleton, make_scene, limbs: dict) -> None:
    for arm in (REACHING, {}):
        plain = read(make_scene(make_skeleton(**arm), make_skeleton(NEIGHBOUR)))
        contested = make_scene(make_skeleton(**arm, limbs=limbs), make_skeleton(NEIGHBOUR, limbs=limbs))
        for pair, reading in read(contested).items():
            assert reading.state in (plain[pair].state, State.NOT_OBSERVABLE)


def test_one_person_and_boxes_without_skeleton(make_skeleton, make_scene) -> None:
    assert read(make_scene(make_skeleton())) == {}
    assert {r.state for r in read(make_scene(make_skeleton(), None)).values()} == {State.NOT_OBSERVABLE}


def test_a_hand_held_over_the_leg_or_below_it_does_not_touch(make_skeleton, make_scene) -> None:
    """The upper side of a thigh lies above its bone line in the picture; a hand far over it only hovers."""
    touching = make_skeleton(**REACHING)
    for dy, state in ((0, State.TRUE), (-75, State.FALSE), (40, State.FALSE)):
        arm = {name: (x, y + dy) for name, (x, y) in REACHING.items()}
        scene = make_scene(
            touching.model_copy(update={"xy": make_skeleton(**arm).xy}), make_skeleton(NEIGHBOUR)
        )
        assert read(scene)[1, 2].state is state, dy


def test_a_hand_before_a_shin_seems_farther(make_skeleton, make_scene) -> None:
    low = {"left_elbow": (262, 265), "left_wrist": (282, 312)}
    scene = make_scene(make_skeleton(**low), make_skeleton(NEIGHBOUR))
    assert read(scene)[1, 2].state is State.FALSE
    assert read(scene, shin_penalty_torsos=0.0)[1, 2].state is State.TRUE


def test_a_hand_that_passes_does_not_touch(make_skeleton, make_scene) -> None:
    rule = HandOnLeg(HandOnLegOptions(), {})
    scores = []
    for t_s, dx in ((0.0, -14), (0.05, 2), (0.15, 2), (1.0, 0)):
        arm = {name: (x + dx, y) for name, (x, y) in REACHING.items()}
        readings = rule.read(make_scene(make_skeleton(**arm), make_skeleton(NEIGHBOUR), t_s=t_s))
        scores.append(readings[0].score)
        speed = readings[0].evidence.get("left_hand_speed_torsos_per_s")
        expected = {0.05: 16 / 110 / 0.05, 0.15: 0.0}.get(t_s)
        assert speed == (None if expected is None else pytest.approx(expected, abs=0.01))
    assert scores[1] < 0.5 < scores[2], "in a swing, then settled at the same place"


def test_time_scaling_scales_the_speed_alone(make_skeleton, make_scene) -> None:
    speeds, gaps = [], []
    for step_s in (0.1, 0.2):
        rule = HandOnLeg(HandOnLegOptions(), {})
        for i in range(2):
            arm = {name: (x + 5 * i, y) for name, (x, y) in REACHING.items()}
            reading = rule.read(make_scene(make_skeleton(**arm), make_skeleton(NEIGHBOUR), t_s=step_s * i))[0]
        speeds.append(reading.evidence["left_hand_speed_torsos_per_s"])
        gaps.append(reading.evidence["left_hand_gap_torsos"])
    assert speeds[0] == pytest.approx(2 * speeds[1], abs=2e-3)
    assert gaps[0] == gaps[1]


def test_reset_forgets_where_hands_were(make_skeleton, make_scene) -> None:
    rule = HandOnLeg(HandOnLegOptions(), {})
    people = make_skeleton(**REACHING), make_skeleton(NEIGHBOUR)
    rule.read(make_scene(*people, t_s=0.0))
    assert "left_hand_speed_torsos_per_s" in rule.read(make_scene(*people, t_s=0.1))[0].evidence
    rule.reset()
    assert "left_hand_speed_torsos_per_s" not in rule.read(make_scene(*people, t_s=0.2))[0].evidence


def test_a_wrist_that_the_tracker_moved_far_is_not_trusted(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**REACHING), make_skeleton(NEIGHBOUR))
    for raw_wrist, state in (((295, 256), State.TRUE), ((235, 150), State.NOT_OBSERVABLE)):
        raw = make_skeleton(**REACHING | {"left_wrist": raw_wrist})
        first = scene.tracks[0].model_copy(update={"raw_skeleton": raw})
        assert read(scene.model_copy(update={"tracks": (first, scene.tracks[1])}))[1, 2].state is state
    sides_put_right = make_skeleton(**REACHING).with_sides_swapped()
    first = scene.tracks[0].model_copy(update={"raw_skeleton": sides_put_right})
    assert read(scene.model_copy(update={"tracks": (first, scene.tracks[1])}))[1, 2].state is State.TRUE


def test_people_of_very_different_size_are_not_side_by_side(make_skeleton, make_scene) -> None:
    near = make_skeleton(**REACHING)
    far = make_skeleton(NEIGHBOUR)
    wrist = np.float32([302, 270])  # where the hand is
    far = far.model_copy(update={"xy": (far.xy - wrist) * np.float32([0.25]) + wrist})
    reading = read(make_scene(near, far))[1, 2]
    assert (reading.state, reading.score) == (State.NOT_OBSERVABLE, 0.0)
    assert read(make_scene(near, far), max_size_ratio=5.0)[1, 2].state is not State.NOT_OBSERVABLE


def test_a_person_half_out_of_the_picture_still_has_a_scale(make_skeleton, make_scene) -> None:
    for missing in (["left_shoulder"], ["left_shoulder", "right_shoulder"]):
        other = make_skeleton(NEIGHBOUR, **dict.fromkeys(missing))
        assert read(make_scene(make_skeleton(**REACHING), other))[1, 2].state is State.TRUE


def test_thresholds_differ_by_seat_of_the_one_who_touches(make_skeleton, make_scene) -> None:
    zone = ((0, 0), (1, 0), (1, 1))
    seats = tuple(SeatView(name=name, zone=zone) for name in ("Row1.Pos1", "Row1.Pos2"))
    views = {"front": CameraView(camera_id="front", seats=seats)}
    scene = make_scene(make_skeleton(**REACHING), make_skeleton(NEIGHBOUR), seat="Row1.Pos1")
    for seat, state in (("Row1.Pos1", State.FALSE), ("Row1.Pos2", State.TRUE)):
        options = HandOnLegOptions(per_seat={seat: {"reach_torsos": 0.02}})
        assert HandOnLeg(options, views).read(scene)[0].state is state


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


@pytest.mark.parametrize("change", ["shift", "ids", "sides"])
def test_place_ids_and_names_of_sides_do_not_matter(make_skeleton, make_scene, change: str) -> None:
    people = [make_skeleton(**REACHING), make_skeleton(NEIGHBOUR)]
    expected, ids = read(make_scene(*people))[1, 2], (1, 2)
    if change == "shift":
        people = [p.model_copy(update={"xy": p.xy + np.float32([31, -17])}) for p in people]
    elif change == "sides":
        people = [p.with_sides_swapped() for p in people]
    else:
        people, ids = people[::-1], (2, 1)
    reading = read(make_scene(*people))[ids]
    assert (reading.state, reading.score) == (expected.state, pytest.approx(expected.score, rel=1e-3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reach_torsos": 0}, "reach_torsos.*more than 0"),
        ({"softness_torsos": 2}, "softness_torsos.*at most 1"),
        ({"lift_torsos": -0.1}, "lift_torsos.*at least 0"),
        ({"shin_penalty_torsos": 3}, "shin_penalty_torsos.*at most 2"),
        ({"hand_extension": 1.5}, "hand_extension.*at most 1"),
        ({"own_leg_factor": 11}, "own_leg_factor.*at most 10"),
        ({"settled_torsos_per_s": 0}, "settled_torsos_per_s.*more than 0"),
        ({"memory_s": 6}, "memory_s.*at most 5"),
        ({"max_size_ratio": 0.5}, "max_size_ratio.*at least 1"),
        ({"max_raw_shift_torsos": 0}, "max_raw_shift_torsos.*more than 0"),
        ({"min_keypoint_score": -1}, "min_keypoint_score.*at least 0"),
        ({"max_ambiguity": 2}, "max_ambiguity.*at most 1"),
        ({"reach_torso": 0.1}, "did you mean 'reach_torsos'"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HandOnLegOptions(**options)
