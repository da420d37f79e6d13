"""How much better a route does than the average one, and how sure that is. Pure functions of arrays.

Source: math.md of the seed persistent_traces_math, sections 3.2 and 3.3, corrected: a route is part of the whole, so
Var U = s^2 (1/f - 1/N), not s^2/f + s^2/N; and a count or an age alone never suffices, since both only grow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SURE = 1.645  # standard errors below U that still have to be above 0: one-sided 95%
PRIOR = 10  # ignored showings that are assumed before there are any, so that the first acceptances can count
ALTERNATIVES = 2  # ignored showings for each verdict at least: three are shown, even if only the accepted one is known
SOLID_RATE = 1 / 3  # share of sigma that one visit decides
AGE_HALF = 30.0  # days after which age counts half of what it can


@dataclass(frozen=True, slots=True)
class Baseline:
    """All visits of one task together: what a route is compared with."""

    count: int  # N
    mean: float  # E[r]
    variance: float  # s^2

    @staticmethod
    def of(rewards: np.ndarray) -> Baseline:
        """Return the baseline of some rewards, (n,) each 1, 0 or -1.

        Ignored showings are assumed where fewer are known than there were: somebody who only ever accepts, from hints,
        would otherwise leave nothing to be better than.
        """
        judged = int(np.count_nonzero(rewards))
        count = judged + max(len(rewards) - judged, ALTERNATIVES * judged) + PRIOR
        mean = float(rewards.sum()) / count
        squares = float((rewards * rewards).sum())
        return Baseline(count, mean, (squares - count * mean * mean) / (count - 1))


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of the score is worth (section 3.3)."""

    frequency: float = 0.5  # w1, per unit of log f
    utility: float = 1.0  # w2
    entropy: float = 0.5  # w3, per nat
    age: float = 0.25  # w4, of an age in [0, 1)


def utility(mean: np.ndarray, base: Baseline) -> np.ndarray:
    """Return U = E[r | route] - E[r], (m,), from the mean reward of each route, (m,)."""
    return np.asarray(mean - base.mean)


def variance(count: np.ndarray, base: Baseline) -> np.ndarray:
    """Return Var U = s^2 (1/f - 1/N), (m,), from the visits f of each route, (m,) in [1, N]."""
    return np.asarray(base.variance * (1.0 / count - 1.0 / base.count))


def lower_bound(mean: np.ndarray, count: np.ndarray, base: Baseline, sure: float = SURE) -> np.ndarray:
    """Return the lower confidence bound of U, (m,)."""
    return np.asarray(utility(mean, base) - sure * np.sqrt(variance(count, base)))


def least_count(base: Baseline, error: float) -> float:
    """Return how many visits a route needs for a standard error of U below `error`: about s^2 / e^2."""
    if base.variance <= 0:
        return 1.0
    return 1.0 / (error * error / base.variance + 1.0 / base.count)


def entropy(counts: Sequence[int]) -> float:
    """Return H = -sum p ln p in nats: how undecided a place is between its memories; 0 for a single one."""
    whole = sum(counts)
    return max(0.0, -sum(n / whole * math.log(n / whole) for n in counts if n))


def aged(days: np.ndarray) -> np.ndarray:
    """Return the age of routes in [0, 1), (m,), from the days between their first and their last visit, (m,)."""
    return np.asarray(days / (days + AGE_HALF))


def score(count: np.ndarray, gain: np.ndarray, undecided: np.ndarray, age: np.ndarray, weights: Weights) -> np.ndarray:
    """Return w1 log f + w2 U - w3 H + w4 age of each route, (m,)."""
    parts = weights.frequency * np.log(count) + weights.utility * gain - weights.entropy * undecided
    return np.asarray(parts + weights.age * age)


def pareto_front(*criteria: np.ndarray) -> np.ndarray:
    """Return which items no other one beats, (m,): none is as good in all criteria and better in one.

    Args:
        criteria: (m,) each, higher is better.
    """
    table = np.column_stack(criteria)  # (m, c)
    as_good = (table[None] >= table[:, None]).all(axis=2)  # (m, m): [i, j] whether j is as good as i in all
    better = (table[None] > table[:, None]).any(axis=2)
    beaten = np.any(as_good & better, axis=1)
    return np.asarray(~beaten)


def solidity(rewards: Sequence[int], rate: float = SOLID_RATE) -> float:
    """Return sigma in [0, 1], how far a route is frozen, from its rewards in order of time.

    sigma <- sigma + rate (r - sigma), kept in [0, 1]: it rises with each acceptance, and one dismissal undoes several.
    """
    sigma = 0.0
    for reward in rewards:
        sigma = min(1.0, max(0.0, sigma + rate * (reward - sigma)))
    return sigma


def blended(routed: np.ndarray, frozen: float, sigma: np.ndarray) -> np.ndarray:
    """Return sigma * frozen + (1 - sigma) * routed, (m,): soft crystallisation (advanced topic 4).

    Args:
        routed: (m,) the scores of the router.
        frozen: the score of a route that is frozen.
        sigma: (m,) in [0, 1], 0 for what is not crystallised.
    """
    return np.asarray(sigma * frozen + (1.0 - sigma) * routed)
