"""What the figures are held against: a simple baseline, and the learning curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cabinsafe.training.sitting.fit import Fitted, Recipe, machine, reduce, training_rows, weights
from cabinsafe.training.sitting.samples import Array, Samples, groups_of


def baseline(learn: Samples, test: Samples, recipe: Recipe, seed: int) -> Array:
    """Probabilities (N, 2) of logistic regression on the same features, augmented and weighted alike."""
    from sklearn.linear_model import LogisticRegression

    every = training_rows(learn, recipe, seed)
    before, reduced = reduce(every.features(with_seat=recipe.with_seat), recipe)
    model = LogisticRegression(C=0.05, max_iter=500)
    model.fit(reduced, every.unsafe, sample_weight=weights(every, recipe))
    probabilities: Array = model.predict_proba(before.transform(test.features(with_seat=recipe.with_seat)))
    return probabilities


def learning_curve(
    learn: Samples, test: Samples, fitted: Fitted, recipe: Recipe, seed: int
) -> list[dict[str, float]]:
    """Average precision by source after training on shares of the vehicles, with the same machine."""
    groups = groups_of(learn)
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    features = test.features(with_seat=recipe.with_seat)
    points = []
    for share in recipe.curve:
        part = learn.pick(np.isin(groups, order[: max(round(share * len(order)), 1)]))
        if not part.unsafe.any() or part.unsafe.all():
            continue
        fewer = replace(recipe, rows=max(round(recipe.rows * share), 1))
        every = training_rows(part, fewer, seed)
        before, reduced = reduce(every.features(with_seat=recipe.with_seat), recipe)
        one = machine(fitted.cost, fitted.width, recipe).fit(reduced, every.unsafe, weights(every, recipe))
        margin = one.decision_function(before.transform(features))
        points.append({"share": share, "skeletons": float(len(part)), **_precisions(test, margin)})
    margin = fitted.probabilities(features)[:, 1:].sum(axis=1)
    points.append({"share": 1.0, "skeletons": float(len(learn)), **_precisions(test, margin)})
    return points


def _precisions(test: Samples, margin: Array) -> dict[str, float]:
    from sklearn.metrics import average_precision_score

    sources = {source: test.source == source for source in np.unique(test.source).tolist()}
    return {
        source: float(average_precision_score(test.unsafe[rows], margin[rows]))
        for source, rows in sources.items()
        if test.unsafe[rows].any()
    }
