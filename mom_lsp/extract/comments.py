"""Comments that state a rule, a reason or an open issue, in any language that Pygments knows.

Lexing is slow (about 1.3 MB/s), so in languages whose files can be split into top-level declarations only those
with a marker are lexed; on 1,300 files of curl and mypy that gave the same memories as lexing whole files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from textwrap import dedent
from time import thread_time
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, String, _TokenType
from pygments.util import ClassNotFound

from mom_lsp.extract.comment_markers import Markers, tagged_kind
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import text_kind
from mom_lsp.extract.language import ideographs
from mom_lsp.extract.line_ends import as_lines_of_git
from mom_lsp.extract.message import rationale, sentences, shorten
from mom_lsp.extract.noise import is_generated, is_vendored
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.limits import LEXING_TIME, MAX_COMMENT, MAX_SOURCE, MAX_SOURCE_LINE
from mom_lsp.memory import Anchor, Memory, Source, span_memory_id

Sanitize = Callable[[str], str]

MAX_TITLE = 100
MAX_BODY = 1000
MAX_COMMENTS = 60  # per file
MIN_WORDS = 4
MIN_WEAK_WORDS = 6  # "must never be NULL" is too short to be useful

LICENCE = re.compile(
    r"copyright\b|\(c\) \d{4}|SPDX-|\blicen[cs]ed? (?:under|as|agreement)|permission is hereby|redistribution and use"
    r"|all rights reserved|without warranty|GNU (?:Lesser |Affero )?General Public",
    re.IGNORECASE,
)
_DELIMITERS = re.compile(
    r"^[ \t]*(?:/\*+!?|\*+/|\*+(?![*)])|//+[!/]?|#+!?|--+(?:\[\[)?|;+|%+|<!--|\(\*|\{-|\"\"\"|'''|rem\b|REM\b|dnl\b"
    r"|\.\\\"|=(?:begin|end|pod|cut)\b[ \t]*$)[ \t]?"
)
_END_DELIMITERS = re.compile(r"(?<![ \t])[ \t]*+(?:(?<!\*)\*++/|-->|\*\)|-\}|\"\"\"|'''|\]\])[ \t]*+$")
MAX_BLANKS, MAX_BLANK_LINES = 100, 10  # one after another that a lexer is given
TOKENS = 16  # between two looks at the clock
_BLANKS = re.compile(rf"[ \t]{{{MAX_BLANKS},}}+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"[;{}]\s*$", re.MULTILINE)


class Passage(NamedTuple):
    """One comment: its lines (1-based, inclusive), its text, and whether it is a docstring."""

    first: int
    last: int
    text: str
    docstring: bool


def comment_memories(path: str, blob: str, text: str, *, sanitize: Sanitize) -> list[Memory]:
    """Return the memories in the comments of one committed file, at most 60, in line order."""
    if len(text) > MAX_SOURCE or is_vendored(path) or is_generated(path, text[:2000]):
        return []
    markers = Markers(text)
    if not markers.any(text):
        return []
    lexer = find_lexer(path)
    if lexer is None:
        return []
    text = as_lines_of_git(text)
    lines = text.split("\n")
    memories: dict[str, Memory] = {}
    for passage in _passages(lexer, text, markers):
        if len(memories) == MAX_COMMENTS:
            break
        if _is_memorable(passage, markers):
            memory = _memory(path, blob, passage, enclosing_symbol(lines, passage.first, path), sanitize, markers)
            memories.setdefault(memory.id, memory)
    return list(memories.values())


def _is_memorable(passage: Passage, markers: Markers) -> bool:
    """Whether a comment has a marker and at least four words, and is neither a licence nor dead code."""
    strong = markers.strong(passage.text)
    if not strong and (passage.docstring or not markers.weak(passage.text)):
        return False
    words = len(_WORD.findall(passage.text)) + ideographs(passage.text) / 2
    if words < (MIN_WORDS if strong else MIN_WEAK_WORDS) or LICENCE.search(passage.text):
        return False
    return len(_CODE.findall(passage.text)) * 2 <= passage.text.count("\n") + 1


def _memory(path: str, blob: str, passage: Passage, symbol: str, sanitize: Sanitize, markers: Markers) -> Memory:
    name, _, text = sanitize(f"{symbol}\n{passage.text}").partition("\n")
    body = _marked_paragraph(text, markers) if passage.docstring else text
    title = next(iter(sentences(body)), "")
    return Memory(
        id=span_memory_id(path, symbol, passage.text),
        kind=tagged_kind(body) or text_kind(body),
        title=shorten(title, MAX_TITLE),
        body=shorten(body, MAX_BODY),
        why=rationale(body),
        source=Source(type="file", path=path, line=passage.first, end_line=passage.last, blob=blob),
        blobs=(blob,),
        anchors=(Anchor(path, (name,) if name else (), ((passage.first, passage.last - passage.first + 1),)),),
        informative=informativeness(title, body),
    )


def _marked_paragraph(docstring: str, markers: Markers) -> str:
    """Return the paragraph of a docstring that has the marker, all of it if none has."""
    return dedent(
        next((part for part in re.split(r"\n[ \t]*\n", docstring) if markers.strong(part)), docstring)
    ).strip()


@lru_cache(maxsize=512)
def _lexer_for(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(name, stripnl=False, stripall=False, ensurenl=False)
    except ClassNotFound:
        return None


def find_lexer(path: str) -> Lexer | None:
    """Return the lexer for a path, shared by files of one extension; None for prose, which has no comments."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    extension = _SHARED.get(extension.lower(), extension.lower())
    lexer = _lexer_for(f"x.{extension}") if stem and dot else None
    if lexer is None or set(lexer.aliases) & _PROSE:
        lexer = _lexer_for(name)  # CMakeLists.txt, Makefile
    return None if lexer is None or set(lexer.aliases) & _PROSE else lexer


