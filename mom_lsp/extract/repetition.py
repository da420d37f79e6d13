"""Whether a text says anything that another one does not: a memory that is quoted somewhere is no second memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mom_lsp.extract.message import sentences

LEAST = 6  # words that are somebody's own; fewer may be anybody's
CANDIDATES = 32  # texts that a phrase is looked for in
_WORD = re.compile(r"\w+")
_HASH = re.compile(r"(?=[a-f]*\d)[0-9a-f]{7,64}")  # where it comes from is no part of what it says
_BASE = np.uint64(0x9E3779B97F4A7C15)
_GAP = -1  # between two texts


def repeats(text: str, other: str) -> bool:
    """Tell whether every sentence of a text stands in another one, word by word; too short a text repeats nothing."""
    return _within(_phrases(text), _words(other))


class Phrases:
    """Many texts, to be asked which of them another one repeats."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._number: dict[str, int] = {}
        stream: list[int] = []
        starts = []
        for text in texts:
            starts.append(len(stream))
            stream += (self._number.setdefault(word, len(self._number)) for word in _words(text))
            stream.append(_GAP)
        self._starts = np.array(starts, np.int64)
        runs = _runs(np.array(stream, np.int64))  # (n,) a key of the LEAST words from each on
        self._order = np.argsort(runs, kind="stable")
        self._runs = runs[self._order]

    def repeated_by(self, text: str) -> Iterator[int]:
        """Yield the numbers of the texts that a text repeats."""
        phrases = _phrases(text)
        longest = max(phrases, key=len, default=[])
        numbers = [self._number.get(word, _GAP) for word in longest[:LEAST]]
        if len(numbers) < LEAST or _GAP in numbers:
            return
        (key,) = _runs(np.array(numbers, np.int64))
        first, last = np.searchsorted(self._runs, [key, key + np.uint64(1)])
        at = self._order[first : min(last, first + CANDIDATES)]
        for one in np.unique(np.searchsorted(self._starts, at, side="right") - 1).tolist():
            if _within(phrases, _words(self._texts[one])):
                yield one


def _runs(numbers: np.ndarray) -> np.ndarray:
    """Return a key of each LEAST neighbouring numbers, (n,) to (n - LEAST + 1,) uint64."""
    size = max(0, len(numbers) - LEAST + 1)
    keys = np.zeros(size, np.uint64)
    for offset in range(LEAST):
        keys = keys * _BASE + (numbers[offset : offset + size] + 1).astype(np.uint64)
    return keys


def _within(phrases: Sequence[Sequence[str]], words: Sequence[str]) -> bool:
    said = f" {' '.join(words)} "
    return sum(map(len, phrases)) >= LEAST and all(f" {' '.join(phrase)} " in said for phrase in phrases)


def _phrases(text: str) -> list[list[str]]:
    """Return the words of each sentence."""
    return [words for sentence in sentences(text) if (words := _words(sentence))]


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if not _HASH.fullmatch(word)]
