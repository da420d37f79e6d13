"""Memories as rows of an Arrow table, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import pyarrow as pa

from mom_lsp.memory import Anchor, DiscussionPart, Memory, Reference, Source
from mom_lsp.pathnames import quoted, unquoted
from mom_lsp.store.text import content_hash, embedding_text, search_text

STRINGS = pa.list_(pa.string())
DISCUSSION = 7  # where the type of a discussion is in the JSON of a source, and its number after it
KEYS = pa.list_(pa.uint32())  # of lines
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("title", pa.string()),
        pa.field("body", pa.string()),
        pa.field("why", pa.string()),
        pa.field("source", pa.string()),  # JSON of the other fields of the source
        pa.field("source_type", pa.string()),
        pa.field("time", pa.int64()),
        pa.field("commits", STRINGS),
        pa.field("blobs", STRINGS),
        pa.field("paths", STRINGS),
        pa.field("symbols", STRINGS),  # "path\tsymbol"
        pa.field("anchors", pa.string()),  # JSON
        pa.field("added", STRINGS),
        pa.field("removed", STRINGS),
        pa.field("added_lines", KEYS),
        pa.field("removed_lines", KEYS),
        pa.field("added_normalized", KEYS),
        pa.field("refs", STRINGS),  # "relation target"
        pa.field("numbers", pa.list_(pa.int64())),
        pa.field("aliases", STRINGS),
        pa.field("renames", STRINGS),  # "old\tnew"
        pa.field("trailers", pa.string()),  # JSON
        pa.field("evidence", pa.float32()),
        pa.field("informative", pa.float32()),
        pa.field("length", pa.int32()),  # characters of the body
        pa.field("noise", pa.string()),
        pa.field("text", pa.string()),  # for full-text search
        pa.field("content", pa.string()),  # key of the embedding, "" for noise
    ]
)


def to_table(memories: Sequence[Memory]) -> pa.Table:
    """Return the rows of some memories."""
    return pa.Table.from_pylist([_row(_with_paths(_kept(memory), quoted)) for memory in memories], schema=SCHEMA)


def _kept(memory: Memory) -> Memory:
    """Return what is stored: of routine history, which nobody can find to forget it, no words of the code."""
    return replace(memory, added=(), removed=()) if memory.noise else memory


def _with_paths(memory: Memory, spelled: Callable[[str], str]) -> Memory:
    """Return a memory with its paths in another spelling: Arrow holds no path that is not UTF-8. See `pathnames`."""
    paths = {path for path in (memory.source.path, *memory.paths, *chain(*memory.renames)) if path}
    if all(spelled(path) == path for path in paths):
        return memory
    return replace(
        memory,
        source=replace(memory.source, path=memory.source.path and spelled(memory.source.path)),
        anchors=tuple(replace(anchor, path=spelled(anchor.path)) for anchor in memory.anchors),
        renames=tuple((spelled(old), spelled(new)) for old, new in memory.renames),
    )


def read_pair(text: str) -> tuple[str, str]:
    """Return the two paths of a cell of "renames"."""
    old, new = _pair(text)
    return unquoted(old), unquoted(new)


def read_symbol(text: str) -> str:
    """Return a cell of "symbols" with the path as it is in memory."""
    path, tab, symbol = text.partition("\t")
    return f"{unquoted(path)}{tab}{symbol}"


def _row(memory: Memory) -> dict[str, Any]:
    source = memory.source
    suggestible = not memory.noise
    return {
        "id": memory.id,
        "kind": memory.kind,
        "title": memory.title,
        "body": memory.body,
        "why": memory.why,
        "source": _json(_source(source)),
        "source_type": source.type,
        "time": source.time,
        "commits": list(memory.commits),
        "blobs": list(memory.blobs),
        "paths": list(memory.paths),
        "symbols": [f"{anchor.path}\t{symbol}" for anchor in memory.anchors for symbol in anchor.symbols],
        "anchors": _json([[anchor.path, anchor.symbols, anchor.spans] for anchor in memory.anchors]),
        "added": list(memory.added),
        "removed": list(memory.removed),
        "added_lines": list(memory.added_lines),
        "removed_lines": list(memory.removed_lines),
        "added_normalized": list(memory.added_normalized),
        "refs": [f"{reference.relation} {reference.target}" for reference in memory.references],
        "numbers": list(memory.numbers),
        "aliases": list(memory.aliases),
        "renames": [f"{old}\t{new}" for old, new in memory.renames],
        "trailers": _json(memory.trailers),
        "evidence": memory.evidence,
        "informative": memory.informative,
        "length": len(memory.body),
        "noise": memory.noise,
        "text": search_text(memory) if suggestible else "",  # noise is never found
        "content": content_hash(embedding_text(memory)) if suggestible else "",
    }


def _source(source: Source) -> list[Any]:
    part = source.discussion
    return [
        *(source.commit, source.author, source.email, source.path, source.line, source.end_line, source.blob),
        *((part.type, part.number, part.state, part.part, part.anchor, part.project) if part else ()),
    ]


def memories_of(rows: pa.Table) -> list[Memory]:
    """Return the memories of some rows."""
    return [from_row(row) for row in rows.to_pylist()]


def from_row(row: dict[str, Any]) -> Memory:
    """Return the memory of one row."""
    commit, author, email, path, line, end_line, blob, *part = json.loads(row["source"])
    discussion = DiscussionPart(*part) if part else None
    memory = Memory(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        why=row["why"],
        source=Source(row["source_type"], commit, author, email, row["time"], path, line, end_line, blob, discussion),
        commits=tuple(row["commits"]),
        blobs=tuple(row["blobs"]),
        anchors=tuple(
            Anchor(path, tuple(symbols), tuple((start, count) for start, count in spans))
            for path, symbols, spans in json.loads(row["anchors"])
        ),
        added=tuple(row["added"]),
        removed=tuple(row["removed"]),
        added_lines=tuple(row["added_lines"]),
        removed_lines=tuple(row["removed_lines"]),
        added_normalized=tuple(row["added_normalized"]),
        references=tuple(_reference(text) for text in row["refs"]),
        numbers=tuple(row["numbers"]),
        aliases=tuple(row["aliases"]),
        renames=tuple(_pair(text) for text in row["renames"]),
        trailers=tuple((key, value) for key, value in json.loads(row["trailers"])),
        evidence=row["evidence"],
        informative=row["informative"],
        noise=row["noise"],
    )
    return _with_paths(memory, unquoted)


def _reference(text: str) -> Reference:
    relation, _, target = text.partition(" ")
    return Reference(relation, target)  # type: ignore[arg-type]  # only Relations are written


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("\t")
    return old, new


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
