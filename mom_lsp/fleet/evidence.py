"""What two repositories can have in common, as numbers that are looked up: lines, names, failures, words.

A memory of another repository says something about code here if they share what is rare in the whole fleet. One number
stands for one kind of evidence and a 32-bit hash of a text.
"""

from __future__ import annotations

import builtins
import errno
import re
import sys
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
ORDINARY = 3  # lines of a file from which on a name says nothing about one of them
_FAILURE = re.compile(r"\b(?:[A-Z]\w*(?:Error|Exception|Failure|Fault)|E[A-Z0-9]{3,}|SIG[A-Z]{3,}|CVE-\d{4}-\d+)\b")
_SYSTEM = frozenset(errno.errorcode.values())
_ORDINARY = frozenset((*dir(builtins), "Exception", "Error", "Failure", "RuntimeException", "NullPointerException"))
_IMPORT = re.compile(
    r"""\s*(?:.*\b(?:from|require\(|import)\s*['"](?P<quoted>[^'"]+)['"]|from\s+(?P<python>[\w.]+)\s+import"""
    r"""|import\s+(?P<name>[\w.]+)|\#\s*include\s+<(?P<header>[\w/.-]+)>|use\s+(?P<crate>\w+)(?:::|;))"""
)
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
    FAILURE = 3  # an error that its title names
    NAME = 4  # an identifier in its lines
    TITLE = 5  # a word of its title
    WORD = 6  # a word of its message


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
        *(_number(Kind.ADDED, key) for key in row["added_lines"]),
        *(_number(Kind.REMOVED, key) for key in row["removed_lines"]),
        *_hashed(Kind.NAME, filter(_telling, (*row["added"], *row["removed"], *symbols))),
        *_hashed(Kind.FAILURE, failures(row["title"])),
        *_hashed(Kind.TITLE, words_of(row["title"])),
        *_hashed(Kind.WORD, words),
    }


def of_lines(lines: Sequence[str], start: int, end: int, own: str = "") -> Asked:
    """Return the evidence in some lines (1-based, inclusive) of a text; `own` is the package that it belongs to."""
    asked = lines[start - 1 : end]
    text = "\n".join(asked)
    head = _head(lines)
    near, around = (
        frozenset(line_keys(filter(_distinctive, lines[max(head, start - 1 - more) : end + more])))
        for more in (NEXT, AROUND)
    )
    found = {_number(kind, key): "" for key in around for kind in (Kind.ADDED, Kind.REMOVED)}
    names = {Kind.NAME: filter(_telling, identifiers(text)), Kind.FAILURE: failures(text)}
    for kind, some in names.items():
        found |= {_key(kind, name): name for name in some if sum(name in line for line in lines) <= ORDINARY}
    for name in filter(own.__ne__, imported(asked)):
        found |= {_key(Kind.TITLE, stem): name for stem in words_of(name)}
    return Asked(found, near, around)


def of_words(text: str) -> Asked:
    """Return the evidence in a question in words."""
    words = words_of(text).items()
    return Asked({_key(Kind.WORD, stem): word for stem, word in words if word not in _STOP_WORDS})


def failures(text: str) -> list[str]:
    """Return the errors that a text names, without those that every program has."""
    found = dict.fromkeys(_FAILURE.findall(text))
    return [
        name for name in found if name not in _ORDINARY and (name[:1] != "E" or not name.isupper() or name in _SYSTEM)
    ]


def imported(lines: Iterable[str]) -> list[str]:
    """Return the packages that some lines import, without their submodules and Python's own library."""
    found = (next(filter(None, match.groups())) for line in lines if (match := _IMPORT.match(line)))
    packages = (re.split(r"[./]", name.lstrip("@"))[0] for name in found if not name.startswith("."))
    return [package for package in packages if package not in sys.stdlib_module_names]


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
    return _number(kind, zlib.crc32(text.encode("utf-8", "surrogatepass")))


def _number(kind: Kind, key: int) -> int:
    return int(kind) << 32 | key
