"""Stages that work at the same time: while one has an item, the one before it has the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cabinsafe.closing import Closing
from cabinsafe.stream.channel import Channel

Stage = Callable[[Any], Any]


class Pipeline(Closing):
    """Items of a source through stages, each in a thread of its own; results come in order.

    A stage that is quicker than the next one waits. What the source or a stage raises comes out after the
    results of all items before.

    Args:
        source: read by the first stage's thread; closed with the pipeline if it can be.
        stages: what is done with each item, one after the other; at least one.
        capacity: results of each stage that may wait for the next.
    """

    def __init__(self, source: Iterable[Any], stages: Sequence[Stage], capacity: int = 2) -> None:
        self._source = source
        self._channels: list[Channel[Any]] = [Channel(capacity) for _ in stages]
        inputs = [iter(source), *self._channels]
        self._threads = [
            threading.Thread(target=_run, args=work, name=f"stage {i + 1}", daemon=True)
            for i, work in enumerate(zip(inputs, stages, self._channels, strict=False))
        ]

    def __iter__(self) -> Iterator[Any]:
        """Results in the order of the source; work begins now.

        Raises:
            BaseException: what the source or a stage raised.
        """
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        return iter(self._channels[-1])

    def close(self) -> None:
        """Stop all stages and wait for them; what is under way is thrown away."""
        for channel in self._channels:
            channel.abandon()
        if isinstance(self._source, Closing):
            self._source.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()


def _run(items: Iterator[Any], stage: Stage, results: Channel[Any]) -> None:
    try:
        for item in items:
            if not results.put(stage(item)):
                return
    except BaseException as error:
        results.finish(error)
    else:
        results.finish()
