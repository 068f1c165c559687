"""Stages in threads: order, back-pressure, errors, and the end."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from cabinsafe.closing import Closing
from cabinsafe.stream import Pipeline


def test_results_come_in_order_through_all_stages() -> None:
    def uneven(item: int) -> int:
        time.sleep(0.003 * (item % 3))
        return item + 1

    with Pipeline(range(50), [uneven, uneven, str]) as pipeline:
        assert list(pipeline) == [str(i + 2) for i in range(50)]


def test_stages_work_at_the_same_time() -> None:
    """Each of two stages waits, with its second item, for the other to have one."""
    meeting = threading.Barrier(2)

    def first(item: int) -> int:
        if item == 1:
            meeting.wait(timeout=30)
        return item

    def second(item: int) -> int:
        if item == 0:
            meeting.wait(timeout=30)
        return item

    with Pipeline(range(5), [first, second]) as pipeline:
        assert list(pipeline) == [0, 1, 2, 3, 4]


def test_a_quick_stage_waits_for_a_slow_reader(wait_until) -> None:
    started: list[int] = []
    with Pipeline(itertools.count(), [lambda item: started.append(item) or item], capacity=2) as pipeline:
        results = iter(pipeline)
        wait_until(lambda: len(started) == 3)
        assert next(results) == 0
        wait_until(lambda: len(started) == 4)
        time.sleep(0.05)
        assert len(started) == 4


@pytest.mark.parametrize("where", [0, 1])
def test_an_error_of_a_stage_comes_after_the_results_before_it(where: int) -> None:
    def fails_at_3(item: int) -> int:
        if item == 3:
            raise ValueError("a defect")
        return item

    stages = [lambda item: item, lambda item: item]
    stages[where] = fails_at_3
    found = []
    with Pipeline(range(10), stages) as pipeline, pytest.raises(ValueError, match="a defect"):
        for result in pipeline:
            found.append(result)
    assert found == [0, 1, 2]


def test_an_error_of_the_source_comes_after_the_results_before_it() -> None:
    def source():
        yield from (0, 1)
        raise OSError("gone")

    found = []
    with Pipeline(source(), [str]) as pipeline, pytest.raises(OSError, match="gone"):
        for result in pipeline:
            found.append(result)
    assert found == ["0", "1"]


def test_closing_early_stops_the_stages_and_closes_the_source() -> None:
    class Endless(Closing):
        closed = False

        def __iter__(self):
            while not self.closed:
                yield 0

        def close(self) -> None:
            self.closed = True

    source = Endless()
    with Pipeline(source, [str, str, str]) as pipeline:
        assert next(iter(pipeline)) == "0"
    assert source.closed
    pipeline.close()
    assert list(pipeline) == []
