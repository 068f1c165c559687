"""Unsafe sitting: lying, kneeling, standing, bent or leaning far, slid down; a classifier reads the pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import Self

from cabinsafe.detectors.base import DetectorOptions, LocalOptions, TunableOptions
from cabinsafe.detectors.classifier import Classifier
from cabinsafe.detectors.features import (
    FEATURE_KEYPOINTS,
    NEEDED_KEYPOINTS,
    Features,
    Points,
    body_scale,
    feature_points,
    feature_schema,
    features_of_many,
    observable,
    seen_count,
    upright,
)
from cabinsafe.types import Reading, Scene, Skeleton, State, Track
from cabinsafe.views import CameraView

_SHOWN_FEATURES: Final = 3
_ROUNDING_S: Final = 1e-6  # a frame that comes at the full time, but for rounding, is judged anew


class UnsafeSittingOptions(TunableOptions):
    """Options of the detector."""

    model: str = Field(
        "unsafe-sitting", min_length=1, description="Embedded classifier's name, or path of a card"
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

    @model_validator(mode="after")
    def _classifier_is_the_same_everywhere(self) -> Self:
        for key, place in (("per_view", self.per_view), ("per_seat", self.per_seat)):
            for name, changes in place.items():
                if "model" in changes:
                    raise ValueError(f"{key}.{name} must not hold model: one classifier serves the cabin")
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
    scales and with what it adds to the log-odds of unsafe, by a linear model of the classifier. In a mirrored
    view, where the sides' names are true and the picture is not, the points are mirrored back before they are
    judged. Feet on the seat of somebody who otherwise sits upright, and hands on others, are other detectors'
    business.

    Raises:
        ModelError: the classifier cannot be used; see :class:`~cabinsafe.detectors.classifier.Classifier`.
    """

    Options: ClassVar[type[DetectorOptions]] = UnsafeSittingOptions
    kind: ClassVar[str] = "unsafe_sitting"
    needs: ClassVar[frozenset[str]] = NEEDED_KEYPOINTS

    def __init__(self, options: UnsafeSittingOptions, views: Mapping[str, CameraView]) -> None:
        self._options = LocalOptions(options, views)
        self._general = options
        self._mirrored = frozenset(name for name, view in views.items() if view.mirrored)
        self._classifier = Classifier(options.model)
        card = self._classifier.card
        self._class_names = [f"{name}_probability" for name in card.classes]
        self._names = feature_schema().names
        self._usual, self._weight = map(np.array, (card.safe_reference.median, card.safe_reference.weight))
        self._weight[[name.startswith("seen_") for name in self._names]] = 0.0
        self.reset()

    @property
    def digests(self) -> dict[str, str]:
        """The classifier's file name and sha256."""
        return {self._classifier.card.file: self._classifier.card.sha256}

    @property
    def threshold(self) -> float:
        """Probability from which the answer is yes, in general: the option's, else the card's."""
        return self._threshold(self._general)

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
        for reading in self._judge(due, camera_id) if due else ():
            answers[reading.track_ids[0]] = _Answer(scene.t_s, reading)
        self._answers[camera_id] = answers
        return [answers[track.track_id].reading for track in scene.tracks]

    def _judge(self, people: Sequence[tuple[Track, UnsafeSittingOptions]], camera_id: str) -> list[Reading]:
        mirrored = camera_id in self._mirrored
        points = np.stack([judged_points(track.skeleton, options, mirrored) for track, options in people])
        scale = body_scale(points)
        judged = observable(points, [options.min_keypoints_count for _, options in people], scale)
        rows = np.flatnonzero(judged).tolist()
        features = features_of_many(points[rows], scale[rows])
        probabilities = self._classifier.probabilities(features)
        limits = [self._threshold(people[row][1]) for row in rows]
        reasons = self._reasons(features, probabilities, limits)
        found = dict(zip(rows, zip(probabilities.tolist(), reasons, strict=True), strict=True))
        seen, sizes = seen_count(points).tolist(), scale.tolist()
        return [
            self._reading(track, options, found.get(n), (seen[n], sizes[n]))
            for n, (track, options) in enumerate(people)
        ]

    def _reading(
        self,
        track: Track,
        options: UnsafeSittingOptions,
        found: tuple[list[float], dict[str, float]] | None,
        rested_on: tuple[int, float],
    ) -> Reading:
        """From probabilities and reasons, None if not judged, and from how many keypoints of which scale."""
        evidence = {"keypoints_seen_count": float(rested_on[0])}
        if track.skeleton is not None:
            evidence["ambiguity"] = round(track.skeleton.ambiguity, 3)
        state, score = State.NOT_OBSERVABLE, 0.0
        if found is not None:
            probabilities, reasons = found
            score = min(sum(probabilities[1:]), 1.0)
            state = self._state(score, options)
            evidence["unsafe_probability"] = round(score, 4)
            evidence["threshold_probability"] = self._threshold(options)
            evidence["body_scale_px"] = round(rested_on[1], 1)
            evidence |= {name: round(p, 4) for name, p in zip(self._class_names, probabilities, strict=True)}
            evidence |= reasons
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

    def _threshold(self, options: UnsafeSittingOptions) -> float:
        return self._classifier.card.threshold if options.threshold is None else options.threshold

    def _state(self, probability: float, options: UnsafeSittingOptions) -> State:
        threshold, margin = self._threshold(options), options.abstain_margin
        low, high = threshold - (margin or 0.0), threshold + (margin or 0.0)
        if options.threshold is None and margin is None:
            low, high = self._classifier.card.undecided
        if low < probability < high:
            return State.NOT_OBSERVABLE
        return State.TRUE if probability >= threshold else State.FALSE

    def _reasons(
        self, features: Features, probabilities: Points, thresholds: Sequence[float]
    ) -> list[dict[str, float]]:
        """Of each person the distances that speak most for the answer, and what each adds to the log-odds."""
        added = (features - self._usual) * self._weight
        is_unsafe = probabilities[:, 1:].sum(axis=1) >= np.array(thresholds)
        speaks = np.nan_to_num(np.where(is_unsafe[:, None], added, -added))
        most = np.argsort(-speaks, axis=1, kind="stable")[:, :_SHOWN_FEATURES]
        reasons = []
        for n, columns in enumerate(most.tolist()):
            mine: dict[str, float] = {}
            for i in columns:
                if speaks[n, i] > 0:
                    mine[f"{self._names[i]}_body_scales"] = round(float(features[n, i]), 3)
                    mine[f"{self._names[i]}_adds_logits"] = round(float(added[n, i]), 3)
            reasons.append(mine)
        return reasons


def judged_points(skeleton: Skeleton | None, options: UnsafeSittingOptions, mirrored: bool) -> Points:
    """Keypoints (P, 2) that somebody is judged by, at run time and in training; NaN where unseen.

    Those of a mirrored picture are mirrored back. Without a skeleton all are unseen.
    """
    if skeleton is None:
        return np.full((len(FEATURE_KEYPOINTS), 2), np.nan)
    return upright(feature_points(skeleton, options.min_keypoint_score, options.max_ambiguity), mirrored)
