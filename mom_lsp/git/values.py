"""Commits, file changes and hunks as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Hunk(NamedTuple):  # a history has hundreds of thousands, and it is created faster than a data class
    """One changed range of a file, without context lines."""

    header: str  # the text after @@: the first line of the enclosing function, often ""
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


class FileChange(NamedTuple):
    """The change of one file in a commit."""

    path: str
    old_path: str | None  # the path before a rename or copy
    status: str  # A added, M modified, D deleted, R renamed
    hunks: tuple[Hunk, ...] = ()  # none for binary files and mere changes of name or mode


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with mailmap applied and message decoded."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    author_time: int  # seconds since 1970, UTC
    commit_time: int
    message: str
    files: tuple[FileChange, ...] = ()
    truncated: bool = False  # the diff was too large to read; files have no hunks
    recorded_email: str = ""  # without mailmap, which may change

    @property
    def emails(self) -> tuple[str, str]:
        """The author's e-mail as the commit has it, and by the mailmap."""
        return self.recorded_email or self.email, self.email
