"""The embeddings and domains of memories and notes, as they stay in RAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mom_lsp.route.catalog import Catalog
from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.gate import Domains, domains_of, with_gate
from mom_lsp.route.vectors import Vectors


class VectorReader(Protocol):
    """The part of the store that is read."""

    def saved_domains(self) -> dict[str, np.ndarray] | None:
        """Return the saved arrays of the domains, None if there are none."""
        ...

    def meaning_state(self, model: str) -> tuple[int, int]:
        """Return a value that changes with the vectors of a model and with the domains."""
        ...

    def vectors(self, model: str) -> tuple[list[str], np.ndarray]:
        """Return content keys and unit vectors, float16 (s, d)."""
        ...


@dataclass(frozen=True, slots=True)
class Meaning:
    """Vectors in the order of their domains."""

    vectors: Vectors
    slots: np.ndarray  # (n,) int32 the vector of each row, -1 for none yet
    domains: Domains
    state: tuple[int, int] = (0, 0)  # of the store when it was read


def nothing(catalog: Catalog) -> Meaning:
    """Return neither vectors nor domains."""
    return Meaning(Vectors.none(), np.full(catalog.size, -1, np.int32), Domains())


def read_meaning(store: VectorReader, model: str, catalog: Catalog, notes: Mapping[str, np.ndarray]) -> Meaning:
    """Return the vectors and domains of a store.

    Args:
        store: to read.
        model: whose vectors to read; "" for the domains alone.
        catalog: the memories.
        notes: the vectors (d,) of notes by content key, since they are not in the store.
    """
    state = store.meaning_state(model)
    saved = Partition.of_arrays(store.saved_domains() or {})
    domains = domains_of(saved, catalog.ids)
    contents, stored = store.vectors(model) if model else ([], np.zeros((0, 0)))
    if not len(stored):
        return Meaning(Vectors.none(), np.full(catalog.size, -1, np.int32), domains, state)
    if notes:
        stored, contents = np.vstack([stored, *notes.values()]), [*contents, *notes]
    at = {content: number for number, content in enumerate(contents)}
    picks = np.array([at.get(content, -1) for content in catalog.contents], np.int64)
    rows = domains.order(np.flatnonzero(picks >= 0))
    slots = np.full(catalog.size, -1, np.int32)
    slots[rows] = np.arange(len(rows))
    if saved.model == model:
        domains = with_gate(domains, saved, rows, stored.shape[1])
    return Meaning(Vectors.of(stored, picks[rows], rows), slots, domains, state)
