"""Mistakes are drawn where they are: labels on the left, what was found on the right."""

from __future__ import annotations

import numpy as np
import pytest

from cabinsafe.data import COCO_KEYPOINTS
from cabinsafe.evaluation.pictures import HEIGHT_PX, draw_case
from cabinsafe.evaluation.worst import Case

NAMES = ("neck", *reversed(COCO_KEYPOINTS))
GREEN, ORANGE, BLUE = (90, 210, 60), (0, 140, 255), (235, 165, 80)


def shows(side: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((np.abs(side.astype(int) - color).max(axis=2) < 12).any())


def sides(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = drawn.shape[1] // 2
    return drawn[:, : half - 4], drawn[:, half + 4 :]


@pytest.mark.parametrize(
    ("case", "left", "right"),
    [
        (Case("false", 1, None, 1, 0.5), {ORANGE, BLUE}, {ORANGE, BLUE}),  # the frame is on both sides
        (Case("missed", 1, 0, None, 100.0), {GREEN}, {GREEN, BLUE}),
        (Case("misplaced", 1, 0, 0, 0.3), {GREEN}, {GREEN, ORANGE, BLUE}),
    ],
)
def test_who_it_is_about_has_a_colour(make_person, predict, case, left, right) -> None:
    person = make_person()
    found = [predict(person, off=4), predict(make_person(shift=(150, 0)))]
    image = np.zeros((240, 320, 3), np.uint8)
    both = sides(draw_case(image, [person], found, NAMES, case))
    shown = [{color for color in (GREEN, ORANGE, BLUE) if shows(side, color)} for side in both]
    assert shown == [left, right]
    assert not image.any(), "the picture itself is left alone"


def test_hidden_keypoints_are_dark(make_person) -> None:
    rows = np.array(make_person()["keypoints"]).reshape(17, 3)
    rows[0] = (20, 20, 1)
    person = make_person(keypoints=rows.ravel().tolist())
    image = np.full((HEIGHT_PX, HEIGHT_PX, 3), 255, np.uint8)
    drawn = draw_case(image, [person], [], NAMES, Case("missed", 1, 0, None, 1.0))
    assert drawn[20, 20].max() < 60
    x, y = rows[1, :2].astype(int)
    assert drawn[y, x].min() > 240


@pytest.mark.parametrize("size", [(3, 5), (2000, 900), (100, 2000), (480, 640)])
def test_pictures_fit_whatever_the_size(make_person, size) -> None:
    image = np.zeros((*size, 3), np.uint8)
    drawn = draw_case(image, [make_person()], [], NAMES, Case("missed", 1, 0, None, 1.0))
    assert drawn.shape[0] <= HEIGHT_PX
    assert drawn.shape[1] <= 2 * 640 + 6
    assert drawn.dtype == np.uint8
