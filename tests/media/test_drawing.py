"""Pictures: what is drawn where. Whether they look right is for eyes; these tests keep them from breaking."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.media import draw_scene
from cabinsafe.types import Event
from cabinsafe.views import CameraView, SeatView

ALARM = (40, 40, 220)


@pytest.fixture
def view() -> CameraView:
    seat = SeatView(
        name="Row1.Pos1",
        zone=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)),
        seat_line=((0.1, 0.75), (0.9, 0.75)),
    )
    return CameraView(camera_id="front", seats=(seat,))


def event(*track_ids: int, seats=()) -> Event:
    return Event(
        event_id="a-0001", kind="feet_on_seats", phase="started", t_start_s=0, t_s=1, camera_id="front",
        track_ids=track_ids, seats=seats, peak_score=0.9,
    )  # fmt: skip


def test_the_frame_itself_is_left_alone(make_skeleton, make_scene, view) -> None:
    image = np.full((400, 400, 3), 90, np.uint8)
    drawn = draw_scene(image, make_scene(make_skeleton(), None), view)
    assert drawn.shape == image.shape
    assert (image == 90).all()
    assert (drawn != 90).any()


def test_keypoints_and_seat_line_are_where_they_should_be(make_skeleton, make_scene, view) -> None:
    drawn = draw_scene(np.zeros((400, 400, 3), np.uint8), make_scene(make_skeleton()), view)
    assert tuple(drawn[100, 200]) == (255, 255, 255), "the nose"
    assert tuple(drawn[300, 60]) == (255, 255, 255), "the seat line"
    assert drawn[150, 200].any(), "the line from neck to hip"


def test_a_seat_without_a_zone_is_not_drawn(make_scene) -> None:
    hidden = SeatView(name="Row2.Pos1", cushion=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
    view = CameraView(camera_id="front", seats=(hidden,))
    image, scene = np.zeros((400, 400, 3), np.uint8), make_scene()
    assert (draw_scene(image, scene, view) == draw_scene(image, scene, None)).all()


def test_running_events_are_announced_on_top_and_their_people_marked(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton(right_ear=None, left_ear=None))
    image = np.zeros((400, 400, 3), np.uint8)
    calm, alarmed = draw_scene(image, scene, None), draw_scene(image, scene, None, [event(1)])
    assert not calm[:20].any()
    assert (alarmed[:20] == ALARM).all(axis=2).mean() > 0.5
    left, top, _, bottom = (round(side) for side in scene.tracks[0].box_xyxy)
    blue, green, red = alarmed[(top + bottom) // 2, left].astype(int)
    assert red > 2 * max(blue, green)


def test_two_events_get_a_banner_each(make_skeleton, make_scene) -> None:
    scene = make_scene(make_skeleton())
    drawn = draw_scene(
        np.zeros((400, 400, 3), np.uint8), scene, None, [event(1), event(1, seats=("Row1.Pos1",))]
    )
    assert (drawn[3, -3] == ALARM).all()
    assert (drawn[25, -3] == ALARM).all()


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (1200, 1600)])
def test_any_size_can_be_drawn_on(make_skeleton, make_scene, view, size) -> None:
    scene = make_scene(make_skeleton()).model_copy(update={"size_wh": size[::-1]})
    assert draw_scene(np.zeros((*size, 3), np.uint8), scene, view, [event(1)]).shape == (*size, 3)
