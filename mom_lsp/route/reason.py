"""The reason of a suggestion: a short list of the evidence for it, strongest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mom_lsp.memory import Usage
from mom_lsp.route.domain_names import EMPTY_WORDS
from mom_lsp.route.features import CodeOverlap
from mom_lsp.route.field_match import shared_words
from mom_lsp.route.place_term import PlaceEvidence
from mom_lsp.route.postings import name_keys
from mom_lsp.route.view import View

ON_TRIAL = "shown on trial"  # of a suggestion that a strategy chose
WARNING = "warning: "  # how the reason of a warning begins; a sentence follows, not a list
TEXT_TERMS = ("lex", "sem", "temp")
LEAST_SHARE = 0.5  # log-odds that a term adds at least where it is named
SHARED_WORDS = 2  # of a typed question that are named
LEAST_OVERLAP = 0.25  # share of the lines asked about, rare ones counting more, that a memory added or removed


@dataclass(frozen=True)
class ReasonWriter:
    """Names the evidence for the suggestions of one question."""

    view: View
    place: PlaceEvidence | None  # of all rows, None for a search
    overlap: CodeOverlap | None = None
    matches: Container[int] = ()  # rows that full-text search found
    user_rows: frozenset[int] = frozenset()  # of the user's pins and notes on the place
    proven: Container[int] = ()  # rows that proved useful there: how often they were accepted is said elsewhere
    symbol: str = ""  # the function asked about
    line: str = "this line"  # how the one line asked about is called
    names: Sequence[str] = ()  # identifiers and words of the question, each once
    typed: bool = False  # whether the question is in the user's own words
    texts: Mapping[int, str] = field(default_factory=dict)  # of the chosen rows, if the question is typed
    code: Container[str] = ()  # the names that look like code; the others are plain words

    def reason(self, row: int, terms: Mapping[str, float], usage: Usage) -> str:
        """Return the evidence for a memory, then the feedback on it. Whether it was reverted, its status says.

        What it has to do with the place comes first; of a task in words, only if it wrote the lines.

        Args:
            row: the memory.
            terms: its share of each term, in log-odds.
            usage: the feedback on it.
        """
        where, text = self.place_evidence(row), self._text_evidence(row, terms)
        at_lines = row in self.user_rows or (self.place is not None and row in self.place.lines)
        evidence = (text, where) if self.typed and not at_lines else (where, text)
        pinned_here = usage.pinned and row in self.user_rows
        said = pinned_here or row in self.proven
        since = [_feedback(usage)] if (usage.uses or usage.pinned) and not said else []
        return listed("pinned here" if pinned_here else "", *evidence, *since)

    def place_evidence(self, row: int) -> str:
        """Return what a memory has to do with the lines, functions and files asked about, "" if nothing."""
        place, catalog = self.place, self.view.catalog
        if place is None:
            return ""
        verb = _verb(self.view, row)
        if row in place.lines and row not in place.pinned:
            if catalog.is_note[row]:
                return f"{verb} {self.line}"
            if catalog.is_discussion[row]:
                return f"is about {self.line}" if len(place.lines[row]) == 1 else "is about these lines"
            count = len(place.lines[row])
            alone = f"wrote {self.line}" if place.share[row] == 1.0 else "wrote one of these lines"
            return alone if count == 1 else f"wrote {count} of these lines"
        if place.earlier[row]:
            return f"made an earlier change to {self.line}"
        if place.symbol[row] and self.symbol:
            return f"{verb} `{self.symbol.replace('`', '')}`"
        if place.near[row]:
            return f"{'is about' if catalog.is_discussion[row] else 'changed'} nearby lines"
        if self.overlap is not None and self.overlap.asked_added[row] >= LEAST_OVERLAP:
            return "added similar lines"
        if self.overlap is not None and self.overlap.asked_removed[row] >= LEAST_OVERLAP:
            return "removed similar lines"
        if place.file[row]:
            return f"{verb} this file"
        return "changed a file that often changes with this one" if place.co_changed[row] else ""

    def _text_evidence(self, row: int, terms: Mapping[str, float]) -> str:
        """Return the phrase for words in common, or for meaning or recency.

        The latter, and words that cannot be named, are told only where nothing else is known: they convince nobody.
        """
        alone = not self.place_evidence(row)
        strongest = max(TEXT_TERMS, key=lambda term: terms[term])
        if terms["lex"] >= LEAST_SHARE or (self.typed and row in self.matches):
            if shared := self._shared_names(row):
                return f"shares {' and '.join(shared)}"
            return f"shares words with {'your query' if self.typed else 'these lines'}" if alone or self.typed else ""
        if not alone or terms[strongest] <= 0:
            return ""
        return {"lex": "shares words with these lines", "sem": "similar in meaning", "temp": "recent"}[strongest]

    def _shared_names(self, row: int) -> Sequence[str]:
        """Return the longest words of a typed question in a memory, else the rarest name that both have, as told.

        Words that most of the chosen memories have, such as the name of the project, come last. A plain word is told
        only of a memory that wrote neither the lines asked about nor their function.
        """
        if shared := self._shared_words.get(row):
            most = max(2, len(self.texts) / 2)
            longest = sorted(shared, key=lambda word: (self._common[word] > most, -len(word)))[:SHARED_WORDS]
            return [f"`{word}`" if word in self.code else f"“{word}”" for word in longest]
        if (name := int(self._rarest_name[row])) >= 0:
            return [f"`{self.names[name]}`"]
        if not self._is_at_place(row) and (word := int(self._rarest_word[row])) >= 0:
            return [f"{'' if self.typed else 'the word '}“{self.names[word]}”"]
        return []

    def _is_at_place(self, row: int) -> bool:
        """Whether a memory wrote the lines asked about, now or before, or changed their function."""
        place = self.place
        return place is not None and bool(row in place.lines or place.earlier[row] or place.symbol[row])

    @cached_property
    def _shared_words(self) -> Mapping[int, Sequence[str]]:
        """The words of a typed question that the text of each chosen memory has, in whatever form."""
        words = [word for word in self.names if word.lower() not in EMPTY_WORDS]
        return {row: shared_words(words, text) for row, text in self.texts.items()}

    @cached_property
    def _common(self) -> Counter[str]:
        """How many of the chosen memories have each word."""
        return Counter(word for words in self._shared_words.values() for word in words)

    @cached_property
    def _rarest_name(self) -> np.ndarray:
        """(n,) the position in `names` of the rarest name in code that each memory added or removed, -1 for none."""
        return self._rarest(lambda name: name in self.code)

    @cached_property
    def _rarest_word(self) -> np.ndarray:
        """(n,) the same of the rarest plain word."""
        return self._rarest(lambda name: name not in self.code and name.lower() not in EMPTY_WORDS)

    def _rarest(self, counts: Callable[[str], bool]) -> np.ndarray:
        at = np.array([at for at, name in enumerate(self.names) if counts(name)], np.int64)
        found = self.view.catalog.names.rarest(name_keys([self.names[i] for i in at]), self.view.suggestible)
        return np.where(found >= 0, at[found], -1) if len(at) else found


def _verb(view: View, row: int) -> str:
    """Return how a memory is connected with a file or function."""
    catalog = view.catalog
    if catalog.is_discussion[row]:
        return "is about"
    return "in" if catalog.is_file[row] else "your note on" if catalog.is_note[row] else "changed"


def listed(*parts: str) -> str:
    """Return reasons as one list; what follows the sentence of a warning is set off from it."""
    separator = "; " if parts and parts[0].startswith(WARNING) else ", "
    return separator.join(part for part in parts if part)


def _feedback(usage: Usage) -> str:
    if usage.pinned:
        return "pinned"
    return {1: "used before", 2: "used twice before"}.get(usage.uses, f"used {usage.uses} times before")
