"""Which parts of files only repeat a memory: what came back as a comment, say, is extracted no second time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from mom_lsp.extract.repetition import Phrases
from mom_lsp.memory import Memory
from mom_lsp.store import Store


class DuplicateFilter:
    """What the commits of one HEAD and the user's notes say; read when it is first asked for."""

    def __init__(self, store: Store, notes: Sequence[str], history: Callable[[], Collection[str]]) -> None:
        """Take the store, the texts of the notes, and what returns the ancestors of HEAD."""
        self._notes, self._history = notes, history
        rows = store.columns(["id"], "source_type = 'file'")
        self._known = set(rows["id"].to_pylist())
        self._store = store

    def new(self, memories: Sequence[Memory]) -> list[Memory]:
        """Return the parts of files that are known as memories, or that say something new."""
        return [m for m in memories if m.id in self._known or next(self._said.repeated_by(m.body), None) is None]

    @cached_property
    def _said(self) -> Phrases:
        here = frozenset(self._history())
        rows = self._store.columns(["title", "body", "commits"], "source_type = 'commit'").to_pylist()
        texts = [f"{row['title']}\n\n{row['body']}" for row in rows if not here.isdisjoint(row["commits"])]
        return Phrases([*texts, *self._notes])
