"""A bounded queue that either side may end."""

from __future__ import annotations

import threading

import pytest

from cabinsafe.errors import DataError
from cabinsafe.stream import Channel


def test_items_come_in_order_then_the_end() -> None:
    channel: Channel[int] = Channel(3)
    for item in range(3):
        assert channel.put(item)
    channel.finish()
    assert channel.peek() == 0
    assert list(channel) == [0, 1, 2]
    assert channel.exhausted


def test_an_error_comes_after_the_items_before_it() -> None:
    channel: Channel[int] = Channel(3)
    channel.put(1)
    channel.finish(ValueError("a defect"))
    assert next(channel) == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="a defect"):
            next(channel)


def test_a_full_channel_makes_the_giver_wait(wait_until) -> None:
    channel: Channel[int] = Channel(2)
    given: list[int] = []

    def give() -> None:
        for item in range(5):
            channel.put(item)
            given.append(item)
        channel.finish()

    giver = threading.Thread(target=give)
    giver.start()
    wait_until(lambda: len(given) == 2)
    assert next(channel) == 0
    wait_until(lambda: len(given) == 3)
    assert list(channel) == [1, 2, 3, 4]
    giver.join()
    assert channel.dropped == 0


@pytest.mark.parametrize(("drop", "kept"), [("oldest", [3, 4]), ("newest", [0, 1])])
def test_what_finds_no_room_is_left_out_and_counted(drop: str, kept: list[int]) -> None:
    channel: Channel[int] = Channel(2, drop)
    assert all(channel.put(item) for item in range(5))
    channel.finish()
    assert list(channel) == kept
    assert channel.dropped == 3


def test_abandoning_frees_both_sides(wait_until) -> None:
    full: Channel[int] = Channel(1)
    full.put(0)
    refused: list[bool] = []
    giver = threading.Thread(target=lambda: refused.append(full.put(1)))
    giver.start()
    full.abandon()
    giver.join()
    assert refused == [False]
    assert list(full) == []
    empty: Channel[int] = Channel(1)
    taker = threading.Thread(target=lambda: list(empty))
    taker.start()
    empty.abandon()
    taker.join()
    empty.finish(ValueError("too late to matter"))
    assert list(empty) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "capacity: expected at least 1, got 0"),
        ((1, "all"), "drop: expected None, 'oldest' or 'newest'"),
    ],
)
def test_options_out_of_range(arguments, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Channel(*arguments)
