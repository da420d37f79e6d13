"""Strategies besides the score: expert dropout, one suggestion on trial, and the diversity of suggestions."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.tiers.decay import usage

OFTEN, LEAST_USES = 0.5, 2  # minimum usage (relative to the most used memory) and uses of a frequently used memory
MOST_SURPRISE = 5


@dataclass(frozen=True, slots=True)
class Strategy:
    """The enabled strategies, for the questions of one place and day (seed mixture_of_memories, novel strategies)."""

    dropout: float = 0.0  # probability of dropping a frequently used memory
    explore: float = 0.0  # log-odds that the most surprising memory gains while it is unused
    place: str = ""  # the same place on the same day draws the same
    day: int = 0  # since 1970

    def dropped(self, ids: Sequence[str], uses: np.ndarray, most_used: int) -> np.ndarray:
        """Return which memories are dropped, (m,): expert dropout.

        Each memory draws for itself, so that the result does not depend on the other candidates, which change while the
        user types.

        Args:
            ids: of the memories.
            uses: (m,) how often each was used.
            most_used: the largest number of uses of any memory.
        """
        often = (uses >= LEAST_USES) & (usage(uses, most_used) >= OFTEN)
        found = np.zeros(len(ids), bool)
        for at in np.flatnonzero(often).tolist() if self.dropout else ():
            found[at] = _draw(self.day, self.place, ids[at]) < self.dropout
        return found

    def on_trial(
        self, scores: np.ndarray, eligible: np.ndarray, surprise: np.ndarray, uses: np.ndarray, most_used: int
    ) -> int | None:
        """Return the memory to try in the last place, None if the score alone would choose it too.

        R + lambda importance (1 - n / n_max) decides, with the surprise as importance. Where nothing has been used
        yet there is no load to balance.

        Args:
            scores: (m,) in log-odds.
            eligible: (m,) which are relevant enough, and not shown further up.
            surprise: (m,) 1 to 5.
            uses: (m,) how often each was used.
            most_used: the largest number of uses of any memory.
        """
        at = np.flatnonzero(eligible)
        if not self.explore or not most_used or not len(at):
            return None
        importance = (surprise[at] - 1) / (MOST_SURPRISE - 1)
        balanced = scores[at] + self.explore * importance * (1 - np.minimum(1.0, uses[at] / most_used))
        best = int(at[np.argmax(balanced)])
        return best if best != at[np.argmax(scores[at])] else None


SCORE_ALONE = Strategy()


def diversity(selections: Collection[str], eligible: int) -> float | None:
    """Return the diversity of selections: the entropy H = -sum p ln p over the memories by its maximum, in [0, 1].

    The maximum is ln(min(eligible, selections)); with the number of selected memories instead, a collapse onto two of
    them would look perfect. None if only one memory is possible.

    Args:
        selections: ids of the shown memories, with repeats.
        eligible: how many memories could have been shown.
    """
    possible = min(eligible, len(selections))
    if possible < 2:
        return None
    shares = [count / len(selections) for count in Counter(selections).values()]
    return min(1.0, max(0.0, -sum(share * math.log(share) for share in shares) / math.log(possible)))


def commonest(selections: Iterable[str], count: int) -> list[str]:
    """Return the memories that were shown most often, most frequent first."""
    return [memory for memory, _ in Counter(selections).most_common(count)]


def _draw(*parts: object) -> float:
    """Return a number in [0, 1) that depends on the parts alone, in every process."""
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / 2**64
