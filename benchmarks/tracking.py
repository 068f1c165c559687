"""Identity through gaps, swaps and leaning, beside speed: the tracker on simulated rides.

    python -m benchmarks.tracking [--simulator varied] [--seeds 100 101 ...] [--traffic] [--peers]
        [--set gate_sizes=0.8 ...]

Constants were tuned on seeds 0 to 39; the default seeds, 300 to 311, were used for nothing but the table in
``benchmarks/README.md``.

Measures, over all frames of all rides (:mod:`benchmarks.simulated_rides`, :mod:`benchmarks.varied_rides`):
HOTA (Luiten et al. 2020), IDF1 (Ristani et al. 2016) and id switches (Bernardin and Stiefelhagen 2008) by
TrackEval; coverage (share of the true boxes with a reported one at IoU >= 0.5), false boxes (share of the
reported without a true one), mean CPU microseconds per update. Extra packages: trackeval; for ``--peers``
norfair, supervision (0.26 has ByteTrack) and trackers (OC-SORT). What is not installed is left out, with a
message.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks import simulated_rides, varied_rides
from benchmarks.simulated_rides import DURATION_S, Moment
from benchmarks.tracking_peers import Follow, peers
from cabinsafe.geometry import box_iou
from cabinsafe.tracking import Tracker, TrackerOptions

SIMULATORS = {"simulated": simulated_rides.simulate, "varied": varied_rides.simulate}
INPUTS = {"boxes only": (True, False), "keypoints only": (False, True), "both": (True, True)}
_NOBODY = np.zeros(0, dtype=int)


@dataclass(frozen=True)
class Score:
    """Measures of one tracker over several rides."""

    hota: float
    idf1: float
    worst_idf1: float
    switches_per_10_min: float
    coverage: float
    false_boxes: float
    ids_per_ride: float
    update_us: float


@dataclass(frozen=True)
class Ride:
    """What one tracker made of one ride: per frame, true people and reported ids, and the overlap of both."""

    people: list[np.ndarray]
    ids: list[np.ndarray]
    overlaps: list[np.ndarray]
    update_us: float


def follow_ours(options: TrackerOptions) -> Follow:
    """The tracker of this library, as the benchmark calls trackers."""
    tracker = Tracker(options)

    def follow(moment: Moment) -> tuple[list[int], list[tuple[float, ...]]]:
        tracks = tracker.update(moment.t_s, moment.boxes, moment.skeletons, moment.size_wh)
        return [track.track_id for track in tracks], [track.box_xyxy for track in tracks]

    return follow


def ride(moments: Sequence[Moment], follow: Follow) -> Ride:
    """Let one tracker follow one ride."""
    people, ids, overlaps, spent_s = [], [], [], 0.0
    for moment in moments:
        start = time.process_time()
        found, boxes = follow(moment)
        spent_s += time.process_time() - start
        people.append(moment.people)
        ids.append(np.array(found, dtype=int))
        overlaps.append(box_iou(moment.truth, np.array(boxes, dtype=float).reshape(-1, 4)))
    return Ride(people, ids, overlaps, spent_s / len(moments) * 1e6)


def only(moment: Moment, with_boxes: bool, with_keypoints: bool) -> Moment:
    """A frame as a tracker sees it that gets boxes, keypoints or both."""
    if not with_boxes:
        moment = replace(moment, boxes=np.zeros((0, 5)), sources=(_NOBODY, moment.sources[1]))
    return moment if with_keypoints else replace(moment, skeletons=[], sources=(moment.sources[0], _NOBODY))


def score(rides: Sequence[Ride], duration_s: float) -> Score:
    """Measures over all rides, which last so long together."""
    true, reported = (sum(len(row) for r in rides for row in rows(r)) for rows in (_people, _ids))
    covered = sum(_matched(overlap) for r in rides for overlap in r.overlaps)
    hota, idf1, worst, switches = _trackeval(rides)
    return Score(
        hota, idf1, worst, switches / (duration_s / 600.0), covered / true,
        1.0 - covered / max(reported, 1), float(np.mean([len(_numbered(r.ids)[1]) for r in rides])),
        float(np.median([r.update_us for r in rides])),
    )  # fmt: skip


def _people(one: Ride) -> list[np.ndarray]:
    return one.people


def _ids(one: Ride) -> list[np.ndarray]:
    return one.ids


def _matched(overlap: np.ndarray) -> int:
    passing = np.where(overlap >= 0.5, overlap, 0.0)
    return int(np.count_nonzero(passing[linear_sum_assignment(-passing)]))


def _numbered(rows: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Ids as numbers from 0, and the ids."""
    known = np.unique(np.concatenate(rows))
    return [np.searchsorted(known, row) for row in rows], known


