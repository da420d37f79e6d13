"""Maps the lines of an open text to those of the committed text.

This is a patience diff: lines that are unique on both sides are anchors, and the gaps between anchors are compared in
the same way. Gaps without unique lines are compared by Myers' algorithm, with a limited number of edits. So the time is
linear in the size of the texts, whatever was edited.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

LINE_END = re.compile(r"\r\n|\r|\n")  # as in the Language Server Protocol; a form feed ends no line
MAX_TEXT = 4_000_000  # bytes in UTF-8; a longer text is not read, neither from the disk nor from an editor
ROUNDS = 4  # of searching unique lines in the gaps of the round before
EDITS = 64  # per step in a gap without anchors: the path that gets furthest with so many edits is taken


def open_lines(text: str) -> list[str]:
    """Return the lines of a text as editors count them. On the command line and in git they are `blob_lines`."""
    lines = LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def whole_lines(text: str) -> list[str]:
    """Return the same lines with their line ends; joined, they are the text."""
    return list(StringIO(text, newline=""))  # has the same three line ends, and keeps them


def is_too_long(text: str) -> bool:
    """Whether a text is longer than MAX_TEXT."""
    most = 4 * len(text)  # bytes that a text of this length can have
    return most > MAX_TEXT and len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT


def blob_lines(text: str) -> list[str]:
    """Return the lines of a file as git and `grep -n` count them, without the carriage returns of Windows."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def committed_lines_in_editor(committed: Sequence[str], current: Sequence[str]) -> list[int]:
    """Return the same as `committed_lines`, also if an editor shows a committed line as several.

    A carriage return within a line ends a line in an editor, and none in git: each of its parts gets its number.
    """
    if not any("\r" in line for line in committed) or any("\r" in line for line in current):
        return committed_lines(committed, current)
    parts = [(part, number) for number, line in enumerate(committed, 1) for part in LINE_END.split(line)]
    found = committed_lines([part for part, _ in parts], current)
    return [parts[at - 1][1] if at else 0 for at in found]


