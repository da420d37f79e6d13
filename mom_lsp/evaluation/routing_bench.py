"""`mom bench --routing`: recall and time of semantic search, and time of ranking, flat and through the domains.

Each query goes to numpy (exact, float32), to the resident quantised vectors, and to the opened domains in turn, so that
load on the machine affects all three alike; a ratio is between medians of one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mom_lsp.evaluation import synthetic
from mom_lsp.evaluation.bench_rankers import BenchedRanker, repository_ranker, synthetic_ranker
from mom_lsp.evaluation.footprint import footprint
from mom_lsp.route.domain_partition import Partition, largest
from mom_lsp.route.domain_points import joined, path_vector
from mom_lsp.route.domains import updated
from mom_lsp.route.gate import ALL, Domains, domains_of, with_gate
from mom_lsp.route.vectors import Vectors
from mom_lsp.settings import Settings
from mom_lsp.workspace.ranking.candidates import MANY

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_RANKED = 100_000  # synthetic memories that are also ranked: more take minutes to make
DEPTH = 50
QUESTIONS, WARM_UP = 60, 5
Step = Callable[[str, int, int], None]
Row = dict[str, Any]
T = TypeVar("T")


def measure_routing(repositories: Sequence[Path], sizes: Sequence[int], step: Step) -> Iterator[Row]:
    """Yield a row of figures for each repository and each number of synthetic memories, as soon as it is measured."""
    share = Settings().route.domains
    for root in repositories:
        with repository_ranker(root, QUESTIONS + WARM_UP, step) as ranking:
            snapshot = ranking.ranker.snapshot
            row = measure_search(
                root.name, snapshot.vectors, snapshot.domains, ranking.exact, ranking.meanings, share, step
            )
            yield row | measure_ranking(ranking, share, step) | {"held": _bytes_per_memory(ranking)}
    for size in sizes:
        yield _synthetic(size, share, step)


def _synthetic(size: int, share: float, step: Step) -> Row:
    name, began = f"{size:,} synthetic", time.perf_counter()
    made = synthetic.make_vectors(size)
    places = np.array([path_vector(path) for path in made.paths])
    step(f"{name}: domains", 0, size)

    def points(rows: np.ndarray) -> np.ndarray:
        step(f"{name}: domains", int(rows[-1]), size)
        return joined(made.vectors[rows], places[made.sub_topic[rows]])

    ids, began = [f"{number:016x}" for number in range(size)], time.perf_counter()
    partition = updated(Partition.empty(), ids, np.ones(size, bool), points)
    took = time.perf_counter() - began
    domains = domains_of(partition, ids)
    rows = domains.order(np.arange(size))
    domains = with_gate(domains, partition, rows, synthetic.WIDTH)
    vectors, exact = Vectors.of(made.vectors, rows, rows), made.vectors[rows]
    questions = synthetic.make_questions(exact, QUESTIONS + WARM_UP)
    row = measure_search(name, vectors, domains, exact, questions, share, step) | {"built": took}
    if size > MOST_RANKED:
        return row
    slots = np.empty(size, np.int32)
    slots[rows] = np.arange(size)
    ranking = synthetic_ranker(vectors, slots, domains, exact, QUESTIONS + WARM_UP)
    return row | measure_ranking(ranking, share, step) | {"held": _bytes_per_memory(ranking)}


def measure_search(
    name: str, vectors: Vectors, domains: Domains, exact: np.ndarray, questions: np.ndarray, share: float, step: Step
) -> Row:
    """Return the recall of semantic search against the exact nearest vectors, and its times, in ms.

    Args:
        name: of the row.
        vectors: (v, d) resident and quantised.
        domains: with their gate.
        exact: (v, d) float32, in the same order.
        questions: (q, d).
        share: of the gate's probability mass that is opened.
        step: called with the progress.
    """
    allowed = np.ones(int(vectors.rows.max()) + 1, bool)
    times = np.zeros((len(questions), 3))
    found = {"flat": 0.0, "domains": 0.0, "opened": 0.0}
    for at, question in enumerate(questions):
        step(f"{name}: searching", at + 1, len(questions))
        best, times[at, 0] = _timed(brute_force, exact, question)
        flat, times[at, 1] = _timed(vectors.nearest, question, allowed, DEPTH)
        routed, times[at, 2] = _timed(_routed, domains, vectors, question, allowed, share)
        exact_rows, ranges = set(vectors.rows[best].tolist()), domains.opened(question, share) or [(0, len(vectors))]
        found["flat"] += len(exact_rows & set(flat.tolist())) / len(exact_rows)
        found["domains"] += len(exact_rows & set(routed.tolist())) / len(exact_rows)
        found["opened"] += sum(end - first for first, end in ranges) / len(vectors)
    sizes = np.bincount(domains.of[domains.of >= 0])
    return {
        "name": name,
        "memories": len(vectors),
        "domains": len(sizes),
        "largest": int(sizes.max()),
        "bound": largest(int(sizes.sum())),
        "opened": found["opened"] / len(questions),
        "recall": {way: found[way] / len(questions) for way in ("flat", "domains")},
        "search": _percentiles(times[WARM_UP:]),
        "bytes": {"vector": vectors.width, "beyond": _routing_bytes(vectors, domains) / len(vectors)},
    }


def measure_ranking(ranking: BenchedRanker, share: float, step: Step) -> Row:
    """Return the times of the whole ranking, in ms: candidates, features, scores, selection.

    Blame, encoding and full-text search were done in advance.
    """
    times = np.zeros((len(ranking.queries), 3))
    flat, gated = (replace(ranking.ranker, share=which) for which in (ALL, share))
    for at, (query, meaning) in enumerate(zip(ranking.queries, ranking.meanings, strict=True)):
        step("ranking", at + 1, len(times))
        _, times[at, 0] = _timed(brute_force, ranking.exact, meaning)
        for way, ranker in ((1, flat), (2, gated)):
            ranker.view.by_file.clear()  # as if each query were the first one about its file
            _, times[at, way] = _timed(ranker.rank, query, 3, threshold=0.1, meaning=meaning)
    return {"ranking": _percentiles(times[WARM_UP:]), "gated": len(ranking.exact) >= MANY}


def _bytes_per_memory(ranking: BenchedRanker) -> Row:
    """Return the bytes per memory that a ranker takes besides its vectors, and those that it maps from a file."""
    ranker = ranking.ranker
    snapshot, view = ranker.snapshot, ranker.view
    view.by_file.clear()  # a cache of the last files
    parts = (snapshot.catalog, view, ranker.tiers, snapshot.vectors, snapshot.slots, snapshot.domains)
    found = footprint(*parts, without=(snapshot.vectors.codes, view.commit_of.commits))
    return {"own": found.own / snapshot.catalog.size, "mapped": found.mapped / snapshot.catalog.size}


def brute_force(vectors: np.ndarray, question: np.ndarray) -> np.ndarray:
    """Return the indices of the most similar vectors, (m,), in any order: the baseline of all times."""
    values = vectors @ question
    return np.argpartition(-values, min(DEPTH, len(values) - 1))[:DEPTH]


def _percentiles(times: np.ndarray) -> Row:
    """Return median and 95th percentile of each way, and the median's ratio to that of numpy."""
    middle, late = np.percentile(times, [50, 95], axis=0)
    return {
        way: {"p50": float(middle[at]), "p95": float(late[at]), "ratio": float(middle[at] / middle[0])}
        for at, way in enumerate(("numpy", "flat", "domains"))
    }


def _routing_bytes(vectors: Vectors, domains: Domains) -> int:
    """Return the bytes that semantic routing needs besides the vectors themselves."""
    parts = (vectors.scales, vectors.rows, domains.of, domains.centers, domains.starts)
    return sum(part.nbytes for part in parts) + 4 * len(domains.of) + sum(map(len, domains.names))  # 4: slots


def _routed(domains: Domains, vectors: Vectors, question: np.ndarray, allowed: np.ndarray, share: float) -> np.ndarray:
    return vectors.nearest(question, allowed, DEPTH, domains.opened(question, share))


def _timed(job: Callable[..., T], *args: Any, **options: Any) -> tuple[T, float]:
    """Return the result of a job and the ms that it took."""
    began = time.perf_counter()
    result = job(*args, **options)
    return result, (time.perf_counter() - began) * 1000
