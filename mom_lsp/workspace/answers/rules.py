"""What proved useful in a repository, as rules that a person may adopt in AGENTS.md or CONTRIBUTING.md."""

from __future__ import annotations

from typing import Any

from mom_lsp.tiers.status_rules import NOT_PROCEDURES
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.proof import proof
from mom_lsp.workspace.answers.still_proven import outdated
from mom_lsp.workspace.library.proven import Proven
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.ranker import Ranker

PROMOTED = 2  # layer
MOST = 50


def rules(presenter: Presenter, ranker: Ranker, state: State, proven: Proven) -> list[dict[str, Any]]:
    """Return the proven and the promoted memories whose code is still there, by path and symbol.

    Each is a suggestion with "rule", its text in one line; "avoid", whether it says what not to do; and "path" and
    "symbol", where it applies.
    """
    ids = state.snapshot.catalog.ids
    promoted = {row for row, layer in proven.layers.items() if layer == PROMOTED and proven.row_of(ids[row]) == row}
    rows = sorted(proven.rows | promoted)
    gone = outdated(rows, state, presenter.failures(state)) if rows else set()
    best = {ids[row]: proven.best(ids[row]) for row in rows if row not in gone}
    solid = sorted(best, key=lambda one: -(found.sigma if (found := best[one]) is not None else 0.0))[:MOST]
    found = [_rule(one, proof(best[one["id"]])) for one in presenter.named(solid, ranker, state)]
    return sorted(found, key=lambda one: (one["path"], one["symbol"]))


def _rule(one: dict[str, Any], where: dict[str, Any] | None) -> dict[str, Any]:
    at = where if where is not None and where["path"] else {"path": one["source"]["path"] or "", "symbol": ""}
    title, quote = one["title"].rstrip("."), one["quote"]
    text = f"{title}. {quote}" if quote and quote.rstrip(".") != title else f"{title}."
    avoid = one["kind"] in NOT_PROCEDURES
    return one | {"rule": text, "avoid": avoid, "path": at["path"], "symbol": at["symbol"], "proven": where}
