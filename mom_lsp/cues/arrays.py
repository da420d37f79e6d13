"""Vectors of length 1, weights that sum to 1, and fixed projections."""

from __future__ import annotations

import numpy as np

TINY = 1e-12  # a shorter vector counts as zero


def isometry(rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Return a fixed (rows, columns) matrix with orthonormal rows, or columns where there are more rows than these."""
    tall = np.linalg.qr(random.standard_normal((max(rows, columns), min(rows, columns))))[0]
    return np.asarray(tall if rows >= columns else tall.T, np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows with length 1, (B, d); a zero row stays zero."""
    lengths = np.sqrt(np.einsum("...d,...d->...", rows, rows, dtype=np.float64))[..., None]  # no square overflows
    return np.asarray(rows / np.maximum(lengths, TINY), rows.dtype)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return weights that sum to 1 over the last axis."""
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights: np.ndarray = grown / grown.sum(axis=-1, keepdims=True)  # of the type of the logits, which may count
    return weights


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
