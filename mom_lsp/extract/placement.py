"""Where a review thread belongs in the merged result: the lines that the lines it speaks of became.

A hunk ends with the line that was commented on. Which lines of the merged file it shows is found by content: its
distinctive lines are aligned with those of the file. If the commented line is still there, it is the place. If the
review changed it, the lines that replaced it are: those that the pull request added after the last line above it that
is still there, and of them the one that is most like it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING

from mom_lsp.extract.code import MIN_LINE
from mom_lsp.extract.spoken import SUGGESTION
from mom_lsp.limits import MAX_TALK

if TYPE_CHECKING:
    from mom_lsp.git import Hunk

MAX_HUNK = 120  # last lines of a hunk that are read
FEW = 8  # places of a line in the file; a line with more shows nothing
FADE = 0.93  # how much less a line counts than the one below it: the end of the hunk is what the thread is about
SHIFT, MOST_SHIFT = 0.02, 0.6  # cost of each line that was inserted or removed between two aligned ones
LONG = 20  # characters; a shorter line counts less
LEAST_SCORE = 0.6  # of an alignment: about one unique line close to the end
REPLACED = 12  # lines of the hunk's end that may be gone
ROOM = 12  # lines that may stand in their place besides
MAX_LINES = 6  # of a place
MAX_WRITTEN = 5_000  # lines of a pull request among which one that is gone is looked for
ALIKE, SURELY_ALIKE = 0.5, 0.8  # similarity of a line to the one that replaced it, at the place and anywhere
LEAST_WORDS = 4  # of a line that is recognised anywhere
BRACKETS = 3  # lines at the end of a hunk that may have no words, and above such a line until one has

_HUNK_HEADER = re.compile(r"@@ -\d+(?:,\d+)? \+(?P<start>\d+)(?:,\d+)? @@")
_NAME = re.compile(r"[A-Za-z_]\w{5,60}")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread belongs in a file; lines are 1-based."""

    lines: tuple[int, ...] = ()  # that it speaks of, () if nothing stands in their place
    near: int = 0  # the last line above that is still there, or the first of the lines; 0 if it is nowhere


@dataclass(frozen=True)
class MergedFile:
    """A file as it was merged."""

    lines: Sequence[str]
    changes: Sequence[Hunk]  # of the pull request, without context

    @cached_property
    def stripped(self) -> list[str]:
        """The lines without indentation."""
        return [line.strip() for line in self.lines]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self.stripped)

    def place(self, found: Sequence[int], near: int = 0) -> Place:
        """Return a place without the lines (from 0) that cannot be told from others of the file.

        If none is left, the nearest line above that can stands for them. `near` is for a place without lines.
        """
        if not found:
            return Place(near=near)
        above = range(found[0] - 1, max(-1, found[0] - 1 - BRACKETS), -1)
        kept = [at for at in found if self._is_distinctive(at)] or [at for at in above if self._is_distinctive(at)][:1]
        return Place(tuple(at + 1 for at in kept[:MAX_LINES]), found[0] + 1)

    def _is_distinctive(self, at: int) -> bool:
        return len(self.stripped[at]) >= MIN_LINE and self._counts[self.stripped[at]] == 1

    @cached_property
    def added(self) -> frozenset[int]:
        """The lines that the pull request wrote, 1-based."""
        return frozenset(
            line for hunk in self.changes for line in range(hunk.new_start, hunk.new_start + len(hunk.added))
        )


def place_of(hunk: str, comments: Sequence[str], file: MergedFile) -> Place:
    """Return where the line that a hunk ends with is in the merged file, or what replaced it.

    Args:
        hunk: that was commented on, as git prints it.
        comments: what was said; the lines they suggest and the names they use tell what replaced the line.
        file: as it was merged.
    """
    if removed := removed_at_end(hunk):
        return _of_removed(removed, file)
    spoken = [line.strip() for line in new_side(hunk)]
    if not any(spoken):
        return Place()
    aligned = _aligned(spoken, file.stripped)
    last = len(spoken) - 1
    while last > 0 and last not in aligned and len(spoken[last]) < MIN_LINE and len(spoken) - last <= BRACKETS:
        last -= 1  # a bracket ends what was commented on
    if last in aligned:
        return file.place([aligned[last]])
    suggested = {line for text in comments for line in suggested_lines(text) if len(line) >= MIN_LINE}
    written = [at - 1 for at in sorted(file.added)[:MAX_WRITTEN] if at <= len(file.lines)]
    found: Sequence[int] = [at for at in written if file.stripped[at] in suggested]
    above = max(aligned, default=-1)
    if aligned and not found and last - above <= REPLACED:
        named = _names("\n".join(comments)) - _names("\n".join(spoken))
        found = _replacement(spoken[above + 1 : last + 1], aligned[above], file, named)
    found = found or _most_like(spoken[last], file, written)
    return file.place(found, near=aligned[above] + 1 if aligned else 0)


def _of_removed(removed: Sequence[str], file: MergedFile) -> Place:
    """Return the lines that the pull request wrote in the place of some that it removed."""
    texts = {line.strip() for line in removed}
    last = removed[-1].strip()
    best = max(file.changes, key=lambda hunk: len(texts.intersection(map(str.strip, hunk.removed))), default=None)
    if best is None or last not in map(str.strip, best.removed):
        return Place()
    run = range(best.new_start - 1, min(len(file.lines), best.new_start - 1 + len(best.added)))
    found = _most_like(last, file, run, ALIKE) or (run if len(run) <= MAX_LINES else ())
    return file.place(found, near=max(1, best.new_start))


