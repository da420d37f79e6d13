"""What a second level of domains would save: `python -m mom_lsp.evaluation.second_level [SIZE ...]`.

Each domain is divided into about sqrt(its size) sub-domains. A question opens domains as the product does, and of their
sub-domains the nearest, until they hold BUDGETS x sqrt(n) vectors. On synthetic memories, beside one level: the share
of n that is compared, centers included, the recall of the exact first 50, and the median time. Seed
mixture_of_memories, hierarchical routing: query, domain router, domain-specific router, memories.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.evaluation import synthetic
from mom_lsp.evaluation.routing_bench import DEPTH, brute_force
from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.domain_points import joined, path_vector, unit
from mom_lsp.route.domains import updated
from mom_lsp.route.gate import Domains, domains_of, merged, with_gate
from mom_lsp.route.vectors import Vectors
from mom_lsp.settings import Settings

QUESTIONS, ROUNDS = 60, 4  # rounds of k-means in a domain
BUDGETS = (8, 16, 32)
Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class SubDomains:
    """The sub-domains of all domains; vectors are in their order."""

    centers: np.ndarray  # (s, d) of length 1
    starts: np.ndarray  # (s + 1,) where their vectors begin

    def opened(self, domains: Domains, question: np.ndarray, share: float, most: float) -> tuple[Ranges, int]:
        """Return the ranges of the nearest sub-domains of the opened domains, and how many centers were compared.

        Args:
            domains: with their gate.
            question: (d,) of length 1.
            share: of the gate's probability mass that is opened.
            most: vectors after which no further sub-domain is opened.
        """
        ranges = domains.opened(question, share) or [(0, int(self.starts[-1]))]
        inside = np.concatenate([np.arange(*np.searchsorted(self.starts[:-1], pair)) for pair in ranges])
        order = inside[np.argsort(-(self.centers[inside] @ question), kind="stable")]
        sizes = (self.starts[1:] - self.starts[:-1])[order]
        chosen = np.sort(order[: int(np.searchsorted(np.cumsum(sizes), most)) + 1])
        pairs = np.column_stack([self.starts[chosen], self.starts[chosen + 1]]).tolist()
        return merged([(first, end) for first, end in pairs]), len(inside) + len(domains.centers)


def divided(domains: Domains, exact: np.ndarray) -> tuple[SubDomains, np.ndarray]:
    """Return the sub-domains by k-means in each domain, and the order of the vectors (v,) that they need.

    Args:
        domains: with their gate.
        exact: (v, d) float32 in the order of the domains.
    """
    random, number, centers, known = np.random.default_rng(0), np.empty(len(exact), np.int64), list[np.ndarray](), 0
    for start, end in zip(domains.starts[:-1].tolist(), domains.starts[1:].tolist(), strict=True):
        nearest, found = _clusters(exact[start:end], max(1, round(np.sqrt(end - start))), random)
        number[start:end] = known + nearest
        centers.append(found)
        known += len(found)
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(known + 1))
    return SubDomains(np.vstack(centers), starts), order


def _clusters(vectors: np.ndarray, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    centers = vectors[random.permutation(len(vectors))[:count]]
    for _ in range(ROUNDS):
        nearest = (vectors @ centers.T).argmax(1)
        sums = np.zeros_like(centers)
        np.add.at(sums, nearest, vectors)
        centers = np.where(np.bincount(nearest, minlength=len(centers))[:, None] > 0, unit(sums), centers)
    return (vectors @ centers.T).argmax(1), centers


def measure(size: int) -> None:
    """Print the rows of one size."""
    made = synthetic.make_vectors(size)
    places = np.array([path_vector(path) for path in made.paths])
    ids, share = [f"{number:016x}" for number in range(size)], Settings().route.domains
    partition = updated(
        Partition.empty(),
        ids,
        np.ones(size, bool),
        lambda rows: joined(made.vectors[rows], places[made.sub_topic[rows]]),
    )
    domains = domains_of(partition, ids)
    rows = domains.order(np.arange(size))
    domains = with_gate(domains, partition, rows, synthetic.WIDTH)
    levels, order = divided(domains, made.vectors[rows])
    rows = rows[order]
    exact, vectors = made.vectors[rows], Vectors.of(made.vectors, rows, rows)
    questions = synthetic.make_questions(exact, QUESTIONS)
    best = [set(rows[brute_force(exact, question)].tolist()) for question in questions]

    def one(question: np.ndarray) -> tuple[Ranges, int]:
        return domains.opened(question, share) or [(0, size)], len(domains.centers)

    _print_row(f"{size:,}, one level", one, vectors, questions, best)
    for budget in BUDGETS:

        def two(question: np.ndarray, most: float = budget * np.sqrt(size)) -> tuple[Ranges, int]:
            return levels.opened(domains, question, share, most)

        _print_row(f"{size:,}, two levels, {budget} sqrt(n)", two, vectors, questions, best)


def _print_row(
    name: str,
    opened: Callable[[np.ndarray], tuple[Ranges, int]],
    vectors: Vectors,
    questions: np.ndarray,
    best: Sequence[set[int]],
) -> None:
    allowed = np.ones(len(vectors), bool)
    compared, recall, took = list[int](), list[float](), list[float]()
    for question, exact in zip(questions, best, strict=True):
        began = time.perf_counter()
        ranges, centers = opened(question)
        found = vectors.nearest(question, allowed, DEPTH, ranges)
        took.append(time.perf_counter() - began)
        compared.append(centers + sum(end - first for first, end in ranges))
        recall.append(len(exact & set(found.tolist())) / len(exact))
    share, middle = np.mean(compared) / len(vectors), np.median(took) * 1000
    print(f"{name:<34} compared {share:6.1%}  recall {np.mean(recall):.3f}  {middle:6.2f} ms", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000], metavar="SIZE")
    for asked in parser.parse_args().sizes:
        measure(asked)
