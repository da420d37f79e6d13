"""The index in LanceDB: the memories of a repository and their vectors, which can be rebuilt at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mom_lsp.store.durable import OUTGROWN, REBUILDING, is_damaged
from mom_lsp.store.lease import encoding_lease, writer_lease
from mom_lsp.store.text import SCHEMA_VERSION, content_hash, embedding_text

if TYPE_CHECKING:
    from mom_lsp.store.arrow_rows import memories_of
    from mom_lsp.store.store import Store

__all__ = [
    "OUTGROWN",
    "REBUILDING",
    "SCHEMA_VERSION",
    "Store",
    "content_hash",
    "embedding_text",
    "encoding_lease",
    "is_damaged",
    "memories_of",
    "writer_lease",
]


def __getattr__(name: str) -> Any:
    """Import lancedb, which takes more than a second, only when a store is opened."""
    if name == "Store":
        from mom_lsp.store.store import Store

        return Store
    if name == "memories_of":
        from mom_lsp.store.arrow_rows import memories_of

        return memories_of
    raise AttributeError(name)
