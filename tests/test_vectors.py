"""Vectors of a byte a dimension: as good as what they were made from, and the same whichever way they are asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.route.vectors import UNLIKE, Vectors

seeds = st.integers(0, 2**32 - 1)


def unit(seed: int, size: int, width: int = 48) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((size, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_cosine_is_cut_just_above_zero_and_zero_without_a_vector() -> None:
    kept = Vectors.of(np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float16))
    query = np.array([1, 0], np.float32)
    assert kept.cosines(query) == pytest.approx([1, 0.6, UNLIKE], abs=0.004)
    assert kept.cosines_of(query, np.array([1, -1, 0])) == pytest.approx([0.6, 0, 1], abs=0.004)
    assert not Vectors.none().cosines_of(query, np.array([-1, -1])).any()
    assert kept.nearest(query, np.array([2, -1, 0, 1, 0]), np.array([1, 1, 1, 1, 0], bool), 2).tolist() == [2, 3]


@given(seeds, st.integers(1, 60))
def test_bytes_lose_little_and_take_a_quarter(seed: int, size: int) -> None:
    vectors, query = unit(seed, size), unit(seed + 1, 1)[0]
    kept = Vectors.of(vectors)
    assert np.abs(kept.floats() - vectors).max() <= np.abs(vectors).max() / 254 + 1e-7
    assert kept.cosines(query) == pytest.approx(np.maximum(vectors @ query, UNLIKE), abs=0.02)
    assert kept.nbytes == size * (48 + 4)


@given(seeds, st.integers(1, 60), st.integers(1, 70))
def test_the_nearest_are_those_of_a_full_sort(seed: int, size: int, count: int) -> None:
    kept, query = Vectors.of(unit(seed, size)), unit(seed + 1, 1)[0]
    random = np.random.default_rng(seed)
    slots, allowed = random.integers(-1, size, 2 * size), random.random(2 * size) < 0.7  # some share a vector
    values = np.where(allowed, kept.cosines_of(query, slots), 0.0)
    expected = [row for row in np.argsort(-values, kind="stable") if values[row] > 0][:count]
    assert kept.nearest(query, slots, allowed, count).tolist() == expected


def test_a_vector_of_zeros_is_like_nothing() -> None:
    assert Vectors.of(np.zeros((1, 4))).cosines(np.ones(4) / 2).tolist() == [np.float32(UNLIKE)]
