"""Comments that state a rule, a reason or an open issue, in any language that Pygments knows.

Lexing is slow (about 1.3 MB/s), so in languages whose files can be split into top-level declarations only those
with a marker are lexed; on 1,300 files of curl and mypy that gave the same memories as lexing whole files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from textwrap import dedent
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, String
from pygments.util import ClassNotFound

from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import text_kind
from mom_lsp.extract.message import rationale, sentences, shorten
from mom_lsp.extract.noise import is_generated, is_vendored
from mom_lsp.extract.symbols import enclosing_symbol
from mom_lsp.memory import Anchor, Memory, Source, span_memory_id

Sanitize = Callable[[str], str]

MAX_TITLE = 100
MAX_BODY = 1000
MAX_COMMENTS = 60  # per file
MAX_TEXT = 2_000_000  # characters; a longer file was not written by hand
MIN_WORDS = 4
MIN_WEAK_WORDS = 6  # "must never be NULL" is too short to be useful

_TAG = r"\b(?:TODO|FIXME|HACK|XXX|NOTE|WHY|BUG|SAFETY|WARNING|CAUTION|IMPORTANT|ATTENTION)\b"
# Markers of a comment worth remembering. Everyday words ("must") are weak: they do not count in docstrings.
_STRONG = re.compile(
    _TAG + r"|\b[Ww]ork(?:s|ing)?[- ]?[Aa]?rounds?\b|\b[Hh]ack(?:y|ish)?\b|\b[Oo]n purpose\b|\b[Ii]ntentional(?:ly)?\b"
    r"|\b[Dd]eliberate(?:ly)?\b|\b[Hh]istorical(?:ly)? |\b[Kk]ludge|\b[Kk]nown (?:bug|issue|problem|limitation)\b"
)
_WEAK = re.compile(
    r"\b(?:[Bb]ecause|BECAUSE|[Dd]o not|DO NOT|[Dd]o NOT|[Dd]on'?t|[Nn]ever|NEVER|[Mm]ust|MUST|[Oo]therwise"
    r"|[Ss]hould not|[Ss]houldn't|[Ss]o that|[Ii]n order to|[Bb]e careful|[Bb]eware|[Mm]ake sure|[Aa]lways"
    r"|[Ii]nstead of|[Nn]ote that|[Nn]ote:|[Aa]ssum(?:es|ing|ption)|[Ff]or (?:backwards?|compat))\b"
)
_MARKER = re.compile(f"{_STRONG.pattern}|{_WEAK.pattern}")
_LICENCE = re.compile(
    r"copyright\b|\(c\) \d{4}|SPDX-|\blicen[cs]ed? (?:under|as|agreement)|permission is hereby|redistribution and use"
    r"|all rights reserved|without warranty|GNU (?:Lesser |Affero )?General Public",
    re.IGNORECASE,
)
_DELIMITERS = re.compile(
    r"^[ \t]*(?:/\*+!?|\*+/|\*+(?!\*)|//+[!/]?|#+!?|--+(?:\[\[)?|;+|%+|<!--|\(\*|\{-|\"\"\"|'''|rem\b|REM\b|dnl\b"
    r"|\.\\\")[ \t]?"
)
_END_DELIMITERS = re.compile(r"[ \t]*(?:\*+/|-->|\*\)|-\}|\"\"\"|'''|\]\])[ \t]*$")
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
    if len(text) > MAX_TEXT or not _MARKER.search(text) or is_vendored(path) or is_generated(path, text[:2000]):
        return []
    lexer = _lexer(path)
    if lexer is None:
        return []
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    memories: dict[str, Memory] = {}
    for passage in _passages(lexer, text):
        if len(memories) == MAX_COMMENTS:
            break
        if _is_memorable(passage):
            memory = _memory(path, blob, passage, enclosing_symbol(lines, passage.first, path), sanitize)
            memories.setdefault(memory.id, memory)
    return list(memories.values())


def _is_memorable(passage: Passage) -> bool:
    """Whether a comment has a marker and at least four words, and is neither a licence nor dead code."""
    strong = _STRONG.search(passage.text)
    if not strong and (passage.docstring or not _WEAK.search(passage.text)):
        return False
    if len(_WORD.findall(passage.text)) < (MIN_WORDS if strong else MIN_WEAK_WORDS) or _LICENCE.search(passage.text):
        return False
    return len(_CODE.findall(passage.text)) * 2 <= passage.text.count("\n") + 1


def _memory(path: str, blob: str, passage: Passage, symbol: str, sanitize: Sanitize) -> Memory:
    name, _, text = sanitize(f"{symbol}\n{passage.text}").partition("\n")
    body = _marked_paragraph(text) if passage.docstring else text
    title = next(iter(sentences(body)), "")
    return Memory(
        id=span_memory_id(path, symbol, passage.text),
        kind=text_kind(body),
        title=shorten(title, MAX_TITLE),
        body=shorten(body, MAX_BODY),
        why=rationale(body),
        source=Source(type="file", path=path, line=passage.first, end_line=passage.last, blob=blob),
        blobs=(blob,),
        anchors=(Anchor(path, (name,) if name else (), ((passage.first, passage.last - passage.first + 1),)),),
        informative=informativeness(title, body),
    )


def _marked_paragraph(docstring: str) -> str:
    """Return the paragraph of a docstring that has the marker, all of it if none has."""
    return dedent(
        next((part for part in re.split(r"\n[ \t]*\n", docstring) if _STRONG.search(part)), docstring)
    ).strip()


@lru_cache(maxsize=512)
def _lexer_for(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(name, stripnl=False, stripall=False, ensurenl=False)
    except ClassNotFound:
        return None


def _lexer(path: str) -> Lexer | None:
    """Return the lexer for a path, shared by files of one extension; None for prose, which has no comments."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    lexer = _lexer_for(f"x.{extension.lower()}") if stem and dot else None
    if lexer is None or set(lexer.aliases) & _PROSE:
        lexer = _lexer_for(name)  # CMakeLists.txt, Makefile
    return None if lexer is None or set(lexer.aliases) & _PROSE else lexer


