from __future__ import annotations

import numpy as np
import pytest
from feet_rule import CROSSED, CUSHION, LINE, UP, detector, read_one

from cabinsafe.detectors.feet_on_seats import FeetOnSeats
from cabinsafe.errors import ConfigError
from cabinsafe.types import State
from cabinsafe.views import CameraView, SeatView

KNEES = ("left_knee", "right_knee")
FAR_CUSHION = ((0.8, 0.6), (0.98, 0.6), (0.99, 0.72), (0.79, 0.72))
DASHBOARD = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.1), (0.0, 0.1))


@pytest.mark.parametrize("place", [LINE, CUSHION], ids=["line", "cushion"])
@pytest.mark.parametrize(
    ("points", "state"),
    [
        ({}, State.FALSE),
        (UP, State.TRUE),
        ({"right_knee": (170, 190), "right_ankle": (172, 275), "left_ankle": None}, State.TRUE),
        (UP | {"right_ankle": None}, State.TRUE),
        ({"left_ankle": None}, State.NOT_OBSERVABLE),
        ({"left_ankle": None, "right_ankle": None}, State.NOT_OBSERVABLE),
        ({"left_ankle": (228, 318)}, State.FALSE),
        (CROSSED, State.FALSE),
        (CROSSED | {"right_ankle": None}, State.NOT_OBSERVABLE),
        (CROSSED | {"right_ankle": (222, 285)}, State.TRUE),
        ({"left_knee": (226, 270), "left_ankle": (200, 345)}, State.FALSE),
    ],
    ids=[
        "down",
        "left up",
        "right up, left hidden",
        "left up, right hidden",
        "one hidden",
        "both hidden",
        "tucked under the edge",
        "ankle on the knee",
        "ankle on the knee, or tailor's seat: the other foot is hidden",
        "tailor's seat",
        "legs crossed",
    ],
)
def test_truth_table(make_skeleton, make_scene, place: tuple, points: dict, state: State) -> None:
    reading = read_one(detector(place), make_scene(make_skeleton(**points)))
    assert reading.state is state
    assert reading.track_ids == (1,)
    if state is not State.NOT_OBSERVABLE:
        assert (reading.score > 0.5) == (state is State.TRUE)


def test_over_a_line_alone_a_foot_may_be_too_high_to_tell(make_skeleton, make_scene) -> None:
    high = {"left_ankle": (228, 20), "right_ankle": (172, 20)} | dict.fromkeys(KNEES)
    assert read_one(detector(LINE), make_scene(make_skeleton(**high))).state is State.NOT_OBSERVABLE


def test_a_raised_foot_beside_all_known_seats_is_not_known_to_be_down(make_skeleton, make_scene) -> None:
    beside = make_skeleton(left_ankle=(390, 260), right_ankle=(390, 260))
    assert read_one(detector(CUSHION), make_scene(beside)).state is State.NOT_OBSERVABLE
    low = make_skeleton(left_ankle=(390, 330), right_ankle=(390, 330))
    assert read_one(detector(CUSHION), make_scene(low)).state is State.FALSE


def test_evidence_says_how_deep_where_and_how_sure(make_skeleton, make_scene) -> None:
    evidence = read_one(detector(LINE), make_scene(make_skeleton(**UP))).evidence
    # the torso of 110 px lets expect a shin of 94 px, more than the 85 seen; the ankle is 25 px up
    assert evidence["left_sole_depth_shins"] == pytest.approx(25 / (110 * 0.246 / 0.288) - 0.2, abs=0.001)
    assert evidence["right_sole_depth_shins"] < 0
    assert evidence["left_ankle_score"] == pytest.approx(0.9, abs=1e-3)
    assert (evidence["margin_shins"], evidence["on_own_seat"]) == (-0.19, 1.0)


