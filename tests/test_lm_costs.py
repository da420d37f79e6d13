"""The cost model: its counts are those of code that computes it, its table is the seed's with what that leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cms import SEED_LEVELS, ContinuousMemory
from mom_lsp.cues.neural_memory import NeuralMemory
from mom_lsp.evaluation.cost_kernels import AttentionBlock, EpisodicMemory
from mom_lsp.evaluation.counted import Counts, counted, counting
from mom_lsp.lm.costs import Cost, Rates, Shape, attention, episodic, neural

FLOAT = 4  # bytes
sizes = st.sampled_from([4, 8, 12])
SMOLLM2 = Shape(30, 576, 9, 3, 64, 64, 1536, 49_152, 2048)


def vectors(count: int, d: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, d)).astype(np.float32)


@given(sizes, st.sampled_from([1, 2, 4]), st.integers(1, 9), st.integers(0, 9))
def test_attention_costs_what_a_block_computes(d: int, heads: int, tokens: int, before: int) -> None:
    block = AttentionBlock(d, heads)
    if before:
        block(vectors(before, d))
    block.w, block.keys, block.values = counted(block.w), counted(block.keys), counted(block.values)
    with counting() as counts:
        block(counted(vectors(tokens, d)))
    cost = attention(tokens, d, heads, FLOAT, before=before, causal=False)
    assert counts.products == cost.products
    assert counts.elementwise == cost.elementwise
    assert (block.nbytes, block.w.nbytes) == (cost.state, cost.weights)


@given(sizes, st.sampled_from([1, 4]), st.integers(1, 12), st.integers(0, 12))
def test_a_sequence_costs_what_its_tokens_cost_in_any_chunks(d: int, heads: int, tokens: int, cut: int) -> None:
    one_by_one = [attention(1, d, heads, FLOAT, before=at) for at in range(tokens)]
    whole = attention(tokens, d, heads, FLOAT)
    assert whole.products == sum(one.products for one in one_by_one)
    assert whole.elementwise == sum(one.elementwise for one in one_by_one)
    assert whole.state == one_by_one[-1].state
    if 0 < cut < tokens:
        first, rest = attention(cut, d, heads, FLOAT), attention(tokens - cut, d, heads, FLOAT, before=cut)
        assert (first + rest).products == whole.products


@given(sizes, st.integers(1, 9), st.integers(0, 20), st.floats(0, 1))
def test_a_neural_memory_costs_its_reads_and_its_updates(d: int, tokens: int, slots: int, rho: float) -> None:
    memory = NeuralMemory(d)
    memory.w, memory.surprise = counted(memory.w), counted(memory.surprise)
    rows = vectors(tokens + slots, d)
    with counting() as counts:
        for query in rows[:tokens]:
            memory.recall(query)
        for key in rows[tokens : tokens + round(rho * slots)]:
            memory.update(counted(key), key)
    cost = neural(tokens, d, slots, rho, FLOAT)
    assert (counts.products, counts.elementwise) == (cost.products, cost.elementwise)
    assert memory.nbytes == cost.state == neural(1, d, 10 * slots, rho, FLOAT).state  # whatever M is


@given(st.sampled_from([8, 16]), st.sampled_from([1, 2, 4]), st.integers(1, 9), st.integers(1, 5), st.integers(0, 3))
def test_an_episodic_memory_costs_its_reads_and_its_writes(
    d: int, heads: int, slots: int, tokens: int, writes: int
) -> None:
    memory = EpisodicMemory(d, slots, heads)
    with counting() as counts:
        for row in vectors(tokens, d):
            memory.read(counted(row))
        for row in vectors(writes, d):
            memory.write(counted(row))
    cost = episodic(tokens, d, slots, FLOAT, heads=heads, writes=writes)
    assert counts.products == cost.products
    assert counts.elementwise == cost.elementwise + tokens * heads * d  # and the sum over the heads
    assert (memory.nbytes, memory.to_key.nbytes + memory.to_value.nbytes) == (cost.state, cost.weights)


def test_the_continuous_memory_reads_as_episodic_memories_side_by_side() -> None:
    """Ours adds the lengths of the keys, since it compares cosines, and the mixture of the levels."""
    w, memory = 48, ContinuousMemory(48)
    for matrix in (*memory.values, *memory.keys):
        matrix.data = counted(matrix.data)
    for name in ("to_key", "to_value"):
        setattr(memory, name, [counted(one) for one in getattr(memory, name)])
    memory._lift, memory.mix = counted(memory._lift), counted(memory.mix)
    key = memory.options.key_width
    with counting() as counts:
        memory.read(unit(vectors(1, w)))
    costs = [episodic(1, w, level.slots, FLOAT, key=key, value=level.width) for level in SEED_LEVELS]
    total = sum(costs, Cost(0, 0, 0, 0))
    slots, width = (sum(getattr(level, name) for level in SEED_LEVELS) for name in ("slots", "width"))
    lengths, mixture = (slots + len(SEED_LEVELS)) * key, len(SEED_LEVELS) * width
    assert counts.products == total.products + lengths + mixture
    assert sum(matrix.data.nbytes for matrix in (*memory.values, *memory.keys)) == total.state


def test_the_seeds_table_leaves_out_most_of_attention_and_the_size_of_a_neural_memory() -> None:
    """At the seed's own L = 128, d = 512, M = 64, rho = .1, B = 4: 8 times more for projections than for L d."""
    tokens, d, slots, heads = 128, 512, 64, 8
    token = attention(1, d, heads, FLOAT, before=tokens - 1)
    assert token.products == 4 * d * d + 2 * tokens * d
    assert 4 * d * d / (2 * tokens * d) == 8
    neural_memory = neural(tokens, d, slots, 0.1, FLOAT)
    assert neural_memory.state // 2 == 2**20 == 8 * slots * d * FLOAT  # W alone: 1 MiB, not 128 KiB
    assert episodic(1, d, slots, FLOAT).state == 2 * slots * d * FLOAT
    assert attention(tokens, d, heads, FLOAT).state == 2 * tokens * d * FLOAT


