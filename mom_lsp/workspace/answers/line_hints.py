"""The hints of an open file: which memories are shown at which of its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from mom_lsp.memory import Scored
from mom_lsp.route.lines import committed_lines
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.asked_file import AskedFile
from mom_lsp.workspace.answers.failure_text import warnings_first
from mom_lsp.workspace.answers.presenter import Presenter
from mom_lsp.workspace.library.file_blame import Range, Writers
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.proven import ProvenInFile
from mom_lsp.workspace.library.recent import Recent
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.library.worktree import CACHED_FILES, Worktree
from mom_lsp.workspace.ranking.about_line import is_about
from mom_lsp.workspace.ranking.hints import Hintable, HintedLine, hintable, thinned
from mom_lsp.workspace.ranking.query import OpenFile, Query, written
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


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """An open file, and who wrote its lines as far as that is known."""

    file: OpenFile
    writers: Writers


@dataclass(frozen=True, slots=True)
class HintedFile:
    """Where memories were hinted in a committed file: they stay there, also when other lines are committed."""

    blob: str
    committed: Sequence[str] = ()
    lines: Mapping[str, int] = field(default_factory=dict)  # id -> committed line
    first: frozenset[str] = frozenset()  # ids of those that were answered before the rest

    def at(self, blob: str, committed: Sequence[str]) -> HintedFile:
        """Return the same for another commit of the file, without the lines that it has changed."""
        if blob == self.blob:
            return self
        now = {old: line for line, old in enumerate(committed_lines(self.committed, committed), 1) if old}
        return HintedFile(blob, committed, {id: now[line] for id, line in self.lines.items() if line in now})

    def with_hints(self, lines: Mapping[str, int], *, in_part: bool) -> HintedFile:
        """Return the same with the lines of the memories that are hinted now."""
        first = self.first.union(lines) if in_part else self.first
        return replace(self, lines={**self.lines, **lines}, first=first)


class LineHints:
    """Chooses and presents the hints of one worktree."""

    def __init__(self, presenter: Presenter, worktree: Worktree) -> None:
        self._presenter, self._worktree = presenter, worktree
        self._hinted: Recent[str, HintedFile] = Recent(CACHED_FILES)  # by path
        self._has_more = False

    def read(self, head: Head, path: str, text: str, first: Range | None) -> WrittenFile:
        """Read a file, and blame its lines, at least those of `first`."""
        edited, committed = self._worktree.edited(head, path, text), self._worktree.committed(head, path)
        file = OpenFile(path, edited.lines, edited.mapped, committed)
        if first is None:
            return WrittenFile(file, Writers(self._worktree.writers(head, path, None), complete=True))
        asked = [line for line in file.mapped[first[0] - 1 : first[1]] if line]
        needed = (min(asked), max(asked)) if asked else (1, 1)
        return WrittenFile(file, self._worktree.first_writers(head, path, needed))

    def of_file(
        self,
        ranker: Ranker,
        state: State,
        settings: Settings,
        asked: WrittenFile,
        wanted: Wanted,
        proven: ProvenInFile,
    ) -> FileHints:
        """Return the hints of some lines of an open text.

        The lines on the screen get theirs first, since blaming a whole file takes seconds, and the freshness of all
        its memories a part of one. What is hinted then stays there: hints must not move when the rest is known.
        """
        file, path, writers = asked.file, asked.file.path, asked.writers
        blob, before = state.head.tree.get(path, ""), self._hinted.get(path)
        is_known = before is not None and before.blob == blob
        in_part = wanted.first is not None and not (is_known and writers.complete)
        hinted = (before or HintedFile(blob, file.committed)).at(blob, file.committed)
        found = hintable(
            state, file, writers.lines, settings.hints.minimum_surprise, hinted=hinted.lines, proven=proven
        )
        chosen, ids = _ranked(ranker, settings, path, found), state.snapshot.catalog.ids
        chosen.sort(key=lambda one: ids[one.row] not in hinted.first)  # those are thinned out last
        if settings.hints.warnings:
            blocks = written(partial(self._worktree.words, state.head, path), path, file.lines, file.mapped)
            warnings = self._presenter.failures(state).warnings(path, blocks, state.snapshot.life)
            chosen = warnings_first(warnings, chosen)
        start, end = wanted.first if in_part and wanted.first else (wanted.start, wanted.end)
        shown = sorted(thinned(chosen, file, start, end, found.user_rows), key=lambda one: one.lines)
        hints = self._shown(ranker, shown, state, file, found)
        lines = {one.memory.id: file.mapped[one.lines[0] - 1] for one in hints}
        self._hinted.put(path, hinted.with_hints(lines, in_part=in_part))
        self._has_more |= in_part and writers.complete
        answers = self._presenter.answers(hints, state, AskedFile([path], file.lines))
        found_hints = [{"line": one.lines[0], "suggestion": answer} for one, answer in answers]
        return FileHints(found_hints, wanted.first if in_part else None)

    def improved(self) -> bool:
        """Whether, since the last call, the hints of a file have been answered in part though all are known."""
        has_more, self._has_more = self._has_more, False
        return has_more

    def of_line(
        self, ranker: Ranker, state: State, settings: Settings, query: Query, proven: ProvenInFile
    ) -> HintedLine:
        """Return what may be hinted at the one line that a query is about; it comes first in the suggestions."""
        spot, file = query.spot, query.file
        if spot is None or file is None or spot.start != spot.end or not settings.hints.enable or not file.lines:
            return HintedLine()
        line, path = spot.start, spot.path
        if line > len(file.mapped):  # the open text is empty
            return HintedLine()
        writers = {file.mapped[line - 1]: spot.writers[line]} if line in spot.writers else {}
        found = hintable(state, file, writers, settings.hints.minimum_surprise, only=line, proven=proven)
        if not (found.wrote or found.user_lines):
            return HintedLine()
        shown = self._shown(ranker, _ranked(ranker, settings, path, found), state, file, found)
        return HintedLine(tuple(state.snapshot.catalog.row_of[one.memory.id] for one in shown), found.user_lines)

    def _shown(
        self, ranker: Ranker, chosen: Sequence[Ranked], state: State, file: OpenFile, found: Hintable
    ) -> list[Scored]:
        """Return those of the chosen memories that become hints."""
        annotated = self._presenter.annotated(ranker, chosen, state, AskedFile([file.path], file.lines))
        row_of, exempt = state.snapshot.catalog.row_of, found.user_rows.union(found.proven)

        def is_wanted(one: Scored) -> bool:
            declared = bool(one.failure) or row_of[one.memory.id] in exempt
            return _is_shown(one) and (declared or is_about(one.memory, file.path, file.lines, one.lines[0]))

        return list(filter(is_wanted, annotated))


def _ranked(ranker: Ranker, settings: Settings, path: str, found: Hintable) -> list[Ranked]:
    least, ranker = settings.hints.threshold, replace(ranker, proven=found.proven)
    return ranker.rank_hints(path, found.wrote, found.user_lines, found.user_rows, least_useful=least)


def _is_shown(one: Scored) -> bool:
    """Whether a memory that was chosen for a hint becomes one.

    Not if its code is gone, unless it is a warning, nor if it is a revert that was reverted itself.
    """
    if one.failure is None:
        return one.freshness != "gone" and one.replacement is None
    return one.freshness != "gone" or one.failure.again