_NO_COMMENTS = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
_SHARED = {"pl": "perl", "pm": "perl", "t": "perl", "r": "R", "fs": "fsi", "mts": "ts", "cts": "ts"}  # of extensions
# that Pygments takes for Prolog, Promela, Raku, REBOL and Forth, or does not know, the ones that it reads as meant
_PROSE = {"markdown", "md", "rst", "restructuredtext", "text", "diff", "json", "output", "html", "svg", "xml", "ipynb"}


def _passages(lexer: Lexer, text: str, markers: Markers) -> Iterator[Passage]:
    """Yield the comments of a text, adjacent whole-line comments joined."""
    pending: list[Passage] = []
    for passage, alone in _comments(lexer, text, markers):
        if pending and alone and passage.first == pending[-1].last + 1 and not passage.docstring:
            pending.append(passage)
            continue
        if pending:
            yield _joined(pending)
        pending = [passage]
        if passage.docstring or not alone:
            yield _joined(pending)
            pending = []
    if pending:
        yield _joined(pending)


def _joined(passages: list[Passage]) -> Passage:
    text = "\n".join(passage.text for passage in passages).strip()[:MAX_COMMENT]
    return Passage(passages[0].first, passages[-1].last, text, passages[0].docstring)


# Where a lexer is back in its initial state: after a closing brace or before a definition, unindented.
_BRACE_END = re.compile(r"^\}.*\n", re.MULTILINE)
_DEFINITION = re.compile(r"^(?=(?:async )?def |class |@\w)", re.MULTILINE)
_BOUNDARIES = {
    **dict.fromkeys(("c", "cpp", "java", "javascript", "typescript", "go", "rust", "objective-c", "swift"), _BRACE_END),
    "python": _DEFINITION,
}


def boundary_of(lexer: Lexer) -> re.Pattern[str] | None:
    """Return what ends where the lexer is back in its initial state, None if that is not known."""
    return next((_BOUNDARIES[alias] for alias in lexer.aliases if alias in _BOUNDARIES), None)


