"""What the lines that a commit added were before it, from its diff. A line is compared only once it is asked about."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from mom_lsp.extract.code import normalized
from mom_lsp.git import FileChange, Hunk
from mom_lsp.limits import MAX_COMPARED, MAX_SOURCE_LINE

SIMILAR = 0.5  # share of the parts that two versions of a line have in common
SMALL = 5  # lines removed by a hunk that are all taken for earlier versions of those that it added
MOST_PAIRS = 20_000  # of lines of a hunk that are compared; larger ones have to agree apart from their format
PART = re.compile(r"\w+|[^\w\s]")


class Before(NamedTuple):
    """What a line was before a commit."""

    path: str
    texts: tuple[str, ...]  # the likeliest first


class ChangedLines:
    """The lines that a commit added and removed, in all of its files or in those that were read."""

    def __init__(self, files: Iterable[FileChange] = ()) -> None:
        self._changed = [file for file in files if file.hunks]

    def adds(self, names: Iterable[str], key: int) -> bool:
        """Whether the commit added a line to a file, by the key of the line and the names of the file."""
        return any(key in self._files[name].added for name in names if name in self._files)

    def before(self, names: Sequence[str], text: str) -> Before | None:
        """Return what a line was, None if it was new; since then it may have been formatted, or moved to the file.

        Args:
            names: of the file, the present one first.
            text: the line.
        """
        key = key_of(text)
        here = next((self._files[name] for name in names if name in self._files), None)
        for file in [*([here] if here else []), *self._files.values()]:
            if key in file.added:
                return file.before(key, self._removed)
        olds = (here.before(added, self._removed) for added in here.added) if here else iter(())
        known = {before.texts[0]: before for before in olds if before is not None}
        return known.get(likest(text, list(known)) or "")

    @cached_property
    def _files(self) -> dict[str, _File]:
        return {file.path: _File(file) for file in self._changed}

    @cached_property
    def _removed(self) -> dict[int, Before]:
        """What was removed anywhere: a line that is new in its hunk may have been moved there."""
        return {
            key_of(line): Before(file.old_path or file.path, (line,))
            for file in self._changed
            for hunk in file.hunks
            for line in hunk.removed
        }


class _File:
    """The lines that a commit added to one file."""

    def __init__(self, file: FileChange) -> None:
        self._old_path = file.old_path or file.path
        self.added: dict[int, list[tuple[Hunk, int]]] = {}  # key of a line -> its hunks and its place in them
        for hunk in file.hunks:
            for at, line in enumerate(hunk.added):
                self.added.setdefault(key_of(line), []).append((hunk, at))

    def before(self, key: int, removed: Mapping[int, Before]) -> Before | None:
        """Return what an added line was; of several that are the same, the last one that was something."""
        for hunk, at in reversed(self.added[key]):
            olds = _olds(hunk, at)
            if found := Before(self._old_path, olds) if olds else removed.get(key):
                return found
        return None


def key_of(line: str) -> int:
    """Return the key of a line regardless of its layout; of one that is very long, with it."""
    if len(line) > MAX_SOURCE_LINE:
        return zlib.crc32(line.encode("utf-8", "replace"))
    return zlib.crc32(normalized(line.strip()).encode("utf-8", "replace"))


def _olds(hunk: Hunk, at: int) -> tuple[str, ...]:
    """Return the removed lines of a hunk that one of the added ones may have been, the likeliest first."""
    line, removed = hunk.added[at], hunk.removed
    key = key_of(line)
    old = next((old for old in reversed(removed) if key_of(old) == key), None)
    if old is None and len(hunk.added) * len(removed) <= MOST_PAIRS:
        old = likest(line, removed)
    if old is not None:
        return (old,)
    if len(removed) <= SMALL:
        near = at * len(removed) // len(hunk.added)
        return (*removed[near:], *removed[:near])
    return removed[at : at + 1] if len(removed) == len(hunk.added) else ()


def likest(line: str, others: Sequence[str]) -> str | None:
    """Return the line that has most in common with another, None if none has half of it."""
    parts = _parts(line)
    best, found = SIMILAR, None
    for other in others:
        theirs = _parts(other)
        total = parts.total() + theirs.total()
        share = 2 * (parts & theirs).total() / total if total else 0.0
        if share > best:
            best, found = share, other
    return found


def _parts(line: str) -> Counter[str]:
    return Counter(PART.findall(line, 0, MAX_COMPARED))
