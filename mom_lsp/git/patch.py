"""A commit as `git show` prints it: message and patch, and where in it a line of code was changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mom_lsp.errors import RepositoryError
from mom_lsp.git.decode import decode
from mom_lsp.git.log import HUNK
from mom_lsp.git.runner import Runner, is_damage
from mom_lsp.pathnames import ERRORS, unquoted

MAX_PATCH = 2_000_000  # bytes that are read
CUT = "\n… the rest of this patch is not shown\n"
FORMAT = "commit %H%nAuthor: %aN <%aE>%nDate:   %aD%n%n%w(0,4,4)%B"
OPTIONS = ("--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-color", "--no-relative", "--no-notes")
PATCH = ("--patch", "--stat=100", "--unified=3", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/")
AROUND = 3  # lines on each side that tell equal lines apart
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a patch, and of the file there."""

    path: str  # after the commit; "" if the commit changed no text
    old_path: str  # before it
    line: int  # of the file after the commit, 1-based
    patch_line: int  # of the patch's text, 1-based


def read_patch(runner: Runner, commit: str) -> str:
    """Return message and patch of a commit, of a merge against its first parent; only the message if files are missing.

    Raises:
        RepositoryError: there is no such commit.
    """
    try:
        return _show(runner, commit, *PATCH, "--diff-merges=first-parent", "--submodule=short")
    except RepositoryError as error:
        if not is_damage(error):
            raise
        return _show(runner, commit, "--no-patch")  # a partial clone


def _show(runner: Runner, commit: str, *options: str) -> str:
    with runner.stream(
        "log", "--no-walk", f"--format={FORMAT}", *options, *OPTIONS, "--end-of-options", commit
    ) as stream:
        data = stream.read(MAX_PATCH + 1)
        return decode(data) if len(data) <= MAX_PATCH else decode(data[:MAX_PATCH].rpartition(b"\n")[0]) + CUT


def find_spot(patch: str, paths: Collection[str], lines: Sequence[str], at: int) -> Spot:
    """Return where a patch changed a line of code: by its text, else by its words, else the file's first change.

    Args:
        patch: as `read_patch` returns it.
        paths: the names that the file had; if the patch has none of them, any file may be meant.
        lines: of the file as it is now.
        at: the line, 1-based; 0 if there is none.
    """
    found = list(_changed(patch))
    paths = {decode(path.encode("utf-8", ERRORS)) for path in paths}  # as they are in the text of a patch
    found = [one for one in found if one.spot.path in paths or one.spot.old_path in paths] or found
    if not found:
        return Spot("", "", 1, 1)
    if not 0 < at <= len(lines):
        return found[0].spot
    wanted, around = lines[at - 1].strip(), _near(lines, at - 1)
    words = Counter(_WORD.findall(wanted))

    def likeness(one: _Changed) -> tuple[bool, bool, int, int]:
        same = bool(wanted) and one.text.strip() == wanted
        shared = sum((words & Counter(_WORD.findall(one.text))).values())
        return same and one.added, same, shared, len(around & one.near)

    return max(found, key=likeness).spot  # the first of equals


@dataclass(frozen=True, slots=True)
class _Changed:
    """A changed line of a patch."""

    spot: Spot
    text: str
    added: bool
    near: set[tuple[int, str]]  # the lines of the patch around it


def _near(lines: Sequence[str], at: int, skipped: int = 0) -> set[tuple[int, str]]:
    """Return the lines around one, each with its distance; `skipped` is the number of characters before the code."""
    near = range(max(0, at - AROUND), min(len(lines), at + 1 + AROUND))
    return {(other - at, lines[other][skipped:].strip()) for other in near if other != at}


def _changed(patch: str) -> Iterator[_Changed]:
    """Yield the added and removed lines of a patch, in its order."""
    lines = patch.split("\n")
    path = old_path = ""
    line = old_left = new_left = 0
    for number, text in enumerate(lines):
        sign = text[:1]
        if old_left > 0 or new_left > 0:
            if sign in "+-" and sign:
                spot = Spot(path, old_path, max(line, 1), number + 1)
                yield _Changed(spot, text[1:], sign == "+", _near(lines, number, 1))
            if sign != "\\":
                old_left -= sign != "+"
                new_left -= sign != "-"
                line += sign != "-"
        elif text.startswith("--- "):
            old_path = _path(text, "a/")
        elif text.startswith("+++ "):
            path = _path(text, "b/")
        elif text.startswith("@@ ") and (match := HUNK.match(text[3:])):
            old_left, line, new_left = (int(match[part] or 1) for part in (2, 3, 4))


def _path(text: str, side: str) -> str:
    name = unquoted(text[4:].rstrip("\t"))
    return name[2:] if name.startswith(side) else ""
