"""Vectors with one byte per dimension: as good as their sources, and consistent across queries."""

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


def test_a_cosine_is_floored_just_above_zero_and_zero_without_a_vector() -> None:
    kept = Vectors.of(np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float16))
    query = np.array([1, 0], np.float32)
    assert kept.cosines(query) == pytest.approx([1, 0.6, UNLIKE], abs=0.004)
    assert kept.cosines_of(query, np.array([1, -1, 0])) == pytest.approx([0.6, 0, 1], abs=0.004)
    assert not Vectors.none().cosines_of(query, np.array([-1, -1])).any()


@given(seeds, st.integers(1, 60))
def test_int8_vectors_lose_little_and_take_a_quarter(seed: int, size: int) -> None:
    vectors, query = unit(seed, size), unit(seed + 1, 1)[0]
    kept = Vectors.of(vectors)
    assert np.abs(kept.floats() - vectors).max() <= np.abs(vectors).max() / 254 + 1e-7
    assert kept.cosines(query) == pytest.approx(np.maximum(vectors @ query, UNLIKE), abs=0.02)
    assert kept.nbytes == size * (48 + 4 + 4)


@given(seeds, st.integers(1, 60), st.integers(1, 70))
def test_nearest_matches_a_full_sort(seed: int, size: int, count: int) -> None:
    kept, query = Vectors.of(unit(seed, size)), unit(seed + 1, 1)[0]
    random = np.random.default_rng(seed)
    picks, allowed = random.integers(0, size, 2 * size), random.random(2 * size) < 0.7  # some are alike
    rows = random.permutation(2 * size)
    twice, values = Vectors.of(kept.floats(), picks, rows), np.zeros(2 * size)
    values[rows] = twice.cosines(query)
    expected = [row for row in np.argsort(-values, kind="stable") if allowed[row]][:count]
    assert twice.nearest(query, allowed, count).tolist() == expected
    assert twice.nearest(query, allowed, count, [(0, size), (size, 2 * size)]).tolist() == expected


def test_a_zero_vector_is_similar_to_nothing() -> None:
    assert Vectors.of(np.zeros((1, 4))).cosines(np.ones(4) / 2).tolist() == [np.float32(UNLIKE)]
