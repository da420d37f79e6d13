"""Ranks the candidates of a case with a model, as the product does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.route.score import top, total
from mom_lsp.tuning.cases import Case

DEPTH = 10


def default_editing_model(cases: Sequence[Case]) -> LinearModel:
    """Return the weights that the product uses while editing; those without `sem` if no candidate has a vector."""
    return shipped("editing" if any(case.features["cosine"].any() for case in cases) else "unencoded")


def rank(case: Case, model: LinearModel) -> list[str]:
    """Return the best commits, best first."""
    return [case.shas[at] for at in top(scores(case, model), DEPTH)]


def first_confidence(case: Case, model: LinearModel) -> tuple[float, bool]:
    """Return the estimated probability of the first suggestion, and whether it is correct."""
    if not len(case.rows):
        return 0.0, False
    found = scores(case, model)
    best = int(np.argmax(found))
    return float(model.chances(found[best : best + 1])[0]), bool(case.correct[best])


def scores(case: Case, model: LinearModel) -> np.ndarray:
    """Return the score of each candidate, (m,)."""
    return total(model.shares(case.features)) if len(case.rows) else np.zeros(0)


def writers_only(case: Case) -> Case:
    """Return the case with only those candidates that wrote the lines about to be changed: the candidates of hints."""
    wrote = case.features["wrote"] > 0
    return replace(
        case,
        rows=case.rows[wrote],
        shas=[sha for sha, mine in zip(case.shas, wrote.tolist(), strict=True) if mine],
        features={name: values[wrote] for name, values in case.features.items()},
        surprise=case.surprise[wrote],
    )
