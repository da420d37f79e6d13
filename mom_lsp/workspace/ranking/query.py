"""A question to the router, made from the open text or from words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.route.code_names import code_names
from mom_lsp.route.failures import Block
from mom_lsp.route.features import MAX_KEYS
from mom_lsp.route.file_words import WORD, FileWords
from mom_lsp.route.place_term import WINDOW, Spot
from mom_lsp.route.view import View
from mom_lsp.workspace.library.earlier_writers import Earlier
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.replaced_line import ReplacedLine
from mom_lsp.workspace.library.worktree import Worktree

CONTEXT = 8  # lines above and below the range that are part of its meaning
MAX_LINES = 60
MAX_BLOCK = 5_000  # lines of a block of new ones that are read, so that a pasted megabyte holds nobody up
MAX_HISTORIES = 20  # lines asked about whose earlier writers are looked up
FindEarlier = Callable[[View, str, Mapping[int, str], Mapping[int, str], float | None], Earlier]
REPLACING = "This line is not committed. The line it replaces:"
REFORMATTED = "This line was moved or reformatted since the last commit:"
NEW_LINE, NEW_FILE = "This line is not committed yet.", "This file is not committed yet."


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file as it is open."""

    path: str
    lines: Sequence[str]
    mapped: Sequence[int]  # the committed line of each, 0 for none
    committed: Sequence[str]  # the lines of the committed text
    edited: Mapping[int, str] = field(default_factory=dict)  # what is typed at a line that is read as it was committed


@dataclass(frozen=True, slots=True)
class Query:
    """A question: a spot, several that belong to one change, or words alone."""

    words: str  # for full-text search
    meaning: str  # for the encoder, in the form memories are encoded in
    spots: tuple[Spot, ...] = ()
    written: tuple[Block, ...] = ()  # lines that the open text adds there to the committed one
    shown: dict[str, object] = field(default_factory=dict)  # how the answer repeats the question
    committed: int = 0  # the first line in the committed file, or the last committed line before it; 0 for none
    span: tuple[int, int] | None = None  # first and last line in the committed file, None if none of them is in it
    file: OpenFile | None = None  # that the spot is in
    typed: bool = False  # whether the words are the user's own
    complete: bool = True  # whether all earlier writers of its lines are known
    replaced: ReplacedLine | None = None  # what the one line asked about replaces: the question is about that line
    preface: str = ""  # how an answer begins where the one line asked about is not committed

    @property
    def spot(self) -> Spot | None:
        """The first spot."""
        return self.spots[0] if self.spots else None

    @property
    def line_name(self) -> str:
        """How the one line that is asked about is called."""
        is_other = self.replaced is not None and not self.replaced.reformatted
        return "the line that this one replaces" if is_other else "this line"

    @property
    def names(self) -> list[str]:
        """The identifiers in view, or the words that the user typed."""
        return list(dict.fromkeys(WORD.findall(self._text)))[:MAX_KEYS]

    @property
    def code(self) -> frozenset[str]:
        """Those of the names that look like code."""
        return code_names(self.names, self._text)

    @property
    def _text(self) -> str:
        return "\n".join([self.words] if self.typed else [line for spot in self.spots for line in spot.lines])

    def intending(self, intent: str) -> Query:
        """Return the same question with a description of the task there."""
        return replace(self, words=intent, meaning=intent, shown=self.shown | {"intent": intent}, typed=True)


def text_query(text: str, name: str = "text") -> Query:
    """Return a question in the user's own words; `name` is what the answer calls them."""
    return Query(words=text, meaning=text, shown={name: text}, typed=True)


def spot_query(
    worktree: Worktree,
    head: Head,
    path: str,
    lines: Sequence[str],
    start: int,
    end: int,
    mapped: Sequence[int],
    *,
    alone: bool = False,
) -> Query:
    """Return a question about some lines (1-based, inclusive) of an open text.

    Args:
        worktree: of the file.
        head: the commit to answer for.
        path: of the file, relative to the root, with slashes.
        lines: of the open text.
        start: first line asked about.
        end: last line asked about.
        mapped: the committed line of each open line, 0 for a new one.
        alone: whether git looks for the writers of these lines only, without moves, which takes it a third of the time.
    """
    committed = worktree.committed(head, path)
    is_committed = worktree.repository is None or any(mapped[start - 1 : end])
    preface = "" if is_committed or start != end else NEW_LINE if path in head.tree else NEW_FILE
    symbol = enclosing_symbol(lines, start, path) if lines else ""
    window = lines[max(0, start - 1 - CONTEXT) : end + CONTEXT][:MAX_LINES]
    code = "\n".join(line.strip() for line in window if line.strip())
    names = " ".join(dict.fromkeys(WORD.findall(code)))
    writers = writers_in(worktree, head, path, mapped, start, end, alone=alone)
    spot = Spot(
        path,
        symbol,
        start,
        end,
        writers,
        {line: lines[line - 1] for line in writers},
        tuple(window),
        tuple(lines[start - 1 : min(end, start - 1 + MAX_LINES)]),
        whole=start <= 1 < len(lines) <= end,
    )
    return Query(
        words=f"{symbol} {path.rsplit('/', 1)[-1]} {names}",
        meaning=f"{path}\n{symbol}\n{code}",
        spots=(spot,),
        written=tuple(written(partial(worktree.words, head, path), path, lines, mapped, start, end)),
        shown={
            "path": path,
            "start": start,
            "end": end,
            "symbol": symbol,
            "rev": head.commit or None,
            "committed": is_committed,
            "replaces": None,
            "preface": preface,
        },
        span=_span(mapped[start - 1 : end]),
        committed=next((line for line in reversed(mapped[:start]) if line), 0),
        file=OpenFile(path, lines, mapped, committed),
        preface=preface,
    )