def test_a_camera_that_looks_straight_down_sees_soles_under_ankles(make_skeleton, make_scene) -> None:
    """A foot before the seat, seen from the side, is on it for a camera above."""
    behind = make_scene(make_skeleton(left_knee=(226, 262), left_ankle=(226, 302)))
    assert read_one(detector(CUSHION), behind).state is State.FALSE
    assert (
        read_one(detector(CUSHION, per_view={"front": {"sole_drop_shins": 0.0}}), behind).state is State.TRUE
    )


def test_a_foot_beside_the_thigh_of_one_who_lies_is_on_the_seat(make_skeleton, make_scene) -> None:
    """One foot on the bench, the other on the floor; in the picture it may lie over the other thigh."""
    lying = CROSSED | {"left_shoulder": (315, 230), "right_shoulder": (310, 270)}
    scene = make_scene(make_skeleton(**lying))
    assert read_one(detector(CUSHION), scene).state is State.TRUE
    assert read_one(detector(CUSHION, crossed_uprightness=-1.0), scene).state is State.FALSE


def test_somebody_far_behind_a_cushion_has_no_foot_on_it(make_skeleton, make_scene) -> None:
    """Somebody small in the picture, who stands outside, say; a child on the seat is not so small."""
    person = make_skeleton(**UP)
    foot = person.xy[list(person.keypoints).index("left_ankle")]
    for size, state in ((0.7, State.TRUE), (0.4, State.NOT_OBSERVABLE)):
        smaller = person.model_copy(update={"xy": foot + (person.xy - foot) * np.float32(size)})
        assert read_one(detector(CUSHION), make_scene(smaller)).state is state
    seated = make_scene(smaller, seat="Row1.Pos1")
    assert read_one(detector(CUSHION, FAR_CUSHION, zones=["other"]), seated).state is State.NOT_OBSERVABLE


def test_a_seat_whose_occupant_cannot_be_seen_takes_feet_all_the_same(make_skeleton, make_scene) -> None:
    hidden = SeatView(name="Row1.Pos1", cushion=CUSHION)
    rule = FeetOnSeats(FeetOnSeats.Options(), {"front": CameraView(camera_id="front", seats=(hidden,))})
    assert read_one(rule, make_scene(make_skeleton(**UP))).seats == ("Row1.Pos1",)


def test_a_foot_on_another_seat_is_told_apart(make_skeleton, make_scene) -> None:
    across = {"left_knee": (290, 262), "left_ankle": (350, 270)}
    rule = detector(CUSHION, FAR_CUSHION)
    reading = read_one(rule, make_scene(make_skeleton(**across), seat="Row1.Pos1"))
    assert (reading.state, reading.seats) == (State.TRUE, ("Row1.Pos2",))
    assert reading.evidence["on_other_seat"] == 1.0
    assert "on_own_seat" not in reading.evidence
    own_only = detector(CUSHION, FAR_CUSHION, zones=["own"])
    assert read_one(own_only, make_scene(make_skeleton(**across), seat="Row1.Pos1")).state is not State.TRUE


def test_feet_on_the_dashboard_count_where_that_is_asked_for(make_skeleton, make_scene) -> None:
    dashboard = ((0.1, 0.85), (0.9, 0.85), (0.9, 1.0), (0.1, 1.0))
    feet = {
        "left_knee": (230, 365),
        "left_ankle": (232, 362),
        "right_knee": (172, 365),
        "right_ankle": (170, 361),
    }
    scene = make_scene(make_skeleton(**feet), seat="Row1.Pos1")
    zones = ["own", "other", "dashboard"]
    reading = read_one(detector(CUSHION, dashboard=dashboard, zones=zones), scene)
    assert (reading.state, reading.seats, reading.evidence["on_dashboard"]) == (State.TRUE, (), 1.0)
    assert read_one(detector(CUSHION, dashboard=dashboard), scene).state is State.FALSE
    legs_below = make_scene(make_skeleton(), seat="Row1.Pos1")  # ankles in the outline, far below the knees
    assert read_one(detector(CUSHION, dashboard=dashboard, zones=zones), legs_below).state is State.FALSE
    second_row = make_scene(make_skeleton(**feet), seat="Row2.Pos1")
    assert read_one(detector(CUSHION, dashboard=dashboard, zones=zones), second_row).state is not State.TRUE


