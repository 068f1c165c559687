"""Events of rides against their truth: on perfect skeletons, or as seen through the embedded network.

    python -m benchmarks.events RIDES [RIDES ...] --seen seen/ --out report/

RIDES is a folder of clips of ``cabinsafe synth ride``; clips of one name in several folders are one ride, as
several cameras take it. With ``--seen`` the clips are analysed first and their scenes kept in that folder,
by ride; later runs take them from there. Prints the figures as Markdown; writes report.json and report.html.
Needs no extra.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from cabinsafe.analyzer import CabinAnalyzer
from cabinsafe.assembly import make_detectors, make_gate
from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import TrueEvent, read_scenes, read_truth
from cabinsafe.evaluation.events.matching import MatchOptions, rate
from cabinsafe.evaluation.events.page import attribute_rows, budget_rows, figure_rows, write_report
from cabinsafe.evaluation.events.report import EventReport, evaluate_events
from cabinsafe.evaluation.events.rides import CABIN_FILE, TRUTH_FILE, Ride, alarms_of, gate_options
from cabinsafe.evaluation.events.sight import answers, is_in_sight
from cabinsafe.evaluation.files import prepare_folder
from cabinsafe.evaluation.tables import Row
from cabinsafe.media import open_source
from cabinsafe.pose import PoseCard
from cabinsafe.replay import read_ride, with_rules
from cabinsafe.run import SCENES_FILE, ResultFiles, run
from cabinsafe.tracking import OccupantLinker
from cabinsafe.types import Scene


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rides", type=Path, nargs="+")
    parser.add_argument(
        "--seen", type=Path, help="folder for what the network sees; without it: true skeletons"
    )
    parser.add_argument("--rules", help="cabin file whose detectors and gate replace those of the rides")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rules = None if options.rules is None else load_config(options.rules)
    studies = []
    for clips in find_clips(options.rides):
        own = joined_cabin(clips)
        seen = clips
        if options.seen is not None:
            seen = (options.seen / clips[0].name,)
            look(clips, own, *seen)
        studies.append(study(clips, own if rules is None else with_rules(own, rules), seen))
    if not studies:
        raise SystemExit(f"no rides in {', '.join(map(str, options.rides))}")
    report = evaluate_events([one.ride for one in studies])
    prepare_folder(options.out)
    write_report(options.out, report, len(studies))
    rules_us, gate_us = (
        1e6 * sum(t) / sum(s.frames for s in studies) for t in zip(*(s.cpu_s for s in studies), strict=True)
    )
    print(f"{len(studies)} rides; CPU time a frame: rules {rules_us:.0f} us, gate {gate_us:.0f} us\n")
    print("\n".join([*markdown(report), *acts_table(studies)]))


def find_clips(rides: Sequence[Path]) -> list[tuple[Path, ...]]:
    """For each ride of the first folder, its clips' folders in all of them."""
    names = sorted(path.parent.name for path in rides[0].glob(f"*/{TRUTH_FILE}"))
    return [tuple(folder / name for folder in rides) for name in names]


def joined_cabin(clips: Sequence[Path]) -> CabinConfig:
    """The first clip's cabin, with the cameras of all."""
    cabins = [load_config(clip / CABIN_FILE) for clip in clips]
    return CabinConfig(**{**dict(cabins[0]), "cameras": tuple(c for one in cabins for c in one.cameras)})


def look(clips: Sequence[Path], cabin: CabinConfig, out: Path) -> None:
    """Analyse the clips of a ride, if that was not done yet."""
    done = out / "done"
    if done.exists():
        return
    with ExitStack() as stack:
        analyzer = stack.enter_context(CabinAnalyzer.from_config(cabin))
        truths = [read_truth(clip / TRUTH_FILE) for clip in clips]
        sources = [
            stack.enter_context(open_source(clip / truth.clip, truth.camera_id))
            for clip, truth in zip(clips, truths, strict=True)
        ]
        if run(analyzer, sources, stack.enter_context(ResultFiles(out))).interrupted:
            raise SystemExit(130)
    done.touch()


class Study(NamedTuple):
    """A ride with its alarms, what they took, and of each act: found, in sight, answers by frame."""

    ride: Ride
    frames: int
    cpu_s: tuple[float, float]
    acts: list[tuple[TrueEvent, bool, bool, str]]


class Shown(NamedTuple):
    """What a clip can show: its true scenes, and the seats that are outlined in it."""

    scenes: list[Scene]
    outlined: frozenset[str]


def shown_in(clip: Path) -> Shown:
    """What a clip can show, by the files beside it."""
    seats = [seat for view in load_config(clip / CABIN_FILE).views.values() for seat in view.seats]
    outlined = frozenset(seat.name for seat in seats if seat.cushion or seat.seat_line)
    return Shown(list(read_scenes(clip / SCENES_FILE)), outlined)


def study(clips: Sequence[Path], cabin: CabinConfig, seen: Sequence[Path]) -> Study:
    """Replay a ride and compare it with its truth."""
    card, scenes = PoseCard.load(cabin.pose.model), list(read_ride(one / SCENES_FILE for one in seen))
    if len(seen) > 1:  # true scenes, which nobody has linked
        linker = OccupantLinker()
        scenes = [linker.link(scene) for scene in scenes]
    detectors = make_detectors(cabin, card)
    gate, events, rules_s, gate_s = make_gate(cabin, card, detectors), [], 0.0, 0.0
    for scene in scenes:
        begun_s = time.process_time()
        readings = [reading for detector in detectors for reading in detector.read(scene)]
        read_s = time.process_time()
        events += gate.update(scene, readings)
        rules_s, gate_s = rules_s + read_s - begun_s, gate_s + time.process_time() - read_s
    events += gate.close()
    ride = Ride(clips[0].name, read_truth(clips[0] / TRUTH_FILE), alarms_of(events), gate_options(cabin))
    acts, shown = [], [shown_in(clip) for clip in clips]
    for detector in detectors:
        for one in rate(ride, detector.kind, MatchOptions()).acts:
            detector.reset()
            said = answers(one.act, scenes, detector.read)
            shows = any(is_in_sight(one.act, view.scenes, view.outlined) for view in shown)
            acts.append((one.act, one.found, shows, ", ".join(f"{k} {n}" for k, n in said.most_common())))
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
    for name, act, reported, sight, said in every:
        if not reported:
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
