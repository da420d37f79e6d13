"""Memories as rows of an Arrow table, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from mom_lsp.memory import Anchor, Memory, Reference, Source
from mom_lsp.store.text import content_hash, embedding_text, search_text

STRINGS = pa.list_(pa.string())
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
    return pa.Table.from_pylist([_row(memory) for memory in memories], schema=SCHEMA)


def _row(memory: Memory) -> dict[str, Any]:
    source = memory.source
    suggestible = not memory.noise
    return {
        "id": memory.id,
        "kind": memory.kind,
        "title": memory.title,
        "body": memory.body,
        "why": memory.why,
        "source": _json(
            [source.commit, source.author, source.email, source.path, source.line, source.end_line, source.blob]
        ),
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


def memories_of(rows: pa.Table) -> list[Memory]:
    """Return the memories of some rows."""
    return [from_row(row) for row in rows.to_pylist()]


def from_row(row: dict[str, Any]) -> Memory:
    """Return the memory of one row."""
    commit, author, email, path, line, end_line, blob = json.loads(row["source"])
    return Memory(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        why=row["why"],
        source=Source(row["source_type"], commit, author, email, row["time"], path, line, end_line, blob),
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
        references=tuple(_reference(text) for text in row["refs"]),
        numbers=tuple(row["numbers"]),
        aliases=tuple(row["aliases"]),
        renames=tuple(_pair(text) for text in row["renames"]),
        trailers=tuple((key, value) for key, value in json.loads(row["trailers"])),
        evidence=row["evidence"],
        informative=row["informative"],
        noise=row["noise"],
    )


def _reference(text: str) -> Reference:
    relation, _, target = text.partition(" ")
    return Reference(relation, target)  # type: ignore[arg-type]  # only Relations are written


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("\t")
    return old, new


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