def committed_lines(committed: Sequence[str], current: Sequence[str]) -> list[int]:
    """Return the 1-based committed line of each current line, 0 if it is new or edited.

    Mapped lines are equal and increase. The common start and end are always mapped, and all lines that are unique on
    both sides and in the same order.
    """
    head = _common(committed, current)
    tail = _common(committed[head:][::-1], current[head:][::-1])
    numbers: dict[str, int] = {}
    old, new = (
        [numbers.setdefault(line, len(numbers)) for line in lines[head : len(lines) - tail]]
        for lines in (committed, current)
    )
    matching = _Matching(old, new, [0] * len(new))
    gaps = [_Gap(0, len(old), 0, len(new))]
    for _ in range(ROUNDS):
        gaps = [left for gap in gaps for left in matching.split(gap)]
    for gap in gaps:
        matching.compare(gap)
    between = [head + line if line else 0 for line in matching.mapped]
    return [*range(1, head + 1), *between, *range(len(committed) - tail + 1, len(committed) + 1)]


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many first lines are equal."""
    limit = min(len(left), len(right))
    return next((at for at in range(limit) if left[at] != right[at]), limit)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Lines `start` to `end` (exclusive, from 0) of either text that are not mapped yet."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True)
class _Matching:
    """Two texts, with a number for each distinct line, and the lines mapped so far."""

    old: Sequence[int]
    new: Sequence[int]
    mapped: list[int] = field(repr=False)

    def split(self, gap: _Gap) -> Iterator[_Gap]:
        """Map the anchors in a gap, and yield the gaps between them."""
        left = self._trimmed(gap)
        if left is None:
            return
        anchors = _increasing(self._anchors(left))
        ends = [*anchors, (left.old_end, left.new_end)]
        old_start, new_start = left.old_start, left.new_start
        for old, new in anchors:
            self.mapped[new] = old + 1
        for old, new in ends:
            if old_start < old and new_start < new:
                yield _Gap(old_start, old, new_start, new)
            old_start, new_start = old + 1, new + 1

    def compare(self, gap: _Gap) -> None:
        """Map the common lines of a gap without anchors."""
        left = self._trimmed(gap)
        if left is None:
            return
        shared = {*self.old[left.old_start : left.old_end]} & {*self.new[left.new_start : left.new_end]}
        olds = [at for at in range(left.old_start, left.old_end) if self.old[at] in shared]
        news = [at for at in range(left.new_start, left.new_end) if self.new[at] in shared]
        old, new = [self.old[at] for at in olds], [self.new[at] for at in news]
        i = j = 0
        while i < len(old) and j < len(new):
            for same_old, same_new in (path := _furthest(old, new, i, j)).same:
                self.mapped[news[same_new]] = olds[same_old] + 1
            i, j = path.old, path.new

    def _trimmed(self, gap: _Gap) -> _Gap | None:
        """Map the common start and end of a gap; return the rest, None if a side is empty."""
        old_start, old_end, new_start, new_end = gap.old_start, gap.old_end, gap.new_start, gap.new_end
        while old_start < old_end and new_start < new_end and self.old[old_start] == self.new[new_start]:
            self.mapped[new_start] = old_start + 1
            old_start, new_start = old_start + 1, new_start + 1
        while old_start < old_end and new_start < new_end and self.old[old_end - 1] == self.new[new_end - 1]:
            self.mapped[new_end - 1] = old_end
            old_end, new_end = old_end - 1, new_end - 1
        empty = old_start == old_end or new_start == new_end
        return None if empty else _Gap(old_start, old_end, new_start, new_end)

    def _anchors(self, gap: _Gap) -> list[tuple[int, int]]:
        """Return the (old, new) lines of a gap that are unique on both sides, by the new line."""
        olds, news = _unique(self.old, gap.old_start, gap.old_end), _unique(self.new, gap.new_start, gap.new_end)
        return [(olds[line], at) for line, at in news.items() if line in olds]


@dataclass(frozen=True, slots=True)
class _Path:
    """A path of kept, deleted and inserted lines."""

    old: int  # where it ends
    new: int
    same: list[tuple[int, int]]  # the kept lines, in any order


def _furthest(old: Sequence[int], new: Sequence[int], old_start: int, new_start: int) -> _Path:
    """Return the path to the end of both sides with the fewest edits, or the furthest with EDITS edits.

    Myers, "An O(ND) difference algorithm and its variations", 1986. A diagonal is the number of lines by which the old
    side is ahead.
    """
    reached: list[dict[int, int]] = []  # by number of edits: diagonal -> old line that it reaches
    first, last = old_start - new_start, len(old) - len(new)
    for edits in range(EDITS + 1):
        current: dict[int, int] = {}
        for diagonal in range(first - edits, first + edits + 1, 2):
            i = _after_an_edit(reached[-1], diagonal)[1] if edits else old_start
            if not (0 <= i <= len(old) and i - diagonal <= len(new)):
                continue
            while i < len(old) and i - diagonal < len(new) and old[i] == new[i - diagonal]:
                i += 1
            current[diagonal] = i
        reached.append(current)
        if current.get(last) == len(old):
            break
    furthest = max(current, key=lambda diagonal: 2 * current[diagonal] - diagonal)
    diagonal = last if current.get(last) == len(old) else furthest
    path = _Path(current[diagonal], current[diagonal] - diagonal, [])
    i = path.old
    for before in [*reached[-2::-1], None]:
        other, start = _after_an_edit(before, diagonal) if before is not None else (diagonal, old_start)
        path.same.extend((at, at - diagonal) for at in range(start, i))
        if before is not None:
            i, diagonal = before[other], other
    return path


def _after_an_edit(reached: Mapping[int, int], diagonal: int) -> tuple[int, int]:
    """Return the neighbour diagonal from which one more edit leads furthest, and the line it reaches (-1 for none)."""
    deleted, inserted = reached.get(diagonal - 1, -2) + 1, reached.get(diagonal + 1, -1)
    return (diagonal - 1, deleted) if deleted > inserted else (diagonal + 1, inserted)


def _unique(text: Sequence[int], start: int, end: int) -> dict[int, int]:
    """Return the positions of the lines that occur only once, in order."""
    counts = Counter(text[start:end])
    return {line: at for at, line in enumerate(text[start:end], start) if counts[line] == 1}


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence of pairs, sorted by the second number, that increases in the first one too."""
    tails: list[int] = []  # the smallest last number of an increasing subsequence, by length
    ends: list[int] = []  # its last pair
    before: list[int] = []  # the previous pair in the longest subsequence that ends with each pair
    for at, (old, _) in enumerate(pairs):
        length = bisect_left(tails, old)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1], ends[length : length + 1] = [old], [at]
    found, at = [], ends[-1] if ends else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]
