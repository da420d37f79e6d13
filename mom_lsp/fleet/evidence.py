"""What two repositories can have in common, as numbers that are looked up: lines, names, words.

A memory of another repository says something about code here if they share what is rare in the whole fleet. One number
stands for one kind of evidence and a 32-bit hash of a text.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np

from mom_lsp.extract.code import identifiers, line_keys
from mom_lsp.route.field_match import words_of

MAX_TEXT = 2_000  # characters of a message that are looked through
MAX_WORDS = 64  # of a memory
LEAST_NAME = 6  # characters of a name that may be rare
LEAST_LINE, LEAST_LETTERS = 16, 10  # characters and letters of a line that may be rare
NEXT, AROUND = 2, 10  # lines above and below those asked about
ORDINARY = 3  # lines of a file that may have a name: one that more have says nothing about one of them
_COMMENT = re.compile(r"\s*(?:$|\#(?![a-z])|//|/?\*|--|;|%|<!--|\(\*)")  # a line of one, or a blank one
_SMALL = """
    a an and are as at be because but by can do does for from has have how if in into is it its not of on or our so
    than that the their then there this to was we were what when where which who why will with you
"""
_STOP_WORDS = frozenset(_SMALL.split())


class Kind(IntEnum):
    """The kinds of evidence."""

    REMOVED = 1  # a line that a change removed
    ADDED = 2  # a line that it added
    NAME = 3  # an identifier in its lines
    WORD = 4  # a word of its message


@dataclass(frozen=True, slots=True)
class Asked:
    """The evidence in a question."""

    texts: Mapping[int, str]  # by number; "" for lines
    near: frozenset[int] = frozenset()  # the hashes of the lines asked about, and of those next to them
    around: frozenset[int] = frozenset()  # the hashes of all lines, by which a copy is recognised

    @property
    def keys(self) -> np.ndarray:
        """The numbers, ascending, (n,) uint64."""
        return np.array(sorted(self.texts), np.uint64)


def of_row(row: Mapping[str, Any]) -> set[int]:
    """Return the evidence of a memory, from its row in a table."""
    message = f"{row['title']}\n{row['body']}"[:MAX_TEXT]
    symbols = [text.rpartition("\t")[2] for text in row["symbols"]]
    words = list(words_of(message))[:MAX_WORDS]
    return {
        *(number_of(Kind.ADDED, key) for key in row["added_lines"]),
        *(number_of(Kind.REMOVED, key) for key in row["removed_lines"]),
        *_hashed(Kind.NAME, filter(_telling, (*row["added"], *row["removed"], *symbols))),
        *_hashed(Kind.WORD, words),
    }


def of_lines(lines: Sequence[str], start: int, end: int) -> Asked:
    """Return the evidence in some lines (1-based, inclusive) of a text."""
    head = _head(lines)
    near, around = (
        frozenset(line_keys(filter(_distinctive, lines[max(head, start - 1 - more) : end + more])))
        for more in (NEXT, AROUND)
    )
    found = {number_of(kind, key): "" for key in around for kind in (Kind.ADDED, Kind.REMOVED)}
    names = filter(_telling, identifiers("\n".join(lines[start - 1 : end])))
    rare = (name for name in names if sum(name in line for line in lines) <= ORDINARY)
    found |= {_key(Kind.NAME, name): name for name in rare}
    return Asked(found, near, around)


def of_words(text: str) -> Asked:
    """Return the evidence in a question in words."""
    words = words_of(text).items()
    return Asked({_key(Kind.WORD, stem): word for stem, word in words if word not in _STOP_WORDS})


def number_of(kind: Kind, key: int) -> int:
    """Return the number of a hash as one kind of evidence."""
    return int(kind) << 32 | key


def kind_of(key: int) -> Kind:
    """Return which kind of evidence a number is."""
    return Kind(key >> 32)


def hash_of(key: int) -> int:
    """Return the hash in a number, without the kind."""
    return key & 0xFFFFFFFF


def _head(lines: Sequence[str]) -> int:
    """Return how many lines the comment at the top of a file has: the licence, which all files have."""
    return next((at for at, line in enumerate(lines) if not _COMMENT.match(line)), len(lines))


def _distinctive(line: str) -> bool:
    """Whether two people would hardly write the same line."""
    return len(line.strip()) >= LEAST_LINE and sum(map(str.isalpha, line)) >= LEAST_LETTERS


def _telling(name: str) -> bool:
    """Whether a name is of several words, as one that somebody made up for one purpose is."""
    return len(name) >= LEAST_NAME and (
        "_" in name.strip("_") or any(a.islower() and b.isupper() for a, b in pairwise(name))
    )


def _hashed(kind: Kind, texts: Iterable[str]) -> Iterable[int]:
    return (_key(kind, text) for text in texts)


def _key(kind: Kind, text: str) -> int:
    return number_of(kind, zlib.crc32(text.encode("utf-8", "surrogatepass")))
