"""How many bits it takes to name what was needed, or to write its title."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from mom_lsp.motifs.routes import Place
from mom_lsp.report.activations import Question


def code_lengths(
    questions: Sequence[Question], places: Sequence[Sequence[Place]] | None = None
) -> tuple[float, float, float]:
    """Return the mean bits of an answer: uniform, by its frequency so far, and by its frequency at the place so far.

    Each level escapes to the coarser one with the share of answers that had to so far (Krichevsky and Trofimov):
    p(m) = s c(m) / N + (1 - s) / n, and at files p(m | files) = h c(m, files) / T + (1 - h) p(m), with s and h the
    shares of answers that had been seen before, anywhere and there.
    """
    overall, count, seen = Counter[str](), 0, 0
    there: dict[str, Counter[str]] = defaultdict(Counter)  # file -> how often each memory was needed there
    needed = Counter[str]()  # file -> how many were
    asked, hits = 0, 0  # answers at files where anything was needed before, and those that were among it
    bits = [0.0, 0.0, 0.0]
    for question, at in zip(questions, places or [one.places for one in questions], strict=True):
        files = {place[2] for place in at if len(place) > 2}
        total = sum(needed[file] for file in files)
        for memory in question.memories:
            again, local = (seen + 0.5) / (count + 1), (hits + 0.5) / (asked + 1)
            here = sum(there[file][memory] for file in files)
            uniform = 1.0 / question.known
            anywhere = (again * overall[memory] / count + (1 - again) * uniform) if count else uniform
            near = local * here / total + (1 - local) * anywhere if total else anywhere
            bits = [sum_ - math.log2(p) for sum_, p in zip(bits, (uniform, anywhere, near), strict=True)]
            asked, hits = asked + bool(total), hits + bool(here)
        for memory in question.memories:
            seen, count = seen + (memory in overall), count + 1
            overall[memory] += 1
            for file in files:
                there[file][memory] += 1
                needed[file] += 1
    uniform, anywhere, near = (one / max(1, count) for one in bits)
    return uniform, anywhere, near


def word_bits(texts: Sequence[str]) -> np.ndarray:
    """Return the bits of the words of each text, (m,), by the frequency of words in all of them."""
    words = [text.lower().split() for text in texts]
    counts = Counter(word for text in words for word in text)
    whole = counts.total()
    return np.array([sum(math.log2(whole / counts[word]) for word in text) for text in words])
