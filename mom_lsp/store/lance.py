"""LanceDB, imported without the parts that are slow to import and never used here."""

from __future__ import annotations

import os
from typing import Any

from mom_lsp.offline import deferred, no_probe, without, without_override_checks

os.environ.setdefault("LANCEDB_LOG", "error")  # read when lancedb is imported

UNUSED = (
    "lance_namespace_urllib3_client",
    "lancedb.functions",
    "lancedb.materialized_view",
    "lancedb.rerankers",
    "pyarrow.dataset",
)

with no_probe(), without(*UNUSED), deferred("pyarrow.compute"), without_override_checks():
    import lancedb
    from lancedb.index import FTS, BTree
    from lancedb.query import MatchQuery

__all__ = ["FTS", "BTree", "MatchQuery", "connect"]

CACHE = 16 << 20  # bytes for parts of indices, and as many for metadata


def connect(address: str) -> Any:
    """Open a database. By default its caches keep up to 7 GB of versions that nobody reads any more."""
    return lancedb.connect(
        address, session=lancedb.Session(index_cache_size_bytes=CACHE, metadata_cache_size_bytes=CACHE)
    )
