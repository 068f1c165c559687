"""A queue of bounded length between two threads, which either of them may end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

from cabinsafe.errors import DataError

T = TypeVar("T")
Drop = Literal["oldest", "newest"]


class Channel(Generic[T]):
    """Passes items on in order, and then the end, or the error that ended them.

    Args:
        capacity: how many items may wait.
        drop: what to do with an item for which there is no room: None makes the giver wait, "oldest" leaves
            out the one that waited longest, "newest" the new one.
        news: condition that several channels share, so that one thread can wait for any of them.

    Attributes:
        dropped: how many items were left out.
        error: what the giver ended with, if it was an error.

    Raises:
        DataError: capacity under 1, or another word for ``drop``.
    """

    def __init__(
        self, capacity: int, drop: Drop | None = None, news: threading.Condition | None = None
    ) -> None:
        if capacity < 1:
            raise DataError(f"capacity: expected at least 1, got {capacity}")
        if drop not in (None, "oldest", "newest"):
            raise DataError(f"drop: expected None, 'oldest' or 'newest', got {drop!r}")
        self.dropped = 0
        self._capacity = capacity
        self._drop = drop
        self._news = news or threading.Condition()
        self._items: deque[T] = deque()
        self.error: BaseException | None = None
        self._finished = False
        self._abandoned = False

    def put(self, item: T) -> bool:
        """Hand over an item; False once nobody will take it."""
        with self._news:
            if self._drop is None:
                self._news.wait_for(lambda: len(self._items) < self._capacity or self._abandoned)
            elif len(self._items) >= self._capacity:
                self.dropped += 1
                if self._drop == "newest":
                    return not self._abandoned
                self._items.popleft()
            if self._abandoned:
                return False
            self._items.append(item)
            self._news.notify_all()
            return True

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no item follows, and why."""
        with self._news:
            self._finished, self.error = True, error
            self._news.notify_all()

    def abandon(self) -> None:
        """Say that no item will be taken any more: whoever waits goes on."""
        with self._news:
            self._abandoned = True
            self._items.clear()
            self._news.notify_all()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        """The next item, waited for; no more once the channel was abandoned.

        Raises:
            BaseException: what the giver ended with.
        """
        with self._news:
            self._news.wait_for(lambda: self._items or self._finished or self._abandoned)
            if self._items:
                item = self._items.popleft()
                self._news.notify_all()
                return item
            if self.error is not None and not self._abandoned:
                raise self.error
            raise StopIteration

    def peek(self) -> T | None:
        """The next item if it is there; it stays."""
        return self._items[0] if self._items else None

    @property
    def exhausted(self) -> bool:
        """Whether no item is there and none follows."""
        return self._abandoned or (self._finished and not self._items)
