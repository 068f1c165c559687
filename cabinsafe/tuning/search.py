"""The search of one kind's setting: one knob after the other, by replay, on stored scenes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cabinsafe.data import ClipTruth
from cabinsafe.detectors import Detector, detector_class, read_all
from cabinsafe.evaluation.events.matching import MatchOptions, rate
from cabinsafe.evaluation.events.measures import HOUR_S, Measures, RideTally, measure
from cabinsafe.evaluation.events.report import Point
from cabinsafe.evaluation.events.rides import Ride, alarms_of
from cabinsafe.events import EventGate, GateOptions
from cabinsafe.tuning.knobs import Setting, variants
from cabinsafe.types import Reading, Scene
from cabinsafe.views import CameraView

_ROUNDS = 3


class StoredRide(NamedTuple):
    """One ride to tune on.

    Attributes:
        name: of the ride.
        truth: what happens in it.
        views: of its cabin.
        scenes: as stored.
    """

    name: str
    truth: ClipTruth
    views: Mapping[str, CameraView]
    scenes: Sequence[Scene]


class Trial(NamedTuple):
    """A setting that was tried, and what came of it."""

    setting: Setting
    measures: Measures

    def merit(self, budget_per_hour: float) -> tuple[float, ...]:
        """What makes one trial better than another, most important first.

        No more false alarms than the budget allows, then recall, then fewer false alarms and near misses.
        Of equals the one that was tried first stays, so that nothing changes without a gain.
        """
        made = self.measures
        return (
            -max(0.0, made.false_per_hour - budget_per_hour),
            made.recall or 0.0,
            -made.false_per_hour,
            -made.near_misses_alarmed,
        )


@dataclass
class KindTuner:
    """Tries settings of one kind on some rides.

    Attributes:
        kind: the detector's kind.
        rides: with a truth that decides it, in cabins that watch for it.
        gate: options by whose hold times acts are too brief to be judged, whatever is tried.
        options: how events are matched.
        trials: all that was tried.
    """

    kind: str
    rides: Sequence[StoredRide]
    gate: GateOptions
    options: MatchOptions = field(default_factory=MatchOptions)
    trials: list[Trial] = field(default_factory=list)
    _readings: dict[str, list[list[list[Reading]]]] = field(default_factory=dict)

    def run(self, setting: Setting) -> Measures:
        """Figures of a setting on the rides."""
        tallies = []
        for ride, readings in zip(self.rides, self._readings_of(setting), strict=True):
            gate = EventGate({self.kind: setting.gate})
            steps = zip(ride.scenes, readings, strict=True)
            events = [event for scene, read in steps for event in gate.update(scene, read)] + gate.close()
            alarms = alarms_of([event for event in events if event.kind == self.kind])
            judged = Ride(ride.name, ride.truth, alarms, {self.kind: self.gate})
            tallies.append(
                RideTally(ride.truth.duration_s / HOUR_S, (rate(judged, self.kind, self.options),))
            )
        return measure(tallies, self.options, 0)

    def search(self, start: Setting, margins: tuple[str, ...], budget_per_hour: float) -> Trial:
        """The best setting that turning one knob after the other leads to; never worse than the start."""
        best = self._try(start)
        for _ in range(_ROUNDS):
            before = best
            for number in range(len(list(variants(self.kind, best.setting, margins, self.gate.hold_s)))):
                knob = list(variants(self.kind, best.setting, margins, self.gate.hold_s))[number]
                tried = [self._try(setting) for setting in knob]
                best = max([best, *tried], key=lambda trial: trial.merit(budget_per_hour))
            if best is before:
                break
        return best

    def curve(self) -> tuple[Point, ...]:
        """The trade-off: of all that was tried, what nothing else beats in both recall and false alarms."""
        points = {
            (trial.measures.false_per_hour, trial.measures.recall or 0.0): trial.setting.gate.enter_score
            for trial in reversed(self.trials)
        }
        front, most = [], -1.0
        for (false_per_hour, recall), score in sorted(points.items(), key=lambda p: (p[0][0], -p[0][1])):
            if recall > most:
                front.append(Point(score, recall, false_per_hour))
                most = recall
        return tuple(front)

    def _try(self, setting: Setting) -> Trial:
        trial = Trial(setting, self.run(setting))
        self.trials.append(trial)
        return trial

    def _readings_of(self, setting: Setting) -> list[list[list[Reading]]]:
        """Readings of every scene of every ride; those of the latest detector options are kept."""
        key = setting.detector.model_dump_json()
        if key not in self._readings:
            made = [
                _read(detector_class(self.kind)(setting.detector, ride.views), ride.scenes)
                for ride in self.rides
            ]
            self._readings = {key: made}
        return self._readings[key]


def _read(detector: Detector, scenes: Iterable[Scene]) -> list[list[Reading]]:
    return [read_all([detector], scene) for scene in scenes]
