"""Decoding files. Git stores bytes, editors show characters, and not every file is UTF-8.

`decode` needs no context, so that a line is the same text in a file and in a diff. `read_text` is for display: it uses
the declared encoding, or else guesses. `as_committed` corrects lines that the editor decoded differently.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

BOM = "\ufeff"
FALLBACK = "mom-cp1252"  # the error handler: an invalid byte in UTF-8 becomes a Windows-1252 character
# "coding: latin-1" (Python, Emacs), "fileencoding=gbk" (Vim), encoding="…" (XML), charset=… (HTML, CSS)
DECLARED = re.compile(rb"(?:coding|charset)\s*[:=]\s*[\"']?([A-Za-z][\w.-]{2,30})")
DECLARED_WITHIN = 2  # lines
LEGACY = (
    "iso8859",
    "cp",
    "koi8",
    "mac",
    "gb",
    "big5",
    "shift_jis",
    "euc",
    "johab",
    "tis",
)  # not "unicode_escape"
GUESSED = ["cp1252", "gb18030", "cp932", "euc_jp", "euc_kr", "big5", "cp1251"]  # that can be distinguished reliably
GUESSED_FROM = 65_536  # bytes
# Encodings that an editor may assume; UTF-8 first, in which invalid bytes are shown as U+FFFD.
SHOWN_AS = ["utf-8", "cp1252", "latin-1", *GUESSED[1:], "iso8859-15", "cp1250", "iso8859-2", "koi8-r", "mac-roman"]


def decode(data: bytes) -> str:
    """Return lines of a file as text: UTF-8, with Windows-1252 for invalid bytes."""
    return data.decode("utf-8", FALLBACK)


def read_text(data: bytes) -> str:
    """Return a whole file as its author saw it, without a byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:GUESSED_FROM]
    for encoding in (_declared(data), _guessed(sample)):
        try:
            if encoding:
                return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return decode(data).removeprefix(BOM)


def as_committed(lines: Sequence[str], data: bytes, committed: Sequence[str]) -> list[str]:
    """Return the lines of an open file, with those that the editor decoded differently as they are committed.

    Only lines that are not ASCII and not in the committed file are changed: they are matched under the encoding that
    explains most of them. Where several committed lines look alike in it (an editor shows all that it cannot decode
    as one character), they are matched in order.

    Args:
        lines: as the editor has them.
        data: the committed file, b"" if it is UTF-8, which all editors decode alike.
        committed: its lines, as `read_text` decodes them.
    """
    found = [lines[0].removeprefix(BOM), *lines[1:]] if lines else []
    raw = (line.removesuffix(b"\r") for line in data.split(b"\n"))
    special = [(line, text) for line, text in zip(raw, committed, strict=False) if not line.isascii()]
    known = {text for _, text in special}
    foreign = [at for at, line in enumerate(found) if not line.isascii() and line not in known]
    best: dict[str, list[str]] = {}
    most = 0
    for encoding in SHOWN_AS if foreign else ():
        shown: dict[str, list[str]] = {}
        for line, text in special:
            shown.setdefault(line.decode(encoding, "replace"), []).append(text)
        if (hits := sum(found[at] in shown for at in foreign)) > most:
            best, most = shown, hits
    for at, text in _in_order(foreign, found, best):
        found[at] = text
    return found


def _in_order(places: Sequence[int], lines: Sequence[str], texts: dict[str, list[str]]) -> Iterator[tuple[int, str]]:
    used: dict[str, int] = {}
    for at in places:
        if choice := texts.get(lines[at]):
            number = used[lines[at]] = used.get(lines[at], -1) + 1
            yield at, choice[min(number, len(choice) - 1)]


def is_utf8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8 (ASCII is)."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _declared(data: bytes) -> str:
    head = b"\n".join(data.split(b"\n", DECLARED_WITHIN)[:DECLARED_WITHIN])
    found = DECLARED.search(head)
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
    except LookupError:
        return ""
    return name if name.startswith(LEGACY) else ""


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes  # here: few files need it

    best = from_bytes(data, cp_isolation=GUESSED).best()
    return best.encoding if best is not None else ""


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    broken = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in broken), error.end


codecs.register_error(FALLBACK, _as_cp1252)
