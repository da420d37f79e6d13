"""How much of a diff is only formatting: line breaks, white space, quote style, trailing commas."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mom_lsp.git import Commit, FileChange, Hunk


def _ends(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PYTHON = _ends(".py .pyi .pyx .pxd .gd .bzl .bazel .star BUILD WORKSPACE SConstruct SConscript")
_SCRIPTS = _ends(".js .jsx .mjs .cjs .ts .tsx .lua .dart")
_PAGES = _ends(".css .scss .less .html .htm .vue .svelte")
_BRACED = _ends(
    ".c .h .cc .hh .cpp .hpp .cxx .m .mm .java .kt .kts .scala .groovy .cs .go .rs .swift .zig .proto .php .pl .pm .rb"
)
# Indentation is significant here, so changing it is not formatting.
_INDENTED = _PYTHON + _ends(
    ".yml .yaml .tmpl .j2 .hs .elm .purs .fs .fsx .nim .coffee .pug .haml .slim .sass .styl .rst .md"
)
_FREE = _PYTHON + _SCRIPTS + _BRACED  # white space next to punctuation, and line breaks, say nothing
_WRAPPED = _PAGES + _ends(".md .rst .txt .adoc .tex .xml .sql .el .lisp .scm .clj .ml")  # a line break is a space
_ONE_QUOTE = _PYTHON + _SCRIPTS + _PAGES  # both quotes mean the same
_MAKEFILE = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile(?:\.\w+)?$|\.ma?k$")  # a line that starts with a tab is a command
TAB = 8  # columns
_LAST_COMMA = re.compile(r",(?=[)\]}])")
# An escaped quote starts no string, so that a line with thousands of them takes linear time.
_QUOTED = r"(?P<escaped>\\[\\\"'])|\"(?P<double>(?:\\.|[^\"\\\n])*+)\"|'(?P<single>(?:\\.|[^'\\\n])*+)'"
_SPACES = re.compile(rf"{_QUOTED}|(?P<space>[^\S\n]++)")
_FREE_SPACES = re.compile(rf"{_QUOTED}|(?<![\w\"'])\s++|\s++(?![\w\"'])|(?P<space>\s++)")
_LOOSE = re.compile(r"[\s,;()]+")


def only_layout(commit: Commit) -> bool:
    """Whether a commit changes only formatting; where indentation is significant, it must not change."""
    modified = all(file.status == "M" and file.hunks for file in commit.files)
    hunks = (hunk for file in commit.files for hunk in file.hunks)
    return modified and any(map(_has_content, hunks)) and all(map(_is_reformatted, commit.files))


def layout_share(commit: Commit) -> float:
    """Return the share of the changed lines that differ only in formatting, commas and parentheses, in [0, 1]."""
    alike = total = 0
    for file in commit.files:
        total += not file.hunks
        reindented = _is_reindented(file)
        for hunk in filter(_has_content, file.hunks):
            size = len(hunk.removed) + len(hunk.added)
            total += size
            old, new = (_LOOSE.sub("", _normalized(file.path, lines)) for lines in (hunk.removed, hunk.added))
            alike += size * (old == new and (reindented or not _only_indents(file, hunk)))
    return alike / total if total else 0.0


def _has_content(hunk: Hunk) -> bool:
    """Whether a hunk does more than add blank lines."""
    return bool(hunk.removed) or any(map(str.strip, hunk.added))


def _is_reformatted(file: FileChange) -> bool:
    indents = False
    for hunk in filter(_has_content, file.hunks):
        if not _is_layout(file, hunk):
            if not _only_indents(file, hunk):
                return False
            indents = True
    return not indents or _is_reindented(file)


def _is_reindented(file: FileChange) -> bool:
    """Whether indentation changes everywhere in the same proportion, at two depths at least.

    Code that moves into or out of a block is shifted by a constant width instead.
    """
    hunks = (hunk for hunk in file.hunks if _only_indents(file, hunk))
    moved = [pair for hunk in hunks for pair in zip(_widths(hunk.removed), _widths(hunk.added), strict=True)]
    depths = {before for before, _ in moved if before}
    first = next(((before, after) for before, after in moved if before and after), (0, 0))
    return len(depths) > 1 and all(before * first[1] == after * first[0] for before, after in moved)


def _widths(lines: Sequence[str]) -> list[int]:
    """Return the indentation of the lines that are not blank, in columns."""
    whole = (line.expandtabs(TAB) for line in lines if line.strip())
    return [len(line) - len(line.lstrip()) for line in whole]


def _is_layout(file: FileChange, hunk: Hunk) -> bool:
    if not (any(map(str.strip, hunk.removed)) and any(map(str.strip, hunk.added))):  # most hunks
        return not any(map(str.strip, (*hunk.removed, *hunk.added)))
    if _normalized(file.path, hunk.removed) != _normalized(file.path, hunk.added):
        return False
    significant = file.path.endswith(_INDENTED)
    return not significant or _indented(hunk.removed, hunk.added) == _indented(hunk.added, hunk.removed)


def _only_indents(file: FileChange, hunk: Hunk) -> bool:
    """Whether a hunk changes only indentation, in a file where that is significant."""
    if not file.path.endswith(_INDENTED):
        return False
    old, new = ([line.strip() for line in lines if line.strip()] for lines in (hunk.removed, hunk.added))
    return old == new and not _is_layout(file, hunk)


def _normalized(path: str, lines: Sequence[str]) -> str:
    """Return lines without what is only formatting in such a file: white space, quote style and trailing commas."""
    joint = " " if path.endswith(_WRAPPED) else "\n"
    keep = "\t" if _MAKEFILE.search(path) else ""
    text = joint.join(keep * line.startswith("\t") + line.strip() for line in lines if line.strip())
    unified = partial(_unified, any_quote=path.endswith(_ONE_QUOTE))
    return _LAST_COMMA.sub("", _FREE_SPACES.sub(unified, text)) if path.endswith(_FREE) else _SPACES.sub(unified, text)


def _unified(found: re.Match[str], *, any_quote: bool) -> str:
    """Return a string, in double quotes if any quote does, or one space for white space that separates words."""
    inner = found["single"] if found["double"] is None else found["double"]
    if inner is None:
        return found["escaped"] or " " * bool(found["space"])
    return f'"{inner}"' if any_quote else found[0]


def _indented(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the indentation of the first line, and the indented lines whose text is also among others."""
    own, known = [line.rstrip() for line in lines if line.strip()], {line.strip() for line in others}
    first = [line[: len(line) - len(line.lstrip())] for line in own[:1]]
    return first + [line for line in own if line.strip() in known]
