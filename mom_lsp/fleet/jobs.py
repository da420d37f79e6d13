"""What is to be done for one repository, and what came of it. Jobs and outcomes travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import platformdirs

from mom_lsp.git import Location
from mom_lsp.indexing.index_rules import IndexRules

State = Literal["indexed", "unchanged", "erased", "failed"]
WORK = "fleet-work"  # in the user's cache: files for git; the repositories themselves are only read


@dataclass(frozen=True, slots=True)
class Job:
    """One repository to be brought up to date in a fleet."""

    uri: str
    id: str  # the prefix of everything that is published of it
    name: str  # for people: "owner/name"
    location: Location
    rules: IndexRules

    @property
    def address(self) -> str:
        """Where its table is."""
        return f"{self.uri}/{self.id}"

    @property
    def reading(self) -> Location:
        """The same repository, without its data folder: of that only the journal's forgotten ids are looked at."""
        return replace(self.location, data=platformdirs.user_cache_path("mom-lsp") / WORK / self.id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one repository."""

    name: str
    path: str
    state: State
    commits: int = 0  # that were read
    memories: int = 0  # that were written
    files: int = 0  # that were read
    forgotten: int = 0  # memories erased
    error: str = ""

    @classmethod
    def failure(cls, name: str, path: Path, error: BaseException) -> Outcome:
        """Return that a repository failed."""
        reason = str(error).strip() or type(error).__name__
        return cls(name, str(path), "failed", error=reason)
