"""An answer from memories alone: two or three sentences in their own words, each with a numbered citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mom_lsp.extract.documents import is_document
from mom_lsp.extract.message import prose, sentences, shorten
from mom_lsp.extract.reverts import WORDS, announces
from mom_lsp.memory import Memory

SENTENCES = 3
REASON_LENGTH = 240  # characters of a memory's own words in one sentence
LEAST_WORDS = 3  # of a sentence that says something: not "Also:"
PASSIVE = ("was ", "were ")  # how what another memory did to one begins
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d]\w+")  # of any language; Chinese and Japanese put no spaces
START, END = " .…", " .,;:!…"  # "Refuse it ... since the server counts": a title may go on in the text
REFERENCE = re.compile(r"https?://\S+|#\d+|\b[0-9a-f]{7,40}\b")
POINTER = re.compile(  # nothing but where else to look: "This reverts commit 1a2b3c4", "Follow-up to pull request #12"
    rf"(?:(?:{WORDS}|th(?:is|ese|at)|it|is|was|were|an?|the|of|in|to|by|from|for|and|also|with|after|both|several|similar|part"
    r"|made|commit|change|patch|pr|pull|request|issues?|bug|missed|introduced|landed|regressions?|fix(?:e[sd])?"
    r"|follow\w*|ups?|clos(?:es|ed)|resolves|refs?|see|continuation|addresses|related|inspired"
    r"|together)\b|\W|\d)*",
    re.IGNORECASE,
)


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


def extractive(clues: Sequence[Clue]) -> list[Sentence]:
    """Return what the best memories say, at most three sentences."""
    numbers = {clue.memory.id: number for number, clue in enumerate(clues, 1)}
    return [Sentence(_speech(clue, numbers), number) for number, clue in enumerate(clues[:SENTENCES], 1)]


def unknown(path: str, line: int) -> str:
    """Return the answer where nothing is known."""
    return f"Nothing that I remember says why {path}:{line} is so."


def reason_of(memory: Memory) -> str:
    """Return the first sentence of a memory that says something; "" if it is a title alone."""
    told = (one.lstrip(START) for one in sentences(prose(memory.body or memory.why)))
    return shorten(next(filter(says_something, told), ""), REASON_LENGTH)


def says_something(sentence: str) -> bool:
    """Tell whether a sentence is more than a pointer to another place."""
    if len(WORD.findall(sentence)) < LEAST_WORDS or announces(sentence):
        return False
    return not POINTER.fullmatch(REFERENCE.sub(" ", sentence))


def _speech(clue: Clue, numbers: dict[str, int]) -> str:
    memory, reason = clue.memory, reason_of(clue.memory)
    match memory.source.type:
        case "file":
            return f"{_place(memory)} says “{(reason or memory.title).rstrip(END)}”"
        case "user":
            return f"A note says “{(reason or memory.title).rstrip(END)}”"
    said = ", ".join(part for part in (memory.source.author, _day(memory.source.time)) if part)
    subject = f"“{memory.title.rstrip(END)}”" + (f" ({said})" if said else "")
    does = clue.does.replace("{other}", _name(clue.other, numbers))
    if not reason:
        return f"{subject} {does} and gives no reason"
    if does.startswith(PASSIVE):  # the reason is that of the memory, not of what was done to it
        return f"{subject}: {reason.rstrip(END)}; it {does}"
    return f"{subject} {does}: {reason.rstrip(END)}"


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
