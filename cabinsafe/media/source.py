"""What a source of frames is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from cabinsafe.closing import Closing
from cabinsafe.types import Frame


class FrameSource(Closing, ABC):
    """Frames of one camera, in order; a context manager.

    Attributes:
        camera_id: what its frames carry.
        frame_count: how many frames it announces, or None if unknown.
        fps: nominal frames per second.
        files: the files that are read, if any.
        live: whether it may fall silent and come back. Then closing it, from any thread, ends its frames.
    """

    camera_id: str
    frame_count: int | None = None
    fps: float = 0.0
    files: tuple[Path, ...] = ()
    live: bool = False

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Frames in order.

        Raises:
            MediaError: a frame cannot be read, or the source ends before its announced end; all frames
                before that were yielded.
        """
