"""A file of ten lines, and helpers to read commits and blame."""

from __future__ import annotations

from collections.abc import Sequence

from repositories import Repo

from mom_lsp.git import BlameGroup, Commit

LINES = "".join(f"line {number}\n" for number in range(1, 11))


def read(project: Repo, *shas: str, merges: bool = False) -> list[Commit]:
    return list(project.repository.commits(shas or (project.head,), merges=merges))


def who(groups: Sequence[BlameGroup]) -> dict[int, str]:
    return {line: g.commit for g in groups for line in range(g.line, g.line + g.count)}
