"""The formulas of crystallised routes, against brute force, and where the seed's own are wrong."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.motifs.utility import (
    ALTERNATIVES,
    PRIOR,
    Baseline,
    Weights,
    aged,
    blended,
    entropy,
    least_count,
    lower_bound,
    pareto_front,
    score,
    solidity,
    utility,
    variance,
)

rewards = st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=60)
units = st.floats(0, 1)


@given(rewards)
def test_the_baseline_is_mean_and_variance_of_all_rewards_and_the_assumed_showings(seen: list[int]) -> None:
    base = Baseline.of(np.array(seen))
    judged = sum(map(abs, seen))
    whole = [*seen, *[0] * (PRIOR + max(0, ALTERNATIVES * judged - seen.count(0)))]
    assert base.count == len(whole)
    assert base.mean == pytest.approx(np.mean(whole))
    assert base.variance == pytest.approx(np.var(whole, ddof=1))


def test_the_corrected_variance_is_that_of_a_sample_drawn_from_the_whole() -> None:
    """The seed's s^2/f + s^2/N counts the route as if it were no part of the whole; simulation tells which is right."""
    rng = np.random.default_rng(7)
    whole = rng.choice([-1.0, 0.0, 1.0], size=40, p=[0.1, 0.5, 0.4])
    base = Baseline(len(whole), float(whole.mean()), float(whole.var(ddof=1)))
    for f in (4, 20, 36):
        drawn = np.array([rng.permutation(whole)[:f].mean() - whole.mean() for _ in range(5_000)])
        assert float(variance(np.array([f]), base)[0]) == pytest.approx(drawn.var(), rel=0.1)
        seed = base.variance / f + base.variance / base.count
        assert abs(seed / drawn.var() - 1) > 0.2
    assert float(variance(np.array([len(whole)]), base)[0]) == pytest.approx(0.0)  # the whole is no surprise


@given(rewards, st.integers(1, 30), st.floats(-1, 1), st.floats(0, 3))
def test_the_lower_bound_is_so_many_standard_errors_below_the_utility(
    seen: list[int], count: int, mean: float, sure: float
) -> None:
    base = Baseline.of(np.array(seen))
    count = min(count, base.count)
    expected = (mean - base.mean) - sure * math.sqrt(base.variance * (1 / count - 1 / base.count))
    assert float(lower_bound(np.array([mean]), np.array([count]), base, sure)[0]) == pytest.approx(expected)
    assert float(utility(np.array([mean]), base)[0]) == pytest.approx(mean - base.mean)


@given(rewards, st.floats(0.05, 1))
def test_with_the_least_count_the_standard_error_is_the_wanted_one(seen: list[int], error: float) -> None:
    base = Baseline.of(np.array(seen))
    least = least_count(base, error)
    if base.variance > 0:
        assert float(variance(np.array([least]), base)[0]) == pytest.approx(error * error)
        assert least <= base.variance / error**2 + 1e-9  # about s^2 / e^2, less since the route is part of the whole


def test_the_seeds_least_count_of_100_is_that_of_a_deviation_of_1_and_an_error_of_a_tenth() -> None:
    assert least_count(Baseline(10**9, 0.0, 1.0), 0.1) == pytest.approx(100.0, rel=1e-3)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12).filter(any))
def test_entropy_is_that_of_the_shares(counts: list[int]) -> None:
    drawn = Counter({n: c for n, c in enumerate(counts) if c})
    expected = -sum(c / drawn.total() * math.log(c / drawn.total()) for c in drawn.values())
    assert entropy(counts) == pytest.approx(expected, abs=1e-12)
    assert 0 <= entropy(counts) <= math.log(len(counts)) + 1e-9


def test_a_score_rises_with_count_utility_and_age_and_falls_with_entropy() -> None:
    ways = [(3, 0.5, 0.0, 0.0), (6, 0.5, 0.0, 0.0), (3, 0.9, 0.0, 0.0), (3, 0.5, 1.0, 0.0), (3, 0.5, 0.0, 0.5)]
    base, more, better, undecided, older = score(*(np.array(column) for column in zip(*ways, strict=True)), Weights())
    assert more > base and better > base and older > base and undecided < base
    weights = Weights(2.0, 3.0, 5.0, 7.0)
    (found,) = score(np.array([math.e]), np.array([0.5]), np.array([0.25]), np.array([0.1]), weights)
    assert found == pytest.approx(2 * 1 + 3 * 0.5 - 5 * 0.25 + 7 * 0.1)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=5))
def test_age_is_bounded(days: list[float]) -> None:
    found = aged(np.array(days))
    assert ((found >= 0) & (found < 1)).all()
    assert float(aged(np.array([30.0]))[0]) == 0.5


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=14))
def test_the_pareto_front_has_what_nothing_beats(items: list[tuple[int, int, int]]) -> None:
    front = pareto_front(*(np.array(column, float) for column in zip(*items, strict=True)))
    for one, on_front in zip(items, front.tolist(), strict=True):
        beaten = any(all(b >= a for a, b in zip(one, other, strict=True)) and other != one for other in items)
        assert on_front == (not beaten)


@given(rewards)
def test_solidity_stays_between_0_and_1_and_moves_with_the_evidence(seen: list[int]) -> None:
    sigma = 0.0
    for n, reward in enumerate(seen):
        before, sigma = sigma, solidity(seen[: n + 1])
        assert 0 <= sigma < 1
        assert {1: sigma > before, 0: sigma <= before, -1: sigma <= before}[reward]
        assert sigma == pytest.approx(max(0.0, before + (reward - before) / 3))


def test_one_dismissal_undoes_several_acceptances() -> None:
    assert solidity([1, 1, 1, 1]) > 0.75
    assert solidity([1, 1, 1, 1, -1]) < 0.25


@given(st.lists(st.tuples(st.floats(-9, 9), units), min_size=1, max_size=9))
def test_blending_lies_between_the_routed_and_the_frozen_score(items: list[tuple[float, float]]) -> None:
    routed, sigma = (np.array(column) for column in zip(*items, strict=True))
    frozen = float(routed.max())
    found = blended(routed, frozen, sigma)
    assert (found >= routed - 1e-9).all() and (found <= frozen + 1e-9).all()
    assert found[sigma == 0] == pytest.approx(routed[sigma == 0])
