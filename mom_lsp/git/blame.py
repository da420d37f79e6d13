"""Who last wrote the lines of a committed file: git blame, and the revisions that it ignores."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mom_lsp.git.runner import Runner, Stop
from mom_lsp.git.values import Commit

REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
OWN_FILE = ".git-blame-ignore-revs"  # may be committed in a repository
MOVES = ("-M", "-C")  # within a file, and from the files that the same commit changed
NO_LETTERS = re.compile(r"\W+")
BLAME_HEAD = re.compile(r"^([0-9a-f]{40,64}) (\d+) (\d+) (\d+)$")


@dataclass(frozen=True, slots=True)
class BlameGroup:
    """Consecutive lines of a file that one commit wrote."""

    commit: str
    line: int  # 1-based, in the blamed revision
    count: int
    boundary: bool  # the history of this clone ends at the commit, so it may not be the author

    @property
    def lines(self) -> range:
        """The line numbers."""
        return range(self.line, self.line + self.count)


def read_blame(
    runner: Runner,
    commit: str,
    path: str,
    ranges: Sequence[tuple[int, int]],
    *,
    ignored: Iterable[str],
    cut: Collection[str],
    moves: bool,
    timeout: float | None,
    stop: Stop | None,
) -> list[BlameGroup]:
    """Return who last wrote the lines of a file in a commit, in line order, ignoring white-space changes.

    Args:
        runner: sees the objects and no configuration.
        commit: to blame.
        path: of the file.
        ranges: of lines, 1-based and inclusive; none for the whole file.
        ignored: commits to ignore; those that git does not know have no effect.
        cut: the boundary commits of a shallow clone.
        moves: follow moves and copies; git does so only for blocks of at least 40 letters and digits.
        timeout: seconds after which git is killed, None for no limit.
        stop: called repeatedly; git is killed once it returns True.

    Raises:
        RepositoryError: no such file or lines, objects are missing, or git was killed.
    """
    with tempfile.TemporaryDirectory(prefix="mom-blame-") as scratch:
        listed = Path(scratch) / "revisions"  # a file, since thousands do not fit on a command line
        write_revisions(listed, set(ignored))
        options = [f"-L{first},{last}" for first, last in ranges]
        options += [f"--ignore-revs-file={listed}", *(MOVES if moves else ())]
        arguments = ("blame", "--no-textconv", "--incremental", "-w", *options, commit, "--", path)
        output = runner.lines(*arguments, timeout=timeout, stop=stop)
    groups: list[BlameGroup] = []
    head: re.Match[str] | None = None
    for line in output:
        if head is None:
            head = BLAME_HEAD.match(line)
        elif line.startswith("filename "):
            groups.append(BlameGroup(head[1], int(head[3]), int(head[4]), head[1] in cut))
            head = None
    return sorted(groups, key=lambda group: group.line)


def follow_moves(
    plain: Sequence[BlameGroup], deep: Sequence[BlameGroup], lines: Sequence[str], carriers: Iterable[Commit]
) -> list[BlameGroup]:
    """Return who wrote the lines of a file, following moves but not copies.

    Args:
        plain: a blame without moves.
        deep: a blame with moves, in which git also follows copies.
        lines: of the file.
        carriers: the commits in `plain` where the two differ, with their diffs.
    """
    removed_by = {one.sha: None if one.truncated else _removed(one) for one in carriers}
    carried_by = {line: group for group in plain for line in group.lines}
    found: list[BlameGroup] = []
    for group in deep:
        for line in group.lines:
            carrier = carried_by[line]
            removed = removed_by.get(carrier.commit, frozenset[str]())  # None: the diff is too large to be handwritten
            moved = removed is None or _letters(lines[line - 1]) in removed
            right = group if moved else carrier
            if found and found[-1].commit == right.commit and found[-1].line + found[-1].count == line:
                found[-1] = replace(found[-1], count=found[-1].count + 1)
            else:
                found.append(BlameGroup(right.commit, line, 1, right.boundary))
    return found


def _removed(commit: Commit) -> frozenset[str]:
    """Return the letters of each line that a commit removed."""
    return frozenset(_letters(line) for file in commit.files for hunk in file.hunks for line in hunk.removed)


def _letters(line: str) -> str:
    return NO_LETTERS.sub("", line)


def revisions(text: str, length: int) -> list[str]:
    """Return the commit names with `length` digits in the text of an ignore-revs file, in lower case.

    Comments and invalid names are skipped, since git fails at the first one.
    """
    named = (line.split("#")[0].strip().lower() for line in text.splitlines())
    return [name for name in named if len(name) == length and REVISION.fullmatch(name)]


def write_revisions(file: Path, shas: Collection[str]) -> None:
    """Replace an ignore-revs file atomically, unless it has these revisions: its time tells readers that it changed."""
    text = "".join(f"{sha}\n" for sha in sorted(shas))
    if file.is_file() and file.read_bytes() == text.encode("ascii"):
        return
    fresh = file.with_suffix(".new")
    fresh.write_text(text, "ascii")
    fresh.replace(file)
