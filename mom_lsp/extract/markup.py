"""Markdown without what says nothing: HTML comments, images, the targets of links.

What is not closed is matched to its end and kept, so that nothing is scanned twice.
"""

from __future__ import annotations

import re

_IMAGE = re.compile(r"!\[[^\]]*+(?:\](?:\([^)]*+(?P<closed>\))?)?)?")
_LINK = re.compile(r"\[(?P<text>[^\]]++)(?:\](?:\([^)]*+(?P<closed>\))?)?)?")


def without_comments(text: str) -> str:
    """Return text without HTML comments that are closed."""
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return "".join([*parts, text[at:]])


def plain(text: str) -> str:
    """Return text without HTML comments, images and link targets."""
    text = _IMAGE.sub(lambda found: "" if found["closed"] else found[0], without_comments(text))
    return _LINK.sub(lambda found: found["text"] if found["closed"] else found[0], text).strip()
