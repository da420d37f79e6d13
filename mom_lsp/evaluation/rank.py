"""A case ranked by a model, as the product does it."""

from __future__ import annotations

from mom_lsp.evaluation.cases import Case
from mom_lsp.route.learned import Model
from mom_lsp.route.score import top

DEPTH = 10


def rank(case: Case, model: Model) -> list[str]:
    """Return the best commits, best first."""
    if not len(case.rows):
        return []
    return [case.shas[at] for at in top(model.chances(case.features), DEPTH, threshold=0.0)]
