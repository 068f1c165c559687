"""Pose networks on labelled sets: what ``cabinsafe evaluate pose`` measures."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, get_args

from pydantic import Field

from cabinsafe.data.split import Split
from cabinsafe.evaluation.accuracy import Judged, Size, bootstrap, interval_95, judge, load_pycocotools
from cabinsafe.evaluation.breakdown import by_attribute, by_keypoints
from cabinsafe.evaluation.pairs import Pairs, pair
from cabinsafe.evaluation.people import count_people, recall, recall_by_attribute
from cabinsafe.evaluation.predict import Run, run
from cabinsafe.evaluation.results import Difference, Interval, ModelResult, Network, PoseReport, SetResult
from cabinsafe.evaluation.sets import PoseSet
from cabinsafe.evaluation.worst import Case, worst_cases
from cabinsafe.options import Options
from cabinsafe.pose import PoseEstimator

_SEED = 0  # of the draws for intervals

Advance = Callable[[str, str], None]
"""Told the names of set and network after every image."""


class PoseOptions(Options):
    """What is evaluated, and how."""

    split: Split | None = Field(None, description="Part of each set, by the fixed rule; null for all.")
    limit: int | None = Field(None, ge=1, description="At most so many images of each set.")
    threads: int = Field(1, ge=1, le=256, description="Of the network.")
    bootstrap_rounds: int = Field(1000, ge=1, le=100_000, description="Draws of the images for intervals.")
    min_person_score: float | None = Field(
        None, ge=0, le=1, description="Score from which people count as found; null for each card's."
    )
    worst: int = Field(8, ge=0, le=100, description="Pictures of each kind of mistake.")


class Evidence(NamedTuple):
    """What pictures of one network on one set are drawn from: those whose score makes them people."""

    run: Run
    pairs: Mapping[int, Pairs]
    cases: tuple[Case, ...]


class Evaluation(NamedTuple):
    """A report, and the evidence for each of its sets and, within, for each network."""

    report: PoseReport
    evidence: tuple[tuple[Evidence, ...], ...]


def evaluate_pose(
    sets: Sequence[PoseSet],
    estimators: Mapping[str, PoseEstimator],
    options: PoseOptions,
    advance: Advance = lambda _set, _network: None,
) -> Evaluation:
    """Measure networks on sets, the whole pose layer each.

    Args:
        sets: labelled images, cut already to the options' split and limit (:func:`open_set`).
        estimators: name to network with decoder; the first is what the others are compared with.
        options: numbers of the evaluation.
        advance: progress.

    Raises:
        MissingExtraError: pycocotools is not installed.
        MediaError: an image cannot be read.
        EngineError, ShapeError, DataError: a network failed, or its maps are malformed.
    """
    load_pycocotools()
    done = [_evaluate_set(one, estimators, options, advance) for one in sets]
    networks = tuple(
        Network(name, e.card.name, e.card.sha256, e.card.input.size_wh, _threshold(e, options))
        for name, e in estimators.items()
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    report = PoseReport(machine, options, networks, tuple(result for result, _ in done))
    return Evaluation(report, tuple(evidence for _, evidence in done))


def _evaluate_set(
    pose_set: PoseSet, estimators: Mapping[str, PoseEstimator], options: PoseOptions, advance: Advance
) -> tuple[SetResult, tuple[Evidence, ...]]:
    names = list(estimators)
    runs = [
        run(estimator, pose_set.paths, partial(advance, pose_set.name, name))
        for name, estimator in estimators.items()
    ]
    judged = [judge(one.found, one.keypoints, pose_set.annotations) for one in runs]
    drawn = bootstrap(judged, options.bootstrap_rounds, _SEED)
    evidence = tuple(
        _evidence(pose_set, one, _threshold(estimator, options), options.worst)
        for one, estimator in zip(runs, estimators.values(), strict=True)
    )
    models = tuple(
        _result(names[i], pose_set, runs[i], judged[i], interval_95(drawn[:, i]), evidence[i])
        for i in range(len(names))
    )
    differences = tuple(
        Difference(
            names[i],
            names[0],
            models[i].accuracy.ap - models[0].accuracy.ap,
            interval_95(drawn[:, i] - drawn[:, 0]),
        )
        for i in range(1, len(names))
    )
    return SetResult(pose_set.name, len(pose_set.paths), models, differences), evidence


def _threshold(estimator: PoseEstimator, options: PoseOptions) -> float:
    chosen = options.min_person_score
    return estimator.card.min_person_score if chosen is None else chosen


def _evidence(pose_set: PoseSet, made: Run, min_score: float, worst: int) -> Evidence:
    sure = {i: [person for person in people if person[2] >= min_score] for i, people in made.found.items()}
    kept = replace(made, found=sure)
    pairs = _pair_all(pose_set, kept)
    return Evidence(kept, pairs, worst_cases(list(pairs.values()), sure, worst))


def _pair_all(pose_set: PoseSet, made: Run) -> dict[int, Pairs]:
    return {i: pair(i, pose_set.people[i], made.found[i], made.keypoints) for i in pose_set.paths}


def _result(
    name: str, pose_set: PoseSet, made: Run, judged: Judged, ap_interval: Interval, evidence: Evidence
) -> ModelResult:
    """AP is of all that was found, however weak; recall and counts of those that count as people."""
    pairs, sure = list(_pair_all(pose_set, made).values()), list(evidence.pairs.values())
    sizes = {size: judged.accuracy(size) for size in get_args(Size) if size != "all"}
    return ModelResult(
        model=name,
        accuracy=judged.accuracy(),
        ap_interval=ap_interval,
        by_size={size: accuracy for size, accuracy in sizes.items() if accuracy.people},
        by_keypoints=by_keypoints(made.found, made.keypoints, pairs),
        by_attribute=by_attribute(made.found, made.keypoints, pairs, pose_set.images),
        recall=recall(sure),
        recall_by=recall_by_attribute(pose_set, sure),
        counts=count_people(pose_set, sure, len(made.refused)),
        stage_ms=made.stage_ms,
    )
