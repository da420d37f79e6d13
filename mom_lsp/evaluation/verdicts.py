"""The verdicts of several readers on a memory at a line: a letter each, U for useful, D for dull, I for irrelevant."""

from __future__ import annotations

USEFUL, IRRELEVANT = "U", "I"


def is_useful(verdicts: str) -> bool:
    """Whether at least half of the readers find it useful; without readers it is not."""
    return bool(verdicts) and verdicts.count(USEFUL) * 2 >= len(verdicts)


def is_irrelevant(verdicts: str) -> bool:
    """Whether all readers find it irrelevant."""
    return set(verdicts) == {IRRELEVANT}
