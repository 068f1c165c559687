"""Unsafe sitting: lying, kneeling, standing, bent or leaning far, slid down; a classifier reads the pose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from cabinsafe.detectors.base import DetectorOptions
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
)
from cabinsafe.types import Reading, Scene, State, Track
from cabinsafe.views import CameraView

_SHOWN_FEATURES = 3


class UnsafeSittingOptions(DetectorOptions):
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
    min_keypoints_count: int = Field(
        6, ge=6, le=14, description="Keypoints of 14 that must be seen, neck included"
    )
    min_keypoint_score: float = Field(0.15, ge=0, le=1, description="Weaker keypoints are unseen")
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")


class UnsafeSitting:
    """Whether a person sits in a way that belt and airbag are not made for; one reading per track.

    The score is the sum of the unsafe classes' probabilities. A person is judged if one shoulder, one hip and
    ``min_keypoints_count`` keypoints are seen, and answered if that sum is decided. The evidence has the
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
        self._options = options
        self._mirrored = frozenset(name for name, view in views.items() if view.mirrored)
        self._classifier = Classifier(options.model)
        card = self._classifier.card
        self._class_names = [f"{name}_probability" for name in card.classes]
        self._names = feature_schema().names
        self._usual, self._weight = map(np.array, (card.safe_reference.median, card.safe_reference.weight))
        self._weight[[name.startswith("seen_") for name in self._names]] = 0.0
        self._undecided = self._limits()

    @property
    def digests(self) -> dict[str, str]:
        """The classifier's file name and sha256."""
        return {self._classifier.card.file: self._classifier.card.sha256}

    @property
    def threshold(self) -> float:
        """Probability from which the answer is yes: the option's, else the card's."""
        own = self._options.threshold
        return self._classifier.card.threshold if own is None else own

    def _limits(self) -> tuple[float, float]:
        """From where to where a probability is undecided."""
        own, margin = self._options.threshold, self._options.abstain_margin
        if own is None and margin is None:
            return self._classifier.card.undecided
        return self.threshold - (margin or 0.0), self.threshold + (margin or 0.0)

    def reset(self) -> None:
        """Nothing is remembered between scenes."""

    def read(self, scene: Scene) -> list[Reading]:
        """One reading per track; all tracks are classified in one call.

        Raises:
            EngineError: the classifier failed.
        """
        if not scene.tracks:
            return []
        points = np.stack([self._points(track) for track in scene.tracks])
        if scene.camera_id in self._mirrored:
            points[..., 0] *= -1
        scale = body_scale(points)
        judged = observable(points, self._options.min_keypoints_count, scale)
        features = features_of_many(points, scale)
        probabilities = np.full((len(points), len(self._class_names)), np.nan)
        probabilities[judged] = self._classifier.probabilities(features[judged])
        seen = (~np.isnan(points[..., 0])).sum(axis=1)
        return [
            self._reading(track, int(seen[n]), float(scale[n]), features[n], probabilities[n])
            for n, track in enumerate(scene.tracks)
        ]

    def _points(self, track: Track) -> Points:
        """Keypoints (P, 2) to judge by; all NaN where there is no skeleton or its limbs are contested."""
        skeleton = track.skeleton
        if skeleton is None or skeleton.ambiguity > self._options.max_ambiguity:
            return np.full((len(FEATURE_KEYPOINTS), 2), np.nan)
        return feature_points(skeleton, self._options.min_keypoint_score)

    def _reading(
        self, track: Track, seen: int, scale_px: float, features: Features, probabilities: Points
    ) -> Reading:
        evidence = {"keypoints_seen_count": float(seen)}
        if track.skeleton is not None:
            evidence["ambiguity"] = round(track.skeleton.ambiguity, 3)
        state, score = State.NOT_OBSERVABLE, 0.0
        if not np.isnan(probabilities[0]):
            score = min(sum(probabilities[1:].tolist()), 1.0)
            state = self._state(score)
            evidence["unsafe_probability"] = round(score, 4)
            evidence["threshold_probability"] = self.threshold
            evidence["body_scale_px"] = round(scale_px, 1)
            evidence |= zip(self._class_names, probabilities.round(4).tolist(), strict=True)
            evidence |= self._reasons(features, 1.0 if score >= self.threshold else -1.0)
        return Reading(
            kind=self.kind, track_ids=(track.track_id,), state=state, score=score, evidence=evidence
        )

    def _state(self, probability: float) -> State:
        low, high = self._undecided
        if low < probability < high:
            return State.NOT_OBSERVABLE
        return State.TRUE if probability >= self.threshold else State.FALSE

    def _reasons(self, features: Features, sign: float) -> dict[str, float]:
        """The distances that speak most for the answer, and how much each adds to the log-odds."""
        added = (features - self._usual) * self._weight
        most = np.argsort(np.nan_to_num(-sign * added), kind="stable")[:_SHOWN_FEATURES]
        reasons = {}
        for i in most.tolist():
            if sign * added[i] > 0:
                reasons[f"{self._names[i]}_body_scales"] = round(float(features[i]), 3)
                reasons[f"{self._names[i]}_adds_logits"] = round(float(added[i]), 3)
        return reasons
