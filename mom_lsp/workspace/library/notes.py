"""The user's notes as memories. They are in the journal, not in the store, so they are searched here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mom_lsp.journal import Event
from mom_lsp.memory import Anchor, Memory, Source
from mom_lsp.store.text import search_text
from mom_lsp.tiers.lifecycle import Life

NOTE_WORD = 6.0  # BM25 points for each word that a note shares with a query
WORD = re.compile(r"\w+")


def notes_of(life: Life) -> dict[str, Memory]:
    """Return the notes that are not forgotten, as memories by id."""
    return {
        memory: _note(event)
        for memory, event in life.notes.items()
        if str(event.data.get("text", "")).strip() and not life.of(memory).forgotten
    }


def matching(notes: Mapping[str, Memory], query: str) -> dict[str, float]:
    """Return how well notes match a query, by id, on the scale of BM25; notes that share no word are left out."""
    wanted = {word for word in WORD.findall(query.lower()) if len(word) > 2}
    shared = {memory: len(wanted & set(WORD.findall(search_text(note).lower()))) for memory, note in notes.items()}
    return {memory: NOTE_WORD * count for memory, count in shared.items() if count}


def encodable(text: str) -> str:
    """Replace lone surrogates, which come from JSON, and which Arrow and LanceDB reject."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _note(event: Event) -> Memory:
    """Return a note of the journal as a memory."""
    text, symbol = (encodable(part) for part in (str(event.data["text"]), event.symbol))
    path = event.path
    line, key = event.data.get("line"), event.data.get("key")
    return Memory(
        id=event.memory,
        kind="note",
        title=text.strip().splitlines()[0][:100],
        body=text,
        why="",
        source=Source(
            "user",
            author=str(event.data.get("author", "")),
            time=int(event.time),
            path=path or None,
            line=line if line and isinstance(line, int) else None,
        ),
        anchors=(Anchor(path, (symbol,) if symbol else ()),) if path else (),
        added_lines=(key,) if isinstance(key, int) and 0 < key < 2**32 else (),
        evidence=100.0,  # a note is never routine,
        informative=1.0,  # and always worth reading
    )
