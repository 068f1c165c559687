"""Distances of segments and gaps of bodies, against brute force and against moving the bodies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.synthetic.contact import (
    Figure,
    closest_points,
    gaps,
    hand_on_leg_gap,
    point_gap,
    samples,
    segment_distances,
)
from cabinsafe.synthetic.posing.ik import solve
from cabinsafe.synthetic.scene import Occupant

coordinates = st.floats(-1, 1).map(lambda value: round(value, 3))
points = st.tuples(coordinates, coordinates, coordinates)
segments = st.tuples(points, points).map(np.array)


def brute_force(first: np.ndarray, second: np.ndarray) -> float:
    """The shortest distance over a fine grid of both segments, finer around the best."""
    low, high = np.zeros(2), np.ones(2)
    for _ in range(5):
        s, t = (np.linspace(low[i], high[i], 41) for i in range(2))
        mine = first[0] + s[:, None] * (first[1] - first[0])
        theirs = second[0] + t[:, None] * (second[1] - second[0])
        distances = np.linalg.norm(mine[:, None] - theirs[None], axis=-1)
        i, j = np.unravel_index(distances.argmin(), distances.shape)
        reach = (high - low) / 20
        best = np.array([s[i], t[j]])
        low, high = np.maximum(best - reach, 0), np.minimum(best + reach, 1)
    return float(distances.min())


@settings(max_examples=150, deadline=None)
@given(first=segments, second=segments)
def test_distances_are_those_of_brute_force(first: np.ndarray, second: np.ndarray) -> None:
    distance = segment_distances(first[None], second[None])[0, 0]
    assert distance == pytest.approx(brute_force(first, second), abs=2e-4)


@settings(max_examples=80, deadline=None)
@given(first=segments, shift=points, share=st.floats(0.1, 2), tilt=st.floats(0, 1e-5))
def test_parallel_segments_are_no_exception(
    first: np.ndarray, shift: tuple[float, ...], share: float, tilt: float
) -> None:
    second = first[0] + shift + (first - first[0]) * share + [[0, 0, 0], [0, tilt, 0]]
    distance = segment_distances(first[None], second[None])[0, 0]
    assert distance == pytest.approx(brute_force(first, second), abs=2e-4)


@given(first=st.lists(segments, min_size=1, max_size=4), second=st.lists(segments, min_size=1, max_size=3))
def test_distances_are_symmetric_and_between_the_closest_points(
    first: list[np.ndarray], second: list[np.ndarray]
) -> None:
    a, b = np.stack(first), np.stack(second)
    here, there = segment_distances(a, b), segment_distances(b, a)
    np.testing.assert_allclose(here, there.T, atol=1e-6)
    mine, theirs = closest_points(a, b)
    assert here.shape == (len(first), len(second))
    np.testing.assert_allclose(np.linalg.norm(mine - theirs, axis=-1), here)
    on_mine = segment_distances(mine.reshape(-1, 1, 3).repeat(2, axis=1), a).reshape(len(a), len(b), -1)
    assert max(on_mine[i, :, i].max() for i in range(len(a))) < 1e-6


@pytest.fixture
def pair(resting: dict[str, Occupant]) -> tuple[Figure, Figure]:
    return resting["Row2.Pos1"].figure, resting["Row2.Pos3"].figure


def moved(occupant: Occupant, *offset: float) -> Figure:
    return Figure(occupant.body, solve(occupant.body, occupant.posture.shifted(np.array(offset))))


def test_gaps_grow_as_bodies_move_apart(resting: dict[str, Occupant]) -> None:
    first, second = resting["Row2.Pos1"].figure, resting["Row2.Pos3"]
    least = [gaps(first, moved(second, 0, -away, 0)).min() for away in (0.0, 0.1, 0.5, 5.0)]
    assert least == sorted(least)
    assert least[3] - least[2] == pytest.approx(4.5, abs=0.05)
    assert gaps(first, first).min() < 0


def test_gaps_are_symmetric_and_between_surfaces(pair: tuple[Figure, Figure]) -> None:
    here, there = gaps(*pair), gaps(*pair[::-1])
    np.testing.assert_allclose(here, there.T, atol=1e-9)
    points = [np.concatenate(figure.lines + 0) for figure in pair]
    ends = np.linalg.norm(points[0][:, None] - points[1][None], axis=-1).min()
    assert here.min() <= ends


def test_a_hand_on_a_leg_is_told_by_its_gap(resting: dict[str, Occupant]) -> None:
    actor, other = resting["Row1.Pos1"], resting["Row1.Pos2"]
    line = other.figure.line("left_thigh")
    over = line.mean(axis=0)
    over[2] += other.body.radius("left_thigh") + actor.body.radius("right_hand") + 0.03
    figure = actor.figure
    offset = over - figure.line("right_hand").mean(axis=0)
    near = moved(actor, *offset)
    gap = hand_on_leg_gap(near, other.figure)
    assert -0.01 < gap <= 0.031  # level hands lie a little nearer at one end
    assert hand_on_leg_gap(moved(actor, *(offset + np.array([0, 0, 0.2]))), other.figure) > gap + 0.1
    rows = gaps(near, other.figure)[np.ix_(near.rows("hand"), other.figure.rows("thigh", "shin"))]
    assert gap == pytest.approx(rows.min())


def test_point_gap_is_the_distance_from_the_skin(pair: tuple[Figure, Figure]) -> None:
    figure = pair[0]
    head = figure.line("head")
    over = head[head[:, 2].argmax()] + np.array([0, 0, figure.body.radius("head") + 0.2])
    assert point_gap(figure, over) == pytest.approx(0.2, abs=1e-6)
    assert point_gap(figure, head[0]) == pytest.approx(-figure.body.radius("head"))


def test_samples_run_along_every_line(pair: tuple[Figure, Figure]) -> None:
    points, radii = samples(pair[0], 3)
    np.testing.assert_allclose(points[:, [0, 2]], pair[0].lines)
    np.testing.assert_allclose(points[:, 1], pair[0].lines.mean(axis=1))
    assert radii.shape == (len(points),)
