"""An answer from memories alone: up to three sentences that quote them, each with a numbered citation."""

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
REASON_LENGTH = 240  # characters quoted from a memory in one sentence
LEAST_WORDS = 3  # of an informative sentence: not "Also:"
PASSIVE = ("was ", "were ")  # how the description of what was done to a memory begins
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d]\w+")  # of any language; Chinese and Japanese use no spaces
START, END = " .…", " .,;:!…"  # "Refuse it ... since the server counts": a title may continue in the text
REFERENCE = re.compile(r"https?://\S+|#\d+|\b[0-9a-f]{7,40}\b")
POINTER = re.compile(  # only a reference: "This reverts commit 1a2b3c4", "Follow-up to pull request #12"
    rf"(?:(?:{WORDS}|th(?:is|ese|at)|it|is|was|were|an?|the|of|in|to|by|from|for|and|also|with|after|both|several|similar|part"
    r"|made|commit|change|patch|pr|pull|request|issues?|bug|missed|introduced|landed|regressions?|fix(?:e[sd])?"
    r"|follow\w*|ups?|clos(?:es|ed)|resolves|refs?|see|continuation|addresses|related|inspired"
    r"|together)\b|\W|\d)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clue:
    """A memory to cite, and its relation to the line."""

    memory: Memory
    does: str  # "last changed this line"; {other} in it stands for a second memory
    other: Memory | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim and the number of the memory that it cites, counted from 1."""

    text: str
    cites: int

    def __str__(self) -> str:
        return f"{self.text} [{self.cites}]."


def extractive(clues: Sequence[Clue]) -> list[Sentence]:
    """Return a sentence for each of the first three memories."""
    numbers = {clue.memory.id: number for number, clue in enumerate(clues, 1)}
    return [Sentence(_quoted(clue, numbers), number) for number, clue in enumerate(clues[:SENTENCES], 1)]


def unknown(path: str, line: int) -> str:
    """Return the answer when no memory explains a line."""
    return f"No memory explains {path}:{line}."


def reason_of(memory: Memory) -> str:
    """Return the first informative sentence of a memory's text; "" if there is none."""
    stripped = (one.lstrip(START) for one in sentences(prose(memory.body or memory.why)))
    return shorten(next(filter(is_informative, stripped), ""), REASON_LENGTH)


def is_informative(sentence: str) -> bool:
    """Whether a sentence is more than a reference to another commit or issue."""
    if len(WORD.findall(sentence)) < LEAST_WORDS or announces(sentence):
        return False
    return not POINTER.fullmatch(REFERENCE.sub(" ", sentence))


def _quoted(clue: Clue, numbers: dict[str, int]) -> str:
    memory, reason = clue.memory, reason_of(clue.memory)
    match memory.source.type:
        case "file":
            return f"{_place(memory)} says “{(reason or memory.title).rstrip(END)}”"
        case "user":
            return f"A note says “{(reason or memory.title).rstrip(END)}”"
    origin = ", ".join(part for part in (memory.source.author, _day(memory.source.time)) if part)
    subject = f"“{memory.title.rstrip(END)}”" + (f" ({origin})" if origin else "")
    does = clue.does.replace("{other}", _name(clue.other, numbers))
    if not reason:
        return f"{subject} {does} and gives no reason"
    if does.startswith(PASSIVE):  # the reason explains the memory, not what was done to it
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
    except (OverflowError, ValueError, OSError):  # a commit may carry any date
        return ""
