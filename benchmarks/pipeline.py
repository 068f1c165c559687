"""The whole way on the demo ride: frames per second and milliseconds per stage beside what was found.

    python benchmarks/pipeline.py

Accuracy stands beside it: each event of the ride's truth with the overlap of the event found, and false ones.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from typing import Any

import numpy as np

from cabinsafe import CabinAnalyzer, Event, load_config
from cabinsafe.data import TrueEvent, interval_iou, read_truth
from cabinsafe.media import open_source
from cabinsafe.resources import bundled_dir


class StageClock:
    """Wraps a part's methods and sums the time spent in each, in milliseconds per call."""

    def __init__(self) -> None:
        self.millis: dict[str, list[float]] = {}

    def watch(self, part: Any, method: str, stage: str) -> None:
        """Time every call of ``part.method`` as ``stage``."""
        inner = getattr(part, method)

        def timed(*arguments: Any, **keywords: Any) -> Any:
            start = time.perf_counter()
            result = inner(*arguments, **keywords)
            self.millis.setdefault(stage, []).append((time.perf_counter() - start) * 1e3)
            return result

        setattr(part, method, timed)


def main() -> None:
    """Print the stage table and the events."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    threads = parser.parse_args().threads
    cabin = load_config("shuttle")
    cabin = cabin.model_copy(update={"pose": cabin.pose.model_copy(update={"threads": threads})})
    clock = StageClock()
    with (
        CabinAnalyzer.from_config(cabin) as analyzer,
        open_source(bundled_dir("demo") / "ride.mp4") as source,
    ):
        frames = list(source)
        analyzer.inspect(frames[0])  # lazy imports and first allocations do not count
        analyzer.reset()
        watch_stages(clock, analyzer)
        start = time.perf_counter()
        events = [event for frame in frames for event in analyzer.process(frame)] + analyzer.finish()
        elapsed_s = time.perf_counter() - start
    speed = f"{len(frames) / elapsed_s:.1f} fps over {len(frames)} frames"
    print(f"{platform.machine()}, {threads} thread(s): {speed}")
    for stage, millis in clock.millis.items():
        print(f"{stage:<12}{np.median(millis):9.3f} ms median{np.percentile(millis, 95):9.3f} ms p95")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB (all frames held)")
    print_accuracy([event for event in events if event.phase == "ended"])


def watch_stages(clock: StageClock, analyzer: Any) -> None:
    """Time the analyzer's parts from outside."""
    estimator = analyzer._estimator
    for method, stage in (("preprocess", "letterbox"), ("infer", "network"), ("decode", "decoder")):
        clock.watch(estimator, method, stage)
    for tracker in analyzer._tracker.values():
        clock.watch(tracker, "update", "tracker")
    for detector in analyzer._detectors:
        clock.watch(detector, "read", detector.kind)
    clock.watch(analyzer._gate, "update", "gate")


def print_accuracy(found: list[Event]) -> None:
    """One line per true event, and the number of events that match none."""
    truth = read_truth(bundled_dir("demo") / "truth.json")
    matched = set()
    for act in truth.acts:
        overlaps = {e.event_id: overlap(e, act) for e in found if e.kind == act.kind}
        best = max(overlaps, key=lambda event_id: overlaps[event_id], default=None)
        matched.add(best)
        iou = overlaps.get(best, 0.0)
        print(f"{act.kind:<16}{act.t_start_s:7.2f} to {act.t_end_s:5.2f} s  IoU {iou:.3f}")
    print(f"false events: {sum(e.event_id not in matched for e in found)}")


def overlap(event: Event, act: TrueEvent) -> float:
    """Intersection over union in time."""
    assert event.t_end_s is not None
    return interval_iou(event.t_start_s, event.t_end_s, act.t_start_s, act.t_end_s)


if __name__ == "__main__":
    main()
