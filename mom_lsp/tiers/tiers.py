"""The tier and strength of every memory: its start, what raises it, and when it drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.tiers import HOLD, TOUCH
from mom_lsp.tiers.decay import EPISODIC, FLOORS, SEMANTIC, ActiveDays, activated, faded

RISE = np.array([0.6, 0.8])  # strength to rise to the next tier; well above the floors, to avoid flapping
NEEDED = np.array([2, 4])  # activations to rise to the next tier, besides the strength


@dataclass(frozen=True, slots=True)
class Touches:
    """Events that raise memories, in no order: uses, pins and unpins, replays. All (t,)."""

    rows: np.ndarray  # int64
    times: np.ndarray  # seconds since 1970
    gates: np.ndarray  # g * share, in [0, 1]
    holds: np.ndarray  # HOLD for a pin, RELEASE for an unpin, TOUCH for neither

    @staticmethod
    def of(touches: Sequence[tuple[int, float, float, int]]) -> Touches:
        """Make columns of (row, time, gate, hold)."""
        table = np.array(touches, np.float64).reshape(-1, 4)
        return Touches(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3].astype(np.int64))

    def __add__(self, other: Touches) -> Touches:
        pairs = zip(self._columns(), other._columns(), strict=True)
        return Touches(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.rows, self.times, self.gates, self.holds


@dataclass(frozen=True, slots=True)
class Tiers:
    """Tier and strength of all memories at one moment, (n,) each."""

    tier: np.ndarray
    strength: np.ndarray


def tiers(born: np.ndarray, touches: Touches, clock: ActiveDays, now: float) -> Tiers:
    """Return the tier and strength of all memories now.

    Each starts episodic with strength 1 on its day. Computed in as many vectorised rounds as the most touched memory
    has touches, so that a hundred thousand untouched memories cost one power.

    Args:
        born: (n,) seconds since 1970.
        touches: the events; one before the birth counts as at the birth.
        clock: the active days.
        now: seconds since 1970; days after the last active one do not count.
    """
    tier, strength = np.full(len(born), EPISODIC), np.ones(len(born))
    since, count = clock.at(born), np.zeros(len(born), np.int64)
    held = np.zeros(len(born), bool)
    order = np.lexsort((touches.times, touches.rows))
    rows, days = touches.rows[order], clock.at(touches.times[order])
    gates, holds = touches.gates[order], touches.holds[order]
    for at in _rounds(rows):
        who = rows[at]
        elapsed = np.where(held[who], 0.0, days[at] - since[who])
        then, left = faded(tier[who], strength[who], elapsed)
        strength[who] = activated(left, gates[at])
        count[who] += gates[at] > 0
        tier[who] = _lifted(then, strength[who], count[who])
        since[who] = np.maximum(since[who], days[at])
        held[who] = np.where(holds[at] == TOUCH, held[who], holds[at] == HOLD)
    return Tiers(*faded(tier, strength, np.where(held, 0.0, clock.at(now) - since)))


def _lifted(tier: np.ndarray, strength: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the tiers after an activation: one step up where strength and evidence suffice."""
    step = np.minimum(tier, SEMANTIC - 1)
    up = (tier < SEMANTIC) & (strength >= RISE[step]) & (count >= NEEDED[step])
    return np.asarray(tier + up)


def kept_tiers(found: Tiers, kept: Mapping[int, int]) -> Tiers:
    """Return the same where some rows fall neither below a tier nor below its floor (SCMS layers 1 and 2 survive)."""
    if not kept:
        return found
    tier, strength = found.tier.copy(), found.strength.copy()
    rows, least = np.array(list(kept), np.int64), np.array(list(kept.values()), np.int64)
    tier[rows] = np.maximum(tier[rows], least)
    strength[rows] = np.maximum(strength[rows], FLOORS[least])
    return Tiers(tier, strength)


def _rounds(rows: np.ndarray) -> list[np.ndarray]:
    """Return the indexes of the first touch of each row, then of the second of each, ...; `rows` is sorted."""
    if not len(rows):
        return []
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    ordinal = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    order = np.argsort(ordinal, kind="stable")
    return np.split(order, np.cumsum(np.bincount(ordinal))[:-1])
