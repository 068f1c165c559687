"""Events of rides against their truth: on perfect skeletons, or as seen through the embedded network.

    python -m benchmarks.events RIDES --seen seen/ --out report/

RIDES is a folder of clips of ``cabinsafe synth ride``. With ``--seen`` the clips are analysed first and their
scenes kept in that folder, by ride; later runs take them from there. Prints the figures as Markdown; writes
report.json and report.html. Needs no extra.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.assembly import make_detectors, make_gate
from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import read_scenes, read_truth
from cabinsafe.evaluation.events.page import attribute_rows, budget_rows, figure_rows, write_report
from cabinsafe.evaluation.events.report import EventReport, evaluate_events
from cabinsafe.evaluation.events.rides import CABIN_FILE, TRUTH_FILE, Ride, alarms_of, hold_times
from cabinsafe.evaluation.files import prepare_folder
from cabinsafe.evaluation.tables import Row
from cabinsafe.media import open_source
from cabinsafe.pose import PoseCard
from cabinsafe.replay import with_rules
from cabinsafe.run import SCENES_FILE, ResultFiles, run
from cabinsafe.types import Scene


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rides", type=Path)
    parser.add_argument(
        "--seen", type=Path, help="folder for what the network sees; without it: true skeletons"
    )
    parser.add_argument("--rules", help="cabin file whose detectors and gate replace those of the rides")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    folders = sorted(path.parent for path in options.rides.glob(f"*/{TRUTH_FILE}"))
    rules = None if options.rules is None else load_config(options.rules)
    rides, frames, rules_s, gate_s = [], 0, 0.0, 0.0
    for folder in folders:
        own = load_config(folder / CABIN_FILE)
        if options.seen is not None:
            look(folder, own, options.seen / folder.name)
        stored = (folder if options.seen is None else options.seen / folder.name) / SCENES_FILE
        scenes = list(read_scenes(stored))
        ride, times_s = replayed(folder, own if rules is None else with_rules(own, rules), scenes)
        rides.append(ride)
        frames, rules_s, gate_s = frames + len(scenes), rules_s + times_s[0], gate_s + times_s[1]
    if not rides:
        raise SystemExit(f"no rides in {options.rides}")
    report = evaluate_events(rides)
    prepare_folder(options.out)
    write_report(options.out, report, len(rides))
    print(
        f"{len(rides)} rides, {frames} frames; CPU time a frame: rules {rules_s / frames * 1e6:.0f} us, ",
        end="",
    )
    print(f"gate {gate_s / frames * 1e6:.0f} us\n")
    print("\n".join(markdown(report)))


def look(folder: Path, cabin: CabinConfig, out: Path) -> None:
    """Analyse a clip, if that was not done yet."""
    done = out / "done"
    if done.exists():
        return
    with (
        CabinAnalyzer.from_config(cabin) as analyzer,
        open_source(folder / read_truth(folder / TRUTH_FILE).clip, next(iter(analyzer.views))) as frames,
        ResultFiles(out, frames.fps, video=False) as files,
    ):
        if run(analyzer, frames, files).interrupted:
            raise SystemExit(130)
    done.touch()


def replayed(folder: Path, cabin: CabinConfig, scenes: Sequence[Scene]) -> tuple[Ride, tuple[float, float]]:
    """A ride with the alarms that a cabin's rules raise, and the CPU seconds of rules and gate."""
    card = PoseCard.load(cabin.pose.model)
    detectors = make_detectors(cabin, card)
    gate, events, rules_s, gate_s = make_gate(cabin, card, detectors), [], 0.0, 0.0
    for scene in scenes:
        begun_s = time.process_time()
        readings = [reading for detector in detectors for reading in detector.read(scene)]
        read_s = time.process_time()
        events += gate.update(scene, readings)
        rules_s, gate_s = rules_s + read_s - begun_s, gate_s + time.process_time() - read_s
    events += gate.close()
    truth = read_truth(folder / TRUTH_FILE)
    return Ride(folder.name, truth, alarms_of(events), hold_times(cabin)), (rules_s, gate_s)


def markdown(report: EventReport) -> Iterator[str]:
    kinds, judged = list(report.kinds), list(report.recall_at)
    yield from table(kinds, figure_rows(report))
    yield from table(judged, budget_rows(report))
    yield from table(kinds, attribute_rows(report))
    yield from ["| ride | kind | what | from | to | seats |", "|---|---|---|---|---|---|"]
    for m in report.mistakes:
        seats = " > ".join(seat or "?" for seat in m.seats)
        yield f"| {m.ride} | {m.kind} | {m.what} | {m.t_start_s:.1f} | {m.t_end_s:.1f} | {seats} |"


def table(names: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| | | {' | '.join(names)} |"
    yield "|---|---|" + "---:|" * len(names)
    for row in rows:
        yield f"| {row.section} | {row.label} | {' | '.join(row.cells)} |"
    yield ""


if __name__ == "__main__":
    main()
