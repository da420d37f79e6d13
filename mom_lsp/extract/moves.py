"""Commits that only move or rename code: the lines they remove in one place are those they add in another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mom_lsp.extract.boilerplate import imports
from mom_lsp.extract.code import normalized

if TYPE_CHECKING:
    from mom_lsp.git import Commit, FileChange

MIN_MOVED = 40  # letters and digits: with fewer, git blame does not follow a move either
MAX_WITHIN = 0.2  # share of the moved lines that may stay in their file; with more the commit reorders lines
MIN_BLOCK = 5  # lines moved within a file; moving fewer may change the order of execution

_MOVE_SUBJECT = re.compile(r"(?:[\w./()-]+: )?(?:move|reorder|re-?arrange|re-?locate|sort)\w*\b", re.IGNORECASE)


def only_moves(commit: Commit) -> bool:
    """Whether a commit has only moved lines, renamed files, and imports adapted to them.

    Reordering lines within a file may be the point of a commit, so its subject has to say that it moves them.
    """
    if commit.truncated or not commit.files or any(_is_opaque(file) for file in commit.files):
        return False
    if _adds_new(commit):
        return False
    removed, added, within = Counter[str](), Counter[str](), 0
    for file in commit.files:
        removed_here = Counter(line for hunk in file.hunks for line in _movable(hunk.removed))
        added_here = Counter(line for hunk in file.hunks for line in _movable(hunk.added))
        removed += removed_here
        added += added_here
        within += (removed_here & added_here).total()
    if removed != added:
        return False
    if not removed:
        return any(file.status == "R" for file in commit.files)
    if sum(map(str.isalnum, "".join(removed.elements()))) < MIN_MOVED:
        return False
    if within <= MAX_WITHIN * removed.total():
        return True
    return removed.total() >= MIN_BLOCK and bool(_MOVE_SUBJECT.match(commit.message))


def _adds_new(commit: Commit) -> bool:
    """Whether a line is added that is removed nowhere: nearly always true, and found at one of the first lines."""
    hunks = [hunk for file in commit.files for hunk in file.hunks]
    removed = set(normalized("\n".join(line for hunk in hunks for line in hunk.removed)).split("\n"))
    return any(line not in removed for hunk in hunks for line in _movable(hunk.added))


def _is_opaque(file: FileChange) -> bool:
    """Whether the diff does not show how a file changed: it is binary, or only its mode changed."""
    return not file.hunks and file.status != "R" and not file.path.endswith(("__init__.py", ".gitkeep"))


def _movable(lines: Sequence[str]) -> Iterator[str]:
    """Yield the normalized lines, without blank lines and imports, which change with a move."""
    for line, is_import in zip(lines, imports(lines), strict=True):
        if not is_import and (normal := normalized(line.strip())):
            yield normal
