import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cabinsafe.tracking import matching

COSTS = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.floats(0.0, 2.0))


def _cheapest(costs):
    """Least total over all partial assignments, 1 for what stays unmatched: by trying them all."""
    rows, columns = costs.shape
    slots = [*range(columns), *[None] * rows]
    choices = itertools.permutations(slots, rows)
    return min(sum(1.0 if c is None else min(costs[r, c], 1.0) for r, c in enumerate(ch)) for ch in choices)


@given(COSTS)
def test_assignment_is_the_cheapest_of_all(costs):
    pairs = matching.assign(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(costs[pair] < 1.0 for pair in pairs)
    total = sum(costs[pair] for pair in pairs) + costs.shape[0] - len(pairs)
    assert total == pytest.approx(_cheapest(costs))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_assign(shape):
    assert matching.assign(np.ones(shape)) == []


def test_a_good_match_is_not_given_up_to_make_a_second_poor_one():
    assert matching.assign(np.array([[0.1, 0.99], [0.99, np.inf]])) == [(0, 0)]


def test_distance_is_1_at_the_gate_and_relative_to_size():
    people = np.array([[0.0, 0.0, 100.0, 100.0], [0.0, 0.0, 200.0, 200.0]])
    observed = np.broadcast_to(np.array([[50.0, 0.0, 150.0, 100.0]]), (2, 1, 4))
    costs = matching.distance_costs(people, observed, np.array([0.5, 0.5]))
    np.testing.assert_allclose(costs[:, 0], [1.0, 0.5])


def test_size_cost_is_symmetric_and_bounded():
    small, large = np.array([[0.0, 0.0, 10.0, 10.0]]), np.array([[0.0, 0.0, 20.0, 15.0]])
    there, back = matching.size_costs(small, large[None]), matching.size_costs(large, small[None])
    np.testing.assert_allclose(there, back)
    assert 0.0 < there[0, 0] < 1.0
    assert matching.size_costs(small, large[None] * 100)[0, 0] == 1.0
    assert matching.size_costs(small, small[None])[0, 0] == 0.0


def test_keypoint_cost_knows_the_same_pose_from_another_and_says_when_it_cannot_tell(people):
    here = people.skeleton(100.0)
    head, feet = [name for name in people.places if "ankle" in name], ["nose", *list(people.places)[1:7]]
    seen = [here, people.skeleton(300.0), people.skeleton(100.0, topology="other"), None]
    costs = matching.keypoint_costs([here, None], np.zeros((2, 2)), np.array([245.0, 245.0]), seen)
    assert costs[0, 0] == pytest.approx(0.0)
    assert costs[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert np.isnan(costs[0, 2:]).all()
    assert np.isnan(costs[1]).all()
    apart = matching.keypoint_costs(
        [people.skeleton(100.0, hidden=head)], np.zeros((1, 2)), np.array([245.0]),
        [people.skeleton(100.0, hidden=feet)],
    )  # fmt: skip
    assert np.isnan(apart).all()


def test_keypoints_are_expected_where_the_person_has_moved_to(people):
    costs = matching.keypoint_costs(
        [people.skeleton(100.0)], np.array([[50.0, 0.0]]), np.array([245.0]), [people.skeleton(150.0)]
    )
    assert costs[0, 0] == pytest.approx(0.0, abs=1e-6)


def test_unknown_keypoints_leave_the_mean_of_the_rest():
    one = np.array([[0.4]])
    plain = matching.match_costs(one, one, np.array([[np.nan]]), np.zeros(1), 0.5, 1.0)
    full = matching.match_costs(one, one, one, np.zeros(1), 0.5, 1.0)
    assert plain[0, 0] == pytest.approx(full[0, 0]) == pytest.approx(0.4)
    assert np.isinf(matching.match_costs(one * 3, one, one, np.zeros(1), 0.5, 1.0)[0, 0])