_PROSE = {"markdown", "md", "rst", "restructuredtext", "text", "diff", "json", "output", "html", "svg", "xml", "ipynb"}


def _passages(lexer: Lexer, text: str) -> Iterator[Passage]:
    """Yield the comments of a text, adjacent whole-line comments joined."""
    pending: list[Passage] = []
    for passage, alone in _comments(lexer, text):
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
    text = "\n".join(passage.text for passage in passages).strip()
    return Passage(passages[0].first, passages[-1].last, text, passages[0].docstring)


# Where a lexer is back in its initial state: after a closing brace or before a definition, unindented.
_BRACE_END = re.compile(r"^\}.*\n", re.MULTILINE)
_DEFINITION = re.compile(r"^(?=(?:async )?def |class |@\w)", re.MULTILINE)
_BOUNDARIES = {
    **dict.fromkeys(("c", "cpp", "java", "javascript", "typescript", "go", "rust", "objective-c", "swift"), _BRACE_END),
    "python": _DEFINITION,
}


def pieces(lexer: Lexer, text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and text of each piece that has a marker."""
    boundary = next((_BOUNDARIES[alias] for alias in lexer.aliases if alias in _BOUNDARIES), None)
    if boundary is None:
        yield 1, text
        return
    line, start = 1, 0
    for end in [*(match.end() for match in boundary.finditer(text)), len(text)]:
        piece = text[start:end]
        if _MARKER.search(piece):
            yield line, piece
        line += piece.count("\n")
        start = end


def _comments(lexer: Lexer, text: str) -> Iterator[tuple[Passage, bool]]:
    """Yield each comment in the pieces with a marker, and whether its lines hold nothing else."""
    for first, piece in pieces(lexer, text):
        yield from _comment_tokens(lexer, piece, first)


def _comment_tokens(lexer: Lexer, text: str, line: int) -> Iterator[tuple[Passage, bool]]:
    """Yield each comment token, and whether its lines hold nothing else."""
    last_end, code_line = 0, 0
    for kind, value in lexer.get_tokens(text):
        newlines = value.count("\n")
        docstring = kind is String.Doc
        if (kind in Comment and kind not in Comment.Preproc and kind not in Comment.PreprocFile) or docstring:
            stripped = value.rstrip("\n")
            last = line + stripped.count("\n")
            alone = code_line != line and last_end != line
            yield Passage(line, last, _stripped(stripped), docstring), alone
            last_end = last
        elif not value.isspace():
            code_line = line + newlines
        line += newlines


def _stripped(comment: str) -> str:
    """Return a comment without its delimiters, indentation preserved."""
    lines = [_END_DELIMITERS.sub("", _DELIMITERS.sub("", line, count=1)).rstrip() for line in comment.split("\n")]
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(indents, default=0)
    return "\n".join([lines[0].strip(), *(line[margin:] for line in lines[1:])]).strip()
