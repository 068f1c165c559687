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
from typing import NamedTuple

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.assembly import make_detectors, make_gate
from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import TrueEvent, read_scenes, read_truth
from cabinsafe.evaluation.events.matching import MatchOptions, rate
from cabinsafe.evaluation.events.page import attribute_rows, budget_rows, figure_rows, write_report
from cabinsafe.evaluation.events.report import EventReport, evaluate_events
from cabinsafe.evaluation.events.rides import CABIN_FILE, TRUTH_FILE, Ride, alarms_of, hold_times
from cabinsafe.evaluation.events.sight import answers, is_in_sight
from cabinsafe.evaluation.files import prepare_folder
from cabinsafe.evaluation.tables import Row
from cabinsafe.media import open_source
from cabinsafe.pose import PoseCard
from cabinsafe.replay import with_rules
from cabinsafe.run import SCENES_FILE, ResultFiles, run


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
    rules = None if options.rules is None else load_config(options.rules)
    studies = []
    for folder in sorted(path.parent for path in options.rides.glob(f"*/{TRUTH_FILE}")):
        own = load_config(folder / CABIN_FILE)
        if options.seen is not None:
            look(folder, own, options.seen / folder.name)
        seen = folder if options.seen is None else options.seen / folder.name
        studies.append(study(folder, own if rules is None else with_rules(own, rules), seen))
    if not studies:
        raise SystemExit(f"no rides in {options.rides}")
    report = evaluate_events([one.ride for one in studies])
    prepare_folder(options.out)
    write_report(options.out, report, len(studies))
    rules_us, gate_us = (
        1e6 * sum(t) / sum(s.frames for s in studies) for t in zip(*(s.cpu_s for s in studies), strict=True)
    )
    print(f"{len(studies)} rides; CPU time a frame: rules {rules_us:.0f} us, gate {gate_us:.0f} us\n")
    print("\n".join([*markdown(report), *acts_table(studies)]))


def look(folder: Path, cabin: CabinConfig, out: Path) -> None:
    """Analyse a clip, if that was not done yet."""
    done = out / "done"
    if done.exists():
        return
    with (
        CabinAnalyzer.from_config(cabin) as analyzer,
        open_source(folder / read_truth(folder / TRUTH_FILE).clip, next(iter(analyzer.views))) as frames,
        ResultFiles(out) as files,
    ):
        if run(analyzer, [frames], files).interrupted:
            raise SystemExit(130)
    done.touch()


class Study(NamedTuple):
    """A ride with its alarms, what they took, and of each act: found, in sight, answers by frame."""

    ride: Ride
    frames: int
    cpu_s: tuple[float, float]
    acts: list[tuple[TrueEvent, bool, bool, str]]


def study(folder: Path, cabin: CabinConfig, seen: Path) -> Study:
    """Replay a ride and compare it with its truth."""
    card, scenes = PoseCard.load(cabin.pose.model), list(read_scenes(seen / SCENES_FILE))
    detectors = make_detectors(cabin, card)
    gate, events, rules_s, gate_s = make_gate(cabin, card, detectors), [], 0.0, 0.0
    for scene in scenes:
        begun_s = time.process_time()
        readings = [reading for detector in detectors for reading in detector.read(scene)]
        read_s = time.process_time()
        events += gate.update(scene, readings)
        rules_s, gate_s = rules_s + read_s - begun_s, gate_s + time.process_time() - read_s
    events += gate.close()
    ride = Ride(folder.name, read_truth(folder / TRUTH_FILE), alarms_of(events), hold_times(cabin))
    acts, true_scenes = [], list(read_scenes(folder / SCENES_FILE))
    outlined = {s.name for view in cabin.views.values() for s in view.seats if s.cushion or s.seat_line}
    for detector in detectors:
        for one in rate(ride, detector.kind, MatchOptions()).acts:
            detector.reset()
            said = answers(one.act, scenes, detector.read)
            sight = is_in_sight(one.act, true_scenes, outlined)
            acts.append((one.act, one.found, sight, ", ".join(f"{k} {n}" for k, n in said.most_common())))
    return Study(ride, len(scenes), (rules_s, gate_s), acts)


def acts_table(studies: Sequence[Study]) -> Iterator[str]:
    """Acts whose deciding joints show, by kind; then what was said frame by frame of those missed."""
    every = [(study.ride.name, *act) for study in studies for act in study.acts]
    yield from ["", "| kind | acts in sight | found | out of sight | found |", "|---|---:|---:|---:|---:|"]
    for kind in sorted({act.kind for _, act, *_ in every}):
        found = {
            wanted: [found for _, act, found, sight, _ in every if sight is wanted and act.kind == kind]
            for wanted in (True, False)
        }
        yield f"| {kind} | {' | '.join(f'{len(f)} | {sum(f)}' for f in found.values())} |"
    yield from ["", "| ride | missed | from | in sight | frames |", "|---|---|---:|---|---|"]
    for name, act, found, sight, said in every:
        if not found:
            yield f"| {name} | {act.kind} | {act.t_start_s:.1f} | {'yes' if sight else 'no'} | {said} |"


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
