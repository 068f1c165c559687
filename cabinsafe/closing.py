"""What holds something open is a context manager that closes it."""

from __future__ import annotations

from types import TracebackType

from typing_extensions import Self

from cabinsafe.errors import CabinSafeError


class Closing:
    """Base of everything with a ``close``: leaving its ``with`` block calls it."""

    def close(self) -> None:
        """Free what is held open; closing twice is allowed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except CabinSafeError:
            if error is None:  # else the first error is the one to tell of
                raise
