"""The words by which a comment is worth remembering: tags ("SAFETY:"), and words that state a rule or a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mom_lsp.extract.language import Language, may_be_written_in, spoken
from mom_lsp.memory import Kind

_TAG = (
    r"\b(?:TODO|FIXME|HACK|XXX|NOTE|WHY|BUG|SAFETY|WARNING|CAUTION|IMPORTANT|ATTENTION|CAVEAT|DECISION|RATIONALE"
    r"|TRADE-?OFF|REJECTED|INVARIANTS?)\b|\bN\.B\."
)
# Everyday words ("must") are weak: they do not count in docstrings.
_STRONG = re.compile(
    _TAG + r"|\b[Ww]ork(?:s|ing)?[- ]?[Aa]?rounds?\b|\b[Hh]ack(?:y|ish)?\b|\b[Oo]n purpose\b|\b[Ii]ntentional(?:ly)?\b"
    r"|\b[Dd]eliberate(?:ly)?\b|\b[Hh]istorical(?:ly)? |\b[Kk]ludge|\b[Kk]nown (?:bug|issue|problem|limitation|risk)\b"
)
_WEAK = re.compile(
    r"\b(?:[Bb]ecause|BECAUSE|[Dd]o not|DO NOT|[Dd]o NOT|[Dd]on'?t|[Nn]ever|NEVER|[Mm]ust|MUST|[Oo]therwise"
    r"|[Ss]hould not|[Ss]houldn't|[Ss]o that|[Ii]n order to|[Bb]e careful|[Bb]eware|[Mm]ake sure|[Aa]lways"
    r"|[Ii]nstead of|[Nn]ote that|[Nn]ote:|[Aa]ssum(?:es|ing|ption)|[Ff]or (?:backwards?|compat))\b"
)
_ANY = re.compile(f"{_STRONG.pattern}|{_WEAK.pattern}")
STRONG_WORDS, WEAK_WORDS = ("workaround", "open_end"), ("warning", "reason")  # of other languages

# A tag that says what the comment is; the others, such as NOTE, leave that to its words.
_KIND_OF_TAG: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("failed_approach", re.compile(r"(?:^|\n)[ \t]*REJECTED\b(?: ALTERNATIVES?\b)?[ \t]*[:(-]")),
    ("decision", re.compile(r"(?:^|\n)[ \t]*(?:DECISION|RATIONALE|TRADE-?OFF|WHY)S?\b[ \t]*[:(-]")),
    ("convention", re.compile(r"(?:^|\n)[ \t]*(?:SAFETY|INVARIANTS?)\b[ \t]*[:(-]")),
)


def tagged_kind(text: str) -> Kind | None:
    """Return the kind that a comment's tag states, None if it has no such tag."""
    return next((kind for kind, tag in _KIND_OF_TAG if tag.search(text)), None)


class Markers:
    """The markers of one file, in English and the languages that it may be written in."""

    def __init__(self, file: str) -> None:
        self._languages = frozenset(may_be_written_in(file))

    def any(self, part: str) -> bool:
        """Whether a part of the file may have a marker."""
        lowered = part.lower() if self._languages else ""
        return bool(_ANY.search(part)) or _says((*STRONG_WORDS, *WEAK_WORDS), lowered, self._languages)

    def strong(self, comment: str) -> bool:
        """Whether a comment has a tag, or a word that hardly ever stands in one without a reason."""
        return bool(_STRONG.search(comment)) or self._says(STRONG_WORDS, comment)

    def weak(self, comment: str) -> bool:
        """Whether a comment has an everyday word of a rule or a reason."""
        return bool(_WEAK.search(comment)) or self._says(WEAK_WORDS, comment)

    def _says(self, categories: Sequence[str], comment: str) -> bool:
        if not self._languages:
            return False
        lowered = comment.lower()
        return _says(categories, lowered, self._languages.intersection(spoken(lowered)))


def _says(categories: Sequence[str], lowered: str, languages: Iterable[Language]) -> bool:
    return any(one.says(category, lowered) for one in languages for category in categories)
