"""Results of streams: how far they run ahead, and that they end clean."""

from __future__ import annotations

import time

import pytest

from cabinsafe.stream import ResultStream


@pytest.mark.parametrize(
    ("live", "options", "ahead"), [(False, {}, 6), (True, {}, 4), (True, {"capacity": 3}, 8)]
)
def test_how_far_ahead_is_read(make_source, wait_until, live: bool, options: dict, ahead: int) -> None:
    """Full channels after the reader and the stage, and an item in the hands of each."""
    source = make_source(*(i / 10 for i in range(100)), live=live)
    with ResultStream([source], [list], lambda frames: frames[0].index, **options) as stream:
        results = iter(stream)
        for taken in (1, 2):
            assert next(results) == taken - 1
            wait_until(lambda: source.given == taken + ahead)  # noqa: B023 - it is called at once
        time.sleep(0.05)
        assert source.given == 2 + ahead


def test_an_error_of_the_conclusion_ends_the_stream(make_source) -> None:
    def conclude(frames):
        if frames[0].index == 2:
            raise ValueError("a defect")
        return frames[0].index

    found = []
    with pytest.raises(ValueError, match="a defect"):
        for result in ResultStream([make_source(*(i / 10 for i in range(100)))], [list], conclude):
            found.append(result)
    assert found == [0, 1]
