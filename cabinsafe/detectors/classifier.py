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
from cabinsafe.detectors.features import Features, FeatureSchema, feature_schema
from cabinsafe.errors import EngineError, ModelError, ShapeError
from cabinsafe.onnx_session import open_session

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FeatureRef(BaseModel):
    """Which features a classifier was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    digest: _Sha256
    count: int = Field(gt=0)


class SafeReference(BaseModel):
    """How each feature lies in safe training samples, in the features' own units and order.

    Attributes:
        median: middle of the samples.
        spread: half the distance from the 16th to the 84th percentile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: tuple[float, ...]
    spread: tuple[Annotated[float, Field(gt=0)], ...]


class ClassifierCard(ModelCard):
    """Card of a classifier.

    Attributes:
        input, probabilities: names of the tensors, (N, F) float32 in and (N, 2) float32 out.
        features: the schema it was trained on.
        classes: what the two columns of the probabilities mean.
        threshold: probability of the second class from which the answer is yes.
        safe_reference: what is usual, for the evidence.
    """

    kind: Literal["classifier"] = "classifier"
    input: str
    probabilities: str
    features: FeatureRef
    classes: tuple[str, str]
    threshold: float = Field(gt=0, lt=1)
    safe_reference: SafeReference

    @model_validator(mode="after")
    def _reference_fits_features(self) -> Self:
        lengths = {len(self.safe_reference.median), len(self.safe_reference.spread)}
        if lengths != {self.features.count}:
            raise ValueError(f"safe_reference must have features.count = {self.features.count} values each")
        return self

    def check_features(self, schema: FeatureSchema) -> None:
        """Refuse a classifier of other features.

        Raises:
            ModelError: the schema differs; the message has both digests.
        """
        mine, theirs = self.features, (schema.version, schema.digest, len(schema.names))
        if (mine.version, mine.digest, mine.count) != theirs:
            raise ModelError(
                f"{self.path}: trained on features version {mine.version}, digest {mine.digest}, count "
                f"{mine.count}; this library computes version {theirs[0]}, digest {theirs[1]}, count "
                f"{theirs[2]}: train it again"
            )


class Classifier:
    """A classifier ready to run, on one CPU thread.

    Args:
        model: a card file, or the bare name of an embedded one.

    Raises:
        ModelError: card or file missing, malformed, tampered with, or made for other features.
    """

    def __init__(self, model: str | Path) -> None:
        self.card = ClassifierCard.load(model)
        self.card.check_features(feature_schema())
        self._session: Any = open_session(self.card.verified_file())
        self._check_tensors()

    def probability(self, features: Features) -> NDArray[np.float64]:
        """Probability (N,) in [0, 1] of the card's second class, for features (N, F) with N from 0.

        Raises:
            ShapeError: features of another shape or dtype.
            EngineError: onnxruntime failed, or gave something else than probabilities.
        """
        expected = (len(features), self.card.features.count)
        if features.shape != expected or features.dtype != np.float32:
            raise ShapeError("features", f"float32 {expected}", f"{features.dtype} {features.shape}")
        if not len(features):
            return np.zeros(0)
        try:
            (both,) = self._session.run([self.card.probabilities], {self.card.input: features})
        except Exception as error:  # onnxruntime's exceptions share no base class but this one
            raise EngineError(f"{self.card.name}: onnxruntime could not run it: {error}") from error
        if both.shape != (len(features), 2) or not np.isfinite(both).all():
            raise EngineError(f"{self.card.name}: expected finite ({len(features)}, 2), got {both.shape}")
        yes: NDArray[np.float64] = both[:, 1].astype(np.float64).clip(0.0, 1.0)
        return yes

    def _check_tensors(self) -> None:
        inputs = {tensor.name: tensor for tensor in self._session.get_inputs()}
        outputs = [tensor.name for tensor in self._session.get_outputs()]
        count = self.card.features.count
        if list(inputs) != [self.card.input] or self.card.probabilities not in outputs:
            raise ModelError(
                f"{self.card.file}: expected input {self.card.input} and output {self.card.probabilities}, "
                f"got {list(inputs)} and {outputs}"
            )
        found = inputs[self.card.input]
        if found.type != "tensor(float)" or len(found.shape) != 2 or found.shape[1] != count:
            raise ModelError(f"{self.card.file}: expected float (N, {count}), got {found.type} {found.shape}")
