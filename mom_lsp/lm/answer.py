"""An answer from memories alone: up to three sentences that quote them, each with a numbered citation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mom_lsp.extract.quote import NOWHERE, quote
from mom_lsp.memory import Memory

SENTENCES = 3
PASSIVE = ("was ", "were ")  # how the description of what was done to a memory begins
END = " .,;:!…"


@dataclass(frozen=True, slots=True)
class Clue:
    """A memory to cite, and its relation to the line."""

    memory: Memory
    does: str  # "last changed this line"; {other} in it stands for a second memory
    other: Memory | None = None
    place: Mapping[str, float] = field(default_factory=dict)  # the words of the line, as `place_words` returns them


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


def reason_of(memory: Memory, place: Mapping[str, float] = NOWHERE) -> str:
    """Return what a memory says about a place besides its title, or about itself; "" if nothing.

    The title of a commit is quoted too; a comment and a note are quoted by what they say alone.
    """
    title = memory.title if memory.source.type == "commit" else ""
    return quote(title, memory.body or memory.why, place).text


def _quoted(clue: Clue, numbers: dict[str, int]) -> str:
    memory, reason = clue.memory, reason_of(clue.memory, clue.place)
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
    from mom_lsp.extract.documents import is_document  # here, like all that hints do not need

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
