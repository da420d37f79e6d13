"""Rankers and queries to time: of a repository as the engine loads it, or of synthetic memories."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.errors import UsageError
from mom_lsp.evaluation import synthetic
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.memory import Memory
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import arrays_of
from mom_lsp.route.gate import Domains
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.vectors import Vectors
from mom_lsp.route.view import View
from mom_lsp.store import Store
from mom_lsp.store.arrays import load_arrays, save_arrays
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.workspace.library.library import Library, Snapshot
from mom_lsp.workspace.library.memory_rows import MemoryRows
from mom_lsp.workspace.library.strength import aged
from mom_lsp.workspace.library.worktree import Worktree
from mom_lsp.workspace.ranking.candidates import TextReader
from mom_lsp.workspace.ranking.query import Query, spot_query
from mom_lsp.workspace.ranking.ranker import Ranker

SEED = 11
LINES = 3  # of a query
LEAST_QUESTIONS = 10
MOST_LINES = 20_000  # of a queried file


@dataclass(frozen=True)
class BenchedRanker:
    """A ranker, and queries whose vectors and full-text matches are already known: only the rest is timed."""

    ranker: Ranker
    queries: Sequence[Query]
    meanings: np.ndarray  # (q, d) float32
    exact: np.ndarray  # (v, d) float32: the vectors of the ranker before quantisation, in its order


class KnownMatches:
    """Full-text matches that were searched in advance."""

    def __init__(self, texts: TextReader, found: Mapping[str, dict[str, float]]) -> None:
        self._texts, self._found = texts, found

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the known matches."""
        return self._found[query]

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word."""
        return self._texts.frequency(words)

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        return self._texts.get(ids)


@contextmanager
def repository_ranker(root: Path, count: int, step: Callable[[str, int, int], None]) -> Iterator[BenchedRanker]:
    """Yield the ranker of an indexed repository, with queries about lines of its files. Raises UsageError."""
    location = locate(root)
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)
        try:
            store, encoder = Store(location.data), choose(bulk=True)
            library, worktree = Library(lambda: store, journal, encoder), Worktree(location)
            snapshot = library.snapshot_with_vectors()
            if not len(snapshot.vectors):
                raise UsageError(f"{root} has no vectors: run `mom -C {root} index` with the encoder installed")
            if not snapshot.domains.names:
                raise UsageError(f"{root} has no domains: run `mom -C {root} index`")
            head = worktree.head(None)
            view = worktree.view(snapshot.catalog, head)
            queries = _queries(worktree, snapshot.catalog, count, step)
            if len(queries) < LEAST_QUESTIONS:
                problem = f"{root} has too few files of {LINES} to {MOST_LINES} lines with memories"
                raise UsageError(f"{problem}: measure on a larger repository")
            found = {query.words: snapshot.rows.matches(query.words, 200) for query in queries}
            tiers = aged(view, snapshot.life, time.time())
            ranker = Ranker(KnownMatches(snapshot.rows, found), snapshot, view, shipped("editing"), tiers)
            meanings = encoder.encode([query.meaning for query in queries])
            yield BenchedRanker(ranker, queries, meanings, _exact(store, encoder.name, snapshot))
        finally:
            journal.close()


def _queries(worktree: Worktree, catalog: Catalog, count: int, step: Callable[[str, int, int], None]) -> list[Query]:
    """Return queries about random lines of files that have memories."""
    random, head = np.random.default_rng(SEED), worktree.head(None)
    paths = sorted(path for path in catalog.rows_of_path if path in head.tree)
    queries: list[Query] = []
    for at in random.permutation(len(paths)).tolist():
        if len(queries) == count:
            break
        lines = worktree.committed(head, paths[at])
        if LINES < len(lines) < MOST_LINES:
            start = 1 + int(random.integers(len(lines) - LINES))
            mapped = worktree.mapped(head, paths[at], lines)
            queries.append(spot_query(worktree, head, paths[at], lines, start, start + LINES - 1, mapped))
            step("blame", len(queries), count)
    return queries


def _exact(store: Store, model: str, snapshot: Snapshot) -> np.ndarray:
    contents, stored = store.vectors(model)
    at = {content: number for number, content in enumerate(contents)}
    wanted = snapshot.catalog.contents
    return np.asarray(stored[[at[wanted[row]] for row in snapshot.vectors.rows.tolist()]], np.float32)


def synthetic_ranker(
    vectors: Vectors, slots: np.ndarray, domains: Domains, exact: np.ndarray, count: int
) -> BenchedRanker:
    """Return the ranker of as many synthetic memories as there are vectors."""
    size = len(vectors)
    with tempfile.TemporaryDirectory(prefix="mom-bench-") as scratch:
        save_arrays(Path(scratch) / "arrays", "", arrays_of(synthetic.make_table(size)))
        arrays = load_arrays(Path(scratch) / "arrays", "")  # mapped, as the engine has them
    assert arrays is not None
    catalog = Catalog(arrays)
    view = View(catalog, [synthetic.commit(number) for number in reversed(range(size))], {})
    snapshot = Snapshot(catalog, vectors, slots, Life(), domains=domains)
    tiers = aged(view, snapshot.life, float(catalog.time.max()))
    queries = [synthetic.make_query(number, size) for number in range(count)]
    matches = synthetic.make_matches(size)
    ranker = Ranker(
        KnownMatches(MemoryRows(None, {}), {query.words: matches for query in queries}),
        snapshot,
        view,
        shipped("editing"),
        tiers,
    )
    return BenchedRanker(ranker, queries, synthetic.make_questions(exact, count), exact)
