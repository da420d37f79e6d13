"""The hints of an open file: which memories are shown at which of its lines."""

from __future__ import annotations

from typing import Any

from mom_lsp.memory import Scored
from mom_lsp.route.lines import open_lines
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.freshness_check import AskedFile
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.ranking.hints import Hintable, HintedLine, hintable, thinned
from mom_lsp.workspace.ranking.query import OpenFile, Query, mapped_lines, written
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker


class LineHints:
    """Chooses and presents the hints of one worktree."""

    def __init__(self, presenter: Presenter, worktree: Worktree) -> None:
        self._presenter, self._worktree = presenter, worktree

    def of_file(
        self, ranker: Ranker, state: State, settings: Settings, path: str, text: str, start: int, end: int
    ) -> list[dict[str, Any]]:
        """Return the hints of some lines of an open text as {"line", "suggestion"}, in the order of the lines."""
        committed, lines = self._worktree.committed(state.head, path), open_lines(text)
        file = OpenFile(path, lines, mapped_lines(self._worktree, state.head, path, lines), committed)
        writers = self._worktree.writers(state.head, path, None)
        found = hintable(state, file, writers, settings.hints.minimum_surprise)
        chosen = _ranked(ranker, settings, path, found)
        if settings.hints.warnings:
            blocks = written(committed, path, lines, file.mapped)
            warnings = self._presenter.failures(state).warnings(path, blocks, state.snapshot.life)
            chosen = warnings_first(warnings, chosen)
        shown, asked = sorted(thinned(chosen, file, start, end), key=lambda one: one.lines), AskedFile([path], lines)
        hints = [one for one in self._presenter.annotated(ranker, shown, state, asked) if _is_shown(one)]
        answers = self._presenter.answers(hints, state, asked)
        return [{"line": one.lines[0], "suggestion": answer} for one, answer in answers]

    def of_line(self, ranker: Ranker, state: State, settings: Settings, query: Query) -> HintedLine:
        """Return what may be hinted at the one line that a query is about; it comes first in the suggestions."""
        spot, file = query.spot, query.file
        if spot is None or file is None or spot.start != spot.end or not settings.hints.enable:
            return HintedLine()
        line, path = spot.start, spot.path
        writers = {file.mapped[line - 1]: spot.writers[line]} if line in spot.writers else {}
        found = hintable(state, file, writers, settings.hints.minimum_surprise, only=line)
        if not (found.wrote or found.user_lines):
            return HintedLine()
        chosen, asked = _ranked(ranker, settings, path, found), AskedFile([path], file.lines)
        annotated = self._presenter.annotated(ranker, chosen, state, asked)
        rows = tuple(state.snapshot.catalog.row_of[one.memory.id] for one in annotated if _is_shown(one))
        return HintedLine(rows, found.user_lines)


def _ranked(ranker: Ranker, settings: Settings, path: str, found: Hintable) -> list[Ranked]:
    return ranker.rank_hints(path, found.wrote, found.user_lines, found.user_rows, threshold=settings.hints.threshold)


def _is_shown(one: Scored) -> bool:
    """Whether a memory that was chosen for a hint becomes one: not if its code is gone, unless it is a warning."""
    return one.freshness != "gone" or bool(one.failure and one.failure.again)
