"""Feet on seats and hand on leg against rendered truth, and how long they take.

    python -m benchmarks.detectors SET... [--seen] [--limit N]      sets of `cabinsafe synth images`
    python -m benchmarks.detectors RIDE... --rides                  folders of `cabinsafe synth ride`
    python -m benchmarks.detectors --speed

Of pictures, a reading counts as an alarm if it is true with at least the gate's default level for entering.
Feet on the dashboard are told apart from those on seats. Perfect skeletons hold all keypoints in the picture,
hidden ones too; with --seen they are those of the embedded network, on the seats that their hips lie in.
Rides are judged on their true skeletons, through the gate of their cabin file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detector_scenes import busy_scene
from cabinsafe import CabinConfig, Frame, Scene, Track
from cabinsafe.data import KEYPOINTS, read_scenes, read_truth
from cabinsafe.detectors import FeetOnSeats, HandOnLeg, UnsafeSitting
from cabinsafe.evaluation.pairs import pair
from cabinsafe.evaluation.predict import open_estimator
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.media import read_image
from cabinsafe.synthetic.cabin import Cabin, cabin_file, camera_view
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.ride.files import load_ride
from cabinsafe.synthetic.scene import SceneSpec
from cabinsafe.types import Reading, Skeleton, State
from cabinsafe.views import CameraView

ENTER_SCORE = GateOptions().enter_score
SEEN, HIDDEN = 1.0, 0.5


@dataclass(frozen=True)
class Case:
    """One picture: its view, tracks whose ids are places in ``people`` or beyond, its labels."""

    view: CameraView
    scene: Scene
    people: Sequence[Mapping[str, Any]]


class Judged(NamedTuple):
    """One person or ordered pair: what it is about, whether the act is true, and what was read."""

    group: str
    true: bool
    near_miss: bool
    reading: Reading | None

    @property
    def alarm(self) -> bool:
        """Whether the gate would take it for the act."""
        reading = self.reading
        return reading is not None and reading.state is State.TRUE and reading.score >= ENTER_SCORE


def cases(folder: Path, limit: int, seen: bool) -> Iterator[Case]:
    """The pictures of a set, each with its view as the library draws it today."""
    estimator = open_estimator("cabinsafe-pose", 1) if seen else None
    for file in sorted((folder / "labels").glob("*.json"))[:limit]:
        label = json.loads(file.read_text())
        spec = SceneSpec.model_validate_json((folder / "scenes" / file.name).read_text())
        view = camera_view(Cabin(spec.cabin), Camera(spec.camera))
        people = label["annotations"]
        if estimator is None:
            tracks = [_true_track(i, person) for i, person in enumerate(people)]
        else:
            image = read_image(folder / "images" / label["image"]["file_name"])
            skeletons = estimator.estimate([Frame(image=image, t_s=0.0)])[0].skeletons
            tracks = _seen_tracks(people, skeletons, view, spec.camera.size_wh)
        size = spec.camera.size_wh
        yield Case(view, Scene(t_s=0.0, camera_id=view.camera_id, size_wh=size, tracks=tuple(tracks)), people)


def _true_track(number: int, person: Mapping[str, Any]) -> Track:
    rows = np.array(person["keypoints"]).reshape(-1, 3)
    inside = rows[:, 2] > 0
    skeleton = Skeleton(
        topology="trt_pose",
        keypoints=KEYPOINTS,
        xy=np.where(inside[:, None], rows[:, :2], np.nan),
        score=np.where(rows[:, 2] == 2, SEEN, HIDDEN) * inside,
        person_score=1.0,
    )
    return _track(number, skeleton if inside.any() else None, person["seat"])


def _seen_tracks(
    people: Sequence[Mapping[str, Any]],
    skeletons: Sequence[Skeleton],
    view: CameraView,
    size: tuple[int, int],
) -> list[Track]:
    """Skeletons of the network as tracks; those of nobody have numbers behind the people's."""
    predictions = [(s.xy, s.score, s.person_score) for s in skeletons]
    cut = [p | {"keypoints": p["keypoints"][:51]} for p in people]
    found = pair(0, cut, predictions, KEYPOINTS)
    numbers = {
        int(p): people.index(_original(people, found.people[i])) for i, p in enumerate(found.prediction_of)
    }
    tracks = []
    for i, skeleton in enumerate(skeletons):
        named = skeleton if not view.mirrored else skeleton.with_sides_swapped()
        hips = [named[f"{side}_hip"] for side in ("left", "right")]
        known = [hip for hip in hips if np.isfinite(hip).all()]
        seat = view.seat_at(np.mean(known, axis=0), size) if known else None
        tracks.append(_track(numbers.get(i, len(people) + i), named, seat))
    return tracks


