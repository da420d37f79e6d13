"""Decay of strength per active day, in closed form. It is added to a score, not multiplied: age hides no memory."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mom_lsp.tiers import DAY

LAST_DAY = 100_000  # in the year 2243
EPISODIC, WORKING, SEMANTIC = range(3)
TIERS = ("episodic", "working", "semantic")
RATES = np.array([0.1, 0.05, 0.01])  # loss of each tier per active day (seed cms_update_rule, default decays)
FLOORS = np.array([0.0, 0.1, 0.2])  # below it, a memory drops to the previous tier
LEAST = 1e-12  # minimum strength: after 7,000 active days it would underflow


class ActiveDays:
    """The clock of decay: it counts the days with a commit, a save or a use, so that holidays do not count."""

    def __init__(self, times: Iterable[float] | np.ndarray) -> None:
        """Take the times of commits, saves and uses, in seconds since 1970."""
        days = np.unique(_days(np.asarray(times)))  # UTC
        self._first = int(days[0]) if len(days) else 0
        active = np.bincount(days - self._first) if len(days) else np.zeros(0, np.int64)
        self._count = np.r_[0, np.cumsum(active)].astype(np.float64)  # a table is ten times faster than a search

    def at(self, times: float | np.ndarray) -> np.ndarray:
        """Return how many active days there were up to and including those of some times, as (n,)."""
        since = _days(np.asarray(times)) - self._first + 1
        return np.asarray(self._count[np.clip(since, 0, len(self._count) - 1)])


def faded(tier: np.ndarray, strength: np.ndarray, elapsed: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return tier and strength after some active days without use: s(t) = s(t0) (1 - d)^(t - t0).

    A strength that reaches the floor of its tier continues at the rate of the previous tier. The result is the same
    however the time is divided (seed mixture_of_memories, temporal component; rates of cms_update_rule).

    Args:
        tier: (n,) EPISODIC, WORKING or SEMANTIC.
        strength: (n,) in [0, 1]; at least LEAST.
        elapsed: active days, (n,) or one for all; negative values count as 0.

    Returns:
        The tiers, (n,), and the strengths, (n,) in [LEAST, 1].
    """
    tier, strength = tier.copy(), np.maximum(strength.astype(np.float64), LEAST)
    left = np.maximum(np.broadcast_to(np.asarray(elapsed, np.float64), strength.shape), 0.0).copy()
    for level in (SEMANTIC, WORKING):
        at = np.flatnonzero((tier == level) & (left > 0))
        rate, floor = np.log1p(-RATES[level]), FLOORS[level]
        until = np.maximum(np.log(floor / np.maximum(strength[at], floor)) / rate, 0.0)  # days to the floor
        spent = np.minimum(left[at], until)
        strength[at] *= np.exp(rate * spent)
        left[at] -= spent
        tier[at] = np.where(left[at] > 0, level - 1, level)
    return tier, np.maximum(strength * np.exp(np.log1p(-RATES[EPISODIC]) * left), LEAST)


def activated(strength: np.ndarray, gate: np.ndarray | float, share: np.ndarray | float = 1.0) -> np.ndarray:
    """Return s + g share (1 - s), in [0, 1] if gate and share are (math of the tiers, write with gate g)."""
    return np.asarray(strength + gate * share * (1.0 - strength))


def _days(times: np.ndarray) -> np.ndarray:
    """Return days since 1970, clipped: the clock of a commit may be far off."""
    return np.asarray(np.clip(times // DAY, 0, LAST_DAY), np.int64)


def half_life(tier: int, strength: float) -> float:
    """Return the number of active days without use after which a strength in [0, 1] is halved.

    The logarithm of a strength falls at the rate of its tier, down to the floor of that tier, and then at the rate of
    the previous tier. The floor LEAST is ignored.
    """
    days, left = 0.0, math.log(2.0)  # by which the logarithm has still to fall
    for level in range(tier, EPISODIC, -1):
        fall = min(left, math.log(max(strength, FLOORS[level]) / FLOORS[level]))
        days, left, strength = days - fall / math.log1p(-RATES[level]), left - fall, min(strength, FLOORS[level])
    return days - left / math.log1p(-RATES[EPISODIC])


def usage(uses: np.ndarray, most: int) -> np.ndarray:
    """Return log(1 + n) / log(1 + n_max) in [0, 1], 0 if nothing was used (seed mixture_of_memories, R_use).

    The seed's log(1 + n) is unbounded: a frequently used memory would outweigh everything else.
    """
    if most <= 0:
        return np.zeros(len(uses))
    return np.asarray(np.log1p(np.minimum(uses, most)) / np.log1p(most))
