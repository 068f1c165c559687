"""Boxes around legs only save work: they never change what a hand says."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.detectors.hands import HandOnLegOptions, Limbs, Part, box_of, judge_hand
from cabinsafe.types import State

PLACES = st.tuples(st.floats(0, 400), st.floats(0, 400))
LEGS = st.lists(st.builds(Part, st.integers(0, 1), st.booleans(), PLACES, PLACES), max_size=4).map(tuple)
ROUNDING = 1e-12
EVERYWHERE = (-inf, -inf, inf, inf)


def limbs(legs: tuple[Part, ...], hand: tuple[float, float] | None, *, boxed: bool) -> Limbs:
    box = box_of(legs) if boxed else EVERYWHERE
    return Limbs(100.0, (hand, None), legs, box, (True, True), State.FALSE, HandOnLegOptions(), (0.9, 0.0))


@given(PLACES, LEGS, LEGS)
def test_judged_with_boxes_as_without(hand, own, others) -> None:
    boxed, whole = (
        judge_hand(0, limbs(own, hand, boxed=boxed), limbs(others, None, boxed=boxed), 0.0, None)
        for boxed in (True, False)
    )
    assert boxed[1] == whole[1]
    assert (boxed[0].state, boxed[0].score) == (whole[0].state, whole[0].score)
    if boxed[1] is None:  # the gap may be that to the box: no longer, but for rounding
        assert boxed[0].gap_torsos <= whole[0].gap_torsos * (1 + ROUNDING)
    else:
        assert boxed[0].gap_torsos == whole[0].gap_torsos


def test_the_box_of_legs_holds_their_ends() -> None:
    assert box_of([Part(0, False, (5, 9), (3, 4)), Part(0, True, (3, 4), (7, 1))]) == (3, 1, 7, 9)
    assert box_of([]) == (0, 0, 0, 0)
