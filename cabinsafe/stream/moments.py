"""Frames of several cameras that show the same moment."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cabinsafe.closing import Closing
from cabinsafe.errors import DataError, MediaError
from cabinsafe.stream.channel import Channel, Drop
from cabinsafe.types import Frame

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Frames of one camera, in order; :class:`~cabinsafe.media.FrameSource` is one.

    Attributes:
        camera_id: what its frames carry.
        live: whether it may fall silent and come back. It must then be possible to close it from another
            thread, which ends its frames.
        fps: nominal frames per second, 0 if unknown.
    """

    camera_id: str
    live: bool
    fps: float

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Free what it holds."""
        ...


@dataclass
class _Feed:
    """One source being read; ``absent`` while it is live and was late for the last moment."""

    source: Source
    frames: Channel[Frame]
    absent: bool = False

    def is_late(self, live: bool) -> bool:
        """Whether its next frame is yet to be waited for."""
        is_there = self.frames.peek() is not None or self.frames.exhausted
        return self.source.live == live and not self.absent and not is_there


class Moments(Closing):
    """Reads sources in a thread each, and joins frames that lie close in time.

    Every frame comes up exactly once. A moment holds the earliest frame at hand, and those of other cameras
    that lie within the tolerance of it: the nearest ones, if the tolerance is no more than half the time
    between frames. Files are waited for, so that what is found does not depend on the machine's speed; a
    live camera that is late is not waited for again until it sends something.

    Args:
        sources: at least one, each of another camera; the caller closes them afterwards.
        tolerance_s: capture times of a moment's frames differ by no more; None takes half the time between
            frames of the fastest source.
        patience_s: how long a late live camera is waited for.
        capacity: frames of each source that are read ahead.
        drop: which frames to leave out where they come faster than they are taken; by default none.

    Raises:
        DataError: no source, two of one camera, or a value out of range.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        tolerance_s: float | None = None,
        patience_s: float = 0.1,
        capacity: int = 2,
        drop: Drop | None = None,
    ) -> None:
        _check(sources, tolerance_s, patience_s)
        fps = max(source.fps for source in sources)
        self._tolerance_s = tolerance_s if tolerance_s is not None else (0.5 / fps if fps > 0 else 0.02)
        self._patience_s = patience_s
        self._news = threading.Condition()
        self._feeds = [_Feed(source, Channel(capacity, drop, self._news)) for source in sources]
        self._left_out: Counter[str] = Counter()
        self._lost: set[str] = set()
        self._threads = [
            threading.Thread(
                target=_read, args=(feed, self._left_out), name=f"read {feed.source.camera_id}", daemon=True
            )
            for feed in self._feeds
        ]
        self._closed = False

    @property
    def dropped(self) -> dict[str, int]:
        """Frames left out, by camera: by ``drop``, or by a live camera that was not kept up with."""
        return {
            feed.source.camera_id: feed.frames.dropped + self._left_out[feed.source.camera_id]
            for feed in self._feeds
        }

    def __iter__(self) -> Iterator[list[Frame]]:
        """The frames of each moment, in the order of the sources; reading begins with the first.

        Raises:
            CabinSafeError: what a source raised, after all frames before it. What ends a live camera is only
                logged while another source goes on.
        """
        self._start()
        while True:
            with self._news:
                self._wait()
                self._look_for_errors()
                frames = self._take()
            if not frames:
                return
            yield frames

    def close(self) -> None:
        """Stop reading and wait for the threads."""
        with self._news:
            self._closed = True
        for feed in self._feeds:
            feed.frames.abandon()
            if feed.source.live:
                feed.source.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _start(self) -> None:
        with self._news:
            if self._closed or self._threads[0].ident is not None:
                return
            for thread in self._threads:
                thread.start()

    def _wait(self) -> None:
        """Until a frame is there, and those of the other sources for as long as they are waited for."""
        feeds, wait_for = self._feeds, self._news.wait_for
        wait_for(lambda: any(f.frames.peek() for f in feeds) or all(f.frames.exhausted for f in feeds))
        wait_for(lambda: not any(feed.is_late(live=True) for feed in feeds), self._patience_s)
        for feed in feeds:
            feed.absent = feed.absent or feed.is_late(live=True)
        wait_for(lambda: not any(feed.is_late(live=False) for feed in feeds))

    def _take(self) -> list[Frame]:
        """The earliest frame and those close to it; none if all is over."""
        heads = [(feed, frame) for feed in self._feeds if (frame := feed.frames.peek()) is not None]
        latest_s = min((frame.t_s for _, frame in heads), default=0.0) + self._tolerance_s
        taken = [feed for feed, frame in heads if frame.t_s <= latest_s]
        for feed in taken:
            feed.absent = False
        return [next(feed.frames) for feed in taken]

    def _look_for_errors(self) -> None:
        """Raise what ended a file, or all sources; log what ended a live camera."""
        failed = [feed for feed in self._feeds if feed.frames.exhausted and feed.frames.error is not None]
        all_over = all(feed.frames.exhausted for feed in self._feeds)
        for feed in failed:
            error, camera_id = feed.frames.error, feed.source.camera_id
            if all_over or not (feed.source.live and isinstance(error, MediaError)):
                assert error is not None
                raise error
            if camera_id not in self._lost:
                self._lost.add(camera_id)
                _log.warning("camera '%s' is lost, the others go on: %s", camera_id, error)


def _read(feed: _Feed, left_out: Counter[str]) -> None:
    """Pass a source's frames on until it ends or nobody takes them."""
    source, expected = feed.source, None
    try:
        for frame in source:
            if source.live and expected is not None:
                left_out[source.camera_id] += max(0, frame.index - expected)
            expected = frame.index + 1
            if not feed.frames.put(frame):
                return
    except BaseException as error:
        feed.frames.finish(error)
    else:
        feed.frames.finish()


def _check(sources: Sequence[Source], tolerance_s: float | None, patience_s: float) -> None:
    cameras = [source.camera_id for source in sources]
    if not cameras:
        raise DataError("no source to read")
    if len(set(cameras)) != len(cameras):
        raise DataError(f"one source for each camera, got {', '.join(cameras)}")
    for name, value in (("tolerance_s", tolerance_s), ("patience_s", patience_s)):
        if value is not None and not 0 <= value < float("inf"):
            raise DataError(f"{name}: expected 0 or more, got {value}")
