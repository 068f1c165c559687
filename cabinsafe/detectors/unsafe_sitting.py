"""Unsafe sitting: lying, kneeling, standing, bent or leaning far, slid down; a classifier reads the pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import DetectorOptions, LocalOptions, TunableOptions
from cabinsafe.detectors.features import (
    NEEDED_KEYPOINTS,
    SEATED_KEYPOINTS,
    Points,
    body_scale,
    feature_points,
    observable,
    seen_count,
    upright,
)
from cabinsafe.detectors.sitting_judge import SittingJudge, Verdict
from cabinsafe.geometry import XY
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView

_MODEL: Final = "unsafe-sitting"
_ROUNDING_S: Final = 1e-6  # a frame that comes at the full time, but for rounding, is judged anew


class UnsafeSittingOptions(TunableOptions):
    """Options of the detector."""

    model: str = Field(_MODEL, min_length=1, description="Embedded classifier's name, or path of a card")
    seat_model: str | None = Field(
        "unsafe-sitting-seat",
        min_length=1,
        description="The same for people whose seat's cushion is outlined; if null, or if another model is "
        "named and no seat_model, model judges them, too",
    )
    threshold: float | None = Field(
        None, gt=0, lt=1, description="Probability from which the answer is yes; the card's if null"
    )
    abstain_margin: float | None = Field(
        None,
        ge=0,
        le=0.4,
        description="No answer where the probability is nearer to the threshold than this; the card's limits "
        "if null, and 0 with a threshold of its own",
    )
    every_s: float = Field(
        0.2, ge=0, le=5, description="A person is judged this often; in between the last answer stands"
    )
    min_keypoints_count: int = Field(
        6, ge=6, le=14, description="Keypoints of 14 that must be seen: neck included, eyes and ears not"
    )
    min_keypoint_score: float = Field(0.15, ge=0, le=1, description="Weaker keypoints are unseen")
    max_ambiguity: float = Field(
        0.9, ge=0, le=1, description="Keypoints that hang on a limb more contested than this are unseen"
    )

    @property
    def on_seat(self) -> str | None:
        """The classifier of people whose seat's cushion is outlined, if they have one of their own."""
        is_own = self.model != _MODEL and "seat_model" not in self.model_fields_set
        return None if is_own else self.seat_model

    @model_validator(mode="after")
    def _classifier_is_the_same_everywhere(self) -> Self:
        for key, place in (("per_view", self.per_view), ("per_seat", self.per_seat)):
            for name, changes in place.items():
                for fixed in ("model", "seat_model"):
                    if fixed in changes:
                        raise ValueError(
                            f"{key}.{name} must not hold {fixed}: it is the same in all the cabin"
                        )
        return self


class _Answer(NamedTuple):
    """A reading, and when it was made."""

    t_s: float
    reading: Reading

    def stands(self, t_s: float, for_s: float) -> bool:
        """Whether it is an answer, and recent."""
        return 0.0 < t_s - self.t_s < for_s - _ROUNDING_S and "unsafe_probability" in self.reading.evidence


