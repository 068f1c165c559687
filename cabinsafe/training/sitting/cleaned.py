"""A support vector machine that forgets what contradicts it, and so needs fewer support vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.svm import SVC


class CleanedSVC(SVC):
    """Two classes; trained once on all rows, then on those that the first training agrees with.

    Where classes overlap, every row on the wrong side is a support vector, and their number grows with that
    of the rows. Without them the border stays where it is (Bakir, Bottou and Weston, Breaking SVM Complexity
    with Cross-Training, 2004; here the first machine judges its own rows). Calibration is to be done on all
    rows.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> CleanedSVC:  # noqa: N803
        """Train on rows (N, D), their two classes (N,), and weights (N,)."""
        super().fit(X, y, sample_weight)
        agrees = (self.decision_function(X) > 0) == (y == self.classes_[1])
        if len(np.unique(y[agrees])) == len(self.classes_):
            super().fit(X[agrees], y[agrees], None if sample_weight is None else sample_weight[agrees])
        return self
