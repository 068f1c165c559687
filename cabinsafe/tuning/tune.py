"""Tuning as a whole: rides in two parts, one kind after the other, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cabinsafe.config import CabinConfig, load_config
from cabinsafe.data import read_scenes, read_truth
from cabinsafe.errors import DataError
from cabinsafe.evaluation.events.measures import Measures
from cabinsafe.evaluation.events.report import Point
from cabinsafe.evaluation.events.rides import CABIN_FILE, RideFiles
from cabinsafe.events import GateOptions
from cabinsafe.tuning.knobs import Setting, changes, check_margins, margins_of
from cabinsafe.tuning.search import KindTuner, StoredRide

_LEAST_COVERED: Final = 0.5  # of the truth's time
_LARGEST_STRETCH: Final = 1.05  # a clip made smaller has sides rounded to what its codec takes


@dataclass(frozen=True)
class KindResult:
    """What tuning one kind came to.

    Attributes:
        rides: the rides it was tuned on.
        held_out: the rides it was not tuned on; may be none.
        detector, gate: options that changed, by name.
        before, after: figures on the tuning rides.
        held_out_before, held_out_after: on the others; None without such.
        trials: how many settings were tried.
        curve: the trade-off on the tuning rides.
    """

    rides: tuple[str, ...]
    held_out: tuple[str, ...]
    detector: Mapping[str, float]
    gate: Mapping[str, float]
    before: Measures
    after: Measures
    held_out_before: Measures | None
    held_out_after: Measures | None
    trials: int
    curve: tuple[Point, ...]

    def plain(self) -> dict[str, Any]:
        """The result as JSON knows values."""
        return dataclasses.asdict(self)


def tune(
    cabin: CabinConfig,
    rides: Sequence[RideFiles],
    budget_per_hour: float,
    held_out_share: float = 1 / 3,
    margins: Mapping[str, tuple[str, ...]] | None = None,
    on_kind: Callable[[str], None] | None = None,
) -> dict[str, KindResult]:
    """Find the setting of each kind that the cabin watches for.

    Args:
        cabin: where to start; for rides with a cabin file beside their truth, its rules in their cabin.
        rides: truths and scenes.
        budget_per_hour: false alarms per cabin-hour that are allowed, for each kind.
        held_out_share: part of the rides that is only reported on.
        margins: kind to names of detector options to turn, where others than usual.
        on_kind: called with each kind before it is tuned.

    Returns:
        By kind; kinds that no ride decides are left out.

    Raises:
        DataError: a file is not what it should be, scenes are not of their truth's clip, or no ride decides
            any kind.
        ConfigError: a cabin file is not valid, or a margin cannot be turned.
    """
    detectors = cabin.detector_options()
    check_margins(detectors, margins or {})
    stored = [_stored(cabin, files) for files in rides]
    results = {}
    for kind, options in detectors.items():
        usable = [ride for ride, decided in stored if kind in decided]
        if not usable:
            continue
        if on_kind is not None:
            on_kind(kind)
        gate = cabin.events.get(kind, cabin.events.get("default", GateOptions()))
        names = margins_of(kind, (margins or {}).get(kind, ()))
        results[kind] = _tune_kind(
            kind, usable, Setting(options, gate), names, budget_per_hour, held_out_share
        )
    if not results:
        found = ", ".join(sorted({kind for _, decided in stored for kind in decided})) or "none"
        raise DataError(
            f"none of the {len(stored)} rides is about what the cabin watches for: expected a truth about "
            f"{' or '.join(detectors)}, and a cabin that watches for it; found {found}"
        )
    return results


def split(rides: Sequence[StoredRide], held_out_share: float) -> tuple[list[StoredRide], list[StoredRide]]:
    """Rides to tune on and rides to report on, spread evenly by name; at least one to tune on."""
    named = sorted(rides, key=lambda ride: ride.name)
    count = min(int(len(named) * held_out_share), len(named) - 1)
    places = {int((i + 0.5) * len(named) / count) for i in range(count)} if count else set()
    return (
        [ride for i, ride in enumerate(named) if i not in places],
        [ride for i, ride in enumerate(named) if i in places],
    )


def _tune_kind(
    kind: str,
    rides: Sequence[StoredRide],
    start: Setting,
    margins: tuple[str, ...],
    budget_per_hour: float,
    held_out_share: float,
) -> KindResult:
    own, others = split(rides, held_out_share)
    tuner = KindTuner(kind, own, start.gate)
    best = tuner.search(start, margins, budget_per_hour)
    check = KindTuner(kind, others, start.gate)
    detector, gate = changes(start, best.setting)
    return KindResult(
        rides=tuple(ride.name for ride in own),
        held_out=tuple(ride.name for ride in others),
        detector=detector,
        gate=gate,
        before=tuner.trials[0].measures,
        after=best.measures,
        held_out_before=check.run(start) if others else None,
        held_out_after=check.run(best.setting) if others else None,
        trials=len(tuner.trials),
        curve=tuner.curve(),
    )


def _stored(cabin: CabinConfig, files: RideFiles) -> tuple[StoredRide, frozenset[str]]:
    """A ride, and the kinds that its truth decides and its cabin watches for."""
    beside = files.truth.parent / CABIN_FILE
    own = load_config(beside) if beside.is_file() else cabin
    ride = StoredRide(files.name, read_truth(files.truth), own.views, list(read_scenes(files.other)))
    _require_one_clip(ride, files)
    return ride, frozenset(own.detectors) & ride.truth.rules.keys()


def _require_one_clip(ride: StoredRide, files: RideFiles) -> None:
    """Refuse scenes that are surely not of the clip that the truth tells of.

    Raises:
        DataError: there are none, they cover less than half of its time, or frames of its camera have
            another shape.
    """
    truth, scenes = ride.truth, ride.scenes
    if not scenes:
        raise DataError(f"{files.other}: expected the scenes of {truth.duration_s:g} s, found none")
    first_s, last_s = min(scene.t_s for scene in scenes), max(scene.t_s for scene in scenes)
    covered_s = min(last_s + 1 / truth.fps, truth.duration_s) - max(first_s, 0.0)
    if covered_s < _LEAST_COVERED * truth.duration_s:
        raise DataError(
            f"{files.other}: expected scenes of the {truth.duration_s:g} s that {files.truth} tells of, "
            f"found {first_s:g} to {last_s:g} s"
        )
    width, height = truth.size_wh
    for scene in scenes:
        shape = scene.size_wh[0] / scene.size_wh[1] * height / width
        if scene.camera_id == truth.camera_id and not 1 / _LARGEST_STRETCH < shape < _LARGEST_STRETCH:
            raise DataError(
                f"{files.other}: expected frames of the shape {width}x{height}, as {files.truth} says, "
                f"found {scene.size_wh[0]}x{scene.size_wh[1]}"
            )
