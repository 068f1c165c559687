"""Training of the unsafe-sitting classifier: an RBF support vector machine on pose features, kept as ONNX.

``python -m cabinsafe.training.svm --out models`` makes the embedded one. Every split is by vehicle, and
thereby by person: no one is in training and test. Needs the [train] extra.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.detectors.classifier import Classifier, ClassifierCard
from cabinsafe.detectors.features import (
    FEATURE_KEYPOINTS,
    Features,
    feature_schema,
    features_of_many,
    observable,
    with_neck,
)
from cabinsafe.errors import CabinSafeError, DataError, MissingExtraError, ModelError
from cabinsafe.resources import sha256_of
from cabinsafe.training.sitting.geometry import PoseSamples, make_samples
from cabinsafe.training.sitting.metrics import measure
from cabinsafe.training.sitting.repertoire import KEYPOINTS

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAME = "unsafe-sitting"
CLASSES = ("safe", "unsafe")
_TENSORS = ("features", "probabilities")
_LARGEST_DIFFERENCE = 1e-4
_FEATURE_ROWS = tuple(KEYPOINTS.index(name) for name in FEATURE_KEYPOINTS)

LIMITS = (
    "Trained and measured on poses made from geometry. It has not been measured on people in vehicles: do so "
    "before relying on it, and set the threshold from what is found.",
    "For cameras ahead of the person or at the side. A person seen from behind is taken for one who kneels "
    "or stands facing backwards.",
    "Standing, crouching and kneeling are told by the legs: with the knees out of sight they pass for "
    "sitting. Sliding far down is hard to tell from the front, and mostly missed.",
    "Probabilities are calibrated to the share of unsafe poses in training, which is far above that of any "
    "real ride: compare them with the threshold, do not read them as odds.",
    "One frame at a time; short unsafe-looking movements are the event gate's business.",
)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        held_out_share: share of the vehicles that only the report sees.
        folds: grouped folds of search and calibration.
        components: principal components of the scaled features that the SVM sees: they make the file four
            times smaller, and more exact by a little.
        costs, widths: grid of the SVM's C, and of gamma in units of 1 / (components x variance).
        search_rows, rows: most training rows of the search, and of the final fit.
        safe_alarm_rate: the threshold lets this share of safe training poses through, out of fold.
        min_keypoints_count: poses with fewer are left out, as at run time.
    """

    held_out_share: float = 0.34
    folds: int = 4
    components: int = 64
    costs: tuple[float, ...] = (2.0, 4.0, 8.0)
    widths: tuple[float, ...] = (0.5, 1.0)
    search_rows: int = 6000
    rows: int = 16000
    safe_alarm_rate: float = 0.03
    min_keypoints_count: int = 6


def train(samples: PoseSamples, out_dir: Path, seed: int, recipe: Recipe | None = None) -> dict[str, Any]:
    """Train, measure on held-out vehicles, check, and write ``unsafe-sitting.onnx`` and its card.

    Returns:
        The metrics that the card holds, and the largest difference of a probability between the ONNX file
        and scikit-learn.

    Raises:
        MissingExtraError: scikit-learn or skl2onnx is not installed.
        DataError: a person rides in several vehicles, or there are too few vehicles to split.
        ModelError: the ONNX file does not answer as the classifier it was made from.
    """
    recipe = recipe or Recipe()
    held_out = _held_out(samples, recipe, seed)
    points = with_neck(samples.xy[:, _FEATURE_ROWS])
    judged = observable(points, recipe.min_keypoints_count)
    features = features_of_many(points)
    learn = np.flatnonzero(judged & ~held_out & samples.label_in_sight())
    learn = np.random.default_rng(seed).permutation(learn)[: recipe.rows]
    pipeline, chosen = _fit(features[learn], samples.pick(learn), recipe, seed)
    probability = np.full(len(samples), np.nan)
    tested = judged & held_out
    probability[tested] = pipeline.predict_proba(features[tested])[:, 1]
    threshold = chosen.pop("threshold")
    metrics = measure(samples.pick(held_out), probability[held_out], threshold)
    safe = features[learn][~samples.unsafe[learn]]
    training = {"seed": seed, "samples": len(samples), "rows": len(learn), **asdict(recipe), **chosen}
    graph = _to_onnx(pipeline, features.shape[1])
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".draft-", dir=out_dir) as draft:
        file = Path(draft) / f"{NAME}.onnx"
        file.write_bytes(graph)
        card_file = _write_card(file, threshold, safe, training, metrics)
        metrics["onnx_largest_difference"] = _check_export(card_file, features[tested], probability[tested])
        for checked in (file, card_file):
            os.replace(checked, out_dir / checked.name)
    return metrics


def _held_out(samples: PoseSamples, recipe: Recipe, seed: int) -> Mask:
    vehicles = np.unique(samples.vehicle)
    count = round(len(vehicles) * recipe.held_out_share)
    if count < 1 or len(vehicles) - count < recipe.folds:
        raise DataError(
            f"{len(vehicles)} vehicles are too few to hold out {recipe.held_out_share:.0%} and make "
            f"{recipe.folds} folds of the others"
        )
    pairs = np.unique(np.stack([samples.person, samples.vehicle], axis=1), axis=0)
    if len(np.unique(pairs[:, 0])) < len(pairs):
        raise DataError("a person rides in several vehicles: a split by vehicle would not be one by person")
    mask: Mask = np.isin(samples.vehicle, np.random.default_rng(seed).permutation(vehicles)[:count])
    return mask


