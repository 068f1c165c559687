"""Where track ids come from."""

from __future__ import annotations


class TrackIds:
    """Counts 1, 2, 3, ...; an iterator whose next number can be read and set, so that a service can restart.

    Attributes:
        next_id: what comes next.
    """

    def __init__(self, next_id: int = 1) -> None:
        self.next_id = next_id

    def __iter__(self) -> TrackIds:
        return self

    def __next__(self) -> int:
        self.next_id += 1
        return self.next_id - 1
