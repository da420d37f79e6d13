"""Which row a freshly extracted memory belongs to, and what of the user's word overrules it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mom_lsp.memory import Memory, clashing_id, tombstone
from mom_lsp.store import Store

KEPT_BLOBS = 16  # versions of a file that a span remembers to have been in


class Merger:
    """Gives memories their final ids and unites those that are one.

    A cherry-pick, a rebased or an amended commit is one memory with several commits. Different changes that one
    author made in the same second under the same subject touch different files: they get an ordinal.
    """

    def __init__(self, store: Store, forgotten: set[str]) -> None:
        self._store = store
        self._forgotten = forgotten
        self._ids: set[str] = set(store.columns(["id"])["id"].to_pylist())

    def write(self, fresh: Iterable[Memory]) -> int:
        """Write memories to the store and return how many rows that were."""
        fresh = list(fresh)
        stored = self._store.get([memory.id for memory in fresh if memory.id in self._ids])
        rows: dict[str, Memory] = {}
        for memory in fresh:
            merged = self._merge(memory, rows | stored) if memory.id in stored.keys() | rows.keys() else memory
            rows[merged.id] = tombstone(merged) if merged.id in self._forgotten else merged
        self._store.upsert(list(rows.values()))
        self._ids.update(rows)
        return len(rows)

    def _merge(self, memory: Memory, known: dict[str, Memory]) -> Memory:
        if memory.source.type == "file":
            blobs = tuple(dict.fromkeys((*memory.blobs, *known[memory.id].blobs)))[:KEPT_BLOBS]
            return replace(memory, blobs=blobs)
        for ordinal in range(1_000):
            identity = clashing_id(memory.id, ordinal)
            older = known.get(identity) or self._store.get([identity]).get(identity)
            if older is None:
                return replace(memory, id=identity)
            if _same_change(older, memory):
                commits = tuple(sorted({*older.commits, *memory.commits}))
                return replace(older, commits=commits)
        return memory


def _same_change(older: Memory, newer: Memory) -> bool:
    if older.noise == "forgotten":
        return True
    mine, theirs = set(older.paths), set(newer.paths)
    return not mine or not theirs or bool(mine & theirs)
