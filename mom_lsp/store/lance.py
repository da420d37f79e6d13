"""LanceDB, imported without the parts that are slow to import and never used here."""

from __future__ import annotations

import os

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
    from lancedb import connect
    from lancedb.index import FTS, BTree
    from lancedb.query import MatchQuery

__all__ = ["FTS", "BTree", "MatchQuery", "connect"]
