"""Which memories may stand at which lines of an open file, before they are ranked; and which of the ranked ones do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Pin
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.pins_and_notes import counts_in, pins_in, said_at
from mom_lsp.workspace.ranking.query import OpenFile
from mom_lsp.workspace.ranking.ranker import Ranked

HINT_WINDOW, HINTS_IN_WINDOW = 40, 3  # at most three hints in any 40 lines
LEAST_WORDS = 3  # word characters in a line that is worth a hint: not a lone brace
WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Hintable:
    """What may be hinted, with its lines (from 1)."""

    wrote: dict[int, list[int]]  # row -> the line that it wrote
    said: dict[int, list[int]]  # row of a note, or of what was pinned -> the lines that this was said of
    own: frozenset[int]  # the rows that are the user's word there: no likelihood is asked of them


@dataclass(frozen=True, slots=True)
class Lead:
    """What leads the suggestions of a line, since it may be hinted there."""

    rows: tuple[int, ...] = ()  # best first
    said: Mapping[int, Sequence[int]] = field(
        default_factory=dict
    )  # row -> the line, of what was pinned or noted on it


def hintable(state: State, file: OpenFile, writers: Mapping[int, str], least_surprise: int, only: int = 0) -> Hintable:
    """Return what may be hinted at the lines of an open file.

    Each memory has one line that it may be hinted at. Which it is follows from the committed file alone, so that a hint
    stays with its line whatever is typed around it. Whether it may be hinted there depends on no other line: asked
    about this line alone, the answer is the same.

    Args:
        state: what is true here.
        file: as it is open.
        writers: the commit that wrote each committed line.
        least_surprise: of a memory that wrote lines; one that is pinned there needs none.
        only: the line asked about, 0 for all.
    """
    rules = _Rules.of(state, file)
    worthy = (state.view.surprise >= least_surprise) & ~state.snapshot.catalog.is_file
    wrote: dict[int, list[int]] = {}  # row -> committed lines
    for line in [file.mapped[only - 1]] if only else sorted(writers):
        row = state.snapshot.catalog.row_of_commit.get(writers.get(line, ""))
        if row is not None and (worthy[row] or row in rules.pins):
            wrote.setdefault(row, []).append(line)
    now = {old: line for line, old in enumerate(file.mapped, 1) if old}
    lines = {row: now.get(rules.anchor(row, written), 0) for row, written in wrote.items()}
    own = {row for row, line in lines.items() if line and rules.is_pinned(row, file.lines, line)}
    said = {
        row: there
        for row, at in said_at(state.snapshot, state.view, file).items()
        if (there := [line for line in at if only in (0, line) and not rules.is_dismissed(row, file.lines, line)])
    }
    return Hintable(
        {
            row: [line]
            for row, line in lines.items()
            if line and (worthy[row] or row in own) and not rules.is_dismissed(row, file.lines, line)
        },
        said,
        frozenset(own | said.keys()),
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the user said of memories in one file."""

    file: OpenFile
    pins: dict[int, list[Pin]]  # by row
    dismissed: Callable[[int], frozenset[tuple[str, str]]]  # row -> (path, symbol)

    @classmethod
    def of(cls, state: State, file: OpenFile) -> _Rules:
        pins: dict[int, list[Pin]] = {}
        for row, pin in pins_in(state.snapshot, state.view, file.path):
            pins.setdefault(row, []).append(pin)
        life, ids = state.snapshot.life, state.snapshot.catalog.ids
        return cls(file, pins, lambda row: life.of(ids[row]).dismissed)

    def anchor(self, row: int, written: Sequence[int]) -> int:
        """Return the committed line that a memory may be hinted at, of those that it wrote; 0 for none.

        That is the first line that says anything of the longest run of lines.
        """
        lines = self.file.committed
        left = [line for line in written if not self.is_dismissed(row, lines, line)]
        left = [line for line in left if self.is_pinned(row, lines, line)] or left
        runs: list[list[int]] = []
        for line in left:
            if runs and runs[-1][-1] == line - 1:
                runs[-1].append(line)
            else:
                runs.append([line])
        longest = max(runs, key=len, default=[])
        return next((line for line in longest if len(WORD_CHARACTER.findall(lines[line - 1])) >= LEAST_WORDS), 0)

    def is_pinned(self, row: int, lines: Sequence[str], line: int) -> bool:
        """Whether a memory was pinned in the function that a line stands in, or in the file."""
        pins = self.pins.get(row)
        return pins is not None and any(counts_in(pin, enclosing_symbol(lines, line, self.file.path)) for pin in pins)

    def is_dismissed(self, row: int, lines: Sequence[str], line: int) -> bool:
        """Whether a memory was sent away from the function that a line stands in."""
        places = self.dismissed(row)
        return bool(places) and (self.file.path, enclosing_symbol(lines, line, self.file.path)) in places


def thinned(ranked: Sequence[Ranked], file: OpenFile, start: int, end: int) -> list[Ranked]:
    """Return the first of them at each line, as long as no 40 lines hold more than three.

    They are thinned as the committed file has them, so that a line that is typed makes no other hint go, and then as
    the open one has them.
    """
    committed = list(accumulate(file.mapped, lambda before, old: old or before + 0.001, initial=0.0))[1:]
    kept = _thinned(ranked, lambda line: committed[line - 1])
    return _thinned([one for one in kept if start <= one.lines[0] <= end], float)


def _thinned(ranked: Iterable[Ranked], place: Callable[[int], float]) -> list[Ranked]:
    kept: list[Ranked] = []
    for one in ranked:
        at = place(one.lines[0])
        near = [there for other in kept if abs((there := place(other.lines[0])) - at) < HINT_WINDOW]
        if at not in near and len(near) < HINTS_IN_WINDOW:
            kept.append(one)
    return kept
