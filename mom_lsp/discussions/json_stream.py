"""JSON as a stream: the objects of a document one after another, however large it is and however its pages are joined.

An array counts as a stream of its elements, so that one array, arrays one after another, an array of pages and JSON
lines are read alike. Python's own decoder parses each object. It is as fast as the libraries for incremental JSON that
were tried, refuses deep nesting (whose paths took one of them gigabytes), and after a broken page the next one is read.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

CHUNK = 1 << 20  # characters
LARGEST = 32 << 20  # characters of one object: it must fit into memory, and some decoded values take tenfold
_BETWEEN = re.compile(r"[\s,\x1e]*")  # \x1e begins the records of a JSON text sequence
_AFRESH = re.compile(r"\n([ \t]*)(?=[\[{])|\](?=\s*\[)")  # what follows begins a line, or is the next page
_INDENT = 200  # characters that are looked at
_CUT = 12  # characters: the longest literal or escape that a chunk may end within
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what `>` writes in Windows PowerShell
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def objects(stream: IO[bytes], broken: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Yield the objects at the top of a document and in its arrays.

    Args:
        stream: UTF-8, or UTF-16 with a byte order mark; invalid bytes become U+FFFD.
        broken: called with what is wrong, and in which line. What follows on a line that begins as that of the broken
            value does, or at the left margin, or in the next page, is read.
    """
    return _Stream(stream, broken).objects()


class _Stream:
    def __init__(self, stream: IO[bytes], broken: Callable[[str], None]) -> None:
        self._stream, self._broken = stream, broken
        first = stream.read(CHUNK)
        encoding = next((name for mark, name in _ENCODINGS if first.startswith(mark)), "utf-8")
        self._bytes = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._json = json.JSONDecoder(strict=False, parse_int=_integer)
        self._text, self._at, self._line, self._ended = self._bytes.decode(first), 0, 1, not first
        self._indent: str | None = None  # of the value here, if it begins a line

    def objects(self) -> Iterator[dict[str, Any]]:
        while self._skip():
            if self._text[self._at] in "[]":
                self._at += 1
                continue
            try:
                value, self._at = self._decode()
            except (ValueError, RecursionError) as error:
                self._resume(error)
                continue
            if isinstance(value, dict):
                yield value

    def _skip(self) -> bool:
        """Go to the next value, and return whether there is one."""
        self._indent = None
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._at = found.end() if found else self._at
            _, line_end, last = (found[0] if found else "").rpartition("\n")
            if line_end:
                self._indent = last[:_INDENT]
            elif self._indent is not None:  # what was read before ended within it
                self._indent = (self._indent + last)[:_INDENT]
            if self._at < len(self._text):
                return True
            if not self._more():
                return False

    def _decode(self) -> tuple[Any, int]:
        """Return the value here, and where it ends. Raises ValueError or RecursionError."""
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text) or isinstance(value, dict) or not self._more():
                    return value, end
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _CUT
                if not cut or self._ended:
                    raise
                if len(self._text) - self._at > LARGEST:
                    raise ValueError(f"a value has more than {LARGEST >> 20} million characters") from error
                self._more()

    def _more(self) -> bool:
        """Read on, at least as much again as is unread, so that a long value is not parsed often."""
        if self._ended:
            return False
        self._line += self._text.count("\n", 0, self._at)
        rest = self._text[self._at :]
        data = self._stream.read(max(CHUNK, len(rest)))
        self._ended = not data
        self._text, self._at = rest + self._bytes.decode(data, final=not data), 0
        return True

    def _resume(self, error: Exception) -> None:
        """Tell that the value here is broken, and go to the next line or page that begins a value."""
        at = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        what = "it is nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        line = self._line + self._text.count("\n", 0, at)
        self._at += 1
        self._broken(f"line {line:,}: {what}{'' if self._afresh() else '; nothing after it was read'}")

    def _afresh(self) -> bool:
        """Go to where a value may begin again, and return whether there is such a place."""
        while (found := next(filter(self._begins, _AFRESH.finditer(self._text, self._at)), None)) is None:
            self._at = max(self._at, len(self._text.rstrip()) - 1)  # what is sought may begin here
            if not self._more():
                self._at = len(self._text)
                return False
        self._at = found.start()
        return True

    def _begins(self, found: re.Match[str]) -> bool:
        """Whether it is the next page, or a line that does not begin within the value that is broken."""
        return found[1] in (None, "", self._indent)


def _first_line(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error).partition("\n")[0]


def _integer(digits: str) -> int:
    """Return an integer, 0 for one that no id or time can be: Python refuses thousands of digits."""
    return int(digits) if len(digits) < 20 else 0