def pieces(lexer: Lexer, text: str, markers: Markers) -> Iterator[tuple[int, str]]:
    """Yield the first line and text of each piece that has a marker."""
    boundary = boundary_of(lexer)
    if boundary is None:
        yield 1, text
        return
    line, start = 1, 0
    for end in [*(match.end() for match in boundary.finditer(text)), len(text)]:
        piece = text[start:end]
        if markers.any(piece):
            yield line, piece
        line += piece.count("\n")
        start = end


def _comments(lexer: Lexer, text: str, markers: Markers) -> Iterator[tuple[Passage, bool]]:
    """Yield each comment in the pieces with a marker, and whether its lines hold nothing else."""
    until = thread_time() + LEXING_TIME
    for first, piece in pieces(lexer, text, markers):
        yield from comment_tokens(lexer, piece, first, until)


def comment_tokens(lexer: Lexer, text: str, first: int, until: float | None = None) -> Iterator[tuple[Passage, bool]]:
    """Yield each comment token, and whether its lines hold nothing else.

    Args:
        lexer: of the language.
        text: to lex.
        first: the number of its first line.
        until: the processor time of this thread, in seconds, at which lexing ends; by default after `LEXING_TIME`.
    """
    until = thread_time() + LEXING_TIME if until is None else until
    text, numbers = _lexable(text)
    line, last_end, code_line = 0, -1, -1
    for kind, value in _tokens(lexer, text, until):
        newlines = value.count("\n")
        docstring = kind is String.Doc
        if _is_comment(kind) or docstring:
            stripped = value.strip("\n")
            start = line + len(value) - len(value.lstrip("\n"))
            last = start + stripped.count("\n")
            if last >= len(numbers):  # the lexer has repeated some of the text: nothing after it has a line
                return
            alone = code_line != start and last_end != start
            yield Passage(first + numbers[start], first + numbers[last], _stripped(stripped), docstring), alone
            last_end = last
        elif not value.isspace():
            code_line = line + newlines
        line += newlines


def _is_comment(kind: _TokenType) -> bool:
    return kind in Comment and not any(kind in one for one in _NO_COMMENTS)


def _tokens(lexer: Lexer, text: str, until: float) -> Iterator[tuple[_TokenType, str]]:
    """Yield the tokens of a text up to a time, those of one comment joined: some lexers give its mark apart."""
    comment, parts = Comment, list[str]()
    for count, (kind, value) in enumerate(lexer.get_tokens(text)):
        if not count % TOKENS and thread_time() > until:
            return
        goes_on = parts and _is_comment(kind) and (not parts[-1].endswith("\n") or kind is comment is Comment.Multiline)
        if parts and not goes_on:
            yield comment, "".join(parts)
            parts = []
        if _is_comment(kind):
            comment = kind
            parts.append(value)
        else:
            yield kind, value
    if parts:
        yield comment, "".join(parts)


def _lexable(text: str) -> tuple[str, list[int]]:
    """Return a text without long runs of white space, over which lexers take very long, and the numbers of its lines.

    The numbers are those in the given text, from 0.
    """
    kept, numbers, blank = list[str](), list[int](), 0
    for number, line in enumerate(text.split("\n")):
        blank = 0 if line.strip() else blank + 1
        if blank <= MAX_BLANK_LINES:
            kept.append("" if blank else _BLANKS.sub(" " * MAX_BLANKS, line[:MAX_SOURCE_LINE]))
            numbers.append(number)
    return "\n".join(kept), numbers


def _stripped(comment: str) -> str:
    """Return a comment without its delimiters, indentation preserved."""
    lines = [_END_DELIMITERS.sub("", _DELIMITERS.sub("", line, count=1)).rstrip() for line in comment.split("\n")]
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(indents, default=0)
    return "\n".join([lines[0].strip(), *(line[margin:] for line in lines[1:])]).strip()
