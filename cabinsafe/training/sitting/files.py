"""A trained classifier on its way to disk: the ONNX file, checked against what it came from, and its card."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cabinsafe.detectors.classifier import Classifier, ClassifierCard
from cabinsafe.detectors.features import feature_schema
from cabinsafe.errors import ModelError, OutputError
from cabinsafe.resources import sha256_of
from cabinsafe.training.sitting.fit import THRESHOLD, Fitted, Recipe, reasons
from cabinsafe.training.sitting.graph import INPUT, OUTPUT, onnx_bytes
from cabinsafe.training.sitting.samples import Array, Samples
from cabinsafe.whole_files import replace_file

LICENCE = "that of the data it was trained on"
LARGEST_DIFFERENCE = 2e-3
"""Of a probability between the ONNX file and scikit-learn: it sums thousands of terms in float32."""

LIMITS = (
    "Trained on labelled skeletons; it has been measured on the ones that its metrics tell of, and on no "
    "others. Measure it on your own cabins before relying on it.",
    "A person whose legs cannot be seen passes for sitting unless the trunk tells otherwise.",
    "Probabilities hold where safe and unsafe are equally frequent, as in no real ride: p / (1 - p) "
    "says how many times likelier the skeleton is in an unsafe posture than in a safe one.",
    "One frame at a time; short movements that look unsafe are the event gate's business.",
)


@dataclass
class Draft:
    """File and card, not yet written.

    Attributes:
        content: bytes of the ONNX file.
        card: the card's values, but for the names of the files and the digest.
    """

    content: bytes
    card: dict[str, Any]

    def note_origin(self, licence: str, sources: Sequence[str]) -> None:
        """Put on the card under which licence the classifier is, and what it was trained on."""
        self.card |= {"licence": licence, "sources": [{"what": name} for name in sources]}

    def note_metrics(self, figures: dict[str, Any], baseline: dict[str, Any]) -> None:
        """Put what was measured on the card."""
        self.card["metrics"] |= {"held_out": figures, "logistic_regression": baseline}

    def write(self, path: Path) -> None:
        """Write both; the card, without which the file is nothing, last.

        Raises:
            OutputError: a file cannot be written.
        """
        file = path.with_suffix(".onnx")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
        replace_file(file, self.content)
        values = {"name": path.stem, "file": file.name, "sha256": sha256_of(file)}
        card = ClassifierCard.model_validate(self.card | values)
        replace_file(path, json.dumps(card.model_dump(mode="json"), indent=1).encode() + b"\n")


def write_draft(
    fitted: Fitted, learn: Samples, test: Samples, recipe: Recipe, seed: int
) -> tuple[Draft, Array]:
    """The draft, and what its file answers on test samples: probabilities (N, C).

    Raises:
        MissingExtraError: onnx is not installed.
        ModelError: the file does not answer as the classifier it was made from.
    """
    content = onnx_bytes(fitted.before, fitted.judge, fitted.kinds)
    draft = Draft(content, _card(fitted, learn, recipe, seed))
    features = test.features(with_seat=recipe.with_seat)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.json"
        draft.write(path)
        found = Classifier(path).probabilities(features)
    difference = float(np.abs(found - fitted.probabilities(features)).max())
    if difference > LARGEST_DIFFERENCE:
        raise ModelError(f"the ONNX file and scikit-learn differ by {difference:.2g} in a probability")
    draft.card["metrics"]["onnx_largest_difference"] = round(difference, 7)
    return draft, found


def _card(fitted: Fitted, learn: Samples, recipe: Recipe, seed: int) -> dict[str, Any]:
    schema = feature_schema(with_seat=recipe.with_seat)
    features = learn.features(with_seat=recipe.with_seat)
    weight, share = reasons(fitted, features)
    usual = np.nan_to_num(np.nanmedian(features[~learn.unsafe], axis=0))
    counts = {
        source: {
            str(label): int(((learn.label == label) & (learn.source == source)).sum())
            for label in np.unique(learn.label)
        }
        for source in np.unique(learn.source).tolist()
    }
    return {
        "input": INPUT,
        "probabilities": OUTPUT,
        "features": {"version": schema.version, "digest": schema.digest, "count": len(schema.names)},
        "classes": fitted.classes,
        "threshold": THRESHOLD,
        "undecided": recipe.undecided,
        "data_digest": learn.digest(),
        "safe_reference": {"median": usual.round(3).tolist(), "weight": weight.round(4).tolist()},
        "licence": LICENCE,
        "training": {
            "method": "median imputation, scaling, PCA, SVC (RBF), sigmoid calibration; one for safe against "
            "unsafe, trained again on the rows that it agrees with, one for the kinds of unsafe",
            "seed": seed,
            "skeletons": counts,
            "vehicles": len(np.unique(learn.vehicle)),
            "rows": fitted.rows,
            "C": fitted.cost,
            "gamma_times_features": fitted.width,
            "support_vectors": fitted.support_vectors,
            "recipe": asdict(recipe),
        },
        "metrics": {"reasons_r_squared": round(share, 3)},
        "limits": LIMITS,
    }
