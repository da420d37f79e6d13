"""A commit that is asked about, with its history and its tree."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from mom_lsp.git.ancestors import NO_ANCESTORS, Ancestors


@dataclass(frozen=True, slots=True)
class Head:
    """A commit, its history and its tree."""

    commit: str
    history: Future[Ancestors]  # listed in the background: blame can run meanwhile
    tree: Mapping[str, str]  # path -> blob
    overrides: frozenset[str] = frozenset()  # when it was read; see `Repository.overrides`

    @property
    def ancestors(self) -> Ancestors:
        """The commit and its ancestors. Raises RepositoryError."""
        return self.history.result()


def _no_history() -> Future[Ancestors]:
    found: Future[Ancestors] = Future()
    found.set_result(NO_ANCESTORS)
    return found


NO_HEAD = Head("", _no_history(), {})
