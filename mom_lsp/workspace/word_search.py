"""Questions in words: searches, and tasks that somebody is about to begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mom_lsp import phrases
from mom_lsp.motifs.routes import search_key
from mom_lsp.route.field_match import words_of
from mom_lsp.route.usefulness import worth_reading
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.suggestion_list import ms_since, suggestion_list
from mom_lsp.workspace.library.impressions import Impressions, ShownFor
from mom_lsp.workspace.library.state import State, StateSource, from_one_state
from mom_lsp.workspace.rankers import Rankers
from mom_lsp.workspace.ranking.candidates import MATCHES
from mom_lsp.workspace.ranking.query import Query, text_query
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored
from mom_lsp.workspace.ranking.reverts_beside import with_reverts
from mom_lsp.workspace.ranking.scope import rows_in, sizes

LEAST_OF_BEST = 0.2  # minimum relevance of an answer to a search, relative to the best; no useful one was below
# Relevance of the best answer below which none stands out, by meaning and by words alone: one of ten answers is useful
# in 60% of the searches below and in 83% above, by words alone in 11 of 22 and 15 of 18.
WEAK, WEAK_BY_WORDS = 0.2, 0.1
SPARE = 10  # answers to a question in words that may turn out to repeat others
CHECKED = 50  # memories in a place whose code is looked for, until enough of them are alive
DECLINE = {"drifted": 1, "gone": 2}  # freshness -> how late a memory is listed in a place
SEARCH_CHANCE = 0.002  # minimum relevance of a memory that shares no word with a search: a cosine of about a quarter


class WordSearch:
    """Answers questions in words about the memories of one worktree."""

    def __init__(
        self,
        states: StateSource,
        presenter: Presenter,
        rankers: Rankers,
        impressions: Impressions,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self.states = states
        self._presenter, self._rankers, self._impressions = presenter, rankers, impressions
        self._settings, self._clock = settings, clock

    def search(self, text: str, k: int = 10, *, within: str = "", counted: bool = False) -> dict[str, Any]:
        """Return the memories that match words or are similar in meaning, whatever their age.

        What reverted one of them comes directly after it.
        The answer is "weak" if none stands out, and "words_only" if there are no vectors although there should be.

        Args:
            text: in the user's words; without any, what is most worth reading `within` the scope.
            k: how many at most.
            within: a folder, a file or a domain, "" for everywhere. See `rows_in`.
            counted: whether the answer is shown to a person.

        Raises:
            UsageError: there is nothing called `within`.
        """
        if within and not text.strip():
            return self._most_worth_reading(within, k)
        query = text_query(text)
        found, by_meaning = self._by_text(
            query, lambda state: self._rankers.searches(state, query), k, with_reverts, within
        )
        best = max((one["chance"] for one in found["suggestions"]), default=0.0)
        # The probability is of an answer that a reader accepts, from few questions: it orders, and is not shown.
        likely = [one for one in found["suggestions"] if one["chance"] >= LEAST_OF_BEST * best or one["proven"]]
        marks = {"weak": True} if likely and best < (WEAK if by_meaning else WEAK_BY_WORDS) else {}
        if counted:
            at = ShownFor("search", search_key(words_of(query.words).values()))
            self._impressions.add_for(at, [one["id"] for one in likely], self._clock())
        return found | {"suggestions": [phrases.with_reason_alone(one) for one in likely]} | marks

    @from_one_state
    def _most_worth_reading(self, state: State, within: str, k: int) -> dict[str, Any]:
        """Return the memories in a folder, a file or a domain that are most worth reading; alive ones first."""
        ranker = replace(self._rankers.lists(state), scope=rows_in(within, state.view, state.snapshot.domains))
        rows = np.flatnonzero(ranker.candidates.allowed(()))
        best = rows[np.argsort(-worth_reading(state.view, rows), kind="stable")][: max(k, CHECKED)].tolist()
        found: list[dict[str, Any]] = []
        while best and sum(not _decline(one) for one in found) < k:
            found += self._presenter.render(ranker, [unscored(row) for row in best[:k]], state)
            del best[:k]
        found = sorted(found, key=_decline)[:k]
        return {"query": {"text": ""}, "suggestions": found, "abstained": not found}

    @from_one_state
    def domains(self, state: State) -> list[dict[str, Any]]:
        """Return the domains in alphabetical order: name, and how many memories of this HEAD each has."""
        found = sizes(state.view, state.snapshot.domains)
        return [{"name": name, "memories": count} for name, count in found.items()]

    def intend(self, intent: str, k: int = 3) -> dict[str, Any]:
        """Return the memories that matter for a task described in words, anywhere in the repository."""
        return self._by_text(text_query(intent, "intent"), self._rankers.tasks, k)[0]

    def _by_text(
        self,
        query: Query,
        ranker_of: Callable[[State], Ranker],
        k: int,
        arranged: Callable[[Ranker, Sequence[Ranked]], Sequence[Ranked]] = lambda _, chosen: chosen,
        within: str = "",
    ) -> tuple[dict[str, Any], bool]:
        """Return the answer to a question in words, and whether it was searched by meaning too."""
        began, encoded = time.perf_counter(), self.states.encoding(query.meaning)  # while the memories are read

        def answer(state: State) -> tuple[dict[str, Any], bool]:
            scope = rows_in(within, state.view, state.snapshot.domains) if within else None
            state = self.states.searching(state, query.words, MATCHES if scope is None else len(scope))
            ranker = replace(ranker_of(state), scope=scope)
            meaning = encoded() if len(state.snapshot.vectors) else None
            chosen = arranged(ranker, ranker.rank(query, k + SPARE, threshold=SEARCH_CHANCE, meaning=meaning))
            words_only = {"words_only": True} if meaning is None and self._settings().encoder.enable else {}
            found = (
                suggestion_list(self._presenter, query, ranker, chosen, state, k)
                | words_only
                | {"took_ms": ms_since(began)}
            )
            return found, meaning is not None

        return self.states.answer(answer, vectors=True)


def _decline(one: dict[str, Any]) -> int:
    """Return 0 if the code of a memory is still there, 1 if it has changed, 2 if it was removed or reverted."""
    return 2 if one["status"] == "replaced" else DECLINE.get(one["freshness"], 0)
