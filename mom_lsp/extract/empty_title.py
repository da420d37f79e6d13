"""Titles that would fit any change: "fix", "wip: more", "Update Mapper.java", "修正变量名", a bare URL."""

from __future__ import annotations

import re

from mom_lsp.extract.body import is_routine
from mom_lsp.extract.language import says_nothing_else, word_count

MAX_LENGTH = 60  # characters; a longer title says something
STEP_WORDS = 4  # at most, of a routine step: "Fix tests", not "Improve errors for missing dependencies"
WIP_WORDS = 3  # at most, after "wip"

_NUMBER = re.compile(
    r"(?:https?://\S++|[#!]?\d[\d.]*+|[\W_]++|(?:issues?|pr|bug|fix(?:e[sd])?|close[sd]?|ref)\b)*+$", re.IGNORECASE
)
_WIP = re.compile(r"\W*(?:wip|work in progress)\b[\W_]*(?P<rest>.*)", re.IGNORECASE)
_FILE = re.compile(
    r"(?:updated?|creat(?:e|ed)|renamed?|deleted?|edit(?:ed)?|modif(?:y|ied)|fix(?:ed)?|chang(?:e|ed))"
    r" (?:the )?(?:file )?`?[\w./-]*\w\.[a-z][a-z0-9]{0,7}`?\.?(?: file)?$|add(?:ed)? files via upload$",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")


def says_nothing(title: str) -> bool:
    """Whether a title would fit any change."""
    title = title.strip()
    if len(title) > MAX_LENGTH and not title.startswith("http"):
        return False
    if wip := _WIP.match(title):
        return word_count(wip["rest"]) <= WIP_WORDS
    is_step = len(title.split()) <= STEP_WORDS and ":" not in title and is_routine(title)
    if not _LETTER.search(title) or _NUMBER.match(title) or _FILE.match(title) or is_step:
        return True
    return says_nothing_else(title.lower())
