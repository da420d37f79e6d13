"""Fits the weights of the score: the chance that a candidate is the one that was named.

A conditional logit (each query's candidates compete), then a calibration of its scores to probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mom_lsp.route.features import FEATURES, as_matrix
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.logit import calibration, conditional_logit
from mom_lsp.tuning.rank import scores

PENALTY = 0.01  # on squared standardised weights
SURE = 10  # best candidates of each query that calibration looks at
ENOUGH = 20  # queries to calibrate on
TOLD = {"uses": 0.5}  # no history tells how much a use is worth: a little, so that none outweighs the place


def fit(
    cases: Sequence[Case], names: Sequence[str] = FEATURES, near: LinearModel | None = None, told: Sequence[Case] = ()
) -> LinearModel:
    """Return the model that makes what was named most likely; every query weighs the same.

    Args:
        cases: the queries.
        names: of the features.
        near: weights that are departed from only as far as the cases tell; none to begin at 0.
        told: suggestions that somebody chose among. Being few and likely, they say nothing of how likely a candidate
            is: with them alone the intercept stays as it was.
    """
    weights = dict(zip(names, _competing([*cases, *told], names, near).tolist(), strict=True))
    if near is not None and len(cases) < ENOUGH:
        return LinearModel(weights, near.intercept)
    slope, intercept = _calibrated(cases, LinearModel(weights, near.intercept if near else 0.0))
    scaled = {name: slope * weight for name, weight in weights.items()}
    return LinearModel(scaled if told else scaled | TOLD, intercept)


def _competing(cases: Sequence[Case], names: Sequence[str], near: LinearModel | None = None) -> np.ndarray:
    """Return the weights of a conditional logit on standardised features, (f,)."""
    columns = [FEATURES.index(name) for name in names]
    chosen = [case for case in cases if case.right.any()]
    start = np.array([near.weights.get(name, 0.0) if near else 0.0 for name in names])
    if not chosen:
        return start
    x = np.vstack([as_matrix(case.features)[:, columns] for case in chosen])
    scale = x.std(0) + 1e-9
    sizes = np.array([len(case.rows) for case in chosen])
    right = np.concatenate([case.right for case in chosen])
    found = conditional_logit((x - x.mean(0)) / scale, right, sizes, start=start * scale, penalty=PENALTY)
    return np.asarray(found / scale)


def _calibrated(cases: Sequence[Case], model: LinearModel) -> tuple[float, float]:
    """Return slope and intercept that make scores of the best candidates log-odds of being right."""
    values, right = [], []
    for case in cases:
        found = scores(case, model)
        best = np.argsort(-found, kind="stable")[:SURE]
        values.append(found[best])
        right.append(case.right[best])
    every = np.concatenate(right)
    if every.all() or not every.any():
        return 1.0, model.intercept  # nothing tells chances apart
    return calibration(np.concatenate(values), every)


def plain(model: LinearModel) -> dict[str, Any]:
    """Return a model as JSON would have it."""
    return {"intercept": round(model.intercept, 4), "weights": {n: round(w, 4) for n, w in model.weights.items()}}
