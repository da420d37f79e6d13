"""Writing extracted memories: final ids, merging with stored rows, tombstones for forgotten ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mom_lsp.memory import Memory, clashing_id, tombstone
from mom_lsp.store import memories_of
from mom_lsp.store.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

MAX_BLOBS = 16  # file versions recorded per span


class Merger:
    """Gives memories their final ids and merges those that are the same."""

    def __init__(self, store: Rows, forgotten: Collection[str], judged: Iterable[str] = ()) -> None:
        """Take the ids of forgotten memories, and of all with feedback."""
        self._store = store
        self.forgotten = frozenset(forgotten)
        self.known = self.forgotten.union(judged)
        self._ids: set[str] = set(store.columns(["id"])["id"].to_pylist())

    def write(self, fresh: Iterable[Memory]) -> int:
        """Write file spans, parts of discussions, and commits with a unique identity; return the number of rows."""
        fresh = list(fresh)
        rows = self._store.get([m.id for m in fresh if m.id in self._ids and m.source.type == "file"])
        for memory in fresh:
            older = rows.get(memory.id)
            blobs = tuple(dict.fromkeys((*memory.blobs, *(older.blobs if older else ()))))
            rows[memory.id] = replace(memory, blobs=blobs[:MAX_BLOBS])
        return self._write(rows)

    def write_rows(self, fresh: pa.Table) -> int:
        """Write the rows of commits with a unique identity; return their number."""
        ids = fresh["id"].to_pylist()
        if not self._ids.isdisjoint(ids) or not self.forgotten.isdisjoint(ids):
            return self.write(memories_of(fresh))
        self._store.add(fresh)
        self._ids.update(ids)
        return len(ids)

    def write_groups(self, fresh: pa.Table) -> int:
        """Write the rows of whole groups of commits that share an identity, oldest first, replacing their stored rows.

        A cherry-picked, rebased or amended commit is one memory with several commits and the text of the newest.
        Different changes by one author in the same second with the same subject touch different files: they get
        an ordinal. Since groups are whole, the result does not depend on the order of indexing, but for memories with
        feedback, which keep theirs.
        """
        memories = list(memories_of(fresh))
        stored = {one for identity in {memory.id for memory in memories} for one in self.group(identity)}
        kept = self._kept(stored, {sha for memory in memories for sha in memory.commits})
        rows: dict[str, Memory] = {}
        for memory in memories:
            free = (i for i in _ordinals(memory.id) if i in rows or i not in kept.values())
            own = next((kept[sha] for sha in memory.commits if sha in kept), None)
            identity = own or next(i for i in free if i not in rows or _same_change(rows[i], memory))
            commits = {*memory.commits, *(rows[identity].commits if identity in rows else ())}
            rows[identity] = replace(memory, id=identity, commits=tuple(sorted(commits)))
        written = self._write(rows)
        self._store.delete(stored - rows.keys())
        self._ids -= stored - rows.keys()
        return written

    def _kept(self, stored: Collection[str], commits: Collection[str]) -> dict[str, str]:
        """Return the ids of rows with feedback, by their commits, as far as these are being written again."""
        rows = self._store.get(sorted(self.known.intersection(stored)))
        return {sha: row.id for row in rows.values() for sha in row.commits if sha in commits}

    def group(self, identity: str) -> Iterator[str]:
        """Yield the ids of the rows of one group."""
        for member in _ordinals(identity):
            if member not in self._ids:
                return
            yield member

    def _write(self, rows: dict[str, Memory]) -> int:
        whole = [tombstone(row) if row.id in self.forgotten else row for row in rows.values()]
        self._store.upsert([row for row in whole if row.id not in self._ids], new=True)
        self._store.upsert([row for row in whole if row.id in self._ids])
        self._ids.update(rows)
        return len(rows)


def _ordinals(identity: str) -> Iterator[str]:
    ordinal = 0
    while True:
        yield clashing_id(identity, ordinal)
        ordinal += 1


def _same_change(older: Memory, newer: Memory) -> bool:
    old, new = set(older.paths), set(newer.paths)
    return not old or not new or bool(old & new)
