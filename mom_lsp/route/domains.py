"""Memories in about sqrt(n) domains by path and meaning; a question opens few (seed mixture_of_memories, 1).

Domains are updated as memories come and go: a new memory joins the nearest domain, a domain that grows too large is
split, a nearly empty one is dissolved. All are rebuilt only when the number of memories has doubled or halved.

The work is O(n) all the same, not the seed's O(sqrt n): a question opens about a quarter of the domains at every size.
A second level compares a share that falls with n at nearly the same recall, but in no less time, since numpy has to
take many small ranges (`python -m mom_lsp.evaluation.second_level`). So there are no sub-domains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mom_lsp.route.domain_partition import Partition, largest
from mom_lsp.route.domain_points import unit

ROUNDS = 8  # of k-means
SAMPLE = 64  # memories per domain in the sample for k-means
BLOCK = 8_192  # points per batch
LEAST_SHARE = 0.25  # minimum share of the smaller half of a split
SEED = 7
Points = Callable[[np.ndarray], np.ndarray]  # rows (m,) -> unit vectors (m, w): meaning and path side by side


def updated(before: Partition, ids: Sequence[str], met: np.ndarray, points: Points) -> Partition:
    """Return the domains of the present memories. Only new memories, and those that change their domain, are read.

    No domain has more than `largest` of them; the same memories give the same domains.

    Args:
        before: the previous domains.
        ids: (n,) of all memories with a path or an embedding.
        met: (n,) whether each has an embedding; a memory that got one since counts as new.
        points: returns the vectors of some of them, by number.
    """
    keys, size = np.array(ids, "S"), len(ids)
    if not size:
        return Partition.empty()
    same = before.count and points(np.arange(1)).shape[1] == before.centers.shape[1]
    if not (same and before.built / 2 <= size <= before.built * 2):
        domain, work = _built(size, points)
        before = replace(before, names=(), built=size)
    else:
        domain, was_met = before.of(keys)
        domain[met & ~was_met] = -1
        work = _Work(before.centers.copy(), np.bincount(domain[domain >= 0], minlength=before.count), [*before.names])
    domain = work.dissolve(domain, int(np.sqrt(size)) // 8)
    _join(domain, work, points)
    work.split(domain, largest(size), points)
    return replace(before, ids=keys, domain=domain, met=met, centers=work.centers, names=tuple(work.names))


@dataclass
class _Work:
    """Domains during an update."""

    centers: np.ndarray  # (k, w)
    sizes: np.ndarray  # (k,)
    names: list[str]  # (k,)

    def dissolve(self, domain: np.ndarray, least: int) -> np.ndarray:
        """Dissolve domains with fewer than `least` memories, if others stay; return the new numbers, -1 for none."""
        kept = np.flatnonzero(self.sizes >= max(1, least))
        if len(kept) == 0:
            kept = np.argsort(-self.sizes, kind="stable")[:1]
        number = np.full(len(self.sizes) + 1, -1, np.int32)  # the last is for memories without a domain
        number[kept] = np.arange(len(kept))
        self.centers, self.sizes = self.centers[kept], self.sizes[kept]
        self.names = [self.names[at] for at in kept] if self.names else [""] * len(kept)
        return np.asarray(number[domain])

    def split(self, domain: np.ndarray, most: int, points: Points) -> None:
        """Split domains until none has more than `most` memories. Each half has at least a quarter."""
        todo = [int(at) for at in np.flatnonzero(self.sizes > most)]
        while todo:
            at = todo.pop()
            rows = np.flatnonzero(domain == at)
            vectors = points(rows)
            second = _halves(vectors)
            domain[rows[second]] = fresh = len(self.sizes)
            self.centers = np.vstack([self.centers, vectors[second].mean(0)])
            self.centers[at] = vectors[~second].mean(0)
            self.sizes = np.append(self.sizes, second.sum())
            self.sizes[at] -= self.sizes[fresh]
            self.names[at] = ""
            self.names.append("")
            todo += [which for which in (at, fresh) if self.sizes[which] > most]


def _join(domain: np.ndarray, work: _Work, points: Points) -> None:
    """Add each memory without a domain to the nearest one, and move its center."""
    fresh = np.flatnonzero(domain < 0)
    sums, came = np.zeros_like(work.centers), np.zeros(len(work.centers), np.int64)
    for start in range(0, len(fresh), BLOCK):
        rows = fresh[start : start + BLOCK]
        vectors = points(rows)
        nearest = _nearest(vectors, work.centers)
        domain[rows] = nearest
        np.add.at(sums, nearest, vectors)
        came += np.bincount(nearest, minlength=len(came))
    total = np.maximum(1, work.sizes + came)[:, None]
    work.centers = ((work.centers * work.sizes[:, None] + sums) / total).astype(np.float32)
    work.sizes = work.sizes + came


def _built(size: int, points: Points) -> tuple[np.ndarray, _Work]:
    """Return the domain of each memory, and sqrt(n) centers from k-means on a sample."""
    random, count = np.random.default_rng(SEED), max(1, round(np.sqrt(size)))
    sample = points(np.sort(random.permutation(size)[: SAMPLE * count]))
    centers = sample[np.sort(random.permutation(len(sample))[:count])]
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centers)
        sums, sizes = np.zeros_like(centers), np.bincount(nearest, minlength=count)
        np.add.at(sums, nearest, sample)
        centers = np.where(sizes[:, None] > 0, sums / np.maximum(1, sizes)[:, None], centers)
    domain = _nearest_of_all(size, points, centers)
    sizes = np.bincount(domain, minlength=count)
    return domain, _Work(centers, sizes, [""] * count)


def _nearest_of_all(size: int, points: Points, centers: np.ndarray) -> np.ndarray:
    blocks = (np.arange(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK))
    return np.concatenate([_nearest(points(rows), centers) for rows in blocks]).astype(np.int32)


def _nearest(vectors: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the center with the largest cosine for each vector, (m,)."""
    return np.asarray((vectors @ unit(centers).T).argmax(axis=1))


def _halves(vectors: np.ndarray) -> np.ndarray:
    """Return which vectors, (m,), are in the second of two halves, by 2-means from two distant ones."""
    one = vectors[(vectors @ vectors.mean(0)).argmin()]
    two = vectors[(vectors @ one).argmin()]
    least = max(1, int(LEAST_SHARE * len(vectors)))
    for _ in range(ROUNDS):
        lean = vectors @ (two - one)
        order = np.argsort(lean, kind="stable")  # stable for equal vectors
        cut = int(np.clip((lean <= 0).sum(), least, len(vectors) - least))
        one, two = unit(vectors[order[:cut]].mean(0)), unit(vectors[order[cut:]].mean(0))
    second = np.zeros(len(vectors), bool)
    second[order[cut:]] = True
    return second
