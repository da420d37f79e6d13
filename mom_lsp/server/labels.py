"""Suggestions on one line: the label of a hint, the title of an action."""

from __future__ import annotations

import re
from typing import Any

from lsprotocol import types

LABEL_LENGTH = 60  # characters; in VS Code our extension's default allows 80 for all hints of a line, instead of 43
QUIET_LENGTH = 24  # of a hint that the user has seen on many days
DANGLING = " ,.;:(-\u2013\u2014"  # dropped before an ellipsis; the last two are dashes
MARKS = {"pinned": "★", "user": "✎", "": "←"}  # pinned, the user's note, from history

INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """Return text on one line, without invisible characters."""
    return " ".join(INVISIBLE.sub("", text).split())


def shorten(text: str, length: int) -> str:
    """Return text cut to `length` characters, with an ellipsis, at a word unless that would cut off a half."""
    if len(text) <= length:
        return text
    space = text.rfind(" ", length // 2, length)
    return text[: space if space > 0 else length - 1].rstrip(DANGLING) + "…"


def lsp_label(suggestion: dict[str, Any]) -> str:
    """Return the label of a hint."""
    source = suggestion["source"].get("type")
    mark = MARKS["pinned"] if suggestion.get("pinned") else MARKS.get(source, MARKS[""])
    generated = suggestion.get("title_generated")  # marked as a model's
    title = f"≈ {plain(generated)}" if generated else plain(suggestion["phrases"]["hint"])
    length = (QUIET_LENGTH if suggestion.get("quiet") else LABEL_LENGTH) - len(mark) - 1
    return f"{mark} {shorten(title, length)}"


def lsp_hint(position: types.Position, suggestion: dict[str, Any], data: Any) -> types.InlayHint:
    """Return a hint whose tooltip `inlayHint/resolve` adds."""
    return types.InlayHint(position=position, label=lsp_label(suggestion), padding_left=True, data=data)
