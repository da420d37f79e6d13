"""The texts of the memories in one version of the store, and the notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mom_lsp.memory import Memory, tombstone
from mom_lsp.workspace.library.notes import encodable, matching


class StoreVersion(Protocol):
    """The part of the store that is read at one version; it raises Outdated once that version is gone."""

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        ...

    def search_text(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return (id, BM25 score), best first."""
        ...

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word."""
        ...


class MemoryRows:
    """Reads memories and notes, and caches them."""

    def __init__(self, version: StoreVersion | None, notes: Mapping[str, Memory]) -> None:
        """Take the version, None if nothing is indexed yet, and the notes by id."""
        self._version, self._notes = version, notes
        self._forgotten: frozenset[str] = frozenset()
        self._read: dict[str, Memory] = {}
        self._frequency: dict[str, int] = {}

    def hide(self, forgotten: frozenset[str]) -> None:
        """Return these memories without their text from now on, and no others: the index may still have it."""
        if changed := forgotten ^ self._forgotten:
            self._forgotten = forgotten
            self._drop(changed)

    def _drop(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._read.pop(one, None)
        self._frequency.clear()

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the BM25 scores of the best full-text matches by id, notes included. Raises Outdated."""
        query = encodable(query)
        found = dict(self._version.search_text(query, limit)) if self._version is not None else {}
        return found | matching(self._notes, query)

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word, notes not counted. Raises Outdated."""
        wanted = {word: encodable(word) for word in words}
        if self._version is not None:
            self._frequency |= self._version.frequency(set(wanted.values()) - self._frequency.keys())
        return {word: self._frequency.get(known, 0) for word, known in wanted.items()}

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories and notes by id, forgotten ones without text; unknown ids are left out. Raises Outdated."""
        unknown = [i for i in ids if i not in self._read and i not in self._notes]
        if unknown and self._version is not None:
            self._read.update(self._version.get(unknown))
        found = {i: memory for i in ids if (memory := self._notes.get(i) or self._read.get(i)) is not None}
        if gone := self._forgotten & found.keys():
            self._drop(gone)
            found |= {i: tombstone(found[i]) for i in gone}
        return found