def _trackeval(rides: Sequence[Ride]) -> tuple[float, float, float, float]:
    """HOTA, IDF1, lowest IDF1 of a ride, id switches; NaN without TrackEval."""
    try:
        from trackeval.metrics import CLEAR, HOTA, Identity
    except ImportError:
        print("TrackEval is not installed (pip install trackeval): no HOTA, IDF1 and switches")
        return (float("nan"),) * 4
    quiet = {"PRINT_CONFIG": False}
    hota, identity, clear = HOTA(), Identity(quiet), CLEAR(quiet)
    results: dict[str, dict[str, dict]] = {"hota": {}, "identity": {}, "clear": {}}
    for number, one in enumerate(rides):
        (people, all_people), (ids, all_ids) = _numbered(one.people), _numbered(one.ids)
        data = {
            "gt_ids": people, "tracker_ids": ids, "similarity_scores": one.overlaps,
            "num_gt_ids": len(all_people), "num_tracker_ids": len(all_ids), "num_timesteps": len(ids),
            "num_gt_dets": sum(map(len, people)), "num_tracker_dets": sum(map(len, ids)),
        }  # fmt: skip
        for name, metric in (("hota", hota), ("identity", identity), ("clear", clear)):
            results[name][str(number)] = metric.eval_sequence(data)
    return (
        float(np.mean(hota.combine_sequences(results["hota"])["HOTA"])),
        float(identity.combine_sequences(results["identity"])["IDF1"]),
        min(float(each["IDF1"]) for each in results["identity"].values()),
        float(clear.combine_sequences(results["clear"])["IDSW"]),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Tracking benchmark on simulated rides")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(300, 312)))
    parser.add_argument("--simulator", choices=SIMULATORS, default="simulated")
    parser.add_argument("--traffic", action="store_true", help="people come and leave, and there is clutter")
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=list(INPUTS))
    parser.add_argument("--peers", action="store_true", help="other trackers beside ours")
    parser.add_argument("--set", nargs="*", default=[], metavar="OPTION=VALUE", help="tracker options")
    given = parser.parse_args(arguments)
    options = TrackerOptions.model_validate(dict(item.split("=") for item in given.set))
    makers = {"ours": lambda: follow_ours(options)} | (peers() if given.peers else {})
    print(
        f"{len(given.seeds)} {given.simulator} rides of {DURATION_S:.0f} s, "
        f"{'with' if given.traffic else 'no'} traffic"
    )
    print("| tracker | input | " + " | ".join(field.name.replace("_", " ") for field in fields(Score)) + " |")
    print("|---|---" + "|---" * len(fields(Score)) + "|")
    plays = [list(SIMULATORS[given.simulator](seed, given.traffic)) for seed in given.seeds]
    for label in given.inputs:
        seen = [[only(moment, *INPUTS[label]) for moment in play] for play in plays]
        for name, make in makers.items():
            measured = score([ride(moments, make()) for moments in seen], len(seen) * DURATION_S)
            values = " | ".join(f"{getattr(measured, field.name):.3f}" for field in fields(Score))
            print(f"| {name} | {label} | {values} |", flush=True)


if __name__ == "__main__":
    main()
