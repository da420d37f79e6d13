"""Which memories may stand at which lines of an open file, before they are ranked; and which of the ranked ones do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mom_lsp.workspace.own import counts_in, pins_in, said_at, symbol_at
from mom_lsp.workspace.query import OpenFile
from mom_lsp.workspace.ranking import Ranked
from mom_lsp.workspace.state import State

HINT_WINDOW, HINTS_IN_WINDOW = 40, 3  # at most three hints in any 40 lines
LEAST_WORDS = 3  # word characters in a line that is worth a hint: not a lone brace
WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Hintable:
    """What may be hinted, with its lines (from 1)."""

    wrote: dict[int, list[int]]  # row -> a run of lines that it wrote
    said: dict[int, list[int]]  # row of a note, or of what was pinned -> the lines that this was said of
    own: frozenset[int]  # the rows that are the user's word there: no likelihood is asked of them

    @property
    def lines(self) -> dict[int, list[int]]:
        """The lines of each row."""
        return self.wrote | self.said


@dataclass(frozen=True, slots=True)
class Lead:
    """What leads the suggestions of a line, since it may be hinted there."""

    rows: tuple[int, ...] = ()  # best first
    said: Mapping[int, Sequence[int]] = field(
        default_factory=dict
    )  # row -> the line, of what was pinned or noted on it


def hintable(state: State, file: OpenFile, writers: Mapping[int, str], least_surprise: int, only: int = 0) -> Hintable:
    """Return what may be hinted at the lines of an open file.

    What is true of a line depends on nothing but this line: asked about it alone, the answer is the same.

    Args:
        state: what is true here.
        file: as it is open.
        writers: the commit that wrote each line (ascending) that is asked about.
        least_surprise: of a memory that wrote lines; one that is pinned there needs none.
        only: the line asked about, 0 for all.
    """
    catalog, pinned = state.snapshot.catalog, list(pins_in(state.snapshot, state.view, file.path))
    worthy = (state.view.surprise >= least_surprise) & ~catalog.is_file
    wrote: dict[int, list[int]] = {}
    kept: dict[int, list[int]] = {}  # those of the lines at which the memory is pinned
    for line, commit in writers.items():
        row = catalog.row_of_commit.get(commit)
        if row is None or _dismissed(state, file, row, line):
            continue
        pins = [pin for of, pin in pinned if of == row]
        if pins and any(counts_in(pin, symbol_at(file, line)) for pin in pins):
            kept.setdefault(row, []).append(line)
        elif worthy[row]:
            wrote.setdefault(row, []).append(line)
    runs = {row: run for row, lines in (wrote | kept).items() if (run := _longest_run(lines, file.lines))}
    said = {
        row: there
        for row, lines in said_at(state.snapshot, state.view, file).items()
        if (there := [line for line in lines if only in (0, line) and not _dismissed(state, file, row, line)])
    }
    return Hintable(runs, said, frozenset(said) | (kept.keys() & runs.keys()))


def thinned(ranked: Sequence[Ranked], start: int, end: int) -> list[Ranked]:
    """Return the first of them at each line, as long as no 40 lines hold more than three."""
    kept: list[Ranked] = []
    for one in ranked:
        line = one.lines[0]
        near = [other.lines[0] for other in kept if abs(other.lines[0] - line) < HINT_WINDOW]
        if start <= line <= end and line not in near and len(near) < HINTS_IN_WINDOW:
            kept.append(one)
    return kept


def _dismissed(state: State, file: OpenFile, row: int, line: int) -> bool:
    """Whether a memory was sent away from the function that a line stands in."""
    places = state.snapshot.life.of(state.snapshot.catalog.ids[row]).dismissed
    return bool(places) and (file.path, symbol_at(file, line)) in places


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
