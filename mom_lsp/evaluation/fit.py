"""Fits the weights that are shipped: a logistic regression over the features, on label repositories.

    python -m mom_lsp.evaluation.fit --form editing --limit 600 REPO=LABELS REPO=LABELS -o mom_lsp/route/weights.json

With several repositories each is also predicted from the others, which is what the printed numbers say. Needs
scikit-learn, which comes with the `encode` extra; nothing of it runs in the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mom_lsp.evaluation.cases import Case
from mom_lsp.route.features import FEATURES, as_matrix
from mom_lsp.route.learned import HOME, Mode, Model

REGULAR = 1.0  # scikit-learn's C, on standardised features
ROUNDS = 3  # of choosing the negatives that look right
HARD = 60  # candidates a query that are learned from, besides the right ones


def fit(cases: Sequence[Case], mode: Mode, names: Sequence[str] = FEATURES) -> Model:
    """Return the regression of being right on the named features; every query weighs the same."""
    from sklearn.linear_model import LogisticRegression

    kept = [FEATURES.index(name) for name in names]
    chosen = [case for case in cases if case.right.any()]
    x = np.vstack([as_matrix(case.features)[:, kept] for case in chosen])
    y = np.concatenate([case.right for case in chosen])
    scale = x.std(0) + 1e-9
    regression = LogisticRegression(C=REGULAR, max_iter=2_000).fit(x / scale, y)
    weights = dict(zip(names, (regression.coef_[0] / scale).tolist(), strict=True))
    return Model(weights, float(regression.intercept_[0]), HOME[mode])


def plain(model: Model) -> dict[str, Any]:
    """Return a model as JSON would have it."""
    return {"intercept": round(model.intercept, 4), "weights": {n: round(w, 4) for n, w in model.weights.items()}}
