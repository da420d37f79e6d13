"""The drifting context (CMR): its length, its steady state, and its associations beside the full matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cue import Event
from mom_lsp.cues.recall import clustering, lag_crp, make_list, recall_list
from mom_lsp.cues.temporal_context import ContextOptions, Episodes, TemporalContext, drifted
from mom_lsp.evaluation.recall_curve import simulate

WIDTH = 8
entries = st.integers(-8, 8).map(float)
shares = st.floats(0, 1)


def vectors(count: st.SearchStrategy[int] | int) -> st.SearchStrategy[np.ndarray]:
    """Draw rows of length 1."""
    counts = count if isinstance(count, st.SearchStrategy) else st.just(count)
    drawn = counts.flatmap(lambda n: arrays.arrays(np.float32, (n, WIDTH), elements=entries))
    return drawn.filter(lambda rows: bool(rows.any(1).all())).map(unit)


@given(vectors(2), shares)
def test_a_context_that_drifts_keeps_its_length(pair: np.ndarray, beta: float) -> None:
    moved = drifted(*pair, beta)
    assert np.linalg.norm(moved) == pytest.approx(1, abs=1e-5)
    assert moved @ pair[1] >= pair[0] @ pair[1] - 1e-5  # never away from the item


@given(vectors(2), shares)
def test_rho_solves_the_unit_norm(pair: np.ndarray, beta: float) -> None:
    context, item = pair.astype(float)
    dot = context @ item
    rho = np.sqrt(max(0.0, 1 + beta**2 * (dot**2 - 1))) - beta * dot
    assert np.linalg.norm(rho * context + beta * item) == pytest.approx(1, abs=1e-5)
    if rho + beta > 1e-3:  # opposite vectors cancel
        assert drifted(*pair, beta) == pytest.approx(rho * context + beta * item, abs=1e-4)


@given(vectors(2), st.floats(0.1, 1))
def test_a_repeated_item_becomes_the_context(pair: np.ndarray, beta: float) -> None:
    context, item = pair
    if context @ item < -0.9:
        context = item  # the opposite context is an unstable fixed point
    for _ in range(200):
        context = drifted(context, item, beta)
    assert context @ item == pytest.approx(1, abs=1e-4)


def test_an_empty_context_starts_with_the_first_item_and_nothing_moves_it_back() -> None:
    item, none = np.eye(WIDTH, dtype=np.float32)[0], np.zeros(WIDTH, np.float32)
    assert np.array_equal(drifted(none, item, 0.3), item)
    assert np.array_equal(drifted(item, none, 0.3), item)


@given(vectors(st.integers(2, 24)), vectors(1), st.integers(1, 9))
def test_a_ring_of_pairs_recalls_as_the_sum_of_outer_products(rows: np.ndarray, key: np.ndarray, slots: int) -> None:
    pairs = list(zip(rows[::2], rows[1::2], strict=False))
    ring = Episodes(slots, WIDTH)
    for item, context in pairs:
        ring.add(item, context)
    to_items = sum((np.outer(item, context) for item, context in pairs[-slots:]), np.zeros((WIDTH, WIDTH)))
    assert ring.items_of(key[0]) == pytest.approx(to_items @ key[0], abs=1e-4)
    assert ring.contexts_of(key[0]) == pytest.approx(to_items.T @ key[0], abs=1e-4)


@given(vectors(st.integers(6, 24)), vectors(1), st.integers(1, 12))
def test_the_strongest_pairs_are_those_that_match_best(rows: np.ndarray, key: np.ndarray, strongest: int) -> None:
    ring = Episodes(32, WIDTH, strongest)
    for row in rows:
        ring.add(row, row)
    match = np.sort(rows @ key[0])[::-1][:strongest]
    assert ring.items_of(key[0]) @ key[0] == pytest.approx(float((match**2).sum()), abs=1e-4)


@given(vectors(st.integers(1, 12)), vectors(1), vectors(3), shares, shares)
def test_the_activation_of_items_is_that_of_the_full_matrices(
    items: np.ndarray, query: np.ndarray, candidates: np.ndarray, learned_in: float, learned_out: float
) -> None:
    options = ContextOptions(learned_in=learned_in, learned_out=learned_out, similarity=0.5)
    model = TemporalContext(WIDTH, options)
    to_context, context = np.zeros((WIDTH, WIDTH), np.float32), np.zeros(WIDTH, np.float32)
    for item in items:
        model.observe(Event(item, item))
        context = drifted(context, unit((1 - learned_in) * item + learned_in * to_context @ item), options.drift)
        to_context += np.outer(context, item)
    assert model.context[0] == pytest.approx(context, abs=1e-3)
    expected = candidates @ ((1 - learned_out) * 0.5 * context + learned_out * to_context.T @ context)
    assert model.activation(candidates) == pytest.approx(expected, abs=1e-2)
    asked = drifted(context, unit((1 - learned_in) * query[0] + learned_in * to_context @ query[0]), options.drift)
    recalled = (1 - learned_out) * 0.5 * asked + learned_out * to_context.T @ asked
    if np.linalg.norm(recalled) > 0.1:
        assert model.read(query[0], candidates) == pytest.approx(candidates @ unit(recalled), abs=1e-2)


@given(vectors(st.integers(1, 8)), vectors(1), st.sampled_from(["series", "parallel"]), st.sampled_from([1, 2, 4]))
def test_a_read_moves_nothing_and_is_bounded(
    items: np.ndarray, query: np.ndarray, arrangement: str, heads: int
) -> None:
    options = replace(ContextOptions(heads=heads), arrangement=arrangement)  # type: ignore[arg-type]
    model = TemporalContext(WIDTH, options)
    assert not model.read(query[0], items).any()
    for item in items:
        model.observe(Event(item, item))
    before = model.context.copy()
    assert np.abs(model.read(query[0], items)).max() <= 1 + 1e-5
    assert np.array_equal(model.context, before)
    assert np.linalg.norm(model.context, axis=1) == pytest.approx(np.ones(heads), abs=1e-4)
    most = (1 - options.learned_out) * options.similarity + options.learned_out * len(items)
    assert np.abs(model.activation(items)).max() <= most + 1e-3


def test_a_head_sees_only_its_own_part() -> None:
    """With heads that are parts of the vector, an item in one part leaves the other heads' contexts as they were."""
    model = TemporalContext(WIDTH, ContextOptions(heads=2))
    model._heads = np.eye(WIDTH, dtype=np.float32).reshape(2, WIDTH // 2, WIDTH)
    first, second = np.eye(WIDTH, dtype=np.float32)[[0, 5]]
    model.experience(first)
    assert model.context[0].any() and not model.context[1].any()
    model.experience(second)
    assert model.context[0, 0] == pytest.approx(1) and model.context[1, 1] == pytest.approx(1)


def test_series_and_parallel_differ_and_both_find_what_was_needed_in_a_situation() -> None:
    rows = unit(np.random.default_rng(1).standard_normal((12, 64)).astype(np.float32))
    read = []
    for arrangement in ("series", "parallel"):
        model = TemporalContext(64, replace(ContextOptions(drift=0.9), arrangement=arrangement))
        for situation, memory in zip(rows[:6], rows[6:], strict=True):
            model.observe(Event(situation, memory))
        read.append(model.read(rows[4], rows[6:]))
        assert 4 in np.argsort(-read[-1])[:2]  # beside the last one, whose context is the present one
    assert np.abs(read[0] - read[1]).max() > 0.01


def test_recall_is_contiguous_and_goes_forward() -> None:
    curve, (within, expected), random = simulate(150, seed=0)
    for side in (1, -1):
        assert curve[side] > curve[2 * side] > curve[4 * side]
        assert curve[side] > 1.5 * random[side]
    assert curve[1] > 1.5 * curve[-1]
    assert within > 1.5 * expected


def test_recall_follows_meaning_only_where_items_are_alike() -> None:
    curve, (within, expected), _ = simulate(150, seed=0, likeness=0.0)
    assert within == pytest.approx(expected, abs=0.06)
    assert curve[1] > 0.3


def test_without_learning_recall_has_no_order() -> None:
    random, orders = np.random.default_rng(0), []
    for _ in range(150):
        items, _ = make_list(16, 64, 4, 0.0, random)
        orders.append(recall_list(items, 10, random, ContextOptions(drift=1.0, learned_in=0.0, learned_out=0.0)))
    curve = lag_crp(orders, 16, 3)
    assert max(curve.values()) < 0.16


def test_the_curves_count_what_was_possible() -> None:
    assert lag_crp([[0, 1, 2, 3]], 4, 2) == {-2: 0.0, -1: 0.0, 1: 1.0, 2: 0.0}
    assert lag_crp([[1, 2], [1, 0]], 3, 1) == {-1: 0.5, 1: 0.5}
    within, chance = clustering([[0, 1, 2]], [np.array([0, 0, 1])])
    assert (within, chance) == (0.5, 0.25)
