"""What reverted a change stands directly after it in the answers to a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mom_lsp.workspace.ranking.ranker import Ranked, Ranker

REASON = "reverted the one above"


def with_reverts(ranker: Ranker, chosen: Sequence[Ranked]) -> list[Ranked]:
    """Return chosen rows, best first, with the revert of each reverted one directly after it, once.

    If the revert was chosen too, both are at the place of the better one, with its score. A revert that was not chosen
    is added with the score of what it reverted. A change that was committed again stands for itself, although it ended
    its revert.
    """
    replaced_by, allowed = ranker.view.replaced_by, ranker.candidates.allowed(())
    found, again = {one.row: one for one in chosen}, ranker.view.recommitted
    revert_of = {
        row: by for row in found if (by := replaced_by.get(row)) is not None and allowed[by] and by not in again
    }
    first_reverted: dict[int, int] = {}
    for row, by in revert_of.items():
        first_reverted.setdefault(by, row)
    placed: dict[int, Ranked] = {}
    for one in chosen:
        row = first_reverted.get(one.row, one.row)
        placed.setdefault(row, _with_score_of(one, found[row]))
        by = revert_of.get(row)
        if by is not None:
            revert = found.get(by) or replace(one, row=by, reason=REASON, place_evidence="", lines=())
            placed.setdefault(by, _with_score_of(one, revert))
    return list(placed.values())


def _with_score_of(better: Ranked, one: Ranked) -> Ranked:
    return replace(one, score=better.score, terms=better.terms, chance=better.chance)
