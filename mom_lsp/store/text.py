"""The texts of a memory for full-text and semantic search."""

from __future__ import annotations

import hashlib
import re

from mom_lsp.memory import Memory

SCHEMA_VERSION = 11  # of the rows: increase it whenever the same memory would be stored differently
MAX_EMBEDDED = 800  # characters of a body; the default encoder reads about as many
WORD_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def search_text(memory: Memory) -> str:
    """Return the text for full-text search: message, paths, identifiers and the words in identifiers."""
    names = [*(s for anchor in memory.anchors for s in anchor.symbols), *memory.added, *memory.removed]
    parts = {part.lower() for name in names for part in WORD_PART.findall(name) if len(part) > 2}
    paths = [*memory.paths[:20], *(word for path in memory.paths[:20] for word in path.replace("/", " ").split())]
    return "\n".join(
        [memory.title, memory.body, " ".join(dict.fromkeys(paths)), " ".join(names), " ".join(sorted(parts))]
    )


def embedding_text(memory: Memory) -> str:
    """Return the text to embed: the message alone, since names and paths are found by their words."""
    return f"{memory.title}\n{memory.body[:MAX_EMBEDDED]}".strip()


def content_hash(text: str) -> str:
    """Return the key of a text's embedding."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
