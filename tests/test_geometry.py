from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.geometry import (
    box_distance,
    box_iou,
    height_above_line,
    midpoint,
    polygon_centroid,
    polygon_contains,
    polygon_depth,
    segment_distance,
)

coordinates = st.floats(-1e3, 1e3)
points = st.tuples(coordinates, coordinates)


@pytest.mark.parametrize(
    ("point", "expected"),
    [((5, 3), 3.0), ((-3, 4), 5.0), ((13, -4), 5.0), ((0, 0), 0.0)],
)
def test_segment_distance(point: tuple[float, float], expected: float) -> None:
    assert segment_distance(point, (0, 0), (10, 0)) == pytest.approx(expected)


def test_segment_of_no_length_is_a_point() -> None:
    assert segment_distance((3, 4), (0, 0), (0, 0)) == 5.0


@given(points, points, points)
def test_segment_distance_is_that_of_a_dense_sampling(p, a, b) -> None:
    samples = np.linspace(a, b, 2001)
    sampled = np.hypot(*(samples - p).T).min()
    step = math.dist(a, b) / 2000
    exact = segment_distance(p, a, b)
    assert sampled - step - 1e-6 <= exact <= sampled + 1e-6


def test_segment_distance_of_absent_points_is_nan() -> None:
    for place in range(3):
        three = [(0.0, 3.0), (8.0, 3.0), (2.0, 3.0)]
        three[place] = (math.nan, math.nan)
        assert math.isnan(segment_distance(*three))


def test_height_above_line_is_positive_above_whatever_the_direction() -> None:
    for start, end in (((0, 10), (20, 10)), ((20, 10), (0, 10))):
        assert height_above_line((5, 4), start, end) == pytest.approx((6.0, 0.25))
        assert height_above_line((25, 14), start, end) == pytest.approx((-4.0, 1.25))


def test_line_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="must differ"):
        height_above_line((0, 0), (1, 1), (1, 1))


def test_polygon_contains() -> None:
    arrow = [(0, 0), (10, 0), (5, 5), (10, 10), (0, 10)]
    assert polygon_contains(arrow, (2, 5))
    assert not polygon_contains(arrow, (8, 5)), "inside the notch"
    assert not polygon_contains(arrow, (math.nan, 5))


def test_polygon_centroid() -> None:
    assert polygon_centroid([(1, 1), (5, 1), (5, 3), (1, 3)]) == pytest.approx((3, 2))
    assert polygon_centroid([(1, 3), (1, 1), (3, 1), (5, 1), (5, 3)]) == pytest.approx((3, 2)), (
        "not of corners"
    )
    assert polygon_centroid([(0, 0), (2, 2), (4, 4)]) == pytest.approx((2, 2)), "without area"


def test_polygon_depth() -> None:
    arrow = [(0, 0), (10, 0), (5, 5), (10, 10), (0, 10)]
    assert polygon_depth(arrow, (2, 5)) == pytest.approx(2.0)
    assert polygon_depth(arrow, (-3, 5)) == pytest.approx(-3.0)
    assert polygon_depth(arrow, (14, -3)) == pytest.approx(-5.0)
    assert polygon_depth(arrow, (9, 5)) == pytest.approx(-4 / math.sqrt(2))
    assert math.isnan(polygon_depth(arrow, (math.nan, 5)))


@given(st.lists(points, min_size=3, max_size=6), points)
def test_polygon_depth_has_the_sign_of_contains_and_the_distance_of_the_edges(polygon, point) -> None:
    depth = polygon_depth(polygon, point)
    edges = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
    assert abs(depth) == pytest.approx(min(segment_distance(point, a, b) for a, b in edges), abs=1e-6)
    if abs(depth) > 1e-3:
        assert (depth > 0) == polygon_contains(polygon, point)


def test_box_iou() -> None:
    boxes = [(0, 0, 10, 10), (5, 5, 15, 15), (20, 20, 20, 20)]
    iou = box_iou(boxes, boxes[:2])
    np.testing.assert_allclose(iou, [[1, 25 / 175], [25 / 175, 1], [0, 0]])


def test_midpoint_keeps_nan() -> None:
    assert midpoint((0, 0), (2, 4)) == (1, 2)
    assert math.isnan(midpoint((math.nan, 0), (2, 4))[0])


@given(points, points, points)
def test_a_box_is_no_farther_than_a_segment_in_it(start, end, point) -> None:
    box = (*map(min, start, end), *map(max, start, end))
    away = box_distance(box, point)
    assert 0.0 <= away <= segment_distance(point, start, end) + 1e-6
    inside = box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
    assert (away == 0.0) == inside
