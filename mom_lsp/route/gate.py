"""The gate: which domains a question opens (seed mixture_of_memories, hierarchical routing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.domain_points import unit

TEMPERATURE = 0.08  # of the softmax; a lower one, or a fixed number of domains, finds less for the same work
ALL = 1.0  # probability mass with which every domain is opened
NO_ROWS = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Domains:
    """The domains of a catalog's rows, whose vectors are in the order of their domains."""

    of: np.ndarray = field(default_factory=lambda: NO_ROWS)  # (n,) int32 the domain of each row, -1 for none yet
    names: tuple[str, ...] = ()
    centers: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (k, d) of length 1
    starts: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))  # (k + 1,) where their vectors begin

    def name(self, row: int) -> str:
        """Return the name of the domain of a row, "" if it has none."""
        return self.names[number] if row < len(self.of) and (number := int(self.of[row])) >= 0 else ""

    def order(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in the order of their domains, (m,); rows without a domain come first."""
        return rows[np.argsort(self.of[rows], kind="stable")] if len(self.of) else rows

    def opened(self, query: np.ndarray, share: float) -> list[tuple[int, int]] | None:
        """Return the ranges of vectors of the opened domains, None for all vectors.

        Vectors without a domain are always included.

        Args:
            query: (d,) of length 1.
            share: of the gate's probability mass that the opened domains have together; ALL opens every domain.
        """
        if share >= ALL or self.centers.shape[1:] != query.shape or len(self.starts) <= len(self.centers):
            return None
        odds = np.exp((self.centers @ query).astype(np.float64) / TEMPERATURE)
        order = np.argsort(-odds, kind="stable")
        count = int(np.searchsorted(np.cumsum(odds[order]), share * odds.sum())) + 1
        chosen = np.sort(order[:count])
        pairs = np.column_stack([self.starts[chosen], self.starts[chosen + 1]])
        return merged([(0, int(self.starts[0])), *((first, end) for first, end in pairs.tolist())])


def domains_of(partition: Partition, ids: Sequence[str]) -> Domains:
    """Return the domains of some memories, without vectors."""
    return Domains(partition.of(ids)[0], partition.names)


def with_gate(domains: Domains, partition: Partition, rows: np.ndarray, width: int) -> Domains:
    """Return the domains with a gate for the vectors of rows in domain order, (v,), each of `width` dimensions."""
    starts = np.searchsorted(domains.of[rows], np.arange(partition.count + 1))
    return Domains(domains.of, domains.names, unit(partition.centers[:, :width]), starts)


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges in order, adjacent ones merged, without empty ones."""
    found: list[tuple[int, int]] = []
    for first, end in ranges:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], end)
        elif end > first:
            found.append((first, end))
    return found
