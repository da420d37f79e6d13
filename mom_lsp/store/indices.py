"""The indices of the memories table: full text, and ids."""

from __future__ import annotations

import contextlib
from typing import Any

from mom_lsp.store.faults import Fault, faults
from mom_lsp.store.lance import FTS, BTree, MatchQuery

TEXT_INDEX, ID_INDEX = "text_idx", "id_idx"
FEW = 200  # rows that no index covers yet


def make(memories: Any, *, rebuild: bool = False) -> None:
    """Create the indices if they are missing and there are rows; later rows are searched by the same rules."""
    if memories.count_rows() and (rebuild or not _has_text_index(memories)):
        config = FTS(with_position=False, remove_stop_words=True, stem=True)
        memories.create_index("text", config=config, replace=True)
        memories.create_index("id", config=BTree(), replace=True)


def complete(memories: Any) -> bool:
    """Whether the full-text index exists and covers all memories but a few, which are searched one by one."""
    if not _has_text_index(memories):
        return not memories.count_rows()
    statistics = memories.index_stats(TEXT_INDEX)
    return statistics is not None and statistics.num_unindexed_rows <= FEW


def drop_broken(memories: Any) -> None:
    """Remove the indices if they cannot be read; compaction builds them. Raises Fault."""
    try:
        with faults():
            matching(memories, "fix").limit(1).to_arrow()
            memories.search().where("id = ''").limit(1).to_arrow()
    except Fault:
        _drop(memories)


def replace_indices(memories: Any) -> None:
    """Build the indices anew, whatever is in their files. Raises Fault."""
    _drop(memories)
    with faults():
        make(memories)


def _drop(memories: Any) -> None:
    for name in (TEXT_INDEX, ID_INDEX):  # not those that are listed, since that reads their files
        with contextlib.suppress(Fault), faults():  # it is not there
            memories.drop_index(name)
    with faults():
        if left := memories.list_indices():
            raise Fault(f"the indices {', '.join(index.name for index in left)} cannot be removed")


def matching(memories: Any, words: str) -> Any:
    """Return a full-text query for memories with any of these words, best first."""
    match = MatchQuery(words, "text")  # type: ignore[call-arg]
    return memories.search(match, query_type="fts")


def _has_text_index(memories: Any) -> bool:
    return TEXT_INDEX in {index.name for index in memories.list_indices()}
