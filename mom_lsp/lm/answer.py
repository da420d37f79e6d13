"""An answer from memories alone: two or three sentences in their own words, each with a numbered citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mom_lsp.extract.documents import is_document
from mom_lsp.extract.message import prose, sentences, shorten
from mom_lsp.memory import Memory

SENTENCES = 3
REASON_LENGTH = 240  # characters of a memory's own words in one sentence
LEAST_WORDS = 3  # of a sentence that says something: not "Also:"
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
END = " .,;:!…"


@dataclass(frozen=True, slots=True)
class Clue:
    """A memory to cite, and what it has to do with the line."""

    memory: Memory
    does: str  # "last changed this line"; {other} in it stands for a second memory
    other: Memory | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim and the number of the memory that it is taken from, counted from 1."""

    text: str
    cites: int

    def __str__(self) -> str:
        return f"{self.text} [{self.cites}]."


def extractive(clues: Sequence[Clue], words: frozenset[str] = frozenset()) -> list[Sentence]:
    """Return what the best memories say, at most three sentences; `words` are those that the question is about."""
    numbers = {clue.memory.id: number for number, clue in enumerate(clues, 1)}
    return [Sentence(_speech(clue, numbers, words), number) for number, clue in enumerate(clues[:SENTENCES], 1)]


def unknown(path: str, line: int) -> str:
    """Return the answer where nothing is known."""
    return f"Nothing that I remember says why {path}:{line} is so."


def words_of(text: str) -> frozenset[str]:
    """Return the words and names of a text, in lower case."""
    return frozenset(word.lower() for word in WORD.findall(text))


def reason_of(memory: Memory, words: frozenset[str] = frozenset()) -> str:
    """Return the sentence in which a memory says why, or else its first one; "" if it is a title alone."""
    spoken = sentences(prose(memory.why or memory.body))
    told = [one for one in spoken if len(WORD.findall(one)) >= LEAST_WORDS and not one.startswith("...")]
    if not told:
        return ""
    best = max(told, key=lambda one: len(words & words_of(one))) if memory.why else told[0]
    return shorten(best, REASON_LENGTH)


def _speech(clue: Clue, numbers: dict[str, int], words: frozenset[str]) -> str:
    memory, reason = clue.memory, reason_of(clue.memory, words)
    match memory.source.type:
        case "file":
            return f"{_place(memory)} says “{(reason or memory.title).rstrip(END)}”"
        case "user":
            return f"A note says “{(reason or memory.title).rstrip(END)}”"
    said = ", ".join(part for part in (memory.source.author, _day(memory.source.time)) if part)
    subject = f"“{memory.title.rstrip(END)}”" + (f" ({said})" if said else "")
    does = clue.does.replace("{other}", _name(clue.other, numbers))
    return f"{subject} {does}: {reason.rstrip(END)}" if reason else f"{subject} {does} and gives no reason"


def _place(memory: Memory) -> str:
    source = memory.source
    at = f"{source.path}:{source.line}" if source.line else str(source.path)
    return at if is_document(str(source.path)) else f"The comment at {at}"


def _name(memory: Memory | None, numbers: dict[str, int]) -> str:
    if memory is None:
        return ""
    number = numbers.get(memory.id)
    return f"[{number}]" if number else f"“{memory.title.rstrip(END)}”"


def _day(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}" if time else ""
    except (OverflowError, ValueError, OSError):  # anybody can write any date into a commit
        return ""
