"""The gate before the domains: which are opened for a question (seed mixture_of_memories, hierarchical routing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.domain_points import unit

TEMPERATURE = 0.08  # of the softmax; a colder one, or a fixed number of domains, finds less in as many memories
ALL = 1.0  # share of the gate: every domain is opened
NOBODY = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Domains:
    """The domains of a catalog's rows, whose vectors stand in the order of their domains."""

    of: np.ndarray = field(default_factory=lambda: NOBODY)  # (n,) int32 the domain of each row, -1 for none yet
    names: tuple[str, ...] = ()
    centers: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (k, d) of length 1
    starts: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))  # (k + 1,) where their vectors begin

    def name(self, row: int) -> str:
        """Return what the domain of a row is called, "" if it has none."""
        return self.names[number] if row < len(self.of) and (number := int(self.of[row])) >= 0 else ""

    def order(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in the order of their domains, (m,); those that have none come first."""
        return rows[np.argsort(self.of[rows], kind="stable")] if len(self.of) else rows

    def opened(self, query: np.ndarray, share: float) -> list[tuple[int, int]] | None:
        """Return the ranges of vectors that may hold what is alike, None for all of them.

        What has no domain yet is always among them.

        Args:
            query: (d,) of length 1.
            share: of the gate's softmax that the opened domains have together; ALL opens every one.
        """
        if share >= ALL or self.centers.shape[1:] != query.shape or len(self.starts) <= len(self.centers):
            return None
        odds = np.exp((self.centers @ query).astype(np.float64) / TEMPERATURE)
        order = np.argsort(-odds, kind="stable")
        count = int(np.searchsorted(np.cumsum(odds[order]), share * odds.sum())) + 1
        chosen = np.sort(order[:count])
        pairs = np.column_stack([self.starts[chosen], self.starts[chosen + 1]])
        return _merged([(0, int(self.starts[0])), *((first, end) for first, end in pairs.tolist())])


def domains_of(kept: Partition, ids: Sequence[str]) -> Domains:
    """Return what is kept of the domains of some memories; they have no vectors yet."""
    return Domains(kept.of(ids)[0], kept.names)


def with_gate(domains: Domains, kept: Partition, rows: np.ndarray, width: int) -> Domains:
    """Return the same with a gate before the vectors of rows that stand in their order, (v,); `width` is theirs."""
    starts = np.searchsorted(domains.of[rows], np.arange(kept.count + 1))
    return Domains(domains.of, domains.names, unit(kept.centers[:, :width]), starts)


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in their order, neighbours as one, without empty ones."""
    found: list[tuple[int, int]] = []
    for first, end in ranges:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], end)
        elif end > first:
            found.append((first, end))
    return found
