"""Entropies, mutual information, silhouette, and the shuffle behind a null model. Pure functions of arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

BURN_IN = 5  # trades per session before the first draw of a shuffle; then one between two draws


def mutual_information(both: int, one: int, other: int, of: int) -> float:
    """Return the mutual information in bits of two events, from the number of trials in which each happens."""
    table = ((both, one, other), (one - both, one, of - other), (other - both, of - one, other))
    cells = [*table, (of - one - other + both, of - one, of - other)]
    return sum(n / of * math.log2(n * of / (a * b)) for n, a, b in cells if n > 0)


def information(one: np.ndarray, other: np.ndarray) -> float:
    """Return the plug-in mutual information of two codes, (n,) int each, in bits; too large for few observations."""
    joint = one.astype(np.int64) * (int(other.max(initial=0)) + 1) + other
    parts = [np.unique(codes, return_counts=True)[1].astype(float) for codes in (one, other, joint)]
    return entropy(parts[0]) + entropy(parts[1]) - entropy(parts[2])


def entropy(weights: np.ndarray) -> float:
    """Return the entropy of some weights, in bits."""
    shares = weights[weights > 0] / weights.sum()
    return float(-(shares * np.log2(shares)).sum())


def silhouette(distances: np.ndarray, groups: np.ndarray) -> float:
    """Return the mean silhouette, in [-1, 1], from distances (m, m) and the group of each point, (m,).

    (b - a) / max(a, b), a the mean distance to the own group, b to the nearest other one (Rousseeuw 1987).
    """
    names, number = np.unique(groups, return_inverse=True)
    member = np.eye(len(names))[number]  # (m, k)
    sizes = member.sum(0)
    sums = distances @ member
    own = sums[np.arange(len(groups)), number] / np.maximum(1, sizes[number] - 1)
    others = np.where(member > 0, np.inf, sums / sizes).min(1)
    scores = np.where(sizes[number] > 1, (others - own) / np.maximum(np.maximum(own, others), 1e-12), 0.0)
    return float(scores.mean())


def shuffles(
    sessions: Sequence[frozenset[int]], random: np.random.Generator, draws: int
) -> Iterator[list[frozenset[int]]]:
    """Yield random sessions of the same sizes, each member as often as before (curveball, Strona et al. 2014)."""
    current = [set(session) for session in sessions]
    filled = [session for session in current if session]
    for number in range(draws):
        trades = len(filled) * (1 if number else BURN_IN)
        for at, other in random.integers(len(filled), size=(trades, 2)).tolist() if len(filled) > 1 else ():
            _trade(filled[at], filled[other], random)
        yield [frozenset(session) for session in current]


def _trade(one: set[int], other: set[int], random: np.random.Generator) -> None:
    """Deal what only one of two sessions has to both, each as many as before."""
    mine, yours = sorted(one - other), sorted(other - one)
    if mine and yours:
        dealt = random.permutation([*mine, *yours]).tolist()
        one.difference_update(mine)
        one.update(dealt[: len(mine)])
        other.difference_update(yours)
        other.update(dealt[len(mine) :])
