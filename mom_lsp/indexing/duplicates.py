"""Filters out parts of files that only repeat a memory, such as one that was inserted as a comment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mom_lsp.extract.repetition import Phrases, word_of_repeated
from mom_lsp.memory import Memory
from mom_lsp.store.rows import Rows

FEW = 20  # memories; once there were more, all texts are prepared


class DuplicateFilter:
    """Knows the texts of the commits of one HEAD and of the user's notes, read on first use."""

    def __init__(self, store: Rows, notes: Sequence[str], history: Callable[[], Collection[str]]) -> None:
        """Take the store, the texts of the notes, and a function that returns the ancestors of HEAD."""
        self._store, self._notes, self._ancestors = store, notes, history
        rows = store.columns(["id"], "source_type = 'file'")
        self._known = set(rows["id"].to_pylist())
        self._asked = 0

    def new(self, memories: Sequence[Memory]) -> list[Memory]:
        """Return the memories of files that are in the store already, or that repeat no other memory."""
        fresh = [memory for memory in memories if memory.id not in self._known]
        self._asked += len(fresh)
        texts = self._all if self._asked > FEW else self._with_words({word_of_repeated(one.body) for one in fresh})
        repeating = {memory.id for memory in fresh if next(texts.repeated_by(memory.body), None) is not None}
        return [memory for memory in memories if memory.id not in repeating]

    @cached_property
    def _all(self) -> Phrases:
        return self._phrases(self._commits)

    def _with_words(self, words: set[str]) -> Phrases:
        """Return only the texts with one of these words, which takes a tenth of the time."""
        found = np.zeros(self._commits.num_rows, bool)
        for word in filter(None, words):
            found |= pc.match_substring(self._lowered, word).to_numpy()
        return self._phrases(self._commits.filter(pa.array(found)))

    def _phrases(self, commits: pa.Table) -> Phrases:
        rows = [row for row in commits.to_pylist() if not self._history.isdisjoint(row["commits"])]
        return Phrases([*(f"{row['title']}\n\n{row['body']}" for row in rows), *self._notes])

    @cached_property
    def _commits(self) -> pa.Table:
        return self._store.columns(["title", "body", "commits"], "source_type <> 'file'")

    @cached_property
    def _lowered(self) -> pa.ChunkedArray:
        return pc.utf8_lower(pc.binary_join_element_wise(self._commits["title"], self._commits["body"], "\n"))

    @cached_property
    def _history(self) -> frozenset[str]:
        return frozenset(self._ancestors())
