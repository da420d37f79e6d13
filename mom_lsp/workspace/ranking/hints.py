"""Which memories may be hinted at which lines of an open file, and which of the ranked ones are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from types import MappingProxyType

from mom_lsp.extract.boilerplate import is_boilerplate
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Pin, Usage
from mom_lsp.motifs.crystallise import Motif
from mom_lsp.route.postings import Postings
from mom_lsp.route.talk import talked_about
from mom_lsp.workspace.library.proven import NOTHING_PROVEN, ProvenInFile
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.about_line import earlier_forms
from mom_lsp.workspace.ranking.line_comment import is_licence
from mom_lsp.workspace.ranking.pins_and_notes import counts_in, lines_of_pins_and_notes, pins_in
from mom_lsp.workspace.ranking.query import OpenFile
from mom_lsp.workspace.ranking.ranker import Ranked

HINT_WINDOW, HINTS_IN_WINDOW = 40, 3  # at most three hints in any 40 lines
FEW_FILES = 8  # of a commit: what a larger one says is seldom about one of its lines
NOWHERE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Hintable:
    """What may be hinted, with its lines (from 1)."""

    wrote: dict[int, list[int]]  # row -> the line that it wrote
    user_lines: dict[int, list[int]]  # row of a pinned memory or a note -> its lines
    user_rows: frozenset[int]  # rows that are pinned or noted there: they need no minimum relevance
    proven: Mapping[int, Motif] = field(default_factory=dict)  # rows that proved useful at their line


@dataclass(frozen=True, slots=True)
class HintedLine:
    """What may be hinted at one line; it comes first in the suggestions of that line."""

    rows: tuple[int, ...] = ()  # best first
    user_lines: Mapping[int, Sequence[int]] = field(default_factory=dict)  # row -> the line, of its pins and notes


def hintable(
    state: State,
    file: OpenFile,
    writers: Mapping[int, str],
    least_surprise: int,
    only: int = 0,
    hinted: Mapping[str, int] = NOWHERE,
    proven: ProvenInFile = NOTHING_PROVEN,
) -> Hintable:
    """Return what may be hinted at the lines of an open file.

    Each memory has one line that it may be hinted at. That line follows from the committed file alone, so that a hint
    stays with its line whatever is typed around it. Whether it may be hinted there depends on no other line: a
    question about this line alone has the same answer.

    Args:
        state: what the request reads.
        file: as it is open.
        writers: the commit that wrote each committed line.
        least_surprise: minimum for a memory that wrote lines; one that is pinned or proved useful there needs none.
        only: the line asked about, 0 for all.
        hinted: the committed lines at which memories are hinted already, by id: they stay there if they wrote the line.
        proven: what proved useful in the file.
    """
    rules, ids = _Rules.of(state, file), state.snapshot.catalog.ids
    focused = ~state.snapshot.catalog.is_file & (state.snapshot.catalog.path_count <= FEW_FILES)
    unusual = (state.view.surprise >= least_surprise) & focused
    exempt = rules.pins.keys() | proven.anywhere.keys()
    wrote: dict[int, list[int]] = {}  # row -> committed lines
    for line in [file.mapped[only - 1]] if only else sorted(writers):
        row = state.snapshot.catalog.row_of_commit.get(writers.get(line, ""))
        if row is not None and (unusual[row] or row in exempt):
            wrote.setdefault(row, []).append(line)
    for row, about in talked_about(state.view, file.path, _committed(file, writers, only), writers).items():
        if unusual[row] or row in exempt:
            wrote[row] = about
    now = {old: line for line, old in enumerate(file.mapped, 1) if old} if wrote else {}
    lines = {row: now.get(rules.anchor(row, written, hinted.get(ids[row], 0)), 0) for row, written in wrote.items()}
    pinned = {row for row, line in lines.items() if line and rules.is_pinned(row, file.lines, line)}
    at_line = {row: rules.proven(row, proven, file.lines, line) for row, line in lines.items() if line}
    motifs = {row: motif for row, motif in at_line.items() if motif is not None}
    user_lines = {
        row: kept
        for row, at in lines_of_pins_and_notes(state.snapshot, state.view, file).items()
        if (kept := [line for line in at if only in (0, line) and not rules.is_dismissed(row, file.lines, line)])
    }
    return Hintable(
        {
            row: [line]
            for row, line in lines.items()
            if line
            and (unusual[row] or row in pinned or row in motifs)
            and not rules.is_dismissed(row, file.lines, line)
        },
        user_lines,
        frozenset(pinned | user_lines.keys()),
        motifs,
    )


def _committed(file: OpenFile, writers: Mapping[int, str], only: int) -> dict[int, str]:
    """Return the committed lines that are asked about, by number."""
    wanted = [file.mapped[only - 1]] if only else writers
    return {line: file.committed[line - 1] for line in wanted if 0 < line <= len(file.committed)}


@dataclass(frozen=True, slots=True)
class _Rules:
    """The pins and dismissals of memories in one file."""

    file: OpenFile
    pins: dict[int, list[Pin]]  # by row
    names: Sequence[str]  # of the file, also earlier
    usage: Callable[[int], Usage]  # by row, of the memory that is shown for it
    removed: Postings  # the lines that each row removed

    @classmethod
    def of(cls, state: State, file: OpenFile) -> _Rules:
        pins: dict[int, list[Pin]] = {}
        for row, pin in pins_in(state.snapshot, state.view, file.path):
            pins.setdefault(row, []).append(pin)
        life, ids = state.snapshot.life, state.snapshot.catalog.ids
        names, removed = state.view.names_of(file.path), state.snapshot.catalog.removed_lines
        return cls(file, pins, names, lambda row: life.of(life.shown_for(ids[row])), removed)

    def anchor(self, row: int, written: Sequence[int], hinted: int) -> int:
        """Return the committed line that a memory may be hinted at, of those that it wrote; 0 for none.

        That is the one where it is hinted already, else the first one that is neither boilerplate nor in a licence, of
        the longest run that has one; if possible, one that its commit did not change only trivially.
        """
        lines = self.file.committed
        left = [line for line in written if not self.is_dismissed(row, lines, line)]
        left = [line for line in left if self.is_pinned(row, lines, line)] or left
        if hinted in left:
            return hinted
        runs: list[list[int]] = []
        for line in left:
            if runs and runs[-1][-1] == line - 1:
                runs[-1].append(line)
            else:
                runs.append([line])
        longest_first = (line for run in sorted(runs, key=len, reverse=True) for line in run)
        own = (line for line in longest_first if not (is_boilerplate(lines, line) or is_licence(lines, line)))
        first = next(own, 0)
        return next(
            (line for line in chain([first], own) if line and not self._was_trivial(row, lines[line - 1])), first
        )

    def _was_trivial(self, row: int, text: str) -> bool:
        return any(row in rows for rows in self.removed.rows(earlier_forms(text)))

    def is_pinned(self, row: int, lines: Sequence[str], line: int) -> bool:
        """Whether a memory is pinned in the function around a line, or in the file."""
        pins = self.pins.get(row)
        return pins is not None and any(counts_in(pin, enclosing_symbol(lines, line, self.file.path)) for pin in pins)

    def proven(self, row: int, proven: ProvenInFile, lines: Sequence[str], line: int) -> Motif | None:
        """Return the motif of a memory in the function around a line, None if it has none."""
        if row not in proven.anywhere:
            return None
        return proven.at(enclosing_symbol(lines, line, self.file.path)).get(row)

    def is_dismissed(self, row: int, lines: Sequence[str], line: int) -> bool:
        """Whether a memory was dismissed in the function around a line."""
        usage = self.usage(row)
        return bool(usage.dismissed) and usage.is_dismissed(self.names, enclosing_symbol(lines, line, self.file.path))


def thinned(
    ranked: Sequence[Ranked], file: OpenFile, start: int, end: int, own: Container[int] = frozenset()
) -> list[Ranked]:
    """Return the best memory of each line, but not more than three in any 40 lines besides the user's `own`.

    They are thinned by their lines in the committed file, so that typing a line removes no other hint, and then by
    those in the open one. What the user has written or pinned (rows `own`) comes first.
    """
    if not ranked:
        return []
    committed = list(accumulate(file.mapped, lambda before, old: old or before + 0.001, initial=0.0))[1:]
    ordered = sorted(ranked, key=lambda one: one.row not in own)
    kept = _thinned(ordered, lambda line: committed[line - 1], own)
    return _thinned([one for one in kept if start <= one.lines[0] <= end], float, own)


def _thinned(ranked: Iterable[Ranked], place: Callable[[int], float], own: Container[int]) -> list[Ranked]:
    kept: list[Ranked] = []
    taken: set[float] = set()
    for one in ranked:
        at = place(one.lines[0])
        near = [other for other in kept if other.row not in own and abs(place(other.lines[0]) - at) < HINT_WINDOW]
        if at not in taken and (one.row in own or len(near) < HINTS_IN_WINDOW):
            kept.append(one)
            taken.add(at)
    return kept
