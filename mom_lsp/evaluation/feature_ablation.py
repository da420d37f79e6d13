"""Ablation of the score's features, and the weights of the seed project, evaluated prequentially."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mom_lsp.route.features import TERM_OF
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.tiers.decay import usage
from mom_lsp.tuning.cases import Case
from mom_lsp.tuning.rank import DEPTH, rank

GROUPS: dict[str, tuple[str, ...]] = {
    **{term: tuple(f for f, of in TERM_OF.items() if of == term) for term in ("sem", "lex", "temp", "use", "place")},
    "blame": ("wrote", "wrote_share", "wrote_newest", "wrote_among", "near"),
    "lines": ("lines_added", "lines_removed", "asked_added", "asked_removed", "asked_whole"),
    "paths": ("paths", "path_newest", "co_changed", "files"),
    "references": ("relatives", "named", "named_lately"),
    "symbol": ("symbol",),
    "names": ("names", "asked_names"),
    "body": ("body",),
}  # removed together
SEED_ROWS = ((1.0, 0.0, 0.0), (0.8, 0.2, 0.0), (0.8, 0.0, 0.2), (0.7, 0.2, 0.1))  # alpha, beta, gamma
Predictions = dict[str, list[str]]


def learned_rows(cases: Sequence[Case], model: LinearModel, group: str) -> dict[str, Predictions]:
    """Return the predictions of the model, and of the model without one group of features, or each group in turn."""
    rows = {"mom": {case.label.query: rank(case, model) for case in cases}}
    for name in GROUPS if group == "all" else (group,):
        less = model.without(*GROUPS[name])
        rows[f"without {name}"] = {case.label.query: rank(case, less) for case in cases}
    return rows


def seed_rows(cases: Sequence[Case]) -> dict[str, Predictions]:
    """Return the prequential predictions of the seed's weights (mixture_of_memories, ablation).

    After each query its gold counts as one use. R_sem is the cosine, and in a second set of rows the fusion of blame,
    recency and BM25.
    """
    ordered = sorted(cases, key=lambda case: case.label.time)
    return {
        f"{name} ({alpha:g}, {beta:g}, {gamma:g})": _prequential(ordered, name, (alpha, beta, gamma))
        for name in ("cosine", "fusion")
        for alpha, beta, gamma in SEED_ROWS
    }


def _prequential(cases: Sequence[Case], alike: str, weights: tuple[float, float, float]) -> Predictions:
    uses: Counter[str] = Counter()
    predictions: Predictions = {}
    for case in cases:
        likeness = case.features["cosine"] if alike == "cosine" else case.fused
        used = usage(np.array([uses[sha] for sha in case.shas], np.float64), max(uses.values(), default=0))
        score = weights[0] * likeness + weights[1] * case.features["strength"] + weights[2] * used
        predictions[case.label.query] = [case.shas[at] for at in np.argsort(-score, kind="stable")[:DEPTH]]
        uses.update(case.label.gold)
    return predictions
