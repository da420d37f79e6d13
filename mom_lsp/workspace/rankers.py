"""Which ranker answers which question: its weights, its strategies, and what proved useful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mom_lsp.motifs.routes import Task, search_key
from mom_lsp.route.field_match import words_of
from mom_lsp.route.linear_model import LinearModel, Mode
from mom_lsp.route.strategies import Strategy
from mom_lsp.settings import Settings
from mom_lsp.tiers import DAY
from mom_lsp.tiers.tiers import Tiers
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.still_proven import still_proven
from mom_lsp.workspace.library.proven import Proven, ProvenCache, ProvenInFile
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.strength import StrengthCache
from mom_lsp.workspace.ranking.model_choice import editing_model, shipped_model
from mom_lsp.workspace.ranking.query import Query
from mom_lsp.workspace.ranking.ranker import Ranker


class Rankers:
    """The rankers of one worktree."""

    def __init__(self, presenter: Presenter, settings: Callable[[], Settings], clock: Callable[[], float]) -> None:
        self._presenter, self._settings, self._clock = presenter, settings, clock
        self._strengths, self._proven = StrengthCache(), ProvenCache()

    def place(self, state: State, meaning: np.ndarray | None) -> Ranker:
        """Return the ranker of questions about a place; `meaning` is the vector (d,) of the question, None without."""
        return self._with(state, self._editing_model(state, meaning))

    def suggestions(self, state: State, query: Query, meaning: np.ndarray | None) -> Ranker:
        """Return the ranker of what is suggested at a place, which knows what proved useful there."""
        assert query.spot is not None
        path, proven = query.spot.path, self.proven_in(state, "editing", query.spot.path)
        here = proven.anywhere if query.spot.whole else proven.at(query.spot.symbol)
        return replace(self.place(state, meaning), proven=here, strategy=self._strategy(path))

    def explanations(self, state: State) -> Ranker:
        """Return the ranker of why a line is so, whatever the age of a memory."""
        return self._with(state, self._editing_model(state, None).scaled({"temp": 0.0}))

    def hints(self, state: State, path: str) -> Ranker:
        """Return the ranker of the hints of a file."""
        return replace(self._shipped(state, "hints"), strategy=self._strategy(path))

    def tasks(self, state: State) -> Ranker:
        """Return the ranker of tasks in words."""
        return replace(self._shipped(state, "intent"), searching=False)

    def searches(self, state: State, query: Query | None = None) -> Ranker:
        """Return the ranker of searches; of one search it knows what proved useful for the same words."""
        ranker = self._shipped(state, "search")
        if query is None:
            return ranker
        return replace(ranker, proven=self.proven(state).searched(search_key(words_of(query.words).values())))

    def lists(self, state: State) -> Ranker:
        """Return a ranker for memories that answer no question."""
        return self._shipped(state, "search")

    def proven(self, state: State) -> Proven:
        """Return what proved useful."""
        return self._proven.of(state)

    def proven_in(self, state: State, task: Task, path: str) -> ProvenInFile:
        """Return what proved useful in a file for a task, as far as its code is still there."""
        return still_proven(self.proven(state).in_file(task, path), state, self._presenter.failures(state))

    def tiers(self, state: State) -> Tiers:
        """Return the tier and the strength of each memory."""
        return self._strengths.of(state.view, state.snapshot.life, self._clock(), self.proven(state).tiers)

    def _shipped(self, state: State, mode: Mode) -> Ranker:
        return self._with(state, shipped_model(mode, self._settings()))

    def _with(self, state: State, model: LinearModel) -> Ranker:
        share, layers = self._settings().route.domains, self.proven(state).layers
        return Ranker(state, state.snapshot, state.view, model, self.tiers(state), share=share, layers=layers)

    def _editing_model(self, state: State, meaning: np.ndarray | None) -> LinearModel:
        return editing_model(state.snapshot.life.tuned, self._settings(), encoded=meaning is not None)

    def _strategy(self, path: str) -> Strategy:
        """Return the strategies that the settings enable, the same in a file all day."""
        enabled = self._settings().strategies
        return Strategy(enabled.dropout, enabled.explore, path, int(self._clock() // DAY))