def _original(people: Sequence[Mapping[str, Any]], cut: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(person for person in people if person["seat"] == cut["seat"])


def _track(number: int, skeleton: Skeleton | None, seat: str | None) -> Track:
    box = (0.0, 0.0, 1.0, 1.0) if skeleton is None else skeleton.box_xyxy
    return Track(track_id=number, box_xyxy=box, box_source="keypoints", skeleton=skeleton, seat=seat)


def judge_feet(case: Case) -> Iterator[Judged]:
    """Every person against feet_on_seats, and against the dashboard where the view has one."""
    usable = case.view.dashboard or any(s.cushion or s.seat_line for s in case.view.seats)
    if not usable:
        return
    detector = FeetOnSeats(
        FeetOnSeats.Options(zones=("own", "other", "dashboard")), {case.view.camera_id: case.view}
    )
    readings = {r.track_ids[0]: r for r in detector.read(case.scene)}
    cushions = {seat.name for seat in case.view.seats if seat.cushion or seat.seat_line}
    for number, reading in readings.items():
        person = case.people[number] if number < len(case.people) else None
        kinds = set() if person is None else {event["kind"] for event in person["events"]}
        miss = None if person is None else person["near_miss_of"]
        on_dash = bool(reading.evidence.get("on_dashboard"))
        nothing = reading.model_copy(update={"state": State.FALSE, "score": 0.0})
        known = "seat outlined" if person is not None and person["seat"] in cushions else "seat not outlined"
        yield Judged(
            f"feet_on_seats, {known}",
            "feet_on_seats" in kinds,
            miss in ("feet_on_seats", "feet_on_dash"),
            nothing if on_dash else reading,
        )
        if case.view.dashboard is not None:
            group = (
                "feet_on_dash"
                if person is None or person["seat"].startswith("Row1.")
                else "feet_on_dash, others"
            )
            seats_only = reading if on_dash or reading.state is State.NOT_OBSERVABLE else nothing
            yield Judged(group, "feet_on_dash" in kinds, miss == "feet_on_dash", seats_only)
    for number, person in enumerate(case.people):
        if number not in readings and any(event["kind"] == "feet_on_seats" for event in person["events"]):
            yield Judged("feet_on_seats, person not found", True, False, None)


def judge_hands(case: Case) -> Iterator[Judged]:
    """Every ordered pair of people against hand_on_leg."""
    readings = HandOnLeg(HandOnLeg.Options(), {case.view.camera_id: case.view}).read(case.scene)
    seats = [person["seat"] for person in case.people]
    true = {
        tuple(seats.index(seat) for seat in event["seats"])
        for person in case.people
        for event in person["events"]
        if event["kind"] == "hand_on_leg" and set(event["seats"]) <= set(seats)
    }
    for reading in readings:
        actor = case.people[reading.track_ids[0]] if reading.track_ids[0] < len(case.people) else {}
        miss = actor.get("near_miss_of") == "hand_on_leg"
        yield Judged("hand_on_leg", reading.track_ids in true, miss, reading)
    for _ in true - {reading.track_ids for reading in readings}:
        yield Judged("hand_on_leg, people not found", True, False, None)


def report(judged: Sequence[Judged]) -> None:
    """Print one line per group."""
    by_group = defaultdict(list)
    for one in judged:
        by_group[one.group].append(one)
    for group, all_of in sorted(by_group.items()):
        on, off = [j for j in all_of if j.true], [j for j in all_of if not j.true]
        near = [j for j in off if j.near_miss]
        unseen = Counter(j.true for j in all_of if j.reading and j.reading.state is State.NOT_OBSERVABLE)
        print(
            f"{group}: found {sum(j.alarm for j in on)} of {len(on)} ({unseen[True]} not observable), "
            f"false {sum(j.alarm for j in off)} of {len(off)} ({unseen[False]} not observable), "
            f"near misses {sum(j.alarm for j in near)} of {len(near)}"
        )


def judge_ride(folder: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Events of a ride's true skeletons against its truth, by kind."""
    spec = load_ride(folder / "ride.json")
    config = CabinConfig(**cabin_file(Cabin(spec.cabin), Camera(spec.camera)))
    truth = read_truth(folder / "truth.json")
    detectors = [HandOnLeg(HandOnLeg.Options(), config.views)]
    if "feet_on_seats" in config.detectors:
        detectors.append(FeetOnSeats(FeetOnSeats.Options(zones=("own", "other")), config.views))
    gate = EventGate(config.events, config.events["default"])
    events = []
    for scene in read_scenes(folder / "scenes.jsonl"):
        events += gate.update(scene, [r for detector in detectors for r in detector.read(scene)])
    events += gate.close()
    ended = [e for e in events if e.phase == "ended"]
    for kind in ("feet_on_seats", "hand_on_leg"):
        counts = Counter(seconds=round(truth.duration_s))
        mine = [e for e in ended if e.kind == kind]
        acts = [e for e in truth.events if e.kind == kind]

        def overlaps(event: Any, act: Any) -> bool:
            return (
                event.track_ids == act.track_ids
                and event.t_start_s < act.t_end_s
                and event.t_end_s > act.t_start_s
            )

        for act in acts:
            name = "near miss" if act.near_miss else "act"
            counts[name] += 1
            counts[f"{name} reported"] += any(overlaps(event, act) for event in mine)
        counts["false"] = sum(not any(overlaps(e, act) for act in acts if not act.near_miss) for e in mine)
        yield kind, counts


def speed() -> None:
    """Print microseconds per scene of three people at 30 frames a second, rules and gate in turn.

    All have their cushions outlined. Unsafe sitting answers in every sixth frame, which neither median nor
    10th percentile shows: what it takes in those comes last.
    """
    view, scene = busy_scene()
    views, gate = {view.camera_id: view}, EventGate()
    rules = [kind(kind.Options(), views) for kind in (FeetOnSeats, HandOnLeg, UnsafeSitting)]
    times: dict[str, list[float]] = defaultdict(list)
    for i in range(1500):
        later, readings = scene.model_copy(update={"t_s": scene.t_s + i / 30}), []
        for rule in rules:
            start = time.perf_counter()
            readings += rule.read(later)
            times[rule.kind].append(time.perf_counter() - start)
        start = time.perf_counter()
        gate.update(later, readings)
        times["gate"].append(time.perf_counter() - start)
    times["all"] = np.sum([times[name] for name in list(times)], axis=0).tolist()
    times["unsafe_sitting, frames that it answers in"] = times["unsafe_sitting"][::6]
    for name, taken in times.items():
        low, middle = np.percentile(taken, [10, 50]) * 1e6
        print(f"{name}: median {middle:.0f} us, 10th percentile {low:.0f}, mean {np.mean(taken) * 1e6:.0f}")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seen", action="store_true", help="skeletons of the embedded network")
    parser.add_argument("--rides", action="store_true", help="the folders are rides")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--limit", type=int, default=100_000, help="pictures per set")
    arguments = parser.parse_args()
    if arguments.speed:
        speed()
    if arguments.rides:
        totals: dict[str, Counter[str]] = defaultdict(Counter)
        for folder in arguments.folders:
            for kind, counts in judge_ride(folder):
                totals[kind] += counts
        for kind, counts in totals.items():
            print(kind, dict(counts))
        return
    judged: list[Judged] = []
    for folder in arguments.folders:
        for case in cases(folder, arguments.limit, arguments.seen):
            judged += [*judge_feet(case), *judge_hands(case)]
    report(judged)


if __name__ == "__main__":
    main()
