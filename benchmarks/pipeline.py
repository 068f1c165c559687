"""The whole way on the demo ride: frames per second and milliseconds per stage beside what was found.

    python benchmarks/pipeline.py [--threads 1] [--rounds 3] [--memory]

Accuracy stands beside it: each event of the ride's truth with the overlap of the event found, and false ones.
Then frames per second with all files and the video written, frame by frame and as a stream, in turns. With
--memory, instead, the peak memory of `cabinsafe analyze` on 1280x720 clips of one and three cameras.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import resource
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from cabinsafe import CabinAnalyzer, CabinConfig, Event, load_config
from cabinsafe.data import TrueEvent, interval_iou, read_truth
from cabinsafe.media import VideoWriter, open_source
from cabinsafe.pose.preprocess import letterbox
from cabinsafe.resources import bundled_dir
from cabinsafe.run import ResultFiles


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
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison with a stream")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        print_memory()
        return
    cabin = load_config("shuttle")
    cabin = cabin.model_copy(update={"pose": cabin.pose.model_copy(update={"threads": options.threads})})
    print_stages(cabin)
    print_streams(cabin, options.rounds)


def print_stages(cabin: CabinConfig) -> None:
    """Time of each stage, frame by frame, and what was found."""
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
    print(f"{platform.machine()}, {cabin.pose.threads} thread(s): {speed}")
    for stage, millis in clock.millis.items():
        print(f"{stage:<12}{np.median(millis):9.3f} ms median{np.percentile(millis, 95):9.3f} ms p95")
    print_accuracy([event for event in events if event.phase == "ended"])


def print_streams(cabin: CabinConfig, rounds: int) -> None:
    """Frames per second of a run with all its files, frame by frame and as a stream."""
    speeds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for streamed, found in speeds.items():
            found.append(written_fps(cabin, streamed))
    plain, stream = (float(np.median(found)) for found in speeds.values())
    print(f"with files and video: {plain:.1f} fps frame by frame, {stream:.1f} as a stream")


def written_fps(cabin: CabinConfig, streamed: bool, frames: int = 60) -> float:
    """Frames per second over the first frames of the demo ride."""
    with (
        CabinAnalyzer.from_config(cabin) as analyzer,
        open_source(bundled_dir("demo") / "ride.mp4") as source,
        tempfile.TemporaryDirectory() as folder,
        ResultFiles(Path(folder), {source.camera_id: source.fps}) as files,
        ExitStack() as stack,
    ):
        if streamed:
            stack.enter_context(stream := analyzer.inspect_stream([source]))
            inspections = (inspection for moment in stream for inspection in moment)
        else:
            inspections = (analyzer.inspect(frame) for frame in source)
        start = 0.0
        for inspection in itertools.islice(inspections, frames + 1):
            files.write_inspection(inspection, analyzer.views[source.camera_id])
            start = start or time.perf_counter()  # lazy imports and first allocations do not count
        elapsed_s = time.perf_counter() - start
    return frames / elapsed_s


def print_memory() -> None:
    """Peak memory of the command, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        clip, cabin = Path(folder) / "hd.mp4", Path(folder) / "cabin.json"
        write_clip(clip)
        views = ["front", "rear", "left"]
        config = load_config("shuttle")
        cameras = [config.cameras[0].model_copy(update={"camera_id": view}) for view in views]
        cabin.write_text(config.model_copy(update={"cameras": tuple(cameras)}).model_dump_json())
        for count in (1, 3):
            inputs = [part for view in views[:count] for part in ("--camera", f"{view}={clip}")]
            command = ["cabinsafe", "analyze", "-c", str(cabin), "-o", f"{folder}/out", *inputs]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            print(f"cabinsafe analyze, {count} camera(s) of 1280x720: peak memory {peak_kib / 1024:.0f} MB")


def write_clip(path: Path, frames: int = 45) -> None:
    """The beginning of the demo ride at 1280x720."""
    with open_source(bundled_dir("demo") / "ride.mp4") as source:
        writer = VideoWriter(path, source.fps)
        for frame in itertools.islice(source, frames):
            writer.write(letterbox(frame.image, (1280, 720), 0)[0])
        writer.close()


def watch_stages(clock: StageClock, analyzer: Any) -> None:
    """Time the analyzer's parts from outside."""
    estimator = analyzer._estimator
    for method, stage in (("preprocess", "letterbox"), ("infer", "network"), ("decode", "decoder")):
        clock.watch(estimator, method, stage)
    clock.watch(analyzer._trackers, "update", "tracker")
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
