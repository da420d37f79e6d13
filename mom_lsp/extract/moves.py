"""Which commits only move or rename: what they take out of one place is what they put into another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mom_lsp.extract.code import ink

if TYPE_CHECKING:
    from mom_lsp.git import Commit, FileChange

LEAST_MOVED = 40  # letters and digits: with fewer, git blame does not follow a move either
WITHIN = 0.2  # the share of the moved lines that may stay in their file; more of them are a change of order
LEAST_BLOCK = 5  # lines that move within a file; fewer may be a change of what happens when

# What changes along with a move: imports, includes, package clauses, and the guards of a header file.
_IMPORT = re.compile(
    r"import\b|from\s+\S+\s+import\b|export\b.*\bfrom\b|(?:const|let|var)\s+[^=]+=\s*require\(|\}\s*from\b"
    r"|#\s*(?:include|import|pragma once|ifndef|endif|define \w+_H_*$)|(?:pub(?:\([^)]*\))?\s+)?(?:use|mod)\s"
    r"|extern crate\b|package\s|using\s|require(?:_relative)?\b|@import\b|\"[\w./-]+\"$"
)
_OPENS, _CLOSES = re.compile(r"[({]\s*$"), re.compile(r"[)}]")
_SAYS_SO = re.compile(r"(?:[\w./()-]+: )?(?:move|reorder|re-?arrange|re-?locate|sort)\w*\b", re.IGNORECASE)


def only_moves(commit: Commit) -> bool:
    """Tell whether the diff of a commit holds nothing but moved lines, renamed files, and imports that follow them.

    Lines that change their order within a file may be the point of a commit, so its subject has to say that it moves.
    """
    if commit.truncated or not commit.files or any(_is_opaque(file) for file in commit.files):
        return False
    removed, added, within = Counter[str](), Counter[str](), 0
    for file in commit.files:
        gone = Counter(line for hunk in file.hunks for line in _moved(hunk.removed))
        come = Counter(line for hunk in file.hunks for line in _moved(hunk.added))
        removed += gone
        added += come
        within += (gone & come).total()
    if removed != added:
        return False
    if not removed:
        return any(file.status == "R" for file in commit.files)
    if sum(map(str.isalnum, "".join(removed.elements()))) < LEAST_MOVED:
        return False
    if within <= WITHIN * removed.total():
        return True
    return removed.total() >= LEAST_BLOCK and bool(_SAYS_SO.match(commit.message))


def _is_opaque(file: FileChange) -> bool:
    """Tell whether a file was changed in a way that the diff does not show: binary, or by its mode."""
    return not file.hunks and file.status != "R" and not file.path.endswith(("__init__.py", ".gitkeep"))


def _moved(lines: Sequence[str]) -> Iterator[str]:
    """Yield the ink of the lines, without blank lines and imports."""
    inside = False
    for line in lines:
        text = line.strip()
        if inside or _IMPORT.match(text):
            inside = not _CLOSES.search(text) if inside else bool(_OPENS.search(text))
        elif left := ink(text):
            yield left
