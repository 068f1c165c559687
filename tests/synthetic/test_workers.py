"""Processes that share work: that all of it is done, and that no way in which they end is silent.

What they are given comes from the standard library, so that a spawned process can find it.
"""

from __future__ import annotations

import os
from functools import partial
from multiprocessing import active_children
from operator import truediv

import pytest

from cabinsafe.errors import CabinSafeError, ConfigError, MissingExtraError, OutputError, ShapeError
from cabinsafe.synthetic.workers import THREADS, retold, spread

RECIPROCAL = partial(partial, truediv, 1)  # the set-up; what it returns computes 1 / item


def test_all_items_are_done_once_and_nothing_stays_behind() -> None:
    threads = [os.environ.get(name) for name in THREADS]
    assert sorted(spread(RECIPROCAL, range(1, 8), 3)) == list(range(1, 8))
    assert active_children() == []
    assert [os.environ.get(name) for name in THREADS] == threads


def test_no_more_is_given_out_once_stopped() -> None:
    done: list[int] = []
    for item in spread(RECIPROCAL, range(1, 1000), 1, lambda: len(done) >= 3):
        done.append(item)
    assert done == [1, 2, 3]


def test_an_error_ends_it_with_its_text_and_its_traceback() -> None:
    with pytest.raises(CabinSafeError, match=r"^ZeroDivisionError: division by zero$") as caught:
        list(spread(RECIPROCAL, [1, 0, 2], 1))
    assert "truediv" in str(caught.value.__cause__) or "_work" in str(caught.value.__cause__)
    assert active_children() == []


def test_a_set_up_that_fails_is_told() -> None:
    with pytest.raises(CabinSafeError, match="no-such-file"):
        list(spread(partial(open, "no-such-file"), [1], 1))  # type: ignore[arg-type]


def test_a_process_that_dies_is_told_with_what_it_was_at() -> None:
    with pytest.raises(CabinSafeError, match=r"died at number 9 \(exit code 9\)"):
        list(spread(partial(partial, os._exit), [9], 1))
    assert active_children() == []


def test_an_iterator_that_is_left_ends_its_processes() -> None:
    items = spread(RECIPROCAL, range(1, 1000), 1)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert active_children() == []


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (OutputError("disk full"), OutputError, "image 3: disk full"),
        (ConfigError("no style"), ConfigError, "image 3: no style"),
        (
            ShapeError("color", "float32", "int8"),
            ShapeError.__base__,
            "image 3: color: expected float32, got int8",
        ),
        (MissingExtraError("x", "synthetic", "anny"), CabinSafeError, "image 3: x needs the package 'anny'"),
        (ValueError("odd"), CabinSafeError, "image 3: ValueError: odd"),
    ],
)
def test_errors_are_told_as_few_kinds(error: Exception, kind: type[CabinSafeError], text: str) -> None:
    told = retold(error, "image 3: ")
    assert type(told) is kind
    assert str(told).startswith(text)
