"""The hints of an open file: which memories are shown at which of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.memory import Scored
from mom_lsp.route.lines import open_lines
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.freshness_check import AskedFile
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.file_blame import Range, Writers
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.worktree import CACHED_FILES, Worktree
from mom_lsp.workspace.ranking.hints import HINT_WINDOW, Hintable, HintedLine, hintable, thinned
from mom_lsp.workspace.ranking.query import OpenFile, Query, mapped_lines, written
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker


@dataclass(frozen=True, slots=True)
class Wanted:
    """The lines of an open text that are asked about, 1-based and inclusive."""

    start: int
    end: int
    first: Range | None = None  # those on the screen: the answer may have only theirs for now; None for all at once


@dataclass(frozen=True, slots=True)
class FileHints:
    """The hints of some lines of an open text."""

    hints: list[dict[str, Any]]  # {"line", "suggestion"}, in the order of the lines
    lines: Range | None  # the lines that the hints are about; None for all that were asked about


class LineHints:
    """Chooses and presents the hints of one worktree."""

    def __init__(self, presenter: Presenter, worktree: Worktree) -> None:
        self._presenter, self._worktree = presenter, worktree
        self._hinted: Recent[tuple[str, str], dict[str, int]] = Recent(CACHED_FILES)  # (path, blob) -> id -> line

    def of_file(
        self, ranker: Ranker, state: State, settings: Settings, path: str, text: str, wanted: Wanted
    ) -> FileHints:
        """Return the hints of some lines of an open text.

        While only the lines on the screen are blamed, a memory is hinted at one of them, and stays there: hints must
        not move when the rest is known.
        """
        committed, lines = self._worktree.committed(state.head, path), open_lines(text)
        file = OpenFile(path, lines, mapped_lines(self._worktree, state.head, path, lines), committed)
        writers = self._writers(state, file, wanted.first)
        hinted = self._hinted.get((path, state.head.tree.get(path, ""))) or {}
        found = hintable(state, file, writers.lines, settings.hints.minimum_surprise, hinted=hinted)
        ids = state.snapshot.catalog.ids
        chosen = _ranked(ranker, settings, path, found)
        chosen.sort(key=lambda one: ids[one.row] not in hinted)  # what is hinted already is thinned out last
        if settings.hints.warnings:
            blocks = written(committed, path, lines, file.mapped)
            warnings = self._presenter.failures(state).warnings(path, blocks, state.snapshot.life)
            chosen = warnings_first(warnings, chosen)
        start, end = (wanted.start, wanted.end) if writers.complete or wanted.first is None else wanted.first
        shown, asked = sorted(thinned(chosen, file, start, end), key=lambda one: one.lines), AskedFile([path], lines)
        hints = [one for one in self._presenter.annotated(ranker, shown, state, asked) if _is_shown(one)]
        if not writers.complete:
            self._keep(state, file, hints)
        answers = self._presenter.answers(hints, state, asked)
        found_hints = [{"line": one.lines[0], "suggestion": answer} for one, answer in answers]
        return FileHints(found_hints, None if writers.complete else wanted.first)

    def _writers(self, state: State, file: OpenFile, first: Range | None) -> Writers:
        """Return the writers of the lines on the screen and around it, which decide together what is hinted."""
        if first is None:
            return Writers(self._worktree.writers(state.head, file.path, None), complete=True)
        near = file.mapped[max(0, first[0] - 1 - HINT_WINDOW) : first[1] + HINT_WINDOW]
        committed = [line for line in near if line]
        lines = (min(committed), max(committed)) if committed else (1, 1)
        return self._worktree.first_writers(state.head, file.path, lines)

    def _keep(self, state: State, file: OpenFile, hints: Sequence[Scored]) -> None:
        """Keep the committed lines of hints that are shown before the whole file is blamed."""
        key = file.path, state.head.tree.get(file.path, "")
        lines = {one.memory.id: file.mapped[one.lines[0] - 1] for one in hints}
        self._hinted.put(key, {**lines, **(self._hinted.get(key) or {})})

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