class UnsafeSitting:
    """Whether a person sits in a way that belt and airbag are not made for; one reading per track.

    The score is the sum of the unsafe classes' probabilities. A person is judged if one shoulder, one hip and
    ``min_keypoints_count`` keypoints are seen, and answered if that sum is decided. As nobody lies down
    between two frames, an answer stands for ``every_s``. The evidence has the
    probability of each class and the distances between keypoints that speak most for the answer, each in body
    scales and with what it adds to the log-odds of unsafe, by a linear model of the classifier. Of somebody
    whose cushion is outlined in the view, a second classifier judges by where the seat is, too. In a mirrored
    view, where the sides' names are true and the picture is not, the points are mirrored back before they are
    judged. Feet on the seat of somebody who otherwise sits upright, and hands on others, are other detectors'
    business.

    Raises:
        ModelError: a classifier cannot be used; see :class:`~cabinsafe.detectors.classifier.Classifier`.
    """

    Options: ClassVar[type[DetectorOptions]] = UnsafeSittingOptions
    kind: ClassVar[str] = "unsafe_sitting"
    needs: ClassVar[frozenset[str]] = NEEDED_KEYPOINTS

    def __init__(self, options: UnsafeSittingOptions, views: Mapping[str, CameraView]) -> None:
        self._options = LocalOptions(options, views)
        self._general = options
        self._mirrored = frozenset(name for name, view in views.items() if view.mirrored)
        self._cushions = {name: view.cushion_middles((1, 1)) for name, view in views.items()}
        self._judge = SittingJudge(options.model, with_seat=False)
        on_seat = options.on_seat if any(self._cushions.values()) else None
        self._seat_judge = None if on_seat is None else SittingJudge(on_seat, with_seat=True)
        self.reset()

    @property
    def digests(self) -> dict[str, str]:
        """The classifiers' file names and sha256."""
        judges = [self._judge] if self._seat_judge is None else [self._judge, self._seat_judge]
        return {judge.card.file: judge.card.sha256 for judge in judges}

    @property
    def threshold(self) -> float:
        """Probability from which the answer is yes, in general: the option's, else that of ``model``."""
        return _threshold(self._general, self._judge)

    def reset(self) -> None:
        """Forget the answers given."""
        self._answers: dict[str, dict[int, _Answer]] = {}

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per track; all tracks whose answer is due are classified in one call.

        Raises:
            EngineError: the classifier failed.
        """
        before, camera_id = self._answers.get(scene.camera_id, {}), scene.camera_id
        answers, due = {}, []
        for track in scene.tracks:
            options, last = self._options.at(camera_id, track.seat), before.get(track.track_id)
            if last is not None and last.stands(scene.t_s, options.every_s) and track.skeleton is not None:
                answers[track.track_id] = last
            else:
                due.append((track, options))
        for reading in self._read_anew(due, scene) if due else ():
            answers[reading.track_ids[0]] = _Answer(scene.t_s, reading)
        self._answers[camera_id] = answers
        return [answers[track.track_id].reading for track in scene.tracks]

    def _read_anew(self, people: Sequence[tuple[Track, UnsafeSittingOptions]], scene: Scene) -> list[Reading]:
        mirrored, width, height = scene.camera_id in self._mirrored, *scene.size_wh
        cushions = self._cushions.get(scene.camera_id, {}) if self._seat_judge else {}
        seats = [cushions.get(track.seat or "") for track, _ in people]
        points = np.stack(
            [
                judged_points(track.skeleton, seat and (seat[0] * width, seat[1] * height), options, mirrored)
                for (track, options), seat in zip(people, seats, strict=True)
            ]
        )
        scale = body_scale(points)
        judged = observable(points, [options.min_keypoints_count for _, options in people], scale).tolist()
        found: dict[int, Verdict] = {}
        for judge, on_seat in ((self._judge, False), (self._seat_judge, True)):
            rows = [n for n, seat in enumerate(seats) if judged[n] and (seat is not None) is on_seat]
            if judge is not None and rows:
                limits = [_threshold(people[row][1], judge) for row in rows]
                found |= zip(rows, judge.verdicts(points[rows], scale[rows], limits), strict=True)
        seen, sizes = seen_count(points).tolist(), scale.tolist()
        return [
            self._reading(track, options, found.get(n), (seen[n], sizes[n]))
            for n, (track, options) in enumerate(people)
        ]

    def _reading(
        self,
        track: Track,
        options: UnsafeSittingOptions,
        verdict: Verdict | None,
        rested_on: tuple[int, float],
    ) -> Reading:
        """From a verdict, None if not judged, and from how many keypoints of which scale it rests on."""
        evidence = {"keypoints_seen_count": float(rested_on[0])}
        if track.skeleton is not None:
            evidence["ambiguity"] = round(track.skeleton.ambiguity, 3)
        state, score = State.NOT_OBSERVABLE, 0.0
        if verdict is not None:
            score = verdict.unsafe
            state = _state(score, options, verdict.judge)
            evidence["unsafe_probability"] = round(score, 4)
            evidence["threshold_probability"] = _threshold(options, verdict.judge)
            evidence["body_scale_px"] = round(rested_on[1], 1)
            evidence |= verdict.evidence
        return Reading.of_checked(
            {
                "kind": self.kind,
                "track_ids": (track.track_id,),
                "state": state,
                "score": score,
                "evidence": evidence,
                "seats": (),
            }
        )


def _threshold(options: UnsafeSittingOptions, judge: SittingJudge) -> float:
    return judge.card.threshold if options.threshold is None else options.threshold


def _state(probability: float, options: UnsafeSittingOptions, judge: SittingJudge) -> State:
    threshold, margin = _threshold(options, judge), options.abstain_margin
    low, high = threshold - (margin or 0.0), threshold + (margin or 0.0)
    if options.threshold is None and margin is None:
        low, high = judge.card.undecided
    if low < probability < high:
        return State.NOT_OBSERVABLE
    return State.TRUE if probability >= threshold else State.FALSE


def judged_points(
    skeleton: Skeleton | None, seat: XY | None, options: UnsafeSittingOptions, mirrored: bool
) -> Points:
    """Points that somebody is judged by, at run time and in training: keypoints and seat; NaN where unseen.

    Those of a mirrored picture are mirrored back. Without a skeleton all keypoints are unseen.

    Args:
        skeleton: of the person.
        seat: middle of the outline of their cushion, pixels; None where it is not known.
        options: which keypoints count as seen.
        mirrored: whether the picture is mirrored.

    Returns:
        (P, 2), in the order of :data:`~cabinsafe.detectors.features.SEATED_KEYPOINTS`.
    """
    points = np.full((len(SEATED_KEYPOINTS), 2), np.nan)
    if skeleton is not None:
        points[:-1] = feature_points(skeleton, options.min_keypoint_score, options.max_ambiguity)
    if seat is not None:
        points[-1] = seat
    return upright(points, mirrored)