@pytest.mark.parametrize(
    ("zones", "points", "seat", "state"),
    [
        (["other"], {}, "Row1.Pos1", State.FALSE),
        (["other"], {"left_knee": (290, 262), "left_ankle": (350, 270)}, "Row1.Pos1", State.TRUE),
        (["other"], UP, "Row1.Pos1", State.FALSE),
        (["other"], {}, None, State.NOT_OBSERVABLE),
        (["other"], {}, "Row1.Pos3", State.NOT_OBSERVABLE),
        (["dashboard"], {}, "Row1.Pos1", State.FALSE),
        (["dashboard"], {"left_knee": None}, "Row1.Pos1", State.NOT_OBSERVABLE),
        (["dashboard"], {}, None, State.NOT_OBSERVABLE),
        (["other", "dashboard"], {}, "Row1.Pos1", State.FALSE),
    ],
    ids=[
        "down", "on another seat", "on the own, which does not count", "whose seat is unknown",
        "whose seat is unknown to the view", "not on the dashboard", "with a hidden knee", "of no known row",
        "on neither",
    ],
)  # fmt: skip
def test_feet_are_down_also_where_the_own_seat_does_not_count(
    make_skeleton, make_scene, zones: list[str], points: dict, seat: str | None, state: State
) -> None:
    rule = detector(CUSHION, FAR_CUSHION, dashboard=DASHBOARD, zones=zones)
    assert read_one(rule, make_scene(make_skeleton(**points), seat=seat)).state is state


def test_feet_are_not_known_to_be_down_where_the_dashboard_counts_but_is_not_outlined(
    make_skeleton, make_scene
) -> None:
    rule = detector(CUSHION, zones=["own", "dashboard"])
    assert read_one(rule, make_scene(make_skeleton(), seat="Row1.Pos1")).state is State.NOT_OBSERVABLE
    assert read_one(rule, make_scene(make_skeleton(**UP), seat="Row1.Pos1")).state is State.TRUE


def test_a_foreshortened_shin_does_not_shrink_the_unit(make_skeleton, make_scene) -> None:
    """Knees and ankles that all but coincide in the picture: torso and thighs still give the scale."""
    short = make_skeleton(
        left_knee=(228, 318), left_ankle=(228, 322), right_knee=(172, 318), right_ankle=(172, 322)
    )
    evidence = read_one(detector(LINE, sole_drop_shins=0.0), make_scene(short)).evidence
    assert evidence["left_sole_depth_shins"] == pytest.approx(-22 / (110 * 0.246 / 0.288), abs=0.001)


def test_thresholds_differ_by_seat_and_by_view(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(**UP), seat="Row1.Pos1")
    strict = {"margin_shins": 0.6}
    assert read_one(detector(CUSHION, per_seat={"Row1.Pos1": strict}), scene).state is State.FALSE
    assert read_one(detector(CUSHION, None, per_seat={"Row1.Pos2": strict}), scene).state is State.TRUE
    assert read_one(detector(CUSHION, per_view={"front": strict}), scene).state is State.FALSE
    both = detector(CUSHION, per_view={"front": strict}, per_seat={"Row1.Pos1": {"margin_shins": -0.1}})
    assert read_one(both, scene).state is State.TRUE


def test_only_seats_of_the_persons_row_count(make_skeleton, make_scene) -> None:
    feet_up = make_skeleton(**UP)
    rule = detector(LINE, ((0.85, 0.6), (1.0, 0.6)))
    assert read_one(rule, make_scene(feet_up, seat="Row1.Pos2")).state is State.TRUE
    assert read_one(rule, make_scene(feet_up, seat="Row2.Pos1")).state is State.NOT_OBSERVABLE


