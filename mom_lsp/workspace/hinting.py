"""Which memories may stand at which lines of an open file, before they are ranked; and which of the ranked ones do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.extract.code import line_keys
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.workspace.ranking import Ranked
from mom_lsp.workspace.state import State

HINT_WINDOW, HINTS_IN_WINDOW = 40, 3  # at most three hints in any 40 lines
LEAST_WORDS = 3  # word characters in a line that is worth a hint: not a lone brace
WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file as it is open."""

    path: str
    lines: Sequence[str]
    mapped: Sequence[int]  # the committed line of each, 0 for none
    writers: Mapping[int, str]  # committed line -> commit

    def spots(self, state: State, least_surprise: int) -> dict[int, list[int]]:
        """Return the rows that may be hinted, and the lines (from 1) that each wrote, or was noted at.

        Args:
            state: what is true here.
            least_surprise: of a memory that wrote lines; one that is pinned needs none.
        """
        worthy, row_of = _worthy(state, least_surprise), state.snapshot.catalog.row_of_commit
        wrote: dict[int, list[int]] = {}
        for line, committed in enumerate(self.mapped, 1):
            row = row_of.get(self.writers.get(committed, ""))
            if row is not None and worthy[row] and not self._dismissed(state, row, line):
                wrote.setdefault(row, []).append(line)
        runs = {row: run for row, lines in wrote.items() if (run := _longest_run(lines, self.lines))}
        return runs | self._noted(state)

    def _noted(self, state: State) -> dict[int, list[int]]:
        """Return the row of each of the user's notes on a line, and where that line is now."""
        notes = [note for note in state.snapshot.notes.values() if note.source.path == self.path and note.added_lines]
        lines_of: dict[int, list[int]] = {}
        for number, line in enumerate(self.lines if notes else (), 1):
            for key in line_keys([line]):
                lines_of.setdefault(key, []).append(number)
        found = {}
        for note in notes:
            row, was = state.snapshot.catalog.row_of[note.id], note.source.line or 1
            there = sorted(lines_of.get(note.added_lines[0], ()), key=lambda line: abs(line - was))
            if there and not self._dismissed(state, row, there[0]):
                found[row] = there[:1]
        return found

    def _dismissed(self, state: State, row: int, line: int) -> bool:
        """Whether a memory was sent away from the function that a line stands in."""
        places = state.snapshot.life.of(state.snapshot.catalog.ids[row]).dismissed
        return bool(places) and (self.path, enclosing_symbol(self.lines, line, self.path)) in places


def thinned(ranked: Sequence[Ranked], start: int, end: int) -> list[Ranked]:
    """Return the first of them at each line, as long as no 40 lines hold more than three."""
    kept: list[Ranked] = []
    for one in ranked:
        line = one.lines[0]
        near = [other.lines[0] for other in kept if abs(other.lines[0] - line) < HINT_WINDOW]
        if start <= line <= end and line not in near and len(near) < HINTS_IN_WINDOW:
            kept.append(one)
    return kept


def _worthy(state: State, least_surprise: int) -> np.ndarray:
    """Return which rows are out of the ordinary enough for a hint, (n,); pinned ones always are."""
    worthy = state.view.surprise >= least_surprise
    for memory in state.snapshot.life.pinned:
        row = state.snapshot.catalog.row_of.get(memory)
        if row is not None:
            worthy[row] = True
    return np.asarray(worthy & ~state.snapshot.catalog.is_file)


def _longest_run(written: Sequence[int], lines: Sequence[str]) -> list[int]:
    """Return the longest run of consecutive lines, from its first line that says anything; none if none does."""
    runs: list[list[int]] = []
    for line in written:
        if runs and runs[-1][-1] == line - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    longest = max(runs, key=len)
    telling = (at for at, line in enumerate(longest) if len(WORD_CHARACTER.findall(lines[line - 1])) >= LEAST_WORDS)
    return longest[at:] if (at := next(telling, None)) is not None else []
