"""What is found at each moment, while the moments that follow are already worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypedDict, TypeVar

from typing_extensions import Unpack

from cabinsafe.closing import Closing
from cabinsafe.stream.channel import Drop
from cabinsafe.stream.moments import Moments, Source
from cabinsafe.stream.pipeline import Pipeline, Stage

Result = TypeVar("Result")


class StreamOptions(TypedDict, total=False):
    """How sources are read and joined; each may be left out.

    Attributes:
        tolerance_s: how far apart in time the frames of one moment may be; by default half the time between
            frames of the fastest source.
        patience_s: how long a moment waits for a live camera that is late; by default 0.1.
        capacity: how many frames of each source are read ahead, and how many moments wait between two
            stages; by default 2, but 1 with a live camera, so that what is found is of now.
        drop: which frames to leave out, "oldest" or "newest", where they come faster than they are worked on;
            by default none.
    """

    tolerance_s: float | None
    patience_s: float
    capacity: int
    drop: Drop | None


class ResultStream(Closing, Generic[Result]):
    """Results for each moment of the sources, in order; a context manager.

    Args:
        sources: frames of one camera each; the caller closes them, after the stream.
        stages: what is done with a moment's frames, each in a thread of its own.
        conclude: what is done with the last stage's result, in the caller's thread.
        options: how the sources are read.

    Raises:
        DataError: no source, two of one camera, or an option out of range.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        stages: Sequence[Stage],
        conclude: Callable[[Any], Result],
        **options: Unpack[StreamOptions],
    ) -> None:
        capacity = options.setdefault("capacity", 1 if any(source.live for source in sources) else 2)
        self._moments = Moments(sources, **options)
        self._pipeline = Pipeline(self._moments, stages, capacity)
        self._conclude = conclude

    @property
    def dropped(self) -> dict[str, int]:
        """Frames of each camera that were left out so far; see :class:`~cabinsafe.stream.Moments`."""
        return self._moments.dropped

    def __iter__(self) -> Iterator[Result]:
        """Results in order; whatever ends the loop over them stops and joins all threads.

        Raises:
            CabinSafeError: what a source, a stage or the conclusion raised, after all results before.
        """
        with self:
            yield from map(self._conclude, self._pipeline)

    def close(self) -> None:
        """Stop reading and working; what is under way is thrown away."""
        self._pipeline.close()
