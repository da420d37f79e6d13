"""The facade of one worktree: everything that can be asked about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mom_lsp import phrases
from mom_lsp.extract.repetition import repeats
from mom_lsp.git import Location
from mom_lsp.memory import Memory
from mom_lsp.route.linear_model import LinearModel, Mode
from mom_lsp.route.strategies import Strategy
from mom_lsp.settings import Settings
from mom_lsp.tiers import DAY
from mom_lsp.workspace.answers import review
from mom_lsp.workspace.answers.asked_file import NO_FILE, AskedFile
from mom_lsp.workspace.answers.contract import episode
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.line_hints import FileHints, LineHints, Wanted
from mom_lsp.workspace.answers.memory_lists import memories_view, review_lists
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.impressions import AskedLines
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.state import State, StateSource, from_one_state
from mom_lsp.workspace.library.status import changes_of
from mom_lsp.workspace.library.strength import StrengthCache
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.ranking.candidates import MATCHES
from mom_lsp.workspace.ranking.citations import Explanation, reasons
from mom_lsp.workspace.ranking.hints import HintedLine
from mom_lsp.workspace.ranking.model_choice import editing_model, shipped_model
from mom_lsp.workspace.ranking.query import CONTEXT, Query, text_query, with_earlier_writers
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker, unscored
from mom_lsp.workspace.ranking.recent_edits import RecentEdits
from mom_lsp.workspace.ranking.worktree_files import WorktreeFiles

MAX_SIMILAR = 8  # memories that a text is compared with
TASK_CHANCE = 0.1  # minimum relevance of a memory for a task in words, at a place
SEARCH_CHANCE = 0.002  # minimum relevance of a memory that shares no word with a search: a cosine of about a quarter


class Workspace:
    """One worktree (or plain folder) with the memories of its repository. Thread-safe."""

    def __init__(
        self,
        location: Location,
        library: Library,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        patience: BlamePatience = IN_COMMAND,
    ) -> None:
        self.location, self.library, self.settings = location, library, settings
        self.worktree = Worktree(location, patience)
        self.files = WorktreeFiles(self.worktree)
        self.presenter = Presenter(library.journal, self.worktree, clock)
        self.states = StateSource(library, self.worktree, lambda: self.settings)
        self._line_hints = LineHints(self.presenter, self.worktree)
        self._recent_edits = RecentEdits()
        self._clock = clock
        self._strengths = StrengthCache()

    def suggest(
        self,
        path: str,
        start: int,
        end: int,
        *,
        text: str | None = None,
        k: int = 3,
        rev: str | None = None,
        intent: str = "",
        counted: bool = False,
    ) -> dict[str, Any]:
        """Return the memories that matter for some lines (1-based, inclusive) of a file.

        Args:
            path: relative to the root, with slashes.
            start: first line; 0 with `end` 0 means the whole file.
            end: last line.
            text: the open text, if it differs from the file.
            k: how many at most.
            rev: answer as of this revision.
            intent: what the user is about to do there, in words; "" where only the place is known.
            counted: whether the answer is shown to a person, and counts as an impression.

        Raises:
            UsageError: no such file or line.
            UntrustedPath: the path leads out of the workspace.
        """
        began = time.perf_counter()
        question = self.states.beside(lambda: self.files.question(path, start, end, text, rev))  # git blames meanwhile

        def answer(state: State) -> dict[str, Any]:
            query = self.with_line_history(state, question()[1])
            query = query.intending(intent) if intent else query
            state = self.states.searching(state, query.words, MATCHES)
            hinted = self._hinted_line(state, query) if not intent else HintedLine()
            found = self._suggestions(state, query, k, hinted) | {"took_ms": _ms_since(began)}
            if counted and rev is None:
                asked_lines = None if intent else _asked_lines(state, query)
                shown = [one["id"] for one in found["suggestions"]]
                self.library.impressions.add(shown, path, self._clock(), asked_lines)
            return found

        return self.states.answer(answer, lambda: question()[0], vectors=bool(intent) or self.settings.encoder.context)

    def with_line_history(self, state: State, query: Query) -> Query:
        """Return the same question with who wrote the lines asked about before their last writers did."""
        return with_earlier_writers(self.worktree.earlier_writers, state.view, query)

    def _suggestions(self, state: State, query: Query, k: int, hinted: HintedLine) -> dict[str, Any]:
        assert query.spot is not None
        path, meaning = query.spot.path, state.encode(query.meaning)
        ranker = replace(
            self.place_ranker(state, meaning),
            context=self._edit_context(query, meaning),
            strategy=self._strategy(path),
        )
        chosen = ranker.rank(
            query,
            k,
            threshold=TASK_CHANCE if query.typed else 0.0,
            least_useful=None if query.typed else self.settings.suggest.threshold,
            meaning=meaning,
            lead=hinted.rows,
            user_lines=hinted.user_lines,
        )
        warnings = self.presenter.failures(state).warnings(path, query.written, state.snapshot.life)
        if not self.settings.hints.warnings:  # then warnings are no hints, and hints come before them
            warnings = warnings_first([one for one in chosen if one.row in hinted.rows], warnings)
        return self._answer(query, ranker, warnings_first(warnings, chosen)[:k], state)

    def _hinted_line(self, state: State, query: Query) -> HintedLine:
        if query.spot is None:
            return HintedLine()
        return self._line_hints.of_line(self._hint_ranker(state, query.spot.path), state, self.settings, query)

    def search(self, text: str, k: int = 10) -> dict[str, Any]:
        """Return the memories that match words or are similar in meaning, whatever their age."""
        found = self._by_text(text_query(text), "why", k)
        # The probability was fitted to places and tasks: for a search it would mislead.
        return found | {"suggestions": [phrases.with_reason_alone(one) for one in found["suggestions"]]}

    def intend(self, intent: str, k: int = 3) -> dict[str, Any]:
        """Return the memories that matter for a task described in words, anywhere in the repository."""
        return self._by_text(text_query(intent, "intent"), "intent", k)

    def _by_text(self, query: Query, mode: Mode, k: int) -> dict[str, Any]:
        began = time.perf_counter()

        def answer(state: State) -> dict[str, Any]:
            ranker = self._ranker(state, shipped_model(mode, self.settings))
            chosen = ranker.rank(query, k, threshold=SEARCH_CHANCE, meaning=state.encode(query.meaning))
            return self._answer(query, ranker, chosen, state) | {"took_ms": _ms_since(began)}

        return self.states.answer(answer, vectors=True)

    def explain(self, path: str, line: int, *, text: str | None = None) -> Explanation:
        """Return what the memories say about why a line (1-based) exists, whatever their age. Raises as `suggest`."""
        question = self.states.beside(lambda: self.files.question(path, line, line, text, None))
        return self.states.answer(lambda state: self._explanation(state, question()[1]), lambda: question()[0])

    def _explanation(self, state: State, query: Query) -> Explanation:
        query = self.with_line_history(state, query)
        spot = query.spots[0]
        ranker = self._ranker(state, self._editing_model(state, None).scaled({"temp": 0.0}))
        found = reasons(ranker, query, self.presenter.read)
        file = AskedFile(self._names(state, query), query.file.lines if query.file else (), (spot.start, spot.end))
        answers = self.presenter.answers([one for one, _ in found], state, file)
        citations = [phrases.with_reason_alone(answer) for _, answer in answers]
        text = spot.lines[min(spot.start - 1, CONTEXT)] if spot.lines else ""
        cited = {one["id"] for one in citations}
        place = file.words(())
        clues = tuple(replace(clue, place=place) for _, clue in found if clue.memory.id in cited)
        return Explanation(spot.path, spot.start, spot.symbol, text, clues, citations)

    def hints(self, path: str, text: str, wanted: Wanted) -> FileHints:
        """Return hints at the lines that memories wrote: at most one a line, three in any 40 lines, each once a file.

        Only memories that are unusual (`mom.hints.minimumSurprise`) and relevant enough are hinted. What is hinted at a
        line comes first in `suggest` of that line.
        """
        head = self.states.beside(self.worktree.head)
        file = self.states.beside(
            lambda: self._line_hints.read(head(), path, text, wanted.first)
        )  # git blames meanwhile

        def answer(state: State) -> FileHints:
            return self._line_hints.of_file(self._hint_ranker(state, path), state, self.settings, file(), wanted)

        return self.states.answer(answer, head)

    def hinted(self, path: str, memories: Sequence[str]) -> None:
        """Count hints of a file that were on the screen; a hint that was shown on many days gets shorter there."""
        self.library.impressions.add(memories, path, self._clock(), hinted=True)

    @from_one_state
    def show(self, state: State, identity: str) -> dict[str, Any]:
        """Return everything about one memory, and why it is or is not suggested.

        Raises:
            UsageError: no memory, or more than one, has an id that starts like this.
        """
        threshold = self.settings.suggest.threshold
        return self.presenter.everything(state.named(identity), self._unranked(state), state, threshold)

    @from_one_state
    def episode(self, state: State, identity: str) -> dict[str, Any]:
        """Return the episode of a memory, None if it has none, and its members, oldest first. Raises as `show`."""
        found = self.presenter.episodes(state).of(state.named(identity))
        row_of = state.snapshot.catalog.row_of
        members = [unscored(row_of[i]) for i in found.members] if found else []
        rendered = self.presenter.render(self._unranked(state), members, state)
        grouped = episode(found) if found else None
        words = {"episode": phrases.episode(grouped)} if grouped else {}
        return {"episode": grouped, "members": rendered, "phrases": words}

    @from_one_state
    def memories_view(self, state: State) -> dict[str, list[dict[str, Any]]]:
        """Return the pinned, promoted, useful and forgotten memories."""
        events = self.library.journal.events()
        return memories_view(self.presenter, self._unranked(state), state, events, self._clock())

    @from_one_state
    def review(self, state: State) -> dict[str, Any]:
        """Return the memories to review, each with its "reason"; of forgotten ones, newest first, only the id."""
        events = self.library.journal.events()
        return review_lists(self.presenter, self._unranked(state), state, events, self._clock())

    def overview(self, state: State) -> dict[str, Any]:
        """Return how many memories are in each tier and status, and how many were promoted lately."""
        view, life = state.view, state.snapshot.life
        lately = review.promoted(view, life, state.head.ancestors, self._clock())
        tiers = self._strengths.of(view, life, self._clock())
        return review.overview(view, life, tiers) | {"promoted_lately": len(lately)}

    @from_one_state
    def memory(self, state: State, identity: str) -> Memory:
        """Return the memory whose id starts with some hex digits. Raises UsageError unless it is exactly one."""
        return state.named(identity)

    @from_one_state
    def memories(self, state: State, ids: Sequence[str]) -> list[Memory]:
        """Return the memories that exist and are not forgotten, in this order."""
        found = state.get([one for one in ids if not state.snapshot.life.of(one).forgotten])
        return [found[one] for one in ids if one in found]

    @from_one_state
    def quoted_by(self, state: State, text: str) -> Memory | None:
        """Return the memory that a text only repeats, None if it says something new."""
        similar = state.get(list(state.matches(text, MAX_SIMILAR))).values()
        repeated = [memory for memory in similar if repeats(text, f"{memory.title}\n\n{memory.body}")]
        return next((m for m in repeated if state.view.valid[state.snapshot.catalog.row_of[m.id]]), None)

    def changes(self, memory: str = "") -> list[tuple[str, dict[str, Any]]]:
        """Return (id, change of status) of one memory or of all, where the journal does not have it yet."""
        snapshot = self.library.snapshot()
        life = snapshot.life
        ids = [memory] if memory else [m for m in {*life.transitions, *life.judged} if not life.of(m).forgotten]
        return self.states.answer(lambda state: changes_of(ids, state), snapshot=snapshot) if ids else []

    def improved(self) -> bool:
        """Whether, since the last call, more has become known than was answered."""
        return any([self.worktree.improved(), self._line_hints.improved()])

    def place_ranker(self, state: State, meaning: np.ndarray | None) -> Ranker:
        """Return the ranker of questions about a place; `meaning` is the vector (d,) of the question, None without."""
        return self._ranker(state, self._editing_model(state, meaning))

    def _ranker(self, state: State, model: LinearModel) -> Ranker:
        tiers = self._strengths.of(state.view, state.snapshot.life, self._clock())
        return Ranker(state, state.snapshot, state.view, model, tiers, share=self.settings.route.domains)

    def _unranked(self, state: State) -> Ranker:
        """Return a ranker for memories that answer no question."""
        return self._ranker(state, shipped_model("why", self.settings))

    def _hint_ranker(self, state: State, path: str) -> Ranker:
        return replace(self._ranker(state, shipped_model("hints", self.settings)), strategy=self._strategy(path))

    def _editing_model(self, state: State, meaning: np.ndarray | None) -> LinearModel:
        return editing_model(state.snapshot.life.tuned, self.settings, encoded=meaning is not None)

    def _edit_context(self, query: Query, meaning: np.ndarray | None) -> np.ndarray | None:
        """Return the recent edits as far as they are similar to a question, and record its own edit."""
        if not self.settings.encoder.context or meaning is None:
            return None
        context = self._recent_edits.read(meaning)
        if query.written:
            self._recent_edits.record(query.meaning, meaning)
        return context

    def _strategy(self, path: str) -> Strategy:
        """Return the strategies that the settings enable, the same in a file all day."""
        enabled = self.settings.strategies
        return Strategy(enabled.dropout, enabled.explore, path, int(self._clock() // DAY))

    def _answer(self, query: Query, ranker: Ranker, chosen: Sequence[Ranked], state: State) -> dict[str, Any]:
        file = NO_FILE
        if query.file and query.spot:
            asked = None if query.spot.whole else (query.spot.start, query.spot.end)
            file = AskedFile(self._names(state, query), query.file.lines, asked)
        suggestions = self.presenter.render(ranker, chosen, state, file)
        return {"query": query.shown, "suggestions": suggestions, "abstained": not suggestions}

    def _names(self, state: State, query: Query) -> list[str]:
        """Return the names of the file asked about."""
        return state.view.names_of(query.spot.path) if query.spot else []


def _asked_lines(state: State, query: Query) -> AskedLines | None:
    return AskedLines(state.head.commit, *query.span) if state.head.commit and query.span else None


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