def test_a_language_model_costs_its_weights_and_the_tokens_before() -> None:
    assert SMOLLM2.weights == pytest.approx(134.5e6, rel=0.01)
    assert SMOLLM2.products(1) == SMOLLM2.weights + 30 * 9 * 128
    one_by_one = sum(SMOLLM2.products(1, before=at) for at in range(50))
    assert SMOLLM2.products(50) == one_by_one == SMOLLM2.products(20) + SMOLLM2.products(30, before=20)
    assert SMOLLM2.products(50) - SMOLLM2.products(50, answers=1) == 49 * 576 * 49_152
    assert SMOLLM2.cache(1) == 30 * 3 * 128 * 2


def test_time_is_that_of_products_or_of_reading_whichever_is_longer_and_the_rest() -> None:
    rates = Rates(products=1e9, elementwise=1e8, memory=1e8, cached=1e9, cache=10**6, call=1e-6)
    cost = Cost(products=10**9, elementwise=0, state=0, weights=0)
    assert rates.seconds(cost, read=10**7) == 1.0
    assert rates.seconds(cost, read=5 * 10**8) == 5.0
    assert rates.seconds(replace(cost, products=0), read=10**6) == 0.001  # from the cache
    assert rates.seconds(replace(cost, elementwise=10**8), read=0, calls=10) == pytest.approx(2.00001)
    assert cost.flops == 2 * 10**9 and replace(cost, elementwise=7).flops == 2 * 10**9 + 7


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3, 4) + Cost(10, 20, 30, 40) == Cost(11, 22, 33, 44)


def test_counting_sees_products_and_elements_and_nothing_outside() -> None:
    a = counted(np.ones((2, 3)))
    with counting() as counts:
        found = np.exp(a @ np.ones((3, 4)))
        np.einsum("ij,ij->i", a, a)
    _ = a + 1
    assert counts == Counts(products=2 * 3 * 4 + 6, elementwise=8)
    assert np.asarray(found)[0, 0] == pytest.approx(np.exp(3))
