"""A small ONNX classifier of pose features, with the card that says what it is: loaded, checked, run.

No pickle: the file is data. It is refused unless its bytes are those of the card's digest and it was trained
on the very features that this version of the library computes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from cabinsafe.cards import ModelCard
from cabinsafe.data.posture import POSTURES, SAFE
from cabinsafe.detectors.features import SEAT, Features, FeatureSchema, feature_schema
from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.onnx_session import open_session

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Probability = Annotated[float, Field(ge=0, le=1)]


class FeatureRef(BaseModel):
    """Which features a classifier was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    digest: _Sha256
    count: int = Field(gt=0)


class SafeReference(BaseModel):
    """What each feature means for the answer, in the features' own order.

    Attributes:
        median: middle of safe training samples, in the feature's own unit.
        weight: how much a unit more adds to the log-odds of unsafe, in a linear model that follows the
            classifier as well as one can: it gives reasons, not answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    median: tuple[float, ...]
    weight: tuple[float, ...]


class ClassifierCard(ModelCard):
    """Card of a classifier.

    Attributes:
        input, probabilities: names of the tensors, (N, F) float32 in and (N, C) float32 out.
        features: the schema it was trained on.
        classes: what the C columns of the probabilities mean: safe, then the kinds of unsafe.
        threshold: sum of the unsafe probabilities from which the answer is yes.
        undecided: lowest and highest such sum around the threshold that is too near to it for an answer;
            the highest is an answer again.
        data_digest: sha256 of the samples it was trained on.
        safe_reference: for the evidence.
    """

    kind: Literal["classifier"] = "classifier"
    input: str
    probabilities: str
    features: FeatureRef
    classes: tuple[str, ...] = Field(min_length=2)
    threshold: float = Field(gt=0, lt=1)
    undecided: tuple[_Probability, _Probability]
    data_digest: _Sha256
    safe_reference: SafeReference

    @model_validator(mode="after")
    def _reference_fits_features(self) -> Self:
        lengths = {len(self.safe_reference.median), len(self.safe_reference.weight)}
        if lengths != {self.features.count}:
            raise ValueError(f"safe_reference must have features.count = {self.features.count} values each")
        return self

    @model_validator(mode="after")
    def _classes_and_limits_make_sense(self) -> Self:
        strange = set(self.classes) - set(POSTURES)
        if self.classes[0] != SAFE or strange or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"classes must be {SAFE}, then different ones of {', '.join(POSTURES[1:])}")
        low, high = self.undecided
        if not low <= self.threshold <= high:
            raise ValueError(f"undecided must hold the threshold {self.threshold}, got {low} to {high}")
        return self

    def feature_schema(self) -> FeatureSchema:
        """The features it was trained on, without the seat or with it.

        Raises:
            ModelError: this library computes no such features; the message has the digests.
        """
        mine, known = self.features, [feature_schema(), feature_schema(with_seat=True)]
        for schema in known:
            if (mine.version, mine.digest, mine.count) == (schema.version, schema.digest, len(schema.names)):
                return schema
        computed = " or ".join(f"digest {one.digest}, count {len(one.names)}" for one in known)
        raise ModelError(
            f"{self.path}: trained on features version {mine.version}, digest {mine.digest}, count "
            f"{mine.count}; this library computes version {known[0].version}, {computed}: train it again"
        )


class Classifier:
    """A classifier ready to run, on one CPU thread.

    Args:
        model: a card file, or the bare name of an embedded one.

    Attributes:
        card: what it is.
        schema: of its features.

    Raises:
        ModelError: card or file missing, malformed, tampered with, or made for other features.
    """

    def __init__(self, model: str | Path) -> None:
        self.card = ClassifierCard.load(model)
        self.schema = self.card.feature_schema()
        self._session: Any = open_session(self.card.verified_file())
        self._check_tensors()

    @property
    def with_seat(self) -> bool:
        """Whether it must know where the seat is."""
        return SEAT in self.schema.keypoints

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Probabilities (N, C) in [0, 1] of the card's classes, for features (N, F) with N from 0.

        Raises:
            ShapeError: features of another shape or dtype.
            EngineError: onnxruntime failed, or gave something else than probabilities.
        """
        expected = (len(features), self.card.features.count)
        if features.shape != expected or features.dtype != np.float32:
            raise ShapeError("features", f"float32 {expected}", f"{features.dtype} {features.shape}")
        shape = (len(features), len(self.card.classes))
        if not len(features):
            return np.zeros(shape)
        try:
            (found,) = self._session.run([self.card.probabilities], {self.card.input: features})
        except Exception as error:  # onnxruntime's exceptions share no base class but this one
            raise EngineError(f"{self.card.name}: onnxruntime could not run it: {error}") from error
        if found.shape != shape or not np.isfinite(found).all():
            raise EngineError(f"{self.card.name}: expected finite {shape}, got {found.shape}")
        clipped: NDArray[np.float64] = found.astype(np.float64).clip(0.0, 1.0)
        return clipped

    def _check_tensors(self) -> None:
        inputs = {tensor.name: tensor for tensor in self._session.get_inputs()}
        outputs = {tensor.name: tensor for tensor in self._session.get_outputs()}
        card = self.card
        if list(inputs) != [card.input] or card.probabilities not in outputs:
            raise ModelError(
                f"{card.file}: expected input {card.input} and output {card.probabilities}, "
                f"got {list(inputs)} and {list(outputs)}"
            )
        for name, found, width in (
            (card.input, inputs[card.input], card.features.count),
            (card.probabilities, outputs[card.probabilities], len(card.classes)),
        ):
            if found.type != "tensor(float)" or len(found.shape) != 2 or found.shape[1] != width:
                raise ModelError(
                    f"{card.file}: by its card expected {name} float (N, {width}), "
                    f"got {found.type} {found.shape}"
                )
