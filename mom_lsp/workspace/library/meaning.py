"""The embeddings and domains of memories and notes, as they stay in RAM.

The indexer saves them in the order of a catalog's rows, so that a reader maps them. Until it has, after a commit, what
was saved before is used again, and only the rest is read from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mom_lsp.route.catalog import Catalog
from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.gate import Domains, domains_of, with_gate
from mom_lsp.route.text_index import NOWHERE, Arrays, Lookup, lookup, packed, unpacked
from mom_lsp.route.vectors import Vectors

FEW = 2_000  # vectors; if more are not saved, all are read


class VectorReader(Protocol):
    """The part of the store that is read."""

    def saved_domains(self) -> dict[str, np.ndarray] | None:
        """Return the saved arrays of the domains, None if there are none."""
        ...

    def saved_meaning(self, model: str) -> dict[str, np.ndarray] | None:
        """Return the saved arrays of the vectors of a model, None if there are none."""
        ...

    def meaning_state(self, model: str) -> tuple[int, int]:
        """Return a value that changes with the vectors of a model and with the domains."""
        ...

    def vectors(self, model: str, contents: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Return content keys and unit vectors, float16 (s, d); with `contents`, only those keys."""
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


def read_meaning(
    store: VectorReader, model: str, catalog: Catalog, notes: Mapping[str, np.ndarray], of: str = ""
) -> Meaning:
    """Return the vectors and domains of a store.

    Args:
        store: to read.
        model: whose vectors to read; "" for the domains alone.
        catalog: the memories.
        notes: the vectors (d,) of notes by content key, since they are not in the store.
        of: the version of the catalog; "" if nothing was saved for it.
    """
    state = store.meaning_state(model)
    known = (store.saved_meaning(model) if model else None) or {}
    if known and of and not notes and unpacked(known["of"]) == [_version(of, state)]:
        return _saved(known, state)
    partition = Partition.of_arrays(store.saved_domains() or {})
    domains = domains_of(partition, catalog.ids)
    contents = catalog.contents
    vectors, slot_of = _vectors(store, model, contents, notes, known) if model else (Vectors.none(), np.zeros(0))
    if not len(vectors):
        return Meaning(Vectors.none(), np.full(catalog.size, -1, np.int32), domains, state)
    rows = domains.order(np.flatnonzero(slot_of != NOWHERE))
    slots = np.full(catalog.size, -1, np.int32)
    slots[rows] = np.arange(len(rows))
    if partition.model == model:
        domains = with_gate(domains, partition, rows, vectors.width)
    return Meaning(vectors.picked(slot_of[rows], rows), slots, domains, state)


def saved_arrays(meaning: Meaning, catalog: Catalog, of: str) -> dict[str, np.ndarray]:
    """Return the arrays to save of what `read_meaning` returned for a version of the catalog."""
    contents, domains, vectors = catalog.contents, meaning.domains, meaning.vectors
    return {
        "of": packed([_version(of, meaning.state)]),
        "codes": vectors.codes,
        "scales": vectors.scales,
        "rows": vectors.rows,
        "slots": meaning.slots,
        "domain": domains.of,
        "names": packed(domains.names),
        "centers": domains.centers,
        "starts": domains.starts,
    } | lookup("contents", [contents[row] for row in vectors.rows.tolist()], np.arange(len(vectors)))


def _saved(arrays: Arrays, state: tuple[int, int]) -> Meaning:
    vectors = Vectors(arrays["codes"], arrays["scales"], arrays["rows"])
    names = tuple(unpacked(arrays["names"]))
    domains = Domains(arrays["domain"], names, arrays["centers"], arrays["starts"])
    return Meaning(vectors, arrays["slots"], domains, state)


def _version(of: str, state: tuple[int, int]) -> str:
    return f"{of} {state}"


def _vectors(
    store: VectorReader, model: str, contents: Sequence[str], notes: Mapping[str, np.ndarray], known: Arrays
) -> tuple[Vectors, np.ndarray]:
    """Return vectors, and which of them each of some contents has, (n,), NOWHERE for none."""
    before, slot_of = Vectors.none(), np.full(len(contents), NOWHERE)
    lacking: Sequence[str] | None = None
    if known:
        saved = Lookup(known, "contents").many(contents)
        lacking = sorted({contents[row] for row in np.flatnonzero(saved == NOWHERE).tolist()} - {"", *notes})
        if len(lacking) <= FEW:
            before, slot_of = Vectors(known["codes"], known["scales"], known["rows"]), saved
        else:  # most of what is saved is of other memories
            lacking = None
    found, stored = store.vectors(model, lacking) if lacking != [] else ([], np.zeros((0, 0)))
    if not (len(stored) or len(before)):
        return before, slot_of
    fresh = [*([stored] if len(stored) else []), *([np.array([*notes.values()])] if notes else [])]
    at = {content: len(before) + number for number, content in enumerate([*found, *notes])}
    slots = [at.get(content, slot) for content, slot in zip(contents, slot_of.tolist(), strict=True)] if at else slot_of
    return before.followed_by(Vectors.of(np.vstack(fresh)) if fresh else Vectors.none()), np.array(slots, np.int64)
