"""Box maps to boxes: on drawn maps, against a slow reading of the same rules, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.errors import CapacityError, DataError, ShapeError
from cabinsafe.geometry import box_iou
from cabinsafe.pose.boxes import BOX_CHANNELS, BOX_UNIT_CELLS, BoxOptions, decode_boxes

SIDE, STRIDE = 44, 8


def draw(*people: tuple[float, ...], side: int = SIDE, sigma_cells: float = 1.5) -> np.ndarray:
    """Clean maps of people: box xyxy in input pixels, then the height of its centre."""
    maps = np.zeros((BOX_CHANNELS, side, side), np.float32)
    at = np.arange(side) + 0.5
    for *xyxy, height in people:
        x1, y1, x2, y2 = np.divide(xyxy, STRIDE)
        distance_sq = np.square(at - (x1 + x2) / 2) + np.square(at - (y1 + y2) / 2)[:, None]
        centre = height * np.exp(-distance_sq / (2 * sigma_cells**2))
        edges = np.broadcast_arrays(at - x1, (at - y1)[:, None], x2 - at, (y2 - at)[:, None])
        maps[1:] = np.where(centre > maps[0], np.stack(edges) / BOX_UNIT_CELLS, maps[1:])
        maps[0] = np.maximum(maps[0], centre)
    return maps


def test_nobody_is_a_valid_answer() -> None:
    boxes, scores = decode_boxes(draw(), STRIDE)
    assert (boxes.shape, scores.shape) == ((0, 4), (0,))
    assert boxes.dtype == scores.dtype == np.float32


@pytest.mark.parametrize(
    "xyxy", [(100, 80, 200, 300), (97, 85, 98, 130), (-40, -60, 48, 68), (290, 4, 410, 340)]
)
def test_one_person(xyxy) -> None:
    """Wherever its centre lies in a cell; also where it reaches beyond the input."""
    boxes, scores = decode_boxes(draw((*xyxy, 1.0)), STRIDE)
    np.testing.assert_allclose(boxes, [xyxy], atol=1e-3)
    assert 0.89 < scores[0] <= 1.0, "a centre at a cell's corner is half a cell off in x and y"


def test_a_centre_in_the_corner_of_the_map() -> None:
    for xyxy in ((-50, -90, 58, 98), (294, 250, 402, 446)):
        boxes, _ = decode_boxes(draw((*xyxy, 1.0)), STRIDE)
        np.testing.assert_allclose(boxes, [xyxy], atol=1e-3)


def test_two_who_overlap_are_two_the_stronger_first() -> None:
    left, right = (60, 60, 180, 300), (120, 60, 240, 300)
    boxes, scores = decode_boxes(draw((*left, 0.6), (*right, 0.9)), STRIDE)
    np.testing.assert_allclose(boxes, [right, left], atol=1.0)
    assert scores[0] > scores[1]


def test_two_peaks_of_one_person_are_one() -> None:
    twice = draw((100, 80, 200, 300, 0.9), (100, 120, 200, 320, 0.7))
    boxes, _ = decode_boxes(twice, STRIDE)
    np.testing.assert_allclose(boxes, [(100, 80, 200, 300)], atol=1.0)
    both, _ = decode_boxes(twice, STRIDE, BoxOptions(suppression_iou=0.9))
    assert len(both) == 2


def test_a_flat_top_counts_once_at_its_first_cell_and_equals_go_row_by_row() -> None:
    maps = np.zeros((BOX_CHANNELS, 12, 12), np.float32)
    maps[1:] = 0.125  # one cell to each side
    maps[0, 2:4, 6:9] = maps[0, 7, 3] = maps[0, 7, 9] = 0.5
    boxes, scores = decode_boxes(maps, 1)
    mean_around_the_first = (7.0, 3.0)  # of the four cells of the flat top that lie around (6.5, 2.5)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    np.testing.assert_allclose(centres, [mean_around_the_first, (3.5, 7.5), (9.5, 7.5)])
    assert scores.tolist() == [0.5, 0.5, 0.5]


def test_a_box_is_the_mean_of_its_neighbourhood_weighted_by_height() -> None:
    maps = np.zeros((BOX_CHANNELS, 5, 5), np.float32)
    maps[0, 2, 2], maps[0, 2, 3], maps[0, 1, 2] = 0.75, 0.25, -9.0
    maps[1:, 2, 2] = (0.5, 0.5, 0.5, 0.5)  # 4 cells, around (2.5, 2.5)
    maps[1:, 2, 3] = (0.25, 0.5, 0.75, 0.5)  # 2 cells to the left of 3.5, 6 to the right
    maps[1:, 1, 2] = 99.0  # weighs nothing
    boxes, scores = decode_boxes(maps, 10)
    x1, x2 = 0.75 * -1.5 + 0.25 * 1.5, 0.75 * 6.5 + 0.25 * 9.5
    np.testing.assert_allclose(boxes, [np.multiply((x1, -1.5, x2, 6.5), 10)])
    assert scores.tolist() == [0.75]


def test_a_box_without_area_is_none_and_a_score_is_at_most_1() -> None:
    maps = draw((100, 80, 200, 300, 1.2))
    maps[0, 40, 40] = 0.9
    maps[1:, 39:42, 39:42] = -0.5
    boxes, scores = decode_boxes(maps, STRIDE)
    np.testing.assert_allclose(boxes, [(100, 80, 200, 300)], atol=1e-3)
    assert scores.tolist() == [1.0]


def test_the_maps_are_not_written_to() -> None:
    maps = draw((100, 80, 200, 300, 1.0))
    maps.setflags(write=False)
    assert len(decode_boxes(maps, STRIDE)[0]) == 1


@pytest.mark.parametrize(
    ("maps", "got"),
    [
        ([[1.0]], "got list"),
        (np.zeros((4, 8, 8), np.float32), r"got float32 \(4, 8, 8\)"),
        (np.zeros((1, 5, 8, 8), np.float32), r"got float32 \(1, 5, 8, 8\)"),
        (np.zeros((5, 0, 8), np.float32), r"got float32 \(5, 0, 8\)"),
        (np.zeros((5, 8, 8)), r"got float64 \(5, 8, 8\)"),
    ],
)
def test_other_shapes_and_types_are_refused(maps, got: str) -> None:
    with pytest.raises(ShapeError, match=rf"boxes: expected float32 \(5, H, W\), {got}"):
        decode_boxes(maps, STRIDE)


def test_what_is_not_finite_is_refused() -> None:
    maps = draw((100, 80, 200, 300, 1.0))
    maps[3, 0, 0], maps[4, 1, 1] = np.nan, np.inf
    with pytest.raises(DataError, match="boxes: 2 values are not finite, the first in channel 3"):
        decode_boxes(maps, STRIDE)


def test_more_boxes_than_allowed_are_an_error_not_a_cut() -> None:
    maps = draw((10, 10, 100, 100, 1.0), (200, 10, 300, 100, 1.0))
    assert len(decode_boxes(maps, STRIDE, BoxOptions(max_boxes=2))[0]) == 2
    with pytest.raises(CapacityError, match=r"more than 1 person boxes \(option max_boxes\)"):
        decode_boxes(maps, STRIDE, BoxOptions(max_boxes=1))


def decode_slowly(maps: np.ndarray, options: BoxOptions) -> list[tuple[tuple[float, ...], float]]:
    """The rules cell by cell, in map cells."""
    height, width = maps.shape[1:]
    found = []
    for cell in np.ndindex(height, width):
        row, column = cell
        near = [
            (r, c)
            for r in range(max(0, row - 1), min(height, row + 2))
            for c in range(max(0, column - 1), min(width, column + 2))
        ]
        here = maps[0][cell]
        beaten = any(maps[0][n] >= here if n < cell else maps[0][n] > here for n in near if n != cell)
        if here > options.score_threshold and not beaten:
            weights = [max(0.0, float(maps[0][n])) for n in near]
            told = []
            for r, c in near:
                left, top, right, bottom = maps[1:, r, c].astype(float) * BOX_UNIT_CELLS
                told.append((c + 0.5 - left, r + 0.5 - top, c + 0.5 + right, r + 0.5 + bottom))
            x1, y1, x2, y2 = np.average(told, axis=0, weights=weights)
            if x1 < x2 and y1 < y2:
                found.append(((x1, y1, x2, y2), float(here)))
    kept: list[tuple[tuple[float, ...], float]] = []
    for box, score in sorted(found, key=lambda item: -item[1]):
        if all(box_iou(box, other)[0, 0] <= options.suppression_iou for other, _ in kept):
            kept.append((box, score))
    return kept


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    levels=st.integers(2, 30),
    threshold=st.sampled_from([0.0, 0.3, 0.7]),
    iou=st.sampled_from([0.0, 0.3, 0.6, 1.0]),
)
def test_it_keeps_the_rules_on_any_map(seed: int, shape, levels: int, threshold: float, iou: float) -> None:
    """Few levels make many flat tops and equals."""
    rng = np.random.default_rng(seed)
    maps = rng.uniform(-0.2, 0.6, (BOX_CHANNELS, *shape)).astype(np.float32)
    maps[0] = rng.integers(-2, levels, shape) / np.float32(levels)
    options = BoxOptions(score_threshold=threshold, suppression_iou=iou, max_boxes=4096)
    boxes, scores = decode_boxes(maps, 1, options)
    expected = decode_slowly(maps, options)
    np.testing.assert_allclose(boxes, np.reshape([box for box, _ in expected], (-1, 4)), atol=1e-4)
    np.testing.assert_allclose(scores, [score for _, score in expected])
