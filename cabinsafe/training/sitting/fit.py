"""Fitting: augmentation, the steps before the machine, the search for C and gamma, calibration, reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.data.posture import SAFE
from cabinsafe.detectors.features import (
    FEATURE_KEYPOINTS,
    SEAT,
    SEATED_KEYPOINTS,
    Features,
    body_scale,
    feature_schema,
    observable,
)
from cabinsafe.errors import DataError, MissingExtraError
from cabinsafe.training.sitting.samples import Array, Samples, groups_of, joined, mirrored

Rows = NDArray[np.int64]
Rng = np.random.Generator

_GONE_TOGETHER = (
    ("knee", "ankle"), ("ankle",), ("elbow", "wrist"), ("wrist",), ("hip", "knee", "ankle"), ("ear",),
    ("eye", "ear"),
)  # fmt: skip
_LIMBS = tuple(
    [FEATURE_KEYPOINTS.index(f"{side}_{part}") for part in parts]
    for side in ("left", "right")
    for parts in _GONE_TOGETHER
)
_SEAT = SEATED_KEYPOINTS.index(SEAT)
_NOSE = FEATURE_KEYPOINTS.index("nose")
_FACE = tuple(row for row, name in enumerate(FEATURE_KEYPOINTS) if name.endswith(("eye", "ear")))
_LEGS = tuple(
    FEATURE_KEYPOINTS.index(f"{side}_{part}") for side in ("left", "right") for part in ("knee", "ankle")
)


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        with_seat: whether the classifier is also to see where the seat is.
        held_out_share: share of the data that only the report sees, where no data of its own is given for it.
        folds: grouped folds of search and calibration.
        components: principal components of the scaled features that the machine sees.
        costs, widths: grid of the SVM's C, and of gamma in units of 1 / number of features.
        search_rows, rows, kind_rows: most training rows of the search, the final fit, and that of the kinds.
        seen_weight: weight of a skeleton that a network saw, against a labelled one.
        spoilt_copies: copies of each labelled skeleton with noise and gaps, as a network would leave them.
        undecided: probabilities between these are no answer.
        curve: shares of the vehicles for the learning curve.
        min_keypoints_count: skeletons with fewer are left out, as at run time.
    """

    with_seat: bool = False
    held_out_share: float = 0.25
    folds: int = 3
    components: int = 48
    costs: tuple[float, ...] = (3.0, 10.0)
    widths: tuple[float, ...] = (0.9, 1.8)
    search_rows: int = 3000
    rows: int = 24000
    kind_rows: int = 4000
    seen_weight: float = 4.0
    spoilt_copies: int = 1
    undecided: tuple[float, float] = (0.42, 0.71)
    curve: tuple[float, ...] = (0.1, 0.25, 0.5)
    min_keypoints_count: int = 6


THRESHOLD = 0.57
"""Safe and unsafe weigh the same in calibration, though safe is far more frequent: unsafe must be a third
likelier."""


@dataclass(frozen=True)
class Fitted:
    """What training gives.

    Attributes:
        before: imputer, scaler and PCA, fitted.
        judge: calibrated machine, safe against unsafe.
        kinds: calibrated machine of the kinds of unsafe; None where there is but one.
        classes: safe, then the kinds.
        cost, width: what the search chose.
        rows: training rows, augmentation included.
    """

    before: Any
    judge: Any
    kinds: Any | None
    classes: tuple[str, ...]
    cost: float
    width: float
    rows: int

    def probabilities(self, features: Features) -> Array:
        """Probabilities (N, C), as the ONNX file gives them."""
        reduced = self.before.transform(features)
        unsafe = self.judge.predict_proba(reduced)[:, 1:]
        kinds = 1.0 if self.kinds is None else self.kinds.predict_proba(reduced)
        result: Array = np.hstack([1 - unsafe, unsafe * kinds])
        return result

    @property
    def support_vectors(self) -> int:
        """How many there are, of both machines."""
        machines = [self.judge] if self.kinds is None else [self.judge, self.kinds]
        return sum(len(m.calibrated_classifiers_[0].estimator.support_) for m in machines)