def replacing_query(
    worktree: Worktree,
    head: Head,
    path: str,
    lines: Sequence[str],
    line: int,
    mapped: Sequence[int],
    replaced: ReplacedLine,
    *,
    alone: bool = False,
) -> Query:
    """Return a question about one line that is not committed: it is about the line that it replaces."""
    before, were = list(lines), list(mapped)
    before[line - 1], were[line - 1] = replaced.text, replaced.line
    query = spot_query(worktree, head, path, before, line, line, were, alone=alone)
    preface = REFORMATTED if replaced.reformatted else REPLACING
    told = {"committed": False, "replaces": replaced._asdict(), "preface": preface}
    committed = worktree.committed(head, path)
    return replace(
        query,
        written=tuple(written(partial(worktree.words, head, path), path, lines, mapped, line, line)),
        shown=query.shown | told,
        file=OpenFile(path, before, were, committed, {line: lines[line - 1]}),
        replaced=replaced,
        preface=preface,
    )


def with_earlier_writers(find: FindEarlier, view: View, query: Query, patience: float | None) -> Query:
    """Return the same question with the commits that wrote the lines asked about before their last writers did.

    Args:
        find: as `EarlierWriters.of`.
        view: of the commit asked about.
        query: the question.
        patience: seconds that it waits in an engine, None for not at all.
    """
    spots, complete = [], True
    for spot in query.spots:
        lines = {line: text for line, text in enumerate(spot.asked, spot.start) if line in spot.writers}
        few = dict(list(lines.items())[:MAX_HISTORIES]) if not spot.whole else {}
        earlier = find(view, spot.path, few, spot.writers, patience)
        spots.append(replace(spot, earlier=earlier.commits))
        complete &= earlier.complete
    return replace(query, spots=tuple(spots), complete=complete)


def _span(committed: Sequence[int]) -> tuple[int, int] | None:
    known = [line for line in committed if line]
    return (min(known), max(known)) if known else None


def writers_in(
    worktree: Worktree, head: Head, path: str, mapped: Sequence[int], start: int, end: int, *, alone: bool = False
) -> dict[int, str]:
    """Return the commit that wrote each open line in and around a range, without new and edited lines."""
    window = 0 if alone else WINDOW
    around = range(max(1, start - window), min(len(mapped), end + window) + 1)
    committed = [mapped[line - 1] for line in around if mapped[line - 1]]
    if not committed:
        return {}
    writers = worktree.writers(head, path, (min(committed), max(committed)), moves=not alone)
    return {line: writers[mapped[line - 1]] for line in around if mapped[line - 1] in writers}


def written(
    before: Callable[[], FileWords],
    path: str,
    lines: Sequence[str],
    mapped: Sequence[int],
    start: int = 1,
    end: int = sys.maxsize,
) -> list[Block]:
    """Return the blocks of new lines that overlap a range of the open text; blank lines do not separate blocks.

    Args:
        before: returns the words of the committed file; not called if there are no new lines.
        path: of the file.
        lines: of the open text.
        mapped: the committed line of each, 0 for a new one.
        start: first line of the range, from 1; what is MAX_BLOCK lines above it or below its end is not read.
        end: last line of the range.
    """
    blocks: list[list[int]] = []
    joined = False  # whether a new line belongs to the last block
    first, last = max(1, start - MAX_BLOCK), min(len(lines), end + MAX_BLOCK)
    for line, (text, old) in enumerate(zip(lines[first - 1 : last], mapped[first - 1 : last], strict=True), first):
        if not text or text.isspace():
            continue
        if old:
            joined = False
        elif joined:
            blocks[-1].append(line)
        else:
            blocks.append([line])
            joined = True
    inside = [block for block in blocks if block[0] <= end and block[-1] >= start]
    known = before() if inside else FileWords(set(), set())
    return [_block(block[:MAX_BLOCK], path, lines, known) for block in inside]


def _block(numbers: Sequence[int], path: str, lines: Sequence[str], known: FileWords) -> Block:
    new = FileWords.of(lines[line - 1] for line in numbers)
    return Block(
        line=numbers[0],
        symbol=enclosing_symbol(lines, numbers[0], path),
        keys=tuple(sorted(new.keys - known.keys)),
        names=tuple(new.names - known.names),
    )