def _fit(features: Features, samples: PoseSamples, recipe: Recipe, seed: int) -> tuple[Any, dict[str, float]]:
    """The fitted pipeline; the threshold, the chosen C and gamma, and the number of support vectors."""
    try:
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.decomposition import PCA
        from sklearn.impute import SimpleImputer
        from sklearn.model_selection import GroupKFold, cross_val_predict
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingExtraError("training a classifier", "train", "scikit-learn") from error
    label = samples.unsafe.astype(int)
    reduce = PCA(min(recipe.components, *features.shape), svd_solver="full")
    before = Pipeline(
        [("median", SimpleImputer(strategy="median")), ("scale", StandardScaler()), ("reduce", reduce)]
    )
    reduced = before.fit_transform(features)
    machine, chosen = _search(reduced, label, samples.vehicle, recipe)
    shuffled = GroupKFold(recipe.folds, shuffle=True, random_state=seed)
    folds = list(shuffled.split(reduced, label, samples.vehicle))
    calibrated = CalibratedClassifierCV(machine, ensemble=False, cv=folds).fit(reduced, label)
    fitted = calibrated.calibrated_classifiers_[0]
    margin = cross_val_predict(machine, reduced, label, cv=folds, method="decision_function")
    out_of_fold = fitted.calibrators[0].predict(margin)
    threshold = float(np.quantile(out_of_fold[label == 0], 1.0 - recipe.safe_alarm_rate))
    support = float(len(fitted.estimator.support_))
    pipeline = Pipeline([*before.steps, ("svm", calibrated)])
    return pipeline, {**chosen, "support_vectors": support, "threshold": round(threshold, 4)}


def _search(
    reduced: Array, label: NDArray[np.int64], vehicle: NDArray[np.int64], recipe: Recipe
) -> tuple[Any, dict[str, float]]:
    """An unfitted SVM with the best C and gamma of the grid, and the two; folds by vehicle."""
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.svm import SVC

    unit = 1.0 / (reduced.shape[1] * reduced.var())
    grid = {"C": recipe.costs, "gamma": [unit * width for width in recipe.widths]}
    machine = SVC(class_weight="balanced", cache_size=500)
    folds = GroupKFold(recipe.folds)
    search = GridSearchCV(machine, grid, scoring="average_precision", cv=folds, refit=False)
    few = slice(recipe.search_rows)
    search.fit(reduced[few], label[few], groups=vehicle[few])
    chosen = {name: float(value) for name, value in search.best_params_.items()}
    return machine.set_params(**chosen), chosen


def _to_onnx(pipeline: Any, count: int) -> bytes:
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as error:
        raise MissingExtraError("exporting a classifier", "train", "skl2onnx") from error
    with warnings.catch_warnings():
        # skl2onnx reads two attributes of SVC that scikit-learn 1.9 deprecates, and finds them empty.
        warnings.filterwarnings("ignore", r"Attribute `prob[AB]_`", FutureWarning)
        graph = convert_sklearn(
            pipeline,
            NAME,
            initial_types=[(_TENSORS[0], FloatTensorType([None, count]))],
            options={id(pipeline): {"zipmap": False}},
            target_opset={"": 17, "ai.onnx.ml": 3},
        )
    data: bytes = graph.SerializeToString()
    return data


def _write_card(
    file: Path, threshold: float, safe: Features, training: dict[str, Any], metrics: dict[str, Any]
) -> Path:
    schema = feature_schema()
    low, median, high = np.nanpercentile(safe, [16, 50, 84], axis=0)
    card = ClassifierCard.model_validate(
        {
            "name": NAME,
            "file": file.name,
            "sha256": sha256_of(file),
            "input": _TENSORS[0],
            "probabilities": _TENSORS[1],
            "features": {"version": schema.version, "digest": schema.digest, "count": len(schema.names)},
            "classes": CLASSES,
            "threshold": threshold,
            "safe_reference": {
                "median": median.round(3).tolist(),
                "spread": np.maximum((high - low) / 2, 0.05).round(3).tolist(),
            },
            "licence": "Apache-2.0",
            "sources": [
                {
                    "what": "synthetic pose geometry of this project (cabinsafe.training.sitting.geometry)",
                    "real_people": 0,
                    "real_images": 0,
                }
            ],
            "training": {"method": "medians, scaling, PCA, SVC (RBF), sigmoid calibration", **training},
            "metrics": {"held_out": metrics},
            "limits": LIMITS,
        }
    )
    path = file.with_suffix(".json")
    path.write_text(json.dumps(card.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    return path


def _check_export(card_file: Path, features: Features, expected: Array) -> float:
    """Largest difference of the ONNX file's probabilities, read through its card, from scikit-learn's."""
    classifier = Classifier(card_file)
    found = classifier.probability(features)
    difference = float(np.abs(found - expected).max())
    if difference > _LARGEST_DIFFERENCE:
        raise ModelError(f"{card_file}: ONNX and scikit-learn differ by {difference:.2g} in a probability")
    return difference


def main(arguments: list[str] | None = None) -> int:
    """Make poses, train on them, write the classifier, print its metrics as JSON."""
    parser = argparse.ArgumentParser(prog="python -m cabinsafe.training.svm", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder for classifier and card")
    parser.add_argument("--samples", type=int, default=60000, help="poses to make")
    parser.add_argument("--vehicles", type=int, default=200, help="vehicles to make")
    parser.add_argument("--seed", type=int, default=7, help="seed of poses, split and search")
    given = parser.parse_args(arguments)
    try:
        samples = make_samples(given.samples, given.seed, vehicles=given.vehicles)
        metrics = train(samples, given.out, given.seed)
    except CabinSafeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(metrics, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
