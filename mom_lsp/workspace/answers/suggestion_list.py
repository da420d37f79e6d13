"""The answer to a question: the chosen memories with their text, as JSON."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from mom_lsp.workspace.answers.asked_file import AskedFile
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.query import Query
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker


def suggestion_list(
    presenter: Presenter, query: Query, ranker: Ranker, chosen: Sequence[Ranked], state: State, k: int
) -> dict[str, Any]:
    """Return at most k of the memories that a ranker chose for a question, best first."""
    file = asked_file(query, state)
    found = presenter.annotated(ranker, chosen, state, file)[:k]
    suggestions = [answer for _, answer in presenter.answers(found, state, file)]
    return {"query": query.shown, "suggestions": suggestions, "abstained": not suggestions}


def asked_file(query: Query, state: State) -> AskedFile:
    """Return the file that a question is about, or its words if it is about none."""
    if query.file and query.spot:
        asked = None if query.spot.whole else (query.spot.start, query.spot.end)
        return AskedFile(state.view.names_of(query.spot.path), query.file.lines, asked)
    return AskedFile() if query.spots else AskedFile(question=query.words)


def ms_since(began: float) -> float:
    """Return the milliseconds since a moment of `time.perf_counter`."""
    return round((time.perf_counter() - began) * 1000, 1)
