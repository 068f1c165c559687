"""A rider in the making: what a script knows of one while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from cabinsafe.synthetic.ride.spec import ENTRY_S, ActSpec
from cabinsafe.synthetic.scene import PersonSpec


@dataclass
class RiderDraft:
    """A rider in the making.

    Attributes:
        person: body, look and first posture.
        acts: so far.
        free_s: when the next one may begin.
        enters_s, leaves_s: as in :class:`RiderSpec`.
    """

    person: PersonSpec
    acts: list[ActSpec] = field(default_factory=list)
    free_s: float = 0.0
    enters_s: float | None = None
    leaves_s: float | None = None

    def until_s(self, duration_s: float) -> float:
        """When the last act must be over."""
        return duration_s if self.leaves_s is None else self.leaves_s

    @property
    def seat(self) -> str:
        """Where the rider now sits."""
        return self.acts[-1].seat

    def has_left(self, t_s: float) -> bool:
        """Whether the rider has begun to leave."""
        return self.leaves_s is not None and t_s >= self.leaves_s

    def is_seated(self, t_s: float) -> bool:
        """Whether the rider is in the cabin, neither coming nor going."""
        came = self.enters_s is None or t_s >= self.enters_s + ENTRY_S
        return came and not self.has_left(t_s)