def _replacement(gone: Sequence[str], above: int, file: MergedFile, named: set[str]) -> Sequence[int]:
    """Return the lines that the pull request wrote below a line, where others are gone."""
    limit = above + 1 + len(gone) + ROOM
    end = next((at for at in range(above + 1, len(file.lines)) if at + 1 not in file.added), len(file.lines))
    run = range(above + 1, min(end, limit))
    found = _most_like(gone[-1], file, run, ALIKE)
    found = found or [at for at in run if not named.isdisjoint(_names(file.stripped[at]))]
    # Without an end, lines that are unlike it may be others that were there before.
    return found or (run if end <= limit else ())


def new_side(hunk: str) -> list[str]:
    """Return the lines of a hunk's new side, the commented line last; without the removed lines that end it."""
    body = hunk.replace("\r\n", "\n").split("\n")
    body = body[1:] if body and _HUNK_HEADER.match(body[0]) else body
    return [line[1:] for line in body if line[:1] in ("+", " ", "")][-MAX_HUNK:]


def removed_at_end(hunk: str) -> tuple[str, ...]:
    """Return the removed lines that a hunk ends with, () if it ends with a line that is not removed."""
    lines = hunk.replace("\r\n", "\n").split("\n")
    end = len(lines)
    while end > 0 and lines[end - 1][:1] == "-":
        end -= 1
    return tuple(line[1:] for line in lines[end:])


def suggested_lines(text: str) -> list[str]:
    """Return the lines of the suggestion blocks in a comment, stripped."""
    found = SUGGESTION.finditer(text[:MAX_TALK].replace("\r\n", "\n"))
    return [line.strip() for block in found if block["closed"] for line in block["lines"].split("\n")]


def _names(text: str) -> set[str]:
    """Return the names of several words in a text."""
    return {
        name for name in _NAME.findall(text) if "_" in name.strip("_") or not (name[1:].islower() or name.isupper())
    }


def _most_like(line: str, file: MergedFile, among: Iterable[int], least: float = SURELY_ALIKE) -> list[int]:
    """Return the line that is most like one that is gone, none if none is alike enough."""
    words = _WORD.findall(line)
    if len(words) < (LEAST_WORDS if least >= SURELY_ALIKE else 1):
        return []
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(words)
    best, score = -1, least
    for at in among:
        matcher.set_seq1(_WORD.findall(file.stripped[at]))
        if (
            matcher.real_quick_ratio() >= score
            and matcher.quick_ratio() >= score
            and (ratio := matcher.ratio()) > score
        ):
            best, score = at, ratio
    return [best] if best >= 0 else []


def _aligned(spoken: Sequence[str], lines: Sequence[str]) -> dict[int, int]:
    """Map the lines of a hunk to those of the file that they are, from 0; {} if nothing is certain."""
    where: dict[str, list[int]] = {}
    wanted = {line for line in spoken if len(line) >= MIN_LINE}
    for at, line in enumerate(lines):
        if line in wanted:
            where.setdefault(line, []).append(at)
    pairs = [
        (i, j, FADE ** (len(spoken) - 1 - i) * min(1.0, len(line) / LONG) / len(where[line]))
        for i, line in enumerate(spoken)
        if len(line) >= MIN_LINE and len(where.get(line, ())) in range(1, FEW + 1)
        for j in where[line]
    ]
    chain = _best_chain(pairs)
    if sum(weight for _, _, weight in chain) < LEAST_SCORE:
        return _whole_tail(spoken, lines)
    mapped = {i: j for i, j, _ in chain}
    for i, j in list(mapped.items()):  # equal lines that follow or precede directly are theirs, too
        for step in (1, -1):
            a, b = i + step, j + step
            while 0 <= a < len(spoken) and 0 <= b < len(lines) and a not in mapped and spoken[a] == lines[b]:
                mapped[a] = b
                a, b = a + step, b + step
    return mapped


def _whole_tail(spoken: Sequence[str], lines: Sequence[str]) -> dict[int, int]:
    """Map a hunk whose single lines are common, if its last lines stand together in one place only."""
    for length in range(min(6, len(spoken)), 2, -1):
        tail = list(spoken[-length:])
        starts = [at for at in range(len(lines) - length + 1) if list(lines[at : at + length]) == tail]
        if len(starts) == 1 and any(len(line) >= MIN_LINE for line in tail):
            return {len(spoken) - length + k: starts[0] + k for k in range(length)}
    return {}


def _best_chain(pairs: Sequence[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Return the heaviest chain of pairs that increase on both sides; it pays for what is between them."""
    best: list[tuple[float, int]] = []  # score of the best chain that ends with each pair, and the pair before
    for at, (i, j, weight) in enumerate(pairs):
        score, before = weight, -1
        for other in range(at):
            a, b, _ = pairs[other]
            if a < i and b < j:
                joined = best[other][0] + weight - min(MOST_SHIFT, SHIFT * abs((j - b) - (i - a)))
                if joined > score:
                    score, before = joined, other
        best.append((score, before))
    at = max(range(len(best)), key=lambda one: best[one][0], default=-1)
    return list(_back(pairs, best, at))[::-1]


def _back(
    pairs: Sequence[tuple[int, int, float]], best: Sequence[tuple[float, int]], at: int
) -> Iterator[tuple[int, int, float]]:
    while at >= 0:
        yield pairs[at]
        at = best[at][1]
