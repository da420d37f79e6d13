"""The pass that encodes memories, after they are indexed for full-text search."""

from __future__ import annotations

from collections.abc import Iterator

from mom_lsp.indexing.progress import Control
from mom_lsp.memory import Encoder, Memory
from mom_lsp.store import Store, content_hash, embedding_text

BATCH = 256  # memories encoded between two writes
COMPACT_EVERY = 40  # writes


def encode_missing(store: Store, encoder: Encoder, control: Control) -> int:
    """Encode the suggestible memories that have no vector of this model yet, newest first; return how many."""
    todo = _missing(store, store.encoded(encoder.name))
    written = 0
    for batch in _batches(store, todo):
        control.step("encoding", written, len(todo))
        store.put_vectors(encoder.name, list(batch), encoder.encode([embedding_text(m) for m in batch.values()]))
        written += len(batch)
        if written // BATCH % COMPACT_EVERY == 0:
            store.compact()
    if todo:
        control.step("encoding", len(todo), len(todo))
    return written


def _missing(store: Store, known: set[str]) -> list[str]:
    """Return ids of memories whose contents have no vector, one per content, newest first."""
    table = store.columns(["id", "content", "time"], "noise = ''").sort_by([("time", "descending")])
    first: dict[str, str] = {}
    for memory, content in zip(table["id"].to_pylist(), table["content"].to_pylist(), strict=True):
        if content and content not in known:
            first.setdefault(content, memory)
    return list(first.values())


def _batches(store: Store, ids: list[str]) -> Iterator[dict[str, Memory]]:
    """Yield batches of memories by content key."""
    for start in range(0, len(ids), BATCH):
        memories = store.get(ids[start : start + BATCH]).values()
        yield {content_hash(embedding_text(memory)): memory for memory in memories}
