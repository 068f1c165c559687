import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cabinsafe.tracking.matching import assign, keypoint_cost, rivals

COSTS = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.floats(0.0, 2.0))


def _cheapest(costs):
    """Least total over all partial assignments, 1 for what stays unmatched: by trying them all."""
    rows, columns = costs.shape
    slots = [*range(columns), *[None] * rows]
    choices = itertools.permutations(slots, rows)
    return min(sum(1.0 if c is None else min(costs[r, c], 1.0) for r, c in enumerate(ch)) for ch in choices)


@given(COSTS)
def test_assignment_is_the_cheapest_of_all(costs):
    pairs = assign({pair: float(costs[pair]) for pair in np.ndindex(costs.shape)})
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(costs[pair] < 1.0 for pair in pairs)
    total = sum(costs[pair] for pair in pairs) + costs.shape[0] - len(pairs)
    assert total == pytest.approx(_cheapest(costs))


def test_nothing_to_assign():
    assert assign({}) == []


def test_a_good_match_is_not_given_up_to_make_a_second_poor_one():
    assert assign({(0, 0): 0.1, (0, 1): 0.99, (1, 0): 0.99}) == [(0, 0)]


def test_rivals_share_a_row_or_a_column():
    assert rivals(dict.fromkeys([(0, 0), (1, 1)], 0.5)) == set()
    assert rivals(dict.fromkeys([(0, 0), (1, 1), (1, 2), (3, 3), (4, 3)], 0.5)) == {
        (1, 1),
        (1, 2),
        (3, 3),
        (4, 3),
    }


def test_keypoint_cost_knows_the_same_pose_from_another_and_says_when_it_cannot_tell(people):
    here = people.pose(100.0).xy
    head, feet = [name for name in people.places if "ankle" in name], ["nose", *list(people.places)[1:7]]
    assert keypoint_cost(here, here, 245.0) == pytest.approx(0.0)
    assert keypoint_cost(here, people.pose(300.0).xy, 245.0) == pytest.approx(1.0, abs=1e-3)
    some, others = people.pose(100.0, hidden=head).xy, people.pose(100.0, hidden=feet).xy
    assert keypoint_cost(some, others, 245.0) is None
