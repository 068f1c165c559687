"""The split is fixed for ever: known ids stay where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cabinsafe.data.split import choose, require_all, select, split_of
from cabinsafe.errors import DataError


def test_known_ids_never_move() -> None:
    known = {790: "test", 36: "train", 49: "train"}
    assert {i: split_of(i) for i in known} == known


def test_shares_are_about_eight_one_one() -> None:
    ids = range(20_000)
    parts = {name: len(select(ids, name)) for name in ("train", "val", "test")}
    assert sum(parts.values()) == len(ids)
    assert 0.78 < parts["train"] / len(ids) < 0.82
    assert 0.08 < parts["val"] / len(ids) < 0.12


@given(st.sets(st.integers(0, 10**7), max_size=50))
def test_splits_are_disjoint_and_cover_everything(ids: set[int]) -> None:
    parts = [select(ids, name) for name in ("train", "val", "test")]
    assert sorted(i for part in parts for i in part) == sorted(ids)


def test_an_empty_split_is_named_with_the_rule() -> None:
    require_all(range(1, 200))
    with pytest.raises(DataError, match=r"falls into val or test.*modulo 10"):
        require_all(select(range(1, 200), "train"))


def test_a_choice_is_a_part_or_some_of_it_and_always_the_same() -> None:
    ids = list(range(300, 0, -1))
    assert choose(ids) == sorted(ids)
    assert choose(ids, "val") == select(ids, "val")
    few = choose(ids, "train", 10)
    assert len(few) == 10
    assert few == sorted(few) == choose(ids, "train", 10)
    assert few != select(ids, "train")[:10], "not the first ones only"
    assert choose(ids, "test", 10_000) == select(ids, "test")


def test_an_empty_choice_is_refused() -> None:
    with pytest.raises(DataError, match="none of the 1 images is in the split 'val'"):
        choose([790], "val")
    with pytest.raises(DataError, match="there are no images"):
        choose([])
