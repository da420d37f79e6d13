"""Titles for memories whose own says nothing ("fix", "wip"): made by the local model, marked, and never stored as fact.

They lie in a file of their own, which can be removed at any time: they are made again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from mom_lsp import cachedb
from mom_lsp.lm.answer import reason_of
from mom_lsp.lm.prompts import title_messages
from mom_lsp.lm.support import is_supported
from mom_lsp.lm.wording import everything
from mom_lsp.memory import Generator, Memory, never_cancelled

SCHEMA = "CREATE TABLE IF NOT EXISTS title (memory TEXT PRIMARY KEY, title TEXT) WITHOUT ROWID"
LIMIT, MOST = 16, 60  # tokens and characters of a title
GRAMMAR = "root ::= [A-Z] [^\\n\\r<>.!?]+ [.\\n]\n"
EMPTY = re.compile(
    r"\W*(?:(?:minor|small|quick|some|more|misc|the|a|few|final|last|temp|another)\W+)*"
    r"(?:fix(?:e[sd]|up)?|wip|updates?d?|changes?d?|clean-?ups?|tweaks?|oops|typos?|stuff|temp|tmp|tests?|commit|save|work"
    r"|progress|bug-?fix(?:es)?|improvements?|refactor(?:ing)?|address(?:ed)?(?: review)?(?: comments)?|review)?\W*",
    re.IGNORECASE,
)


def says_nothing(title: str) -> bool:
    """Tell whether a title could stand over any change."""
    return EMPTY.fullmatch(title) is not None


def titled(generator: Generator, memory: Memory, cancelled: Callable[[], bool] = never_cancelled) -> str:
    """Return a title that the memory's text supports, "" if the model finds none. Raises as the generator does."""
    if not reason_of(memory):
        return ""  # there is nothing to tell beside the title
    pieces = generator.generate(title_messages(memory), limit=LIMIT, grammar=GRAMMAR, cancelled=cancelled)
    title = " ".join("".join(pieces).split()).rstrip(" .,;:")
    return title if len(title) <= MOST and is_supported(title, everything(memory)) else ""


class TitleFile:
    """The made titles of one data folder; one that could not be made is kept as "".

    Raises:
        StoreError: the file cannot be read or written. One that is damaged is removed: titles are made again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, memory: str) -> str | None:
        """Return the made title of a memory, None if none was tried."""
        if not self.path.exists():
            return None
        query = "SELECT title FROM title WHERE memory = ?"
        found = cachedb.transact(self.path, SCHEMA, lambda file: file.execute(query, (memory,)).fetchone())
        return str(found[0]) if found else None

    def put(self, memory: str, title: str) -> None:
        """Keep a title."""
        change = "INSERT OR REPLACE INTO title VALUES (?, ?)"
        cachedb.transact(self.path, SCHEMA, lambda file: file.execute(change, (memory, title)))

    def forget(self, memories: Iterable[str]) -> None:
        """Erase the titles of memories, every byte of them."""
        if self.path.exists():
            gone = [(memory,) for memory in memories]
            cachedb.transact(
                self.path, SCHEMA, lambda file: file.executemany("DELETE FROM title WHERE memory = ?", gone)
            )
