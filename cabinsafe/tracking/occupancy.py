"""Who sits where: a reading per seat, from one camera's tracks."""

from __future__ import annotations

from collections.abc import Sequence

from cabinsafe.types import Reading, State, Track
from cabinsafe.views import CameraView

KIND = "seat_occupied"


def occupancy(view: CameraView, tracks: Sequence[Track]) -> tuple[Reading, ...]:
    """One reading per seat of the view, in its order.

    True where somebody is seated, or entering or leaving within the seat's zone; not observable where the
    one who sits there is not seen at present; else false. The score falls with the time unseen. Evidence:
    ``people_count``, ``unseen_s`` of the one seen last, and 1 or 0 for ``is_entering`` and ``is_leaving``.
    """
    readings = []
    for seat in view.seats:
        here = sorted((t for t in tracks if t.seat == seat.name), key=lambda t: (t.unseen_s, t.track_id))
        if not here:
            readings.append(Reading(kind=KIND, track_ids=(), seats=(seat.name,), state=State.FALSE))
            continue
        best = here[0]
        readings.append(
            Reading(
                kind=KIND,
                track_ids=tuple(track.track_id for track in here),
                seats=(seat.name,) * len(here),
                state=State.TRUE if best.unseen_s == 0.0 else State.NOT_OBSERVABLE,
                score=1.0 / (1.0 + best.unseen_s),
                evidence={
                    "people_count": float(len(here)),
                    "unseen_s": best.unseen_s,
                    "is_entering": float(best.presence == "entering"),
                    "is_leaving": float(best.presence == "leaving"),
                },
            )
        )
    return tuple(readings)
