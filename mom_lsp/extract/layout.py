"""How much of a diff only says the same in another layout: line breaks, white space, kinds of quotes, last commas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mom_lsp.git import Commit, FileChange, Hunk

# Where indentation means something, a change of it is no formatting.
_INDENTED = (".py", ".pyi", ".pyx", ".yml", ".yaml", ".hs", ".nim", ".coffee", ".mk", "Makefile", ".pug", ".rst")
TAB = 8  # columns
_LAST_COMMA = re.compile(r",(?=[)\]}])")
# An escaped quote begins no string, so that a line with thousands of them is read in linear time.
_SPACES = re.compile(
    r"\s+|(?P<escaped>\\[\\\"'])|(?P<string>\"(?P<double>(?:\\.|[^\"\\])*)\"|'(?P<single>(?:\\.|[^'\\])*)')"
)
_LOOSE = re.compile(r"[,;()]+")


def only_layout(commit: Commit) -> bool:
    """Tell whether every change of a commit is one of layout; where indentation means something, it has to stay."""
    modified = all(file.status == "M" and file.hunks for file in commit.files)
    changed = any(map(_says_something, (hunk for file in commit.files for hunk in file.hunks)))
    return modified and changed and all(map(_is_laid_out_anew, commit.files))


def layout_share(commit: Commit) -> float:
    """Return the share of the changed lines that are alike but for layout, commas and parentheses, in [0, 1]."""
    alike = total = 0
    for file in commit.files:
        total += not file.hunks
        reindented = _is_reindented(file)
        for hunk in filter(_says_something, file.hunks):
            size = len(hunk.removed) + len(hunk.added)
            total += size
            same = _LOOSE.sub("", _ink(hunk.removed)) == _LOOSE.sub("", _ink(hunk.added))
            alike += size * (same and (reindented or not _only_indents(file, hunk)))
    return alike / total if total else 0.0


def _says_something(hunk: Hunk) -> bool:
    """Tell whether a hunk does more than add blank lines."""
    return bool(hunk.removed) or any(map(str.strip, hunk.added))


def _is_laid_out_anew(file: FileChange) -> bool:
    rest = [hunk for hunk in file.hunks if _says_something(hunk) and not _is_layout(file, hunk)]
    return not rest or (all(_only_indents(file, hunk) for hunk in rest) and _is_reindented(file))


def _is_reindented(file: FileChange) -> bool:
    """Tell whether every line that only changes its indentation does so in the same proportion, at two depths at least.

    Code that goes into a block or out of one moves by the same width instead.
    """
    hunks = (hunk for hunk in file.hunks if _only_indents(file, hunk))
    moved = [pair for hunk in hunks for pair in zip(_widths(hunk.removed), _widths(hunk.added), strict=True)]
    depths = {before for before, _ in moved if before}
    first = next(((before, after) for before, after in moved if before and after), (0, 0))
    return len(depths) > 1 and all(before * first[1] == after * first[0] for before, after in moved)


def _widths(lines: Sequence[str]) -> list[int]:
    """Return the widths of the indentations of the lines that are not blank."""
    whole = (line.expandtabs(TAB) for line in lines if line.strip())
    return [len(line) - len(line.lstrip()) for line in whole]


def _is_layout(file: FileChange, hunk: Hunk) -> bool:
    if _ink(hunk.removed) != _ink(hunk.added):
        return False
    return not file.path.endswith(_INDENTED) or _kept(hunk.removed, hunk.added) == _kept(hunk.added, hunk.removed)


def _only_indents(file: FileChange, hunk: Hunk) -> bool:
    """Tell whether a hunk changes indentation and nothing else, where that means something."""
    old, new = ([line.strip() for line in lines if line.strip()] for lines in (hunk.removed, hunk.added))
    return old == new and file.path.endswith(_INDENTED) and not _is_layout(file, hunk)


def _ink(lines: Sequence[str]) -> str:
    """Return lines without white space outside of strings, with one kind of quote and without last commas."""
    return _LAST_COMMA.sub("", "".join(_SPACES.sub(_without_space, line.rstrip()) for line in lines))


def _without_space(found: re.Match[str]) -> str:
    if found["string"]:
        return f'"{found["double"] or found["single"] or ""}"'
    return found["escaped"] or ""


def _kept(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the indentation of the first line, and those lines, with theirs, that are also among some others."""
    told, among = [line.rstrip() for line in lines if line.strip()], {line.strip() for line in others}
    first = [line[: len(line) - len(line.lstrip())] for line in told[:1]]
    return first + [line for line in told if line.strip() in among]
