"""The only importer of lancedb: what the repository says, kept so that it can be rebuilt at any time."""

from mom_lsp.store.lease import writer_lease
from mom_lsp.store.store import SCHEMA_VERSION, Store
from mom_lsp.store.text import content_hash, embedding_text

__all__ = ["SCHEMA_VERSION", "Store", "content_hash", "embedding_text", "writer_lease"]
