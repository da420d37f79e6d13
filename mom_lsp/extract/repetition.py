"""Whether a text only repeats another one: a memory that is quoted elsewhere is not a second memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mom_lsp.extract.message import sentences

MIN_WORDS = 6  # fewer words may coincide by chance
CANDIDATES = 32  # texts compared per phrase
_WORD = re.compile(r"\w+")
_HASH = re.compile(r"(?=[a-f]*\d)[0-9a-f]{7,64}")  # a commit's name is not part of what a text says
_BASE = np.uint64(0x9E3779B97F4A7C15)
_GAP = -1  # separates two texts


def repeats(text: str, other: str) -> bool:
    """Whether another text contains every sentence of a text, word by word; False for a very short text."""
    return _within(_phrases(text), _words(other))


def word_of_repeated(text: str) -> str:
    """Return a word, in lower case, of every text that this one repeats; "" if it is too short to repeat any."""
    first = _longest(_phrases(text))[:MIN_WORDS]
    return max(first, key=len) if len(first) == MIN_WORDS else ""


class Phrases:
    """Many texts, and which of them another one repeats."""

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
        runs = _runs(np.array(stream, np.int64))  # (n,) a key of the MIN_WORDS words from each position
        self._order = np.argsort(runs, kind="stable")
        self._runs = runs[self._order]

    def repeated_by(self, text: str) -> Iterator[int]:
        """Yield the indices of the texts that a text repeats."""
        phrases = _phrases(text)
        numbers = [self._number.get(word, _GAP) for word in _longest(phrases)[:MIN_WORDS]]
        if len(numbers) < MIN_WORDS or _GAP in numbers:
            return
        (key,) = _runs(np.array(numbers, np.int64))
        first, last = np.searchsorted(self._runs, [key, key + np.uint64(1)])
        at = self._order[first : min(last, first + CANDIDATES)]
        for one in np.unique(np.searchsorted(self._starts, at, side="right") - 1).tolist():
            if _within(phrases, _words(self._texts[one])):
                yield one


def _runs(numbers: np.ndarray) -> np.ndarray:
    """Return a key for each MIN_WORDS adjacent numbers, (n,) to (n - MIN_WORDS + 1,) uint64."""
    size = max(0, len(numbers) - MIN_WORDS + 1)
    keys = np.zeros(size, np.uint64)
    for offset in range(MIN_WORDS):
        keys = keys * _BASE + (numbers[offset : offset + size] + 1).astype(np.uint64)
    return keys


def _within(phrases: Sequence[Sequence[str]], words: Sequence[str]) -> bool:
    text = f" {' '.join(words)} "
    return sum(map(len, phrases)) >= MIN_WORDS and all(f" {' '.join(phrase)} " in text for phrase in phrases)


def _phrases(text: str) -> list[list[str]]:
    """Return the words of each sentence."""
    return [words for sentence in sentences(text) if (words := _words(sentence))]


def _longest(phrases: Sequence[list[str]]) -> list[str]:
    return max(phrases, key=len, default=[])


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if not _HASH.fullmatch(word)]