@pytest.mark.parametrize("place", [LINE, CUSHION], ids=["line", "cushion"])
@pytest.mark.parametrize(
    "points", [{}, UP, CROSSED, {"left_ankle": (228, 308)}], ids=["down", "up", "crossed", "edge"]
)
@pytest.mark.parametrize("change", ["mirror", "scale", "shift", "ids", "sides"])
def test_what_does_not_matter_changes_nothing(
    make_skeleton, make_scene, place: tuple, points: dict, change: str
) -> None:
    """Picture and seats mirrored, scaled or shifted together, other ids, or left taken for right."""
    skeleton = make_skeleton(**points)
    expected = read_one(detector(place), make_scene(skeleton))
    xy, size, places = skeleton.xy, (400, 400), np.array(place)
    if change == "mirror":
        xy, places = xy * np.float32([-1, 1]) + np.float32([400, 0]), places * [-1, 1] + [1, 0]
    elif change == "scale":
        xy, size = xy * np.float32([0.4]), (160, 160)
    elif change == "shift":
        xy, places = xy + np.float32([20, -12]), np.add(places, (0.05, -0.03))
    moved = skeleton.model_copy(update={"xy": xy})
    if change == "sides":
        moved = skeleton.with_sides_swapped()
    scene = make_scene(moved).model_copy(update={"size_wh": size})
    if change == "ids":
        scene = make_scene(None, skeleton)
    reading = detector(tuple(map(tuple, places.tolist()))).read(scene)[-1]
    assert (reading.state, reading.score) == (expected.state, pytest.approx(expected.score, rel=1e-3))


def test_a_cabin_without_places_for_feet_cannot_run_the_rule() -> None:
    with pytest.raises(ConfigError, match="needs a seat_line or a cushion"):
        detector(None)


def test_of_two_rows_the_line_that_fits_counts(make_skeleton, make_scene) -> None:
    """The seat is unknown and another row's line lies far below: the ankle stands on the nearer one."""
    far_below = ((0.2, 1.4), (0.8, 1.4))
    assert read_one(detector(LINE, far_below), make_scene(make_skeleton(**UP))).state is State.TRUE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin_shins": 1.5, "max_height_shins": 1.0}, "margin_shins must be below max_height_shins"),
        ({"margin_shins": -2}, "margin_shins.*at least -1"),
        ({"margin_per_knee_drop": -0.1}, "margin_per_knee_drop.*at least 0"),
        ({"sole_drop_shins": -0.1}, "sole_drop_shins.*at least 0"),
        ({"max_cushion_shins": 0}, "max_cushion_shins.*more than 0"),
        ({"softness_shins": 0}, "softness_shins.*more than 0"),
        ({"crossed_shins": -1}, "crossed_shins.*at least 0"),
        ({"crossed_uprightness": 2}, "crossed_uprightness.*at most 1"),
        ({"least_drop_shins": 5}, "least_drop_shins.*at most 2"),
        ({"span_margin": 2}, "span_margin.*at most 1"),
        ({"dashboard_margin_shins": 3}, "dashboard_margin_shins.*at most 2"),
        ({"dashboard_knee_rise_shins": 3}, "dashboard_knee_rise_shins.*at most 2"),
        ({"zones": ["roof"]}, "zones.0.*'own', 'other' or 'dashboard'"),
        ({"zones": []}, "zones"),
        ({"hidden_ankle_s": -1}, "hidden_ankle_s.*at least 0"),
        ({"hidden_ankle_knee_shins": 2}, "hidden_ankle_knee_shins.*at most 1"),
        ({"min_keypoint_score": 1.5}, "min_keypoint_score.*at most 1"),
        ({"max_ambiguity": -0.1}, "max_ambiguity.*at least 0"),
        ({"margin_shin": 0.1}, "did you mean 'margin_shins'"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FeetOnSeats.Options(**options)