def augmented(samples: Samples, recipe: Recipe, rng: Rng) -> Samples:
    """Samples, spoilt copies of the labelled ones, and all of them mirrored, as far as enough is seen."""
    labelled = samples.pick(samples.source == "labelled")
    copies = [replace(labelled, points=spoilt(labelled.points, rng)) for _ in range(recipe.spoilt_copies)]
    every = joined([samples, *copies])
    every = every.pick(observable(every.points, recipe.min_keypoints_count))
    return joined([every, replace(every, points=mirrored(every.points))])


def spoilt(points: Array, rng: Rng) -> Array:
    """Copy of points (N, P, 2) with noise of up to 8 % of the body scale, and with gaps, but of the seat."""
    size = np.nan_to_num(body_scale(points))[:, None, None]
    count = len(points)
    off = rng.normal(size=points.shape) * size * rng.uniform(0.01, 0.08, (count, 1, 1))
    off[:, _FACE] = off[:, [_NOSE]] + 0.25 * off[:, _FACE]  # a network misplaces a head as a whole
    missing = rng.random(points.shape[:2]) < 0.35 * rng.random((count, 1)) ** 2
    for limb in _LIMBS:
        missing[:, limb] |= rng.random((count, 1)) < 0.1
    missing[:, list(_LEGS)] |= rng.random((count, 1)) < 0.25
    missing[:, [_NOSE, *_FACE]] |= rng.random((count, 1)) < 0.1
    missing[:, _SEAT] = False
    copy: Array = np.where(missing[..., None], np.nan, points + off)
    return copy


def fit(samples: Samples, recipe: Recipe, seed: int) -> Fitted:
    """Train on samples of which enough is seen.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        DataError: a class is missing, or there are too few vehicles for it to be in every fold.
    """
    require_sklearn()
    check_classes(samples, recipe)
    every = training_rows(samples, recipe, seed)
    before, reduced = reduce(every.features(with_seat=recipe.with_seat), recipe)
    weight = weights(every, recipe)
    groups = groups_of(every)
    cost, width = _search(reduced, every.unsafe, groups, weight, recipe)
    cleaned = machine(cost, width, recipe, cleaned=True)
    judge = _calibrated(cleaned, reduced, every.unsafe.astype(int), groups, recipe, weight)
    few = every.unsafe_rows(recipe.kind_rows)
    names, numbers = np.unique(every.label[few], return_inverse=True)
    kinds = None
    if len(names) > 1:
        plain = machine(cost, width, recipe)
        kinds = _calibrated(plain, reduced[few], numbers, groups[few], recipe, weight[few])
    classes = (SAFE, *(str(name) for name in names))
    return Fitted(before, judge, kinds, classes, cost, width, len(every))


