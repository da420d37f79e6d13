"""Fits the weights of the score: the probability that a candidate is the commit that was referenced.

A conditional logit (each query's candidates compete), then a calibration of its scores to probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from mom_lsp.route.features import EDITING, FEATURES, as_matrix
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.score import total
from mom_lsp.tuning.logit import calibration, conditional_logit

PENALTY = 0.01  # on squared standardised weights
CALIBRATED = 10  # best candidates of each query that calibration uses
ENOUGH = 20  # queries; with fewer the intercept is not calibrated
FIXED = {"uses": 0.5}  # history has no uses to learn from: a small weight, so that no use outweighs the location


class Choice(Protocol):
    """The candidates of one question."""

    @property
    def rows(self) -> np.ndarray:
        """(m,) of the catalog."""
        ...

    @property
    def features(self) -> dict[str, np.ndarray]:
        """(m,) each."""
        ...

    @property
    def correct(self) -> np.ndarray:
        """(m,) whether a candidate is an answer."""
        ...


def fit(
    cases: Sequence[Choice],
    names: Sequence[str] = EDITING,
    prior: LinearModel | None = None,
    rated: Sequence[Choice] = (),
) -> LinearModel:
    """Return the model that makes the referenced commits most likely; every query weighs the same.

    Args:
        cases: the queries.
        names: of the features.
        prior: weights that the penalty pulls towards; None for 0.
        rated: suggestions that the user chose among. They were shown because they are likely, so they say nothing
            about the base rate: with them alone the intercept does not change.
    """
    weights = dict(zip(names, _competing([*cases, *rated], names, prior).tolist(), strict=True))
    if prior is not None and len(cases) < ENOUGH:
        return LinearModel(weights, prior.intercept)
    slope, intercept = _calibrated(cases, LinearModel(weights, prior.intercept if prior else 0.0))
    scaled = {name: slope * weight for name, weight in weights.items()}
    return LinearModel(scaled if rated else scaled | FIXED, intercept)


def _competing(cases: Sequence[Choice], names: Sequence[str], prior: LinearModel | None = None) -> np.ndarray:
    """Return the weights of a conditional logit on standardised features, (f,)."""
    columns = [FEATURES.index(name) for name in names]
    chosen = [case for case in cases if case.correct.any()]
    start = np.array([prior.weights.get(name, 0.0) if prior else 0.0 for name in names])
    if not chosen:
        return start
    x = np.vstack([as_matrix(case.features)[:, columns] for case in chosen])
    scale = x.std(0) + 1e-9
    sizes = np.array([len(case.rows) for case in chosen])
    correct = np.concatenate([case.correct for case in chosen])
    found = conditional_logit((x - x.mean(0)) / scale, correct, sizes, start=start * scale, penalty=PENALTY)
    return np.asarray(found / scale)


def _calibrated(cases: Sequence[Choice], model: LinearModel) -> tuple[float, float]:
    """Return slope and intercept that turn the scores of the best candidates into log-odds of being correct."""
    values, correct = [], []
    for case in cases:
        found = total(model.shares(case.features)) if len(case.rows) else np.zeros(0)
        best = np.argsort(-found, kind="stable")[:CALIBRATED]
        values.append(found[best])
        correct.append(case.correct[best])
    outcomes = np.concatenate(correct)
    if outcomes.all() or not outcomes.any():
        return 1.0, model.intercept  # one class only: there is nothing to calibrate
    return calibration(np.concatenate(values), outcomes)


def as_json(model: LinearModel) -> dict[str, Any]:
    """Return a model in the format of weights.json."""
    return {"intercept": round(model.intercept, 4), "weights": {n: round(w, 4) for n, w in model.weights.items()}}
