"""The verdicts of several readers on a memory at a line: a letter each, U for useful, D for dull, I for irrelevant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

USEFUL, IRRELEVANT = "U", "I"


def is_useful(verdicts: str) -> bool:
    """Whether at least half of the readers find it useful; without readers it is not."""
    return bool(verdicts) and verdicts.count(USEFUL) * 2 >= len(verdicts)


def is_irrelevant(verdicts: str) -> bool:
    """Whether all readers find it irrelevant."""
    return set(verdicts) == {IRRELEVANT}


def agreement(judged: Sequence[str]) -> tuple[float, float]:
    """Return the share of equal verdicts, and Cohen's kappa of two readers: (n,) strings of two letters each."""
    both = np.array([list(verdicts) for verdicts in judged])
    equal = float((both[:, 0] == both[:, 1]).mean())
    chance = sum(float((both[:, 0] == one).mean() * (both[:, 1] == one).mean()) for one in np.unique(both))
    return equal, (equal - chance) / (1 - chance) if chance < 1 else 1.0
