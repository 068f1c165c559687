"""Does the tracker's memory stay flat? A day of simulated time at one frame a second, an hour at fifteen.

    python -m benchmarks.tracking_soak [--hours 24 --fps 1] [--rides 20]

Simulated rides with traffic (:mod:`benchmarks.simulated_rides`) follow one another without a reset, so that
people come, leave and swap seats all the time. Per hour: ids so far, the most people remembered, the longest
snapshot (all that is kept, as JSON), resident memory of the process, and the mean time of an update.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.simulated_rides import DURATION_S, FPS, SIZE_WH, Moment, simulate
from cabinsafe.tracking import Tracker, TrackIds


def endless(rides: Sequence[Sequence[Moment]], fps: float, hours: float) -> Iterator[tuple[float, Moment]]:
    """Times and frames of rides in a row, over and over."""
    step, start_s, number = round(FPS / fps), 0.0, 0
    while start_s < hours * 3600.0:
        for moment in rides[number % len(rides)][::step]:
            yield start_s + moment.t_s, moment
        number, start_s = number + 1, start_s + DURATION_S


def resident_mb() -> float:
    """Resident memory of this process, by Linux's count."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Soak of the tracker in simulated time")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--fps", type=float, default=1.0)
    parser.add_argument("--rides", type=int, default=20, help="different rides, then they come again")
    given = parser.parse_args(arguments)
    rides = [list(simulate(seed, with_traffic=True)) for seed in range(given.rides)]
    ids = TrackIds()
    tracker = Tracker(ids=ids)
    people = snapshot = frames = 0
    spent_s, due_s = 0.0, 3600.0
    print("| hours | ids | people | snapshot, bytes | resident MB | update, us |\n|---|---|---|---|---|---|")
    for t_s, moment in endless(rides, given.fps, given.hours):
        start_s = time.process_time()
        tracker.update(t_s, moment.boxes, moment.skeletons, SIZE_WH)
        spent_s, frames = spent_s + time.process_time() - start_s, frames + 1
        if frames % 60 == 0:
            text = tracker.snapshot()
            people, snapshot = max(people, text.count('"track_id"')), max(snapshot, len(text))
        if t_s + DURATION_S / 2.0 >= due_s:
            values = (
                ids.next_id - 1,
                people,
                snapshot,
                f"{resident_mb():.1f}",
                f"{spent_s / frames * 1e6:.0f}",
            )
            print(f"| {due_s / 3600.0:.0f} | " + " | ".join(map(str, values)) + " |", flush=True)
            due_s += 3600.0


if __name__ == "__main__":
    main()
