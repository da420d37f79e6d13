"""The model's rephrasing of an answer: streamed, without the sentences that no memory supports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mom_lsp.extract.message import sentences
from mom_lsp.lm.answer import Sentence, reason_of
from mom_lsp.lm.prompts import LINE_GRAMMAR, completion_messages, told, why_grammar, why_messages
from mom_lsp.lm.support import coverage, is_supported
from mom_lsp.memory import Bias, Generator, Memory, never_cancelled
from mom_lsp.route.lines import LINE_END

LIMIT = 160  # tokens
LINE_LIMIT = 24
LEAST_COVERAGE = 2 / 3  # of the first reason's words; with less, quoting the memories is the better answer
CODE_BEFORE = 1200  # characters
COMMENT = re.compile(r"(?<=\S)\s+(?:#|//)\s.*")  # after code
CITED = re.compile(r"(?P<text>[^\[\]]*)\[(?P<number>\d+)\]")


@dataclass(frozen=True, slots=True)
class WordingQuestion:
    """The line of code that the user asks about."""

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
    """Yield each supported sentence of the model, as soon as it is complete; citations count from 1.

    Raises:
        ModelError, ChildError: as the generator does.
    """
    seen: set[str] = set()
    for claim in cited_sentences(generator, question, memories, bias=bias, cancelled=cancelled):
        number = supporting_memory(claim, question, memories)
        if number and claim.text.lower() not in seen:
            yield Sentence(claim.text, number)
        seen.add(claim.text.lower())


def cited_sentences(
    generator: Generator,
    question: WordingQuestion,
    memories: Sequence[Memory],
    *,
    bias: Bias | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> Iterator[Sentence]:
    """Yield each sentence of the model with a citation, supported or not. Raises as `worded` does."""
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
    """Return a completion of the last line of code, "" if the model has none. Raises as `worded` does."""
    from mom_lsp.redact import clean  # here, like all that hints do not need

    begun = before[-CODE_BEFORE:].rstrip(" \t")  # the space is part of the next token
    messages = completion_messages(memories, path, begun)
    pieces = generator.generate(messages, limit=LINE_LIMIT, grammar=LINE_GRAMMAR, bias=bias, cancelled=cancelled)
    rest = "".join(pieces)
    line = LINE_END.split(before)[-1]
    rest = clean(rest).removeprefix(line).removeprefix(line.lstrip()).rstrip()  # chat models repeat the line
    rest = rest.lstrip() if before[-1:].isspace() else rest
    code = COMMENT.sub("", rest)
    if all((line + code).count(quote) % 2 == 0 for quote in "\"'"):  # otherwise the sign is inside a string
        rest = code
    return "" if cancelled() or rest.lstrip().startswith("```") else rest


def claims(pieces: Iterable[str]) -> Iterator[Sentence]:
    """Yield the sentences of a stream that end with a citation; sentences without one are dropped."""
    text = ""
    for piece in pieces:
        text += piece
        while match := CITED.search(text):
            text = text[match.end() :]
            cited = sentences(match["text"])
            if cited and (last := cited[-1].strip(" .,;:")):
                yield Sentence(last, int(match["number"]))


def supporting_memory(claim: Sentence, question: WordingQuestion, memories: Sequence[Memory]) -> int:
    """Return the number of a memory that supports a claim, the cited one if possible (small models miscount), or 0."""
    numbers = sorted(range(1, len(memories) + 1), key=lambda number: number != claim.cites)
    supporting = (n for n in numbers if is_supported(claim.text, told(memories[n - 1]), str(question)))
    return next(supporting, 0)


def gives_the_reason(answer: Iterable[Sentence], memories: Iterable[Memory]) -> bool:
    """Whether an answer contains most of the first reason that the memories give."""
    reason = next(filter(None, map(reason_of, memories)), "")
    return not reason or coverage(reason, " ".join(one.text for one in answer)) >= LEAST_COVERAGE
