"""The facade of one worktree: what can be asked about its lines, in words, and about its memories."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mom_lsp import phrases
from mom_lsp.git import Location
from mom_lsp.lm.answer import Clue, Sentence
from mom_lsp.memory import Scored
from mom_lsp.motifs.routes import Task
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.asked_file import NO_FILE, AskedFile
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.line_hints import FileHints, LineHints, Wanted
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.answers.suggestion_list import ms_since, suggestion_list
from mom_lsp.workspace.known_memories import KnownMemories
from mom_lsp.workspace.library.blame_patience import IN_COMMAND, BlamePatience
from mom_lsp.workspace.library.impressions import AskedLines, ShownFor
from mom_lsp.workspace.library.library import Library
from mom_lsp.workspace.library.state import State, StateSource
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.rankers import Rankers
from mom_lsp.workspace.ranking.candidates import MATCHES
from mom_lsp.workspace.ranking.citations import reasons
from mom_lsp.workspace.ranking.explanation import AskedLine, Explanation
from mom_lsp.workspace.ranking.hints import HintedLine
from mom_lsp.workspace.ranking.query import Query, with_earlier_writers
from mom_lsp.workspace.ranking.worktree_files import WorktreeFiles
from mom_lsp.workspace.word_search import WordSearch

PATIENCE = 0.7  # seconds that a person who asked for an answer waits in an engine for who wrote the lines before
CONTEXT_MEMORIES = 3  # for what is being written
TASK_CHANCE = 0.1  # minimum relevance of a memory for a task in words, at a place


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
        self._clock = clock
        rankers = self.rankers = Rankers(self.presenter, lambda: self.settings, clock)
        self.words = WordSearch(self.states, self.presenter, rankers, library.impressions, lambda: self.settings, clock)
        self.memories = KnownMemories(
            self.states, self.presenter, rankers, library, self.worktree, lambda: self.settings, clock
        )

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
        patient: bool = False,
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
            patient: whether it is asked once, by a command, and not again as a cursor rests.

        An answer of an engine is "incomplete" while it does not know all earlier writers of the lines. A suggestion for
        one line is "hinted" if it may be the hint there.

        Raises:
            UsageError: no such file or line.
            UntrustedPath: the path leads out of the workspace.
        """
        began = time.perf_counter()
        question = self.states.beside(lambda: self.files.question(path, start, end, text, rev))  # git blames meanwhile

        def answer(state: State) -> dict[str, Any]:
            query = self.with_line_history(state, question()[1], PATIENCE if patient else None)
            query = query.intending(intent) if intent else query
            state = self.states.searching(state, query.words, MATCHES)
            hinted = self._hinted_line(state, query) if not intent else HintedLine()
            found = self._suggestions(state, query, k, hinted) | {"took_ms": ms_since(began)}
            if not query.complete:  # the next answer may be better
                found["incomplete"] = True
            if counted and rev is None:
                asked_lines = None if intent else _asked_lines(state, query)
                shown = [one["id"] for one in found["suggestions"]]
                self.library.impressions.add(shown, path, self._clock(), asked_lines)
                self._count_for("editing", query, found["suggestions"])
            return found

        return self.states.answer(answer, lambda: question()[0], vectors=bool(intent))

    def with_line_history(self, state: State, query: Query, patience: float | None = None) -> Query:
        """Return the same question with who wrote its lines before their last writers. See `with_earlier_writers`."""
        return with_earlier_writers(self.worktree.earlier_writers, state.view, query, patience)

    def _suggestions(self, state: State, query: Query, k: int, hinted: HintedLine) -> dict[str, Any]:
        assert query.spot is not None
        path, meaning = query.spot.path, state.encode(query.meaning)
        ranker = self.rankers.suggestions(state, query, meaning)
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
        found = suggestion_list(self.presenter, query, ranker, warnings_first(warnings, chosen)[:k], state, k)
        at_line = {state.snapshot.catalog.ids[row] for row in (*hinted.rows, *hinted.user_lines)}
        found["suggestions"] = [one | {"hinted": one["id"] in at_line} for one in found["suggestions"]]
        return found

    def _hinted_line(self, state: State, query: Query) -> HintedLine:
        if query.spot is None:
            return HintedLine()
        ranker, path = self.rankers.hints(state, query.spot.path), query.spot.path
        return self._line_hints.of_line(
            ranker, state, self.settings, query, self.rankers.proven_in(state, "editing", path)
        )

    def _count_for(self, task: Task, query: Query, shown: Sequence[dict[str, Any]]) -> None:
        """Record what a person was shown for a task, to learn what proves useful where."""
        assert query.spot is not None
        at = ShownFor(task, query.spot.path, "" if query.spot.whole else query.spot.symbol)
        self.library.impressions.add_for(at, [one["id"] for one in shown], self._clock())

    def explain(self, path: str, line: int, *, text: str | None = None, counted: bool = False) -> Explanation:
        """Return what the memories say about why a line (1-based) exists, whatever their age. Raises as `suggest`."""
        question = self.states.beside(lambda: self.files.question(path, line, line, text, None, alone=True))
        found = self.states.answer(lambda state: self._explanation(state, question()[1]), lambda: question()[0])
        if counted:
            self._count_for("why", question()[1], found.citations)
        return found

    def _explanation(self, state: State, query: Query) -> Explanation:
        spot = query.spots[0]
        line = {spot.start: spot.asked[0]} if spot.asked and spot.start in spot.writers else {}
        earlier = self.worktree.earlier_writers(state.view, spot.path, line, spot.writers, PATIENCE)
        query = replace(query, spots=(replace(spot, earlier=earlier.commits),), complete=earlier.complete)
        file = AskedFile(state.view.names_of(spot.path), query.file.lines if query.file else (), (spot.start, spot.end))
        asked = AskedLine(query, spot.start in earlier.moved, file.words(()), self.settings.index.comments)
        ranker = self.rankers.explanations(state)
        ranker = replace(ranker, proven=self.rankers.proven_in(state, "why", spot.path).at(spot.symbol))
        found = reasons(ranker, asked, self.presenter.read)
        return self._explained(state, query, file, found.cited, found.comment)

    def context(self, path: str, line: int, *, text: str) -> Explanation:
        """Return the memories that matter most where a line (1-based) of an open text is being written."""
        question = self.states.beside(lambda: self.files.question(path, line, line, text, None, as_typed=True))

        def answer(state: State) -> Explanation:
            query = self.with_line_history(state, question()[1])
            ranker = self.rankers.explanations(state)
            best = self.presenter.read(ranker, ranker.rank(query, CONTEXT_MEMORIES))
            return self._explained(state, query, NO_FILE, [(one, Clue(one.memory, one.reason)) for one in best])

        return self.states.answer(answer, lambda: question()[0])

    def _explained(
        self,
        state: State,
        query: Query,
        file: AskedFile,
        found: Sequence[tuple[Scored, Clue]],
        comment: Sentence | None = None,
    ) -> Explanation:
        spot = query.spots[0]
        answers = self.presenter.answers([one for one, _ in found], state, file)
        citations = [phrases.with_reason_alone(answer) for _, answer in answers]
        text = spot.asked[0] if spot.asked else ""
        cited = {one["id"] for one in citations}
        clues = tuple(clue for _, clue in found if clue.memory.id in cited)
        return Explanation(
            spot.path,
            spot.start,
            spot.symbol,
            text,
            clues,
            citations,
            comment,
            query.complete,
            query.preface,
            query.replaced,
        )

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
            proven = self.rankers.proven_in(state, "editing", path)
            ranker = self.rankers.hints(state, path)
            return self._line_hints.of_file(ranker, state, self.settings, file(), wanted, proven)

        return self.states.answer(answer, head)

    def hinted(self, path: str, memories: Sequence[str]) -> None:
        """Count hints of a file that were on the screen; a hint that was shown on many days gets shorter there."""
        self.library.impressions.add(memories, path, self._clock(), hinted=True)

    def improved(self) -> bool:
        """Whether, since the last call, more has become known than was answered."""
        return any([self.worktree.improved(), self._line_hints.improved()])


def _asked_lines(state: State, query: Query) -> AskedLines | None:
    return AskedLines(state.head.commit, *query.span) if state.head.commit and query.span else None
