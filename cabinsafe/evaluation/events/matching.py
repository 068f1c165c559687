"""Which alarm is about which act.

An alarm is about an act if kind and seats agree (where both know the seat) and it lasts while the act does,
give or take the collar. An act takes the earliest such alarm that was raised no sooner than a collar before
it began; each alarm is taken once, and by the collar alone only if no act during which it lasts could take
it. An act that no alarm is left for is found all the same if an alarm runs during it: gates bridge short
pauses. What is raised again during an act that was found is a repeat, any other alarm is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import Field

from cabinsafe.data import TrueEvent
from cabinsafe.evaluation.events.rides import Alarm, Ride
from cabinsafe.options import Options

_END_SHARE: Final = 0.2  # of an act's length, by which its end may be off: as in DCASE's event-based scores


class MatchOptions(Options):
    """How alarms and acts are compared."""

    collar_s: float = Field(1.0, ge=0, le=60, description="How far apart in time they may lie")
    brief_margin_s: float = Field(
        0.3, ge=0, le=60, description="Acts that last no longer than the hold time and this are not judged"
    )


@dataclass(frozen=True)
class Found:
    """An act that had to be reported.

    Attributes:
        act: the act.
        alarm: the alarm that is about it, if any.
        covered: whether only an alarm that was about something else ran meanwhile.
    """

    act: TrueEvent
    alarm: Alarm | None
    covered: bool = False

    @property
    def found(self) -> bool:
        """Whether it was reported."""
        return self.alarm is not None or self.covered

    @property
    def delay_s(self) -> float | None:
        """Time from its beginning to its own alarm."""
        return None if self.alarm is None else self.alarm.t_s - self.act.t_start_s


@dataclass
class Rating:
    """What was made of one kind in one ride.

    Attributes:
        acts: that had to be reported.
        brief: acts too short for their hold time: not judged.
        unwatched: acts of a kind that was not watched for: not judged.
        false: alarms about nothing.
        repeats: alarms about an act that another alarm had reported.
        near_misses: what must not be reported, and whether it was.
    """

    acts: list[Found] = field(default_factory=list)
    brief: int = 0
    unwatched: int = 0
    false: list[Alarm] = field(default_factory=list)
    repeats: list[Alarm] = field(default_factory=list)
    near_misses: list[tuple[TrueEvent, bool]] = field(default_factory=list)


def rate(ride: Ride, kind: str, options: MatchOptions, min_score: float = 0.0) -> Rating:
    """Compare the alarms of one kind, of at least a score, with the acts of that kind."""
    acts = [act for act in ride.truth.acts if act.kind == kind]
    if not ride.watches(kind):
        return Rating(unwatched=len(acts))
    brief = [act for act in acts if ride.is_brief(act, options.brief_margin_s)]
    long = [act for act in acts if not ride.is_brief(act, options.brief_margin_s)]
    alarms = [alarm for alarm in ride.alarms if alarm.kind == kind and alarm.score >= min_score]
    matched, left = _take(long, alarms, options.collar_s)
    rating = Rating(acts=matched, brief=len(brief))
    for alarm in left:
        if _takers(alarm, long, options.collar_s):
            rating.repeats.append(alarm)
        elif not any(about(alarm, act, options.collar_s) for act in brief):
            rating.false.append(alarm)
    for near in ride.truth.events:
        if near.kind == kind and near.near_miss:
            rating.near_misses.append((near, any(about(alarm, near, 0.0) for alarm in rating.false)))
    return rating


def about(alarm: Alarm, act: TrueEvent, collar_s: float) -> bool:
    """Whether an alarm and an act are of the same people, as far as known, at the same time."""
    together = alarm.t_start_s <= act.t_end_s + collar_s and alarm.t_end_s >= act.t_start_s - collar_s
    seats = zip(alarm.seats, act.seats, strict=False)
    return together and all(seat is None or seat == other for seat, other in seats)


def is_on_time(one: Found, collar_s: float) -> bool:
    """Whether an act's own alarm says when it began and when it ended, within the collar."""
    if one.alarm is None:
        return False
    end_collar_s = max(collar_s, _END_SHARE * (one.act.t_end_s - one.act.t_start_s))
    return (
        abs(one.alarm.t_start_s - one.act.t_start_s) <= collar_s
        and abs(one.alarm.t_end_s - one.act.t_end_s) <= end_collar_s
    )


def _take(
    acts: Sequence[TrueEvent], alarms: Sequence[Alarm], collar_s: float
) -> tuple[list[Found], list[Alarm]]:
    """What became of each act, and the alarms that are left."""
    free, found = [(alarm, _takers(alarm, acts, collar_s)) for alarm in alarms], []
    for act in sorted(acts, key=lambda one: one.t_start_s):
        own = next((i for i, (_, takers) in enumerate(free) if act in takers), None)
        covered = own is None and any(about(alarm, act, 0.0) for alarm in alarms)
        found.append(Found(act, None if own is None else free.pop(own)[0], covered))
    return found, [alarm for alarm, _ in free]


def _takers(alarm: Alarm, acts: Sequence[TrueEvent], collar_s: float) -> list[TrueEvent]:
    """Acts whose own an alarm can be: those during which it lasts, only else those within the collar.

    So an act that is over does not take the alarm of the next one.
    """
    begun = [act for act in acts if alarm.t_s >= act.t_start_s - collar_s]
    return [act for act in begun if about(alarm, act, 0.0)] or [
        act for act in begun if about(alarm, act, collar_s)
    ]
