"""What a line that is not committed was before: the line of the committed text that it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from mom_lsp.extract.code import MIN_LINE
from mom_lsp.workspace.library.earlier_lines import key_of, likest

MOST_LINES = 200  # changed in a row; a larger change replaces no single line


class ReplacedLine(NamedTuple):
    """A line of the committed text."""

    line: int  # from 1
    text: str
    reformatted: bool  # whether only its layout or its place is another


def replaced_line(
    committed: Sequence[str], current: Sequence[str], mapped: Sequence[int], line: int
) -> ReplacedLine | None:
    """Return the committed line that a line of an open text replaces, None if it is committed, blank or new.

    That is the one with the same words, also where it stood elsewhere, or else the one that is most like it among those
    that the change removed here. Where as many lines were removed as added, it may be unlike.

    Args:
        committed: the lines of the committed text.
        current: those of the open text.
        mapped: the committed line of each of them, 0 for none.
        line: the one asked about, from 1.
    """
    if not 0 < line <= len(mapped) or mapped[line - 1] or not current[line - 1].strip():
        return None
    change = _Change.around(committed, current, mapped, line)
    number = change.moved_from(mapped, line) or change.replaced(line)
    if not number:
        return None
    text = committed[number - 1]
    return ReplacedLine(number, text, key_of(text) == key_of(current[line - 1]))


class _Change(NamedTuple):
    """The numbers of the lines that are not blank and that one change removed and added in a row."""

    committed: Sequence[str]
    current: Sequence[str]
    removed: Sequence[int]
    added: Sequence[int]

    @classmethod
    def around(cls, committed: Sequence[str], current: Sequence[str], mapped: Sequence[int], line: int) -> _Change:
        """Return the change that added a line."""
        first = next((at + 1 for at in range(line, 0, -1) if mapped[at - 1]), 1)
        after = next((at for at in range(line, len(mapped) + 1) if mapped[at - 1]), len(mapped) + 1)
        start = mapped[first - 2] if first > 1 else 0
        end = mapped[after - 1] if after <= len(mapped) else len(committed) + 1
        removed = [at for at in range(start + 1, end) if committed[at - 1].strip()]
        every = (at for at in range(first, after) if current[at - 1].strip())
        added = list(islice(every, MOST_LINES + 1))  # one more tells that there are too many
        return cls(committed, current, removed, added)

    def moved_from(self, mapped: Sequence[int], line: int) -> int:
        """Return the removed line with the same words, here or else the only one elsewhere; 0 for none."""
        text = self.current[line - 1]
        key = key_of(text)
        here = [at for at in self.removed if key_of(self.committed[at - 1]) == key]
        if here or len(text.strip()) < MIN_LINE:
            return here[0] if len(here) == 1 else 0
        left = set(range(1, len(self.committed) + 1)).difference(mapped)
        elsewhere = [at for at in left if key_of(self.committed[at - 1]) == key]
        return elsewhere[0] if len(elsewhere) == 1 else 0

    def replaced(self, line: int) -> int:
        """Return the removed line that an added one took the place of, 0 if that cannot be said."""
        if not max(len(self.removed), len(self.added)) <= MOST_LINES:
            return 0
        return next((at for at in self._candidates(line) if self._successor(at) in (line, None)), 0)

    def _candidates(self, line: int) -> Iterator[int]:
        """Yield the removed lines that a line may replace, the likeliest first."""
        olds = [self.committed[at - 1] for at in self.removed]
        if (like := likest(self.current[line - 1], olds)) is not None:
            yield self.removed[olds.index(like)]
        if len(self.removed) == len(self.added):
            yield self.removed[self.added.index(line)]

    def _successor(self, removed: int) -> int | None:
        """Return the added line that is most like a removed one, None if none is."""
        news = [self.current[at - 1] for at in self.added]
        like = likest(self.committed[removed - 1], news)
        return self.added[news.index(like)] if like is not None else None
