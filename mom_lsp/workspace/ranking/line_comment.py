"""The comment that touches a line, read from the open text, whether or not the index keeps it as a memory.

A comment touches a line if it stands at its end, or above it with at most two lines of the same block between. At the
end of the line, or as the documentation of what it declares, it has to give a reason: the user sees it anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from mom_lsp.extract.line_ends import as_lines_of_git
from mom_lsp.route.lines import MAX_TEXT

BETWEEN = 2  # lines between a comment and a line that it is about
LEAST_WORDS = 5
MAX_LINES = 40  # of one comment
MAX_LEXED = 2000  # lines above that are lexed where it is not known where a lexer can start
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODE = re.compile(r"[;{}]\s*$|^\s*[\w.]+\(.*\)$|^\s*[\w.\[\]]+ = (?:\S+|[\w.]+\(.*\))$", re.MULTILINE)
_TAGS = re.compile(r"^\s*[@\\](?:param|returns?)\b|^\s*@\w+:|\bReturns?:", re.MULTILINE)  # of a doc comment
_HEAD = re.compile(r"\s*(?:/\*|\*|//|#(?:\s|!|$)|;|--|%|<!--|$)")  # a line of the comment at the start of a file
_ENDS_BLOCK = re.compile(r"\s*(?:[)}\]]|end\b|else\b|elif\b|#\s*(?:else|endif)\b)")


@dataclass(frozen=True, slots=True)
class LineComment:
    """A comment."""

    first: int  # line of the open text, from 1
    last: int
    text: str  # without delimiters
    documents: bool = False  # whether it documents what it stands above: a doc comment


def comment_at(path: str, lines: Sequence[str], number: int) -> LineComment | None:
    """Return the comment that touches a line (from 1); None if there is none that says something, or it is the line."""
    if not 0 < number <= len(lines):
        return None
    found = {at: one for one in _comments(path, lines, number) for at in range(one.first, one.last + 1)}
    if number in found:
        own = found[number]
        return own if own.first == own.last and _says_why(own.text) and not _alone(own, lines) else None
    for at in range(number - 1, max(0, number - 2 - BETWEEN), -1):
        if at in found:
            above = found[at]
            says = _says_why if above.documents else _says_something
            return above if _alone(above, lines) and says(above.text) else None
        between = lines[at - 1]
        if not between.strip() or _ENDS_BLOCK.match(between) or _indent(between) > _indent(lines[number - 1]):
            return None
    return None


def _comments(path: str, lines: Sequence[str], number: int) -> list[LineComment]:
    """Return the comments around a line, adjacent whole lines joined."""
    from mom_lsp.extract.comments import boundary_of, comment_tokens, find_lexer  # here: hints do not need a lexer

    lexer = find_lexer(path)
    if lexer is None or sum(map(len, lines[max(0, number - MAX_LEXED) : number])) > MAX_TEXT:
        return []
    boundary, first = boundary_of(lexer), max(0, number - 1 - MAX_LEXED)
    starts = (at for at in range(number - 2, first, -1) if boundary and boundary.match(f"{lines[at]}\n"))
    start = next(starts, first)
    joined: list[LineComment] = []
    for passage, _ in comment_tokens(lexer, as_lines_of_git("\n".join([*lines[start:number], ""])), start + 1):
        opening = lines[passage.first - 1].lstrip()
        if passage.docstring and not opening.startswith(("/", "*")):  # in Python it documents what is above it
            continue
        documents = passage.docstring or opening.startswith(("/**", "///", "//!", "/*!")) or _TAGS.search(passage.text)
        one = LineComment(passage.first, passage.last, passage.text, bool(documents))
        before = joined[-1] if joined else None
        if before and before.last + 1 == one.first and _alone(before, lines) and _alone(one, lines):
            joined[-1] = LineComment(before.first, one.last, f"{before.text}\n{one.text}", before.documents)
        else:
            joined.append(one)
    return [one for one in joined if one.last - one.first < MAX_LINES]


def is_licence(lines: Sequence[str], number: int) -> bool:
    """Whether a line (from 1) is in a comment at the start of a file that is a licence."""
    head = list(takewhile(_HEAD.match, lines[:MAX_LINES]))
    if number > len(head):
        return False
    from mom_lsp.extract.comments import LICENCE

    return bool(LICENCE.search("\n".join(head)))


def _alone(comment: LineComment, lines: Sequence[str]) -> bool:
    """Whether the first line of a comment holds nothing else."""
    first = comment.text.split("\n", 1)[0].strip()
    before = lines[comment.first - 1].partition(first)[0] if first else lines[comment.first - 1]
    return not re.search(r"\w", before)


def _says_something(text: str) -> bool:
    """Whether a comment is more than a few words, a licence or code that is turned off."""
    from mom_lsp.extract.comments import LICENCE

    if len(_WORD.findall(text)) < LEAST_WORDS or LICENCE.search(text):
        return False
    return len(_CODE.findall(text)) * 2 <= text.count("\n") + 1


def _says_why(text: str) -> bool:
    """Whether a comment gives a reason, too."""
    from mom_lsp.extract.message import has_rationale

    return _says_something(text) and has_rationale(text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
