"""The neural memory: what it converges to, its bounds, and the plain equations."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cue import Event
from mom_lsp.cues.neural_memory import NeuralMemory

WIDTH = 6
floats = st.floats(-1, 1, width=32)
rows = st.integers(2, 30).flatmap(lambda n: arrays.arrays(np.float32, (n, WIDTH), elements=floats)).map(unit)


@given(rows, st.floats(0, 0.95), st.floats(0.01, 1.0), st.floats(0, 0.2))
def test_updates_follow_the_equations(pairs: np.ndarray, eta: float, theta: float, forget: float) -> None:
    memory = NeuralMemory(WIDTH, eta=eta, theta=theta, forget=forget)
    w, surprise = np.zeros((WIDTH, WIDTH)), np.zeros((WIDTH, WIDTH))
    for key, value in pairwise(pairs):
        memory.update(key, value)
        gradient = np.outer(w @ key - value, key)  # of |W k - v|^2 / 2
        surprise = eta * surprise - theta * gradient
        w = (1 - forget) * w + surprise
    assert memory.w == pytest.approx(w, abs=1e-2 * max(1.0, np.abs(w).max()))


@given(st.floats(0, 0.9), st.floats(0.05, 0.5), st.floats(0.001, 0.2))
def test_a_repeated_pair_is_stored_up_to_the_steady_state(eta: float, theta: float, forget: float) -> None:
    key, value = np.eye(WIDTH, dtype=np.float32)[:2]
    memory = NeuralMemory(WIDTH, eta=eta, theta=theta, forget=forget)
    for _ in range(1500):
        memory.update(key, value)
    assert memory.recall(key) == pytest.approx(value * theta / (theta + forget * (1 - eta)), abs=1e-3)
    assert memory.recall(value) == pytest.approx(np.zeros(WIDTH), abs=1e-6)


@given(rows, st.floats(0.5, 4.0), st.floats(0, 0.95), st.floats(0.1, 1.9))
def test_norms_are_bounded(pairs: np.ndarray, most: float, eta: float, theta: float) -> None:
    memory = NeuralMemory(WIDTH, eta=eta, theta=theta, most=most)
    for _ in range(3):
        for key, value in zip(pairs, pairs[::-1], strict=True):
            memory.update(key, value)
            assert np.linalg.norm(memory.w) <= most * (1 + 1e-4)
            assert np.linalg.norm(memory.surprise) <= theta * (most + 1) / (1 - eta) * (1 + 1e-4)


def test_a_memory_within_its_bound_is_not_scaled() -> None:
    free, bounded = NeuralMemory(WIDTH), NeuralMemory(WIDTH, most=2.0)
    key, value = np.eye(WIDTH, dtype=np.float32)[:2]
    for _ in range(40):
        free.update(key, value)
        bounded.update(key, value)
    assert np.array_equal(free.w, bounded.w) and np.linalg.norm(free.w) > 0.8


def test_a_surprise_is_forgotten_without_use() -> None:
    memory = NeuralMemory(WIDTH, eta=0.5, forget=0.1)
    first, second, third = np.eye(WIDTH, dtype=np.float32)[:3]
    for _ in range(50):
        memory.update(first, second)
    known = float(memory.recall(first) @ second)
    for _ in range(50):
        memory.update(third, third)
    assert 0 < memory.recall(first) @ second < 0.05 * known


def test_it_reads_what_was_needed_in_a_situation() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((10, 64)).astype(np.float32))
    memory = NeuralMemory(64)
    assert not memory.read(vectors[0], vectors[5:]).any()
    for situation, needed in zip(vectors[:5], vectors[5:], strict=True):
        memory.observe(Event(situation, needed))
    assert [int(np.argmax(memory.read(one, vectors[5:]))) for one in vectors[:5]] == [0, 1, 2, 3, 4]


def test_an_update_takes_under_a_millisecond() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((60, 384)).astype(np.float32))
    memory, took = NeuralMemory(384, most=10.0), []
    for key, value in pairwise(vectors):
        began = time.thread_time()
        memory.update(key, value)
        took.append(time.thread_time() - began)
    assert min(took) < 1e-3
