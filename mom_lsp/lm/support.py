"""Checks whether a memory supports a sentence that cites it; rewording is allowed.

Names and numbers must occur in the memory (or in the question), the same words must be negated, at least `THRESHOLD` of
all words, weighted by length, must occur in the memory, and most neighbouring words in one sentence of it.
`python -m mom_lsp.evaluation.support_accuracy` measures it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

from mom_lsp.extract.message import sentences

THRESHOLD = 0.75
_SMALL = """
a an and are as at be been because being but by can could did do does for from had has have how if in into is it its
line code may might must of on or so such than that the their them then there these they this those to was were what
when where which while who why will with would should here also change changed commit note
"""
STOP = frozenset(_SMALL.split())
NEGATION = re.compile(r"not|no|never|without|cannot|neither|nor|none|\w+n't")
REACH = 4  # words after a negation, one of which is the negated one
BETWEEN = frozenset(("actually", "always", "any", "anymore", "even", "longer", "more", "really", "yet"))  # the two
APOSTROPHES = str.maketrans("\u2019\u02bc", "''")
WORD = re.compile(r"[A-Za-z_][\w']*|\d[\w.]*")
NAME = re.compile(r"\w*[_\d]\w*|[a-z]+[A-Z]\w*|[A-Z]{2,}\w*")  # snake_case, camelCase, ABBREVIATIONS, numbers
ENDINGS = re.compile(r"(?:'s|ings?|ed|es|s|ly|ment|e)$")
LEAST_STEM = 3


def is_supported(sentence: str, source: str, question: str = "", threshold: float = THRESHOLD) -> bool:
    """Whether a memory supports a sentence.

    Args:
        sentence: the claim, without its citation.
        source: the text of the memory that the model read: it cannot know the rest.
        question: the question; its names may be repeated.
        threshold: the minimum support.
    """
    return support(sentence, source, question) >= threshold


def support(sentence: str, source: str, question: str = "") -> float:
    """Return the share of a claim, in [0, 1], that is in its source; 0 if a name, number or negation differs."""
    if not _names(sentence) <= _names(source) | _names(question) | {word.lower() for word in WORD.findall(source)}:
        return 0.0
    (plain, negated), (source_plain, source_negated) = _stems(sentence), _stems(source)
    if not negated <= source_negated or plain & (source_negated - source_plain):
        return 0.0
    asked = set().union(*_stems(question))
    known = source_plain | source_negated
    weights = {stem: len(stem) for stem in plain | negated if stem in known or stem not in asked}
    total = sum(weights.values())
    share = sum(weight for stem, weight in weights.items() if stem in known) / total if total else 0.0
    return min(share, math.sqrt(_pair_share(sentence, source, asked)))  # sqrt: fewer pairs than words need to match


def coverage(source: str, text: str) -> float:
    """Return the share of the words of a source, weighted by length, that occur in a text, in [0, 1]."""
    wanted, found = (set().union(*_stems(one)) for one in (source, text))
    total = sum(map(len, wanted))
    return sum(map(len, wanted & found)) / total if total else 0.0


def _pair_share(sentence: str, source: str, asked: set[str]) -> float:
    """Return the share of a claim's word pairs that are in one sentence of its source: words alone prove little."""
    stems = [{stem for stem, _ in _content(one)} for one in (sentences(source) or [source])]
    words = [stem for stem, _ in _content(sentence) if stem not in asked]
    pairs = [(a, b) for a, b in pairwise(words) if a != b]
    return sum(any({a, b} <= one for one in stems) for a, b in pairs) / len(pairs) if pairs else 1.0


def _names(text: str) -> set[str]:
    words = (word.strip(".") for word in WORD.findall(text))
    return {word.lower() for word in words if NAME.fullmatch(word)}


def _stems(text: str) -> tuple[set[str], set[str]]:
    """Return the stems of content words: those that are not negated, and those that are."""
    content = list(_content(text))
    return {stem for stem, negated in content if not negated}, {stem for stem, negated in content if negated}


def _content(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the stem of each content word, and whether it is negated."""
    reach = 0
    for word in _words(text):
        if NEGATION.fullmatch(word):
            reach = REACH
        elif word in STOP or (reach > 0 and word in BETWEEN):
            reach -= 1
        else:
            yield _stem(word), reach > 0
            reach = 0


def _words(text: str) -> Iterator[str]:
    return (word.lower().strip(".") for word in WORD.findall(text.translate(APOSTROPHES)))


def _stem(word: str) -> str:
    stem = ENDINGS.sub("", word)
    return stem if len(stem) >= LEAST_STEM else word
