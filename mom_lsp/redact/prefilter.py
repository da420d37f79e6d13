"""Fast preselection of lines that may hold secrets, on lower-case ASCII bytes, one per character."""

import re
import string
from collections.abc import Iterator
from typing import AnyStr

from mom_lsp.redact.spans import Span

_RUN = b"a" * 16
_RUN_TABLE = bytes(97 if chr(c) in string.ascii_letters + string.digits + "_-" else 32 for c in range(256))
# At the start of a long run: a digit in it, or the prefix of a token that happens to have none.
_RUN_START = re.compile(rb"[a-z_-]*[0-9]|glpat-|sk-|[rs]k_live_|hf_|npm_|pypi-|gh[opsur]_|a[ks]ia|aiza|ya29|xox")
_SECRET_NAMES = (b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"auth", b"kennwort", b"contrase", b"senha")
_OTHER_NAMES = ("арол", "АРОЛ", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호")  # not in ASCII
_ASSIGNMENT = re.compile(  # after such a name; "?" may be any letter, or a wide colon
    rb"[\w?-]{0,20}[\"'`\])]{0,3}[ \t]{0,3}(?::=|[=-]>|[=!]=?=?|:|\(|(?<=\?))[ \t]{0,3}@?[\"'`]?[^\s\"'`]{4}"
)
_CREDENTIALS = re.compile(rb"://[^\s/:@]{0,100}:[^\s@]{1,200}@")


def _hits(text: str, low: bytes) -> Iterator[int]:
    """Yield offsets into lines that may hold a secret, at most a few per line."""
    runs = low.translate(_RUN_TABLE)
    at = runs.find(_RUN)
    while at >= 0:
        if _RUN_START.match(low, at):
            yield at
            at = low.find(b"\n", at)
        else:
            at = runs.find(b" ", at)
        at = runs.find(_RUN, at) if at >= 0 else at
    for name in _SECRET_NAMES:
        yield from _assigned(low, low, name)
    if not text.isascii():
        for other in _OTHER_NAMES:
            yield from _assigned(low, text, other)
    yield from (match.start() for match in _CREDENTIALS.finditer(low))


def _assigned(low: bytes, text: AnyStr, name: AnyStr) -> Iterator[int]:
    """Yield where something is assigned to a name; one search for each is much faster than one expression."""
    at = text.find(name)
    while at >= 0:
        if _ASSIGNMENT.match(low, at + len(name)):
            yield at
            at = low.find(b"\n", at)
        at = text.find(name, at + 1) if at >= 0 else at


def candidates(text: str) -> list[Span]:
    """Return the spans of the lines that may hold a secret, in order."""
    low = text.encode("ascii", "replace").lower()
    places: dict[int, int] = {}
    for at in _hits(text, low):
        end = low.find(b"\n", at)
        places[low.rfind(b"\n", 0, at) + 1] = end if end >= 0 else len(low)
    return sorted(places.items())
