"""Removing control characters, terminal escapes and invisible characters."""

import re

_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, except tab and line feed
    "\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff"  # zero width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\U000e0000-\U000e007f\ud800-\udfff]"  # tag characters, lone surrogates
)
_BYTE = re.compile("[\udc80-\udcff]")  # as Python decodes it
_CONTROLS = bytes(code for code in range(128) if _INVISIBLE.match(chr(code)))


def clean(text: str) -> str:
    r"""Return `text` without terminal escapes, control, bidi, zero-width and surrogate characters; CRLF becomes LF.

    A byte of a path that is no UTF-8 is shown as git shows it: `\351`.
    """
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    if text.isascii():  # nearly always, and much faster
        return text.encode("ascii").translate(None, _CONTROLS).decode("ascii")
    return _INVISIBLE.sub("", _BYTE.sub(lambda match: f"\\{ord(match[0]) & 0xFF:03o}", text))
