"""Surprise: how unusual a change is for its repository, from 1 (routine) to 5.

The evidence is a sum of hand-set weights (`extract/significance.py`): the message gives a reason, it is long, its
subject says that something is mended, it reverts, fixes or follows up on an earlier change, it cites discussions or
reviewers; a subject that announces routine and a sweep over many files count against it. To that, this module adds
what only the later history shows: that a change was reverted, fixed or followed up itself.

The sum has no unit, and how much people write differs between projects. So surprise is its quintile among the memories
that may be suggested on this HEAD: 5 is the fifth of them with the most evidence, in a terse repository as in a
talkative one, and `mom.hints.minimumSurprise` means the same in both.
"""

from __future__ import annotations

import numpy as np

from mom_lsp.route.edges import RELATIONS

CHAIN = frozenset({"revert", "reapply", "partial_revert", "fixes", "followup"})  # relations of a later change
CHAIN_EVIDENCE = 1.5  # what being reverted, fixed or followed up adds to the evidence of a memory
QUINTILES = (0.2, 0.4, 0.6, 0.8)
_CHAIN_NUMBERS = [RELATIONS.index(relation) for relation in CHAIN]


def surprise(evidence: np.ndarray, edges: np.ndarray, suggestible: np.ndarray) -> np.ndarray:
    """Return the surprise of each memory, (n,) int8 in 1 to 5.

    Args:
        evidence: (n,) of the message and the diff alone.
        edges: (e, 3) source row, number of the relation, target row.
        suggestible: (n,) the memories whose quintiles count.
    """
    evidence = evidence.astype(np.float64)
    later = edges[np.isin(edges[:, 1], _CHAIN_NUMBERS), 2]
    np.add.at(evidence, later, CHAIN_EVIDENCE)
    pool = evidence[suggestible]
    if not len(pool):
        return np.ones(len(evidence), np.int8)
    return (1 + np.searchsorted(np.quantile(pool, QUINTILES), evidence, side="left")).astype(np.int8)