def require_sklearn() -> None:
    """Check that scikit-learn is there.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("training a classifier", "train", "scikit-learn") from error


def check_classes(samples: Samples, recipe: Recipe) -> None:
    """Check that every class comes in enough vehicles.

    Raises:
        DataError: it does not; the message has the counts.
    """
    groups = groups_of(samples)
    counts = {
        str(label): len(np.unique(groups[samples.label == label])) for label in np.unique(samples.label)
    }
    told = ", ".join(f"{label} {count}" for label, count in counts.items()) or "none"
    if SAFE not in counts or len(counts) < 2:
        raise DataError(f"expected skeletons labelled {SAFE} and some that are unsafe, got: {told}")
    if min(counts.values()) < recipe.folds:
        raise DataError(
            f"every label must come in at least {recipe.folds} vehicles that share nobody, got: {told}"
        )


def reduce(features: Features, recipe: Recipe) -> tuple[Any, Array]:
    """Imputer, scaler and PCA fitted to features, and what they make of them."""
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    pca = PCA(min(recipe.components, *features.shape), svd_solver="full")
    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    before = Pipeline([("median", filled), ("scale", StandardScaler()), ("reduce", pca)])
    return before, before.fit_transform(features)


def weights(samples: Samples, recipe: Recipe) -> Array:
    """(N,) weights: seen skeletons more than labelled ones, safe and unsafe the same in sum, 1 on average."""
    weight = np.where(samples.source == "seen", recipe.seen_weight, 1.0)
    for side in (samples.unsafe, ~samples.unsafe):
        weight[side] *= len(samples) / 2 / weight[side].sum()
    return weight


def machine(cost: float, width: float, recipe: Recipe, *, cleaned: bool = False) -> Any:
    """An unfitted SVM; ``width`` is gamma in units of 1 / number of features.

    ``cleaned`` is for two classes that overlap; see
    :class:`~cabinsafe.training.sitting.cleaned.CleanedSVC`.
    """
    from sklearn.svm import SVC

    from cabinsafe.training.sitting.cleaned import CleanedSVC

    count = len(feature_schema(with_seat=recipe.with_seat).names)
    return (CleanedSVC if cleaned else SVC)(C=cost, gamma=width / count, cache_size=400)


def _search(
    reduced: Array, unsafe: NDArray[np.bool_], groups: Rows, weight: Array, recipe: Recipe
) -> tuple[float, float]:
    """The best C and width of the grid, by average precision over folds by group."""
    from sklearn.metrics import average_precision_score
    from sklearn.model_selection import GroupKFold

    grid = [(cost, width) for cost in recipe.costs for width in recipe.widths]
    if len(grid) == 1:
        return grid[0]
    few = slice(recipe.search_rows)
    folds = list(GroupKFold(recipe.folds).split(reduced[few], unsafe[few], groups[few]))

    def quality(chosen: tuple[float, float]) -> float:
        scores = []
        for learn, check in folds:
            one = machine(*chosen, recipe).fit(reduced[learn], unsafe[learn], weight[learn])
            margin = one.decision_function(reduced[check])
            scores.append(average_precision_score(unsafe[check], margin, sample_weight=weight[check]))
        return float(np.mean(scores))

    return max(grid, key=quality)


def _calibrated(
    unfitted: Any, reduced: Array, label: Rows, groups: Rows, recipe: Recipe, weight: Array
) -> Any:
    """Machine with Platt's sigmoid, fitted to margins out of fold; folds by group."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(recipe.folds, shuffle=True, random_state=0)
    split = list(folds.split(reduced, label, groups))
    calibrated = CalibratedClassifierCV(unfitted, ensemble=False, cv=split)
    return calibrated.fit(reduced, label, sample_weight=weight)


def reasons(fitted: Fitted, features: Features) -> tuple[Array, float]:
    """Weights (F,) of the linear model that follows the log-odds of unsafe best, and its R squared.

    Absent features count as their median. Fitted by ridge regression to the classifier's own answers.
    """
    from sklearn.linear_model import Ridge

    imputer, scaler, _ = (step for _, step in fitted.before.steps)
    filled = scaler.transform(imputer.transform(features))
    odds = fitted.probabilities(features)[:, 0].clip(1e-4, 1 - 1e-4)
    logit = np.log((1 - odds) / odds)
    ridge = Ridge(alpha=0.05 * len(features)).fit(filled, logit)
    weight: Array = ridge.coef_ / scaler.scale_
    return weight, float(ridge.score(filled, logit))


def training_rows(samples: Samples, recipe: Recipe, seed: int) -> Samples:
    """Rows to train on: augmented, half of them unsafe and half of each half seen, if there are enough."""
    rng = np.random.default_rng(seed)
    every = augmented(samples, recipe, rng)
    order = rng.permutation(len(every))
    quarter = 2 * every.unsafe[order] + (every.source[order] == "seen")
    place = np.zeros(len(order))  # of each row within its quarter
    for number in range(4):
        place[quarter == number] = np.arange((quarter == number).sum())
    chosen = order[np.argsort(place, kind="stable")[: recipe.rows]]
    return every.pick(rng.permutation(chosen))
