"""What the tracker notes down when somebody turns up while others are unseen."""

from __future__ import annotations

from typing import NamedTuple


class Claim(NamedTuple):
    """Where a newcomer turned up, as seen from one who was unseen then; lengths in sizes of that one.

    Attributes:
        rest_sizes: from where that one would be if they have come to rest since.
        straight_sizes: from where they would be if they went straight on.
        home_sizes: from where they sit.
        gone_sizes: how far they would have gone straight on.
        unseen_s: for how long they had been unseen.
    """

    rest_sizes: float
    straight_sizes: float
    home_sizes: float
    gone_sizes: float
    unseen_s: float
