from __future__ import annotations

import pytest

from cabinsafe.detectors.feet_on_seats import FeetOnSeats, FeetOnSeatsOptions
from cabinsafe.errors import ConfigError
from cabinsafe.types import State
from cabinsafe.views import CameraView, SeatView

ZONE = ((0, 0), (1, 0), (1, 1), (0, 1))


def detector(*lines: tuple | None, **options: float) -> FeetOnSeats:
    """Seats Row1.Pos1, Row1.Pos2, ... with these seat lines (normalised)."""
    seats = tuple(
        SeatView(name=f"Row1.Pos{i}", zone=ZONE, seat_line=line) for i, line in enumerate(lines, start=1)
    )
    views = {"front": CameraView(camera_id="front", seats=seats)}
    return FeetOnSeats(FeetOnSeatsOptions(**options), views)


KNEES = ("left_knee", "right_knee")
LINE = ((0.2, 0.75), (0.8, 0.75))  # y = 300 px in a 400 px frame, where UPRIGHT's knees bend


@pytest.mark.parametrize(
    ("points", "state"),
    [
        ({}, State.FALSE),
        ({"left_ankle": (228, 260)}, State.TRUE),
        ({"right_ankle": (172, 260), "left_ankle": None}, State.TRUE),
        ({"left_ankle": None}, State.NOT_OBSERVABLE),
        ({"left_ankle": None, "right_ankle": None}, State.NOT_OBSERVABLE),
        ({"left_ankle": (390, 260), "right_ankle": (390, 260)}, State.FALSE),
        ({"left_ankle": (228, 298)}, State.FALSE),
        ({"left_ankle": (228, 20), "right_ankle": (172, 20)} | dict.fromkeys(KNEES), State.NOT_OBSERVABLE),
    ],
    ids=[
        "down",
        "left up",
        "right up, left hidden",
        "one hidden",
        "both hidden",
        "beside the seat",
        "near miss",
        "too high",
    ],
)
def test_truth_table(make_skeleton, make_scene, points: dict, state: State) -> None:
    (reading,) = detector(LINE).read(make_scene(make_skeleton(**points)))
    assert reading.state is state
    assert reading.track_ids == (1,)
    assert (reading.score > 0.5) == (state is State.TRUE)


def test_evidence_gives_height_in_shins_and_the_margin(make_skeleton, make_scene) -> None:
    (reading,) = detector(LINE).read(make_scene(make_skeleton(left_ankle=(228, 260))))
    # the torso of 110 px lets expect a shin of 94 px, more than the 80 seen; the ankle is 40 px up
    assert reading.evidence["left_ankle_height_shins"] == pytest.approx(40 / (110 * 0.246 / 0.288), abs=0.001)
    assert reading.evidence["right_ankle_height_shins"] < 0
    assert reading.evidence["margin_shins"] == 0.15


def test_a_person_seen_only_as_a_box_is_not_observable(make_scene) -> None:
    (reading,) = detector(LINE).read(make_scene(None))
    assert reading.state is State.NOT_OBSERVABLE


def test_contested_limbs_withhold_the_reading(make_skeleton, make_scene) -> None:
    contested = make_skeleton(ambiguity=0.95, left_ankle=(228, 260))
    (reading,) = detector(LINE).read(make_scene(contested))
    assert reading.state is State.NOT_OBSERVABLE


def test_only_seats_of_the_persons_row_count(make_skeleton, make_scene) -> None:
    feet_up = make_skeleton(left_ankle=(228, 260), right_ankle=(172, 260))
    rule = detector(LINE)
    assert rule.read(make_scene(feet_up, seat="Row1.Pos2"))[0].state is State.TRUE
    assert rule.read(make_scene(feet_up, seat="Row2.Pos1"))[0].state is State.NOT_OBSERVABLE


def test_another_seat_of_the_row_counts_too(make_skeleton, make_scene) -> None:
    across = make_skeleton(left_ankle=(380, 200))
    lines = (LINE, ((0.85, 0.6), (1.0, 0.6)))
    assert detector(*lines).read(make_scene(across))[0].state is State.TRUE
    assert detector(LINE).read(make_scene(across))[0].state is State.FALSE


def test_a_view_that_is_not_configured_is_not_observable(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton()).model_copy(update={"camera_id": "rear"})
    assert detector(LINE).read(scene)[0].state is State.NOT_OBSERVABLE


def test_scale_does_not_matter(make_skeleton, make_scene) -> None:
    """Half the size, in a frame of half the size, gives the same score."""
    skeleton = make_skeleton(left_ankle=(228, 285))
    half = skeleton.model_copy(update={"xy": skeleton.xy / 2})
    scene, half_scene = make_scene(skeleton), make_scene(half).model_copy(update={"size_wh": (200, 200)})
    rule = detector(LINE)
    assert rule.read(scene)[0].score == pytest.approx(rule.read(half_scene)[0].score, rel=1e-4)


def test_mirrored_scene_gives_the_same_reading(make_skeleton, make_scene) -> None:
    skeleton = make_skeleton(left_ankle=(228, 285))
    mirrored = skeleton.with_sides_swapped()
    mirrored = mirrored.model_copy(update={"xy": mirrored.xy * [-1, 1] + [400, 0]})
    rule = detector(LINE)
    one, other = (rule.read(make_scene(s))[0] for s in (skeleton, mirrored))
    assert (one.state, one.score) == (other.state, pytest.approx(other.score, rel=1e-4))


def test_a_cabin_without_seat_lines_cannot_run_the_rule() -> None:
    with pytest.raises(ConfigError, match="needs a seat_line"):
        detector(None)


def test_of_two_rows_the_line_that_fits_counts(make_skeleton, make_scene) -> None:
    """The seat is unknown and another row's line lies far below: the ankle stands on the nearer one."""
    far_below = ((0.2, 1.4), (0.8, 1.4))
    scene = make_scene(make_skeleton(left_ankle=(228, 260)))
    assert detector(LINE, far_below).read(scene)[0].state is State.TRUE


def test_options_have_ranges() -> None:
    with pytest.raises(ConfigError, match="margin_shins must be below max_height_shins"):
        FeetOnSeatsOptions(margin_shins=1.5, max_height_shins=1.0)
    with pytest.raises(ConfigError, match="softness_shins"):
        FeetOnSeatsOptions(softness_shins=0)
