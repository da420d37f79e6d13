"""Filters out parts of files that only repeat a memory, such as one that was inserted as a comment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from mom_lsp.extract.repetition import Phrases
from mom_lsp.memory import Memory
from mom_lsp.store import Store


class DuplicateFilter:
    """Knows the texts of the commits of one HEAD and of the user's notes, read on first use."""

    def __init__(self, store: Store, notes: Sequence[str], history: Callable[[], Collection[str]]) -> None:
        """Take the store, the texts of the notes, and a function that returns the ancestors of HEAD."""
        self._notes, self._history = notes, history
        rows = store.columns(["id"], "source_type = 'file'")
        self._known = set(rows["id"].to_pylist())
        self._store = store

    def new(self, memories: Sequence[Memory]) -> list[Memory]:
        """Return the memories of files that are in the store already, or that repeat no other memory."""
        return [m for m in memories if m.id in self._known or next(self._texts.repeated_by(m.body), None) is None]

    @cached_property
    def _texts(self) -> Phrases:
        history = frozenset(self._history())
        rows = self._store.columns(["title", "body", "commits"], "source_type = 'commit'").to_pylist()
        texts = [f"{row['title']}\n\n{row['body']}" for row in rows if not history.isdisjoint(row["commits"])]
        return Phrases([*texts, *self._notes])
