"""BM25F: how well the words of a question match a memory, whose title and body count more than its paths and names.

The full-text index sees a memory as one text, in which a long list of names hides a short message. It finds the
candidates; this orders them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from mom_lsp.memory import Memory
from mom_lsp.offline import alone
from mom_lsp.textcache import text_cache

WEIGHTS = np.array([1.0, 1.0, 0.5, 0.5])  # of title, body, paths and names
SATURATION, LENGTH = 1.2, 0.4  # of BM25: k1 and b
PREFIX = 2  # letters that a word and its stem have in common
WORD = re.compile(r"\w+")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(question: str) -> dict[str, str]:
    """Return the words of a question by stem, each once."""
    return {_stem(word): word for word in reversed(WORD.findall(question.lower()))}


def field_matches(question: str, memories: Sequence[Memory], frequency: Mapping[str, int], total: int) -> np.ndarray:
    """Return the BM25F score of memories, (m,) from 0.

    Args:
        question: in the user's words.
        memories: the candidates.
        frequency: how many memories have each of `words_of` the question; words that the index leaves out have 0, and
            do not count.
        total: how many memories there are.
    """
    words = words_of(question)
    stems = list(words)
    if not stems or not memories:
        return np.zeros(len(memories))
    near = frozenset(stem[:PREFIX] for stem in stems)
    counts, lengths = np.zeros((len(memories), len(WEIGHTS), len(stems))), np.zeros((len(memories), len(WEIGHTS)))
    for row, memory in enumerate(memories):
        for field, text in enumerate(_fields(memory)):
            known, lengths[row, field] = _counts(text, near)
            counts[row, field] = [known.get(stem, 0) for stem in stems]
    long = lengths / np.maximum(lengths.mean(0), 1.0)
    weighted = ((WEIGHTS / (1 - LENGTH + LENGTH * long))[:, :, None] * counts).sum(1)
    found = np.array([min(frequency.get(word, 0), total) for word in words.values()])
    rarity = np.where(found > 0, np.log1p((total - found + 0.5) / (found + 0.5)), 0.0)
    return np.asarray((weighted * (SATURATION + 1) / (SATURATION + weighted)) @ rarity)


def shared_words(words: Sequence[str], text: str) -> list[str]:
    """Return those of some words that a text has in any form, in their order."""
    stems = [_stem(word.lower()) for word in words]
    known, _ = _counts(text, frozenset(stem[:PREFIX] for stem in stems))
    return [word for word, stem in zip(words, stems, strict=True) if stem in known]


def _fields(memory: Memory) -> tuple[str, str, str, str]:
    symbols = [symbol for anchor in memory.anchors for symbol in anchor.symbols]
    paths = " ".join(memory.paths[:20]).replace("_", " ")
    return memory.title, memory.body, paths, " ".join([*symbols, *memory.added, *memory.removed])


def _counts(text: str, near: frozenset[str]) -> tuple[dict[str, int], int]:
    """Return how often each stem that begins as one of the question occurs in a text, and how many words it has."""
    counts: dict[str, int] = {}
    length = 0
    for word in WORD.findall(text):
        lower = word.lower()
        for part in (lower, *(_parts(word) if lower != word or "_" in word else ())):
            length += 1
            if part[:PREFIX] in near:
                stem = _stem(part)
                counts[stem] = counts.get(stem, 0) + 1
    return counts, length


def _parts(name: str) -> list[str]:
    """Return the words in an identifier, none if it is one word."""
    parts = [part.lower() for part in PART.findall(name)]
    return [part for part in parts if len(part) > 1] if len(parts) > 1 else []


@text_cache(20_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    with alone("snowballstemmer"):  # it imports every language; here: only questions in words need it
        from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()
