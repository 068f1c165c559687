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
    abstain_margin: float = Field(
        0.0, ge=0, le=0.4, description="No answer where the probability is nearer to the threshold than this"
    )
    min_keypoints_count: int = Field(
        6, ge=6, le=14, description="Keypoints of 14 that must be seen, neck included"
    )
    min_keypoint_score: float = Field(0.15, ge=0, le=1, description="Weaker keypoints are unseen")
    max_ambiguity: float = Field(0.9, ge=0, le=1, description="More contested skeletons are not judged")


class UnsafeSitting:
    """Whether a person sits in a way that belt and airbag are not made for; one reading per track.

    The score is the classifier's probability. A person is judged if one shoulder, one hip and
    ``min_keypoints_count`` keypoints are seen. In a mirrored view, where the sides' names are true and the
    picture is not, the points are mirrored back before they are judged. Feet on the seat of somebody who
    otherwise sits upright, and hands on others, are other detectors' business.

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
        self._names = feature_schema().names
        self._shown = np.array([name.startswith(("dx_", "dy_")) for name in self._names])
        usual = self._classifier.card.safe_reference
        self._usual, self._spread = np.array(usual.median), np.array(usual.spread)

    @property
    def digests(self) -> dict[str, str]:
        """The classifier's file name and sha256."""
        return {self._classifier.card.file: self._classifier.card.sha256}

    @property
    def threshold(self) -> float:
        """Probability from which the answer is yes: the option's, else the card's."""
        own = self._options.threshold
        return self._classifier.card.threshold if own is None else own

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
        judged = observable(points, self._options.min_keypoints_count)
        features = features_of_many(points)
        probability = np.full(len(points), np.nan)
        probability[judged] = self._classifier.probability(features[judged])
        rows = zip(scene.tracks, points, features, probability, strict=True)
        return [self._reading(track, xy, row, float(p)) for track, xy, row, p in rows]

    def _points(self, track: Track) -> Points:
        """Keypoints (P, 2) to judge by; all NaN where there is no skeleton or its limbs are contested."""
        skeleton = track.skeleton
        if skeleton is None or skeleton.ambiguity > self._options.max_ambiguity:
            return np.full((len(FEATURE_KEYPOINTS), 2), np.nan)
        return feature_points(skeleton, self._options.min_keypoint_score)

    def _reading(self, track: Track, points: Points, features: Features, probability: float) -> Reading:
        evidence = {"keypoints_seen_count": float((~np.isnan(points[:, 0])).sum())}
        if track.skeleton is not None:
            evidence["ambiguity"] = round(track.skeleton.ambiguity, 3)
        state = State.NOT_OBSERVABLE
        if not np.isnan(probability):
            evidence["unsafe_probability"] = round(probability, 4)
            evidence["threshold_probability"] = self.threshold
            evidence["body_scale_px"] = round(float(body_scale(points[None])[0]), 1)
            evidence |= self._least_usual(features)
            state = self._state(probability)
        score = 0.0 if state is State.NOT_OBSERVABLE else probability
        return Reading(
            kind=self.kind, track_ids=(track.track_id,), state=state, score=score, evidence=evidence
        )

    def _state(self, probability: float) -> State:
        if abs(probability - self.threshold) < self._options.abstain_margin:
            return State.NOT_OBSERVABLE
        return State.TRUE if probability >= self.threshold else State.FALSE

    def _least_usual(self, features: Features) -> dict[str, float]:
        """The offsets that differ most from safe sitting, in spreads (see SafeReference) of safe sitting."""
        deviation = (features - self._usual) / self._spread
        size = np.where(self._shown & ~np.isnan(deviation), np.abs(deviation), -1.0)
        largest = np.argsort(-size, kind="stable")[:_SHOWN_FEATURES]
        return {
            f"{self._names[i]}_safe_spreads": round(float(deviation[i]), 2) for i in largest if size[i] >= 0
        }
