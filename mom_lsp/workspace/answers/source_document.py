"""The source of a memory as a document: the commit's message and patch, and the file before and after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.git import Repository
from mom_lsp.git.patch import Spot, find_spot

MAX_FILE = 4_000_000  # bytes of a file that is shown whole
HASH = 9  # digits in a document's name


@dataclass(frozen=True, slots=True)
class AskedFrom:
    """The line from which a source is opened."""

    names: Collection[str] = ()  # of the file, the present one first
    lines: Sequence[str] = ()
    line: int = 0  # 1-based, 0 for none


def source_document(repository: Repository, commit: str, title: str, asked: AskedFrom) -> dict[str, Any]:
    """Return a commit as a document, with secrets masked.

    Returns:
        {"title", "commit", "name", "text", "line", "change"}: `name` is that of a file for the `text` (message and
        patch), whose `line` (from 1) is at the change of the line asked from. "change" has the changed file as a whole,
        {"path", "old_path", "before", "after", "line"}; None if it is missing here, too large or no text.

    Raises:
        RepositoryError: there is no such commit.
    """
    from mom_lsp.redact import sanitize  # here, like all that hints do not need

    text = repository.patch(commit)
    spot = find_spot(text, asked.names, asked.lines, asked.line)
    return {
        "title": title,
        "commit": commit,
        "name": f"{commit[:HASH]}.diff",
        "text": sanitize(text),
        "line": spot.patch_line,
        "change": _change(repository, commit, spot, sanitize),
    }


def _change(repository: Repository, commit: str, spot: Spot, sanitize: Callable[[str], str]) -> dict[str, Any] | None:
    after, before = f"{commit}:{spot.path}", f"{commit}^:{spot.old_path}"
    wanted = [name for name, path in ((after, spot.path), (before, spot.old_path)) if path and "\n" not in path]
    found = dict(repository.texts(wanted, MAX_FILE))
    if not wanted or len(found) < len(wanted):
        return None
    return {
        "path": spot.path or spot.old_path,
        "old_path": spot.old_path or spot.path,
        "before": sanitize(found.get(before, "")),
        "after": sanitize(found.get(after, "")),
        "line": spot.line,
    }
