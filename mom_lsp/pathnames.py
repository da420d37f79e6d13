"""Paths as people type them; and those that are no UTF-8: in memory as Python decodes file names, else as git quotes.

`os.fsdecode` makes a lone surrogate of each byte that is no UTF-8. Neither Arrow nor SQLite nor JSON can hold those.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ERRORS = "surrogateescape"  # the error handler with which paths are decoded
ODD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
QUOTED = re.compile('[\x00-\x1f"\\\\\x7f\ud800-\udfff]')
ESCAPE = re.compile(r"\\([0-7]{3}|.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def expanded(path: str | Path) -> Path:
    """Return a path with the home of a user for "~" or "~name"; a file may be named "~name", too."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (that of Path fails for a user who does not exist)


def decoded(path: bytes) -> str:
    """Return a path that git printed with `-z`."""
    return path.decode("utf-8", ERRORS)


def quoted(path: str) -> str:
    r"""Return a path as git prints it: `"caf\351.py"` for one that is no UTF-8, most others as they are."""
    if not (ODD.search(path) or path.startswith('"')):
        return path
    return '"' + QUOTED.sub(lambda match: _escape(match[0]), path) + '"'


def unquoted(text: str) -> str:
    """Return the path that git, or `quoted`, prints like this."""
    if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
        return text
    plain = ESCAPE.sub(lambda match: _unescape(match[1]), text[1:-1])
    return plain.encode("utf-8", ERRORS).decode("utf-8", ERRORS)  # several bytes may be one character


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    code = ord(character)
    return f"\\{code & 0xFF:03o}" if code < 0x80 or 0xDC80 <= code < 0xDD00 else "?"  # others come from no file name


def _unescape(escape: str) -> str:
    if not escape.isdigit():
        return ESCAPES.get(escape, escape)
    code = int(escape, 8) & 0xFF
    return chr(code) if code < 0x80 else chr(0xDC00 + code)
