"""An answer from memories alone: up to three sentences that quote them, most with a numbered citation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mom_lsp.extract.message import shorten
from mom_lsp.extract.quote import NOWHERE, Quote, quote
from mom_lsp.extract.remarks import speaker
from mom_lsp.memory import Memory

SENTENCES = 3
MAX_COMMENT = 200  # characters that are quoted of a comment, which the user sees anyway
PASSIVE = ("was ", "were ")  # how the description of what was done to a memory begins
END = " .,;:!"
FOOTNOTE = re.compile(r"(?:(?:,? see(?: also)?)?:?\s+|^)\[\d{1,2}\]")  # looks like a citation, as `argv[1]` does not
TAG = re.compile(r"\s*(?:\[(?:skip|ci)[ -]\w+\]|\((?:#|GH-)\d+\))", re.IGNORECASE)
LAST = "last changed"  # how a line's last change is described where nothing is known but its title


@dataclass(frozen=True, slots=True)
class Clue:
    """A memory to cite, and its relation to the line."""

    memory: Memory
    does: str  # "wrote this line"; {other} in it stands for a second memory
    other: Memory | None = None
    place: Mapping[str, float] = field(default_factory=dict)  # the words of the line, as `place_words` returns them
    reason: str | None = None  # what is quoted, "" for its title alone; None for what `reason_of` chooses
    alone: bool = False  # whether it is all that is known of the line, and says no more than what was done
    line: int = 0  # of a comment in the file asked about: its line in the open text


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim and the number of the memory that it cites, counted from 1; 0 for none."""

    text: str
    cites: int

    def __str__(self) -> str:
        return f"{self.text} [{self.cites}]." if self.cites else f"{self.text}."


def extractive(clues: Sequence[Clue]) -> list[Sentence]:
    """Return a sentence for each of the first three memories."""
    numbers = {clue.memory.id: number for number, clue in enumerate(clues, 1)}
    return [Sentence(_quoted(clue, numbers), number) for number, clue in enumerate(clues[:SENTENCES], 1)]


def of_comment(line: int, text: str, place: Mapping[str, float] = NOWHERE) -> Sentence:
    """Return the sentence that quotes a comment of the file itself, which is no memory."""
    return Sentence(_comment(line, comment_quote(text, place)), 0)


def comment_quote(text: str, place: Mapping[str, float] = NOWHERE) -> str:
    """Return what to quote of a comment: all of a short one, else the sentences that speak of a place."""
    whole = " ".join(text.split())
    return whole if len(whole) <= MAX_COMMENT else quote("", text, place).text or whole


def unknown(path: str, line: int) -> str:
    """Return the answer when no memory explains a line."""
    return f"No memory explains {path}:{line}."


def reason_of(memory: Memory, place: Mapping[str, float] = NOWHERE) -> str:
    """Return what a memory says about a place besides its title, or about itself; "" if nothing.

    The title of a commit is quoted too; a comment and a note are quoted by what they say alone.
    """
    return quote_of(memory, place).text


def quote_of(memory: Memory, place: Mapping[str, float] = NOWHERE) -> Quote:
    """Return the same with what speaks for it."""
    title = memory.title if memory.source.type == "commit" else ""
    found = quote(title, memory.body or memory.why, place)
    return found._replace(text=TAG.sub("", FOOTNOTE.sub("", found.text)).strip())


def _attributed(memory: Memory, reason: str) -> str:
    """Return a reason without its full stop, and with what it is from if that is not the commit's own message."""
    origin = speaker(memory.body, reason)
    return f"its {origin} says “{_ended(reason)}”" if origin else _ended(reason)


def _quoted(clue: Clue, numbers: dict[str, int]) -> str:
    memory = clue.memory
    reason = reason_of(memory, clue.place) if clue.reason is None else clue.reason
    match memory.source.type:
        case "file":
            text = comment_quote(memory.body, clue.place) if clue.line else reason or memory.title
            return _from_file(memory, text, clue.line)
        case "user":
            return f"A note says “{_ended(reason or memory.title)}”"
        case "discussion":
            return f"{_speaker(memory)} “{_ended(reason or memory.title)}”"
    origin = ", ".join(part for part in (memory.source.author, _day(memory.source.time)) if part)
    subject = f"“{_ended(memory.title)}”" + (f" ({origin})" if origin else "")
    does = clue.does.replace("{other}", _name(clue.other, numbers))
    if clue.alone:
        return f"No reason is recorded; {LAST} by {subject}"
    if not reason:
        return f"{subject} {does}"
    if does.startswith(PASSIVE):  # the reason explains the memory, not what was done to it
        return f"{subject}: {_attributed(memory, reason)}; it {does}"
    return f"{subject} {does}: {_attributed(memory, reason)}"


def _speaker(memory: Memory) -> str:
    """Return where it was said: "The review of #1129 says"."""
    part = memory.source.discussion
    if part is None or not part.part:
        return f"“{_ended(memory.title)}” was abandoned:"
    return f"The review of #{part.number} says"


def _from_file(memory: Memory, text: str, line: int) -> str:
    from mom_lsp.extract.documents import is_document  # here, like all that hints do not need

    if line:
        return _comment(line, text)
    source = memory.source
    at = f"{source.path}:{source.line}" if source.line else str(source.path)
    return f"{at if is_document(str(source.path)) else f'The comment at {at}'} says “{_ended(text)}”"


def _comment(line: int, text: str) -> str:
    return f"The comment on line {line} says “{_ended(shorten(text, MAX_COMMENT))}”"


def _ended(text: str) -> str:
    """Return a sentence without its full stop, which comes behind the citation; the mark of a cut stays."""
    return text if text.endswith("…") else text.rstrip(END)


def _name(memory: Memory | None, numbers: dict[str, int]) -> str:
    if memory is None:
        return ""
    number = numbers.get(memory.id)
    return f"[{number}]" if number else f"“{_ended(memory.title)}”"


def _day(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}" if time else ""
    except (OverflowError, ValueError, OSError):  # a commit may carry any date
        return ""
