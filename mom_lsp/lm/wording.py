"""The model's wording of an answer: streamed, and cut to the sentences that the memory they cite supports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mom_lsp.extract.message import sentences
from mom_lsp.lm.answer import Sentence, reason_of
from mom_lsp.lm.prompts import LINE_GRAMMAR, completion_messages, why_grammar, why_messages
from mom_lsp.lm.support import is_supported, share_said
from mom_lsp.memory import Bias, Generator, Memory, never_cancelled
from mom_lsp.redact import clean

LIMIT = 160  # tokens
LINE_LIMIT = 24
LEAST_SAID = 2 / 3  # of the words of the first reason, or the memories' own are the better answer
CODE_BEFORE = 1200  # characters
EXPLAINED = re.compile(r"(?<=\S)\s+(?:#|//)\s.*")  # a comment after the code
CITED = re.compile(r"(?P<text>[^\[\]]*)\[(?P<number>\d+)\]")


@dataclass(frozen=True, slots=True)
class WordingQuestion:
    """A line that somebody asks about."""

    path: str
    symbol: str
    line: str

    def __str__(self) -> str:
        return f"{self.path} {self.symbol} {self.line}"


def worded(
    generator: Generator,
    question: WordingQuestion,
    memories: Sequence[Memory],
    *,
    bias: Bias | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> Iterator[Sentence]:
    """Yield each sentence of the model that holds, as soon as it is complete; it cites memories from 1.

    Raises:
        ModelError, ChildError: as the generator does.
    """
    seen: set[str] = set()
    for claim in claimed(generator, question, memories, bias=bias, cancelled=cancelled):
        number = holder(claim, question, memories)
        if number and claim.text.lower() not in seen:
            yield Sentence(claim.text, number)
        seen.add(claim.text.lower())


def claimed(
    generator: Generator,
    question: WordingQuestion,
    memories: Sequence[Memory],
    *,
    bias: Bias | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> Iterator[Sentence]:
    """Yield each cited sentence of the model, whether it holds or not. Raises as `worded` does."""
    pieces = generator.generate(
        why_messages(memories, question.path, question.symbol, question.line),
        limit=LIMIT,
        grammar=why_grammar(len(memories)),
        bias=bias,
        cancelled=cancelled,
    )
    return claims(pieces)


def completed(
    generator: Generator,
    path: str,
    before: str,
    memories: Sequence[Memory],
    *,
    bias: Bias | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> str:
    """Return the rest of the last line of some code, "" if the model has none. Raises as `worded` does."""
    begun = before[-CODE_BEFORE:].rstrip(" \t")  # a space belongs to the token after it
    messages = completion_messages(memories, path, begun)
    pieces = generator.generate(messages, limit=LINE_LIMIT, grammar=LINE_GRAMMAR, bias=bias, cancelled=cancelled)
    rest = "".join(pieces)
    line = before.rpartition("\n")[2]
    rest = clean(rest).removeprefix(line).removeprefix(line.lstrip()).rstrip()  # chat models say the line again
    rest = rest.lstrip() if before[-1:].isspace() else rest
    code = EXPLAINED.sub("", rest)
    if all((line + code).count(quote) % 2 == 0 for quote in "\"'"):  # else the sign stands within a text
        rest = code
    return "" if cancelled() or rest.lstrip().startswith("```") else rest


def claims(pieces: Iterable[str]) -> Iterator[Sentence]:
    """Yield the sentences of a stream that end with a citation; what stands before without one is cut."""
    text = ""
    for piece in pieces:
        text += piece
        while match := CITED.search(text):
            text = text[match.end() :]
            told = sentences(match["text"])
            if told and (last := told[-1].strip(" .,;:")):
                yield Sentence(last, int(match["number"]))


def holder(claim: Sentence, question: WordingQuestion, memories: Sequence[Memory]) -> int:
    """Return the number of the memory that says so, the cited one if it does; 0 if none does. Small models miscount."""
    numbers = sorted(range(1, len(memories) + 1), key=lambda number: number != claim.cites)
    held = (n for n in numbers if is_supported(claim.text, everything(memories[n - 1]), str(question)))
    return next(held, 0)


def gives_the_reason(told: Iterable[Sentence], memories: Iterable[Memory]) -> bool:
    """Tell whether an answer says most of the reason that the first memory with one gives."""
    reason = next(filter(None, map(reason_of, memories)), "")
    return not reason or share_said(reason, " ".join(one.text for one in told)) >= LEAST_SAID


def everything(memory: Memory) -> str:
    """Return all that a memory says, and about what."""
    symbols = (symbol for anchor in memory.anchors for symbol in anchor.symbols)
    return "\n".join((memory.title, memory.why, memory.body, memory.source.author, *memory.paths, *symbols))
