"""A memory as a point: its embedding and its paths, concatenated. Domains are clusters of points."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from mom_lsp.route.text_index import Arrays, unpacked

PATH_WIDTH = 64
PATH_SHARE = 0.1  # of a point; a larger share follows folders more closely, but finds less by meaning
PATHS = 8  # of one memory that count
NOWHERE = np.zeros(PATH_WIDTH, np.float32)
Meanings = Callable[[np.ndarray], np.ndarray]  # rows (m,) -> vectors (m, d), zeros without an embedding


class Points:
    """The points of a catalog's rows, computed on demand."""

    def __init__(self, arrays: Arrays, meanings: Meanings) -> None:
        """Take the arrays of a catalog."""
        self._paths, self._codes = unpacked(arrays["paths_keys"]), arrays["path_codes"]
        self._first = np.concatenate([[0], np.cumsum(arrays["path_count"])])
        self._meanings = meanings

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the points of some rows, (m, d + PATH_WIDTH) float32 of length 1; zeros if nothing is known."""
        return joined(self._meanings(rows), np.array([self._where(row) for row in rows.tolist()]))

    def _where(self, row: int) -> np.ndarray:
        first, end = self._first[row], self._first[row + 1]
        return sum((path_vector(self._paths[code]) for code in self._codes[first : min(end, first + PATHS)]), NOWHERE)


def joined(meanings: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return points, (m, d + PATH_WIDTH) float32; only their direction counts.

    Args:
        meanings: (m, d) of length 1, or zeros.
        places: (m, PATH_WIDTH) of any length.
    """
    places = unit(places.reshape(len(meanings), PATH_WIDTH))
    return unit(np.hstack([meanings * np.sqrt(1 - PATH_SHARE), places * np.sqrt(PATH_SHARE)]).astype(np.float32))


@lru_cache(maxsize=65_536)
def path_vector(path: str) -> np.ndarray:
    """Return the vector of a path, (PATH_WIDTH,) of length 1: paths that share leading folders are close."""
    parts = path.split("/")
    return unit(np.sum([_signs("/".join(parts[: depth + 1])) for depth in range(len(parts))], axis=0))


@lru_cache(maxsize=65_536)
def _signs(name: str) -> np.ndarray:
    """Return a pseudo-random direction for a name, (PATH_WIDTH,), the same everywhere."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=PATH_WIDTH // 8).digest()
    return np.unpackbits(np.frombuffer(digest, np.uint8)).astype(np.float32) * 2 - 1


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return float32 vectors of length 1, those of zeros as they are."""
    length = np.sqrt(np.einsum("...d,...d->...", vectors, vectors, dtype=np.float64))[..., None]  # no square overflows
    return np.asarray(vectors / np.where(length > 0, length, 1.0), np.float32)
