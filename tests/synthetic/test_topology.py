"""Edges of triangles, and those of parts of a surface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe.synthetic.mesh import grid, rounded_box
from cabinsafe.synthetic.topology import Topology


def sheet(cells: int = 4) -> Topology:
    points, triangles = grid([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], (cells, cells))
    return Topology.of(triangles, len(points))


def test_sides_are_numbers_of_the_edges_between_their_corners() -> None:
    topology = sheet()
    assert len(topology.edges) == 2 * 4 * 5 + 16, "lines of the grid and one diagonal per cell"
    ends = np.stack([topology.triangles, topology.triangles[:, [1, 2, 0]]], axis=-1)
    np.testing.assert_array_equal(topology.edges[topology.sides], np.sort(ends, axis=-1))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31))
def test_a_part_has_the_edges_it_would_have_by_itself(seed: int) -> None:
    whole = sheet()
    mask = np.random.default_rng(seed).random(len(whole.triangles)) < 0.5
    part, rows = whole.kept(mask)
    alone = Topology.of(part.triangles, part.size)
    np.testing.assert_array_equal(rows[part.triangles], whole.triangles[mask])
    np.testing.assert_array_equal(part.edges, alone.edges)
    np.testing.assert_array_equal(part.sides, alone.sides)


def test_nothing_kept_is_an_empty_part() -> None:
    part, rows = sheet().kept(np.zeros(32, bool))
    assert len(rows) == len(part.edges) == len(part.border) == len(part.hem) == 0


def test_the_hem_is_averaged_along_itself() -> None:
    topology = sheet()
    assert len(topology.border) == len(topology.hem) == 16
    among = topology.average.toarray()[np.ix_(topology.hem, topology.hem)]
    np.testing.assert_allclose(topology.hem_average.toarray(), among)
    np.testing.assert_allclose(among.sum(axis=1), 1)
    np.testing.assert_array_equal((among > 0).sum(axis=1), 2)


@pytest.mark.parametrize("cells", [1, 3])
def test_cached_triangles_of_shapes_cannot_be_written_to(cells: int) -> None:
    _, triangles = rounded_box((0, 0, 0), (1, 1, 1), cells=cells)
    with pytest.raises(ValueError, match="read-only"):
        triangles[0, 0] = 1
