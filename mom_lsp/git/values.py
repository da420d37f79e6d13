"""What git says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hunk:
    """One changed range of a file, without context lines."""

    header: str  # what git prints after @@: the line of the enclosing function, often ""
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to one file."""

    path: str
    old_path: str | None  # where it was renamed or copied from
    status: str  # A added, M modified, D deleted, R renamed
    hunks: tuple[Hunk, ...] = ()  # none of a binary file, nor of a mere change of name or mode


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git tells it: mailmap applied, message decoded."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    author_time: int  # seconds since 1970, UTC
    commit_time: int
    message: str
    files: tuple[FileChange, ...] = ()
    truncated: bool = False  # the diff was too large to read; files have no hunks
