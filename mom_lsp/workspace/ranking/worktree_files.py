"""The files of a worktree as questions read them; nothing outside of it is read."""

from __future__ import annotations

from collections.abc import Sequence

from mom_lsp.errors import UntrustedPath, UsageError
from mom_lsp.extract.code import symbol_and_key
from mom_lsp.route.lines import MAX_TEXT, open_lines
from mom_lsp.workspace.library.head import Head
from mom_lsp.workspace.library.replaced_line import replaced_line
from mom_lsp.workspace.library.worktree import EditedText, Worktree
from mom_lsp.workspace.ranking.query import Query, replacing_query, spot_query


class WorktreeFiles:
    """The files of one worktree."""

    def __init__(self, worktree: Worktree) -> None:
        self._worktree, self._root = worktree, worktree.location.root

    def question(
        self,
        path: str,
        start: int,
        end: int,
        text: str | None,
        rev: str | None,
        *,
        alone: bool = False,
        as_typed: bool = False,
    ) -> tuple[Head, Query]:
        """Return the commit to answer for, and the question about some lines (see `spot_query`); needs no memories.

        One line that is not committed is asked about as the line that it replaces, unless `as_typed` is set.
        """
        head = self._worktree.head(rev)
        lines, mapped = self._text(head, path, text, rev)
        start, end = _checked_range(path, lines, start, end)
        committed = self._worktree.committed(head, path)
        replaced = None if as_typed or start != end else replaced_line(committed, lines, mapped, start)
        if replaced is not None:
            return head, replacing_query(self._worktree, head, path, lines, start, mapped, replaced, alone=alone)
        alone &= any(mapped[start - 1 : end])  # of a new line, its surroundings are all that is known
        return head, spot_query(self._worktree, head, path, lines, start, end, mapped, alone=alone)

    def at(self, path: str, line: int, code: str | None = None) -> tuple[str, int]:
        """Return the function or section around a line, "" if none, and the key to find the line again, else 0.

        Args:
            path: of the file.
            line: from 1; 0 for the whole file.
            code: the open text that has the line; by default the file.
        """
        return symbol_and_key(self._worktree.text(path) if code is None else open_lines(code), line, path)

    def refuse_outside(self, path: str) -> None:
        """Raise UntrustedPath for a path that leads out of the workspace, UsageError for an impossible one."""
        root = self._root.resolve()
        try:
            outside = (root / path).is_symlink() or not (root / path).resolve().is_relative_to(root)
        except (OSError, ValueError) as error:
            raise UsageError(f"{path[:80]!r} is not a valid path") from error
        if outside:
            raise UntrustedPath(f"{path} is a symbolic link or outside {root}: use the path of the file itself")

    def _text(self, head: Head, path: str, text: str | None, rev: str | None) -> EditedText:
        if text is not None:
            return self._worktree.edited(head, path, text)
        lines = self._lines(head, path, rev)
        return EditedText(lines, self._worktree.mapped(head, path, lines))

    def _lines(self, head: Head, path: str, rev: str | None) -> list[str]:
        if rev is None:
            self.refuse_outside(path)
            if not (self._root / path).is_file():
                raise UsageError(f"{path} does not exist or is not a file")
            if (self._root / path).stat().st_size > MAX_TEXT:
                raise UsageError(f"{path} is larger than {MAX_TEXT / 1e6:g} MB, so it is not read")
        lines = self._worktree.committed(head, path) if rev else self._worktree.text(path)
        if not lines and rev and path not in head.tree:
            raise UsageError(f"{path} does not exist in {rev}")
        return lines


def _checked_range(path: str, lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    last = max(1, len(lines))
    if start == 0 and end == 0:
        return 1, last
    if not 1 <= start <= end:
        raise UsageError(f"{path}:{start}-{end} is not a valid line range (lines start at 1)")
    if start > last:
        raise UsageError(f"{path} has {len(lines)} lines, so there is no line {start}")
    return start, min(end, last)
