"""The embeddings of all memories in RAM: int8 with a scale per row; LanceDB has the originals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNLIKE = 1e-6  # minimum cosine of two vectors; 0 means that there is no vector
LARGEST = 127  # int8
BLOCK = 8_192  # rows per batch


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors, int8, each of one row of a catalog; the error is at most 1/254 of the largest component."""

    codes: np.ndarray  # (v, d) int8
    scales: np.ndarray  # (v,) float32: a vector is its codes times this
    rows: np.ndarray  # (v,) int32: row of each vector

    @classmethod
    def of(cls, vectors: np.ndarray, picks: np.ndarray | None = None, rows: np.ndarray | None = None) -> Vectors:
        """Return unit vectors in a quarter of the size of float32.

        Args:
            vectors: (s, d) of any float.
            picks: (v,) which of them, None for all.
            rows: (v,) the row of each, None for the first rows.
        """
        picks = np.arange(len(vectors)) if picks is None else picks
        codes, scales = np.empty((len(picks), vectors.shape[1]), np.int8), np.empty(len(picks), np.float32)
        for start in range(0, len(picks), BLOCK):
            block = slice(start, start + BLOCK)
            codes[block], scales[block] = _quantised(vectors[picks[block]].astype(np.float32))
        return cls(codes, scales, np.asarray(np.arange(len(picks)) if rows is None else rows, np.int32))

    @classmethod
    def none(cls) -> Vectors:
        """Return no vectors."""
        return cls.of(np.zeros((0, 0), np.float32))

    def followed_by(self, others: Vectors) -> Vectors:
        """Return these vectors and others, without rows."""
        if not (len(self) and len(others)):
            return self if len(self) else others
        codes, scales = (np.concatenate(both) for both in ((self.codes, others.codes), (self.scales, others.scales)))
        return Vectors(codes, scales, np.zeros(0, np.int32))

    def picked(self, picks: np.ndarray, rows: np.ndarray) -> Vectors:
        """Return some of the vectors, (m,), each of a row."""
        return Vectors(self.codes[picks], self.scales[picks], rows.astype(np.int32))

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return int(self.codes.shape[1])

    @property
    def nbytes(self) -> int:
        """The size in bytes."""
        return self.codes.nbytes + self.scales.nbytes + self.rows.nbytes

    def cosines(self, query: np.ndarray, slots: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Return the cosine of some vectors with a query, (m,) float32, cut just above 0.

        Seed mixture_of_memories, R_sem. The query is rounded like the vectors, and the integers are summed exactly, so
        the cosine of a vector does not depend on the order or on other vectors.

        Args:
            query: (d,) of unit length.
            slots: a range of them, or (m,) numbers.
        """
        return _cosines(*_quantised(query.astype(np.float32)[None]), self.codes[slots], self.scales[slots])

    def cosines_of(self, query: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return the same by slot, (m,) float64; 0 for slot -1, no vector yet."""
        found = np.zeros(len(slots))
        known = np.flatnonzero(slots >= 0)
        found[known] = self.cosines(query, slots[known])
        return found

    def nearest(
        self, query: np.ndarray, allowed: np.ndarray, count: int, ranges: Sequence[tuple[int, int]] | None = None
    ) -> np.ndarray:
        """Return the rows whose vectors are the most similar, best first; of equals the first.

        Args:
            query: (d,) of unit length.
            allowed: (n,) which rows may be returned.
            count: how many at most.
            ranges: of the vectors to compare, None for all.
        """
        code, scale = _quantised(query.astype(np.float32)[None])
        rows, values = self.rows, np.empty(0, np.float32)
        if ranges is None:
            values = _cosines(code, scale, self.codes, self.scales)
        elif ranges:
            rows = np.concatenate([self.rows[first:end] for first, end in ranges])
            scales = np.concatenate([self.scales[first:end] for first, end in ranges])
            dots = np.concatenate([_dots(code, self.codes[first:end]) for first, end in ranges])
            values = _cut(dots, scales, scale)
        else:
            rows = rows[:0]
        values[~allowed[rows]] = 0.0
        if len(rows) > count:
            least = max(np.partition(values, len(values) - count)[-count], UNLIKE)
            rows, values = rows[values >= least], values[values >= least]
        rows, values = rows[values > 0], values[values > 0]
        return np.asarray(rows[np.lexsort((rows, -values))[:count]])

    def floats(self, slots: slice | np.ndarray = slice(None)) -> np.ndarray:
        """Return some vectors as float32, (m, d)."""
        return np.asarray(self.codes[slots].astype(np.float32) * self.scales[slots][:, None])


def _cosines(code: np.ndarray, scale: np.ndarray, codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the cosines of a query, (1, d) bytes and (1,), with vectors, (m, d) bytes and (m,)."""
    return _cut(_dots(code, codes), scales, scale) if len(codes) else np.zeros(0, np.float32)


def _cut(dots: np.ndarray, scales: np.ndarray, scale: np.ndarray) -> np.ndarray:
    values = dots * (scales * scale[0])
    return np.asarray(np.maximum(values, np.float32(UNLIKE), out=values))


def _dots(code: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the sum of products (m,) float32 of bytes (1, d) with those of each row (m, d): whole numbers, exact."""
    from simsimd import cdist  # imported here: not needed without a search

    return np.asarray(cdist(code, rows, "dot"), np.float32).ravel()


def _quantised(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return codes (m, d) int8 and scales (m,) float32; vectors too small to be scaled become zeros."""
    scales = np.abs(vectors).max(axis=1, initial=0.0) / np.float32(LARGEST)
    scales[scales < np.finfo(np.float32).tiny] = 0.0  # below it a quotient may exceed int8
    codes = np.rint(vectors / np.where(scales > 0, scales, 1.0)[:, None])
    return codes.astype(np.int8), scales.astype(np.float32)
