"""Numbers of any size: results are finite and in range."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from catalogs import make_memory, make_place, make_view
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mom_lsp.cues import arrays as cue_arrays
from mom_lsp.cues import cms
from mom_lsp.route.domain_points import PATH_WIDTH, joined, unit
from mom_lsp.route.features import FEATURES, as_matrix, features
from mom_lsp.route.gate import Domains
from mom_lsp.route.lexical_term import lexical
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.score import top, total
from mom_lsp.route.strategies import Strategy
from mom_lsp.route.vectors import LARGEST, Vectors
from mom_lsp.tiers import TOUCH
from mom_lsp.tiers.decay import (
    EPISODIC,
    FLOORS,
    LEAST,
    SEMANTIC,
    WORKING,
    ActiveDays,
    activated,
    faded,
    half_life,
    usage,
)
from mom_lsp.tiers.tiers import Touches, tiers

TINY, HUGE = sys.float_info.min * sys.float_info.epsilon, sys.float_info.max
EDGES = st.sampled_from([0.0, TINY, 2 * TINY, sys.float_info.min, LEAST, 1 - sys.float_info.epsilon, 1.0])
SHARES = EDGES | st.floats(0, 1)  # denormals among them
SIZES = st.sampled_from([0.0, TINY, HUGE, math.nextafter(HUGE, 0)]) | st.floats(0, HUGE)
LEVELS = st.sampled_from([EPISODIC, WORKING, SEMANTIC])
WIDTH = 8
ANY = st.floats(-float(np.finfo(np.float32).max), float(np.finfo(np.float32).max), width=32)
VECTORS = arrays(np.float32, (3, WIDTH), elements=ANY | st.sampled_from([1e-45, -3e-45, 2e-43, 0.0]))


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(divide="raise", over="raise", invalid="raise"):
        warnings.simplefilter("error")
        yield


def within(values: np.ndarray | float, least: float, most: float) -> bool:
    found = np.asarray(values, np.float64)
    return bool(np.isfinite(found).all() and (found >= least).all() and (found <= most).all())


# Tiers


@given(LEVELS, SHARES)
@example(EPISODIC, TINY)
def test_the_half_life_of_every_strength_is_a_number_of_days(tier: int, strength: float) -> None:
    assert within(half_life(tier, strength), 0.5, 70)


@given(LEVELS, st.floats(1e-9, 1))
def test_a_strength_halves_after_its_half_life(tier: int, strength: float) -> None:
    left = faded(np.array([tier]), np.array([strength]), half_life(tier, strength))[1]
    assert left[0] == pytest.approx(strength / 2)


@given(LEVELS, SHARES, SIZES)
def test_strength_and_half_life_stay_in_range_after_any_time(tier: int, strength: float, days: float) -> None:
    level, left = faded(np.array([tier]), np.array([strength]), days)
    assert within(left, LEAST, 1)
    assert within(half_life(int(level[0]), float(left[0])), 0.5, 70)
    assert FLOORS[level[0]] <= left[0] or level[0] == tier


@given(SHARES, SHARES, SHARES)
def test_an_activation_of_any_size_gives_a_valid_strength(strength: float, gate: float, share: float) -> None:
    assert within(activated(np.array([strength]), gate, share), strength, 1)


@given(st.lists(SIZES, min_size=1, max_size=5), SIZES, st.lists(st.tuples(SIZES, SHARES), max_size=4))
def test_a_memory_has_a_valid_tier_and_strength_at_any_time(
    times: list[float], now: float, touched: list[tuple[float, float]]
) -> None:
    clock = ActiveDays(times)
    assert within(clock.at(np.array([*times, now])), 0, len(times))
    found = tiers(np.array(times), Touches.of([(0, when, gate, TOUCH) for when, gate in touched]), clock, now)
    assert within(found.tier, EPISODIC, SEMANTIC)
    assert within(found.strength, LEAST, 1)


@given(st.lists(SIZES, min_size=1, max_size=5), st.integers(0, 2**60))
def test_usage_is_between_0_and_1(uses: list[float], most: int) -> None:
    assert within(usage(np.array(uses), most), 0, 1)


@given(VECTORS)
def test_a_continuous_memory_accepts_events_of_any_size(events: np.ndarray) -> None:
    unit_events = cue_arrays.unit(events)
    assert within(np.linalg.norm(unit_events.astype(np.float64), axis=1), 0, 1 + 1e-5)
    weights = cue_arrays.softmax(np.abs(events))
    assert within(weights, 0, 1) and weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert within(cue_arrays.sigmoid(events), 0, 1)
    memory = cms.ContinuousMemory(WIDTH, cms.Options(levels=(cms.Level(4, 4, 0.1), cms.Level(4, 8, 0.01))), streams=3)
    memory.write(unit_events)
    assert within(memory.read(unit_events), -10, 10)
    assert within(memory.address(0, unit_events @ np.ones((WIDTH, 64), np.float32)), 0, 1)


# Route


@given(st.lists(SIZES, min_size=1, max_size=5))
def test_lexical_scores_are_between_0_and_1(scores: list[float]) -> None:
    assert within(lexical(range(len(scores)), dict(enumerate(scores))), 0, 1)


@given(arrays(np.float64, 5, elements=st.floats(-HUGE, HUGE)))
def test_every_score_has_a_probability_and_can_be_ranked(scores: np.ndarray) -> None:
    assert within(shipped("hints").chances(scores), 0, 1)
    assert scores[top(scores, 5)].tolist() == sorted(scores.tolist(), reverse=True)


@given(arrays(np.float64, (4, 6), elements=SHARES))
def test_features_and_shares_of_any_strength_are_finite(parts: np.ndarray) -> None:
    view = make_view(*(make_memory(n) for n in range(6)))
    rows, place = np.arange(6), make_place([0.0] * 5)
    place = type(place)(*(np.resize(parts[0], 6) for _ in range(5)), share=parts[0])
    assert within(place.strength(), 0, 1)
    assert within(view.strongest_relative(parts[0]), 0, 1)
    found = features(
        view, rows, place=place, overlap=None, bm25=parts[0], cosine=parts[1], strength=parts[2], uses=parts[3]
    )
    assert within(as_matrix(found), -20, 20) and list(found) == list(FEATURES)
    for mode in ("editing", "hints", "search", "intent", "unencoded"):
        assert within(total(shipped(mode).shares(found)), -1_000, 1_000)


@given(arrays(np.float64, 4, elements=st.floats(-HUGE / 4, HUGE / 4)), arrays(np.float64, 4, elements=SIZES), SHARES)
def test_a_trial_is_one_of_the_eligible(scores: np.ndarray, uses: np.ndarray, explore: float) -> None:
    eligible = np.array([False, True, True, True])
    strategy = Strategy(dropout=explore, explore=explore, place="a.py", day=1)
    assert strategy.on_trial(scores, eligible, np.array([1, 2, 3, 5]), uses, 7) in (None, 1, 2, 3)
    assert strategy.dropped(list("abcd"), uses, 7).shape == (4,)


@given(VECTORS)
def test_a_unit_vector_has_norm_1_or_0(vectors: np.ndarray) -> None:
    lengths = np.linalg.norm(unit(vectors).astype(np.float64), axis=1)
    assert lengths.tolist() == pytest.approx(np.any(vectors != 0, axis=1).astype(float).tolist(), abs=1e-5)
    points = joined(unit(vectors), np.resize(vectors, (3, PATH_WIDTH)))
    assert within(np.linalg.norm(points.astype(np.float64), axis=1), 0, 1 + 1e-5)


@given(VECTORS, SHARES)
@example(np.full((3, WIDTH), 7.6073045e-37, np.float32), 0.0)  # its scale would be a denormal number
def test_vectors_of_any_size_have_cosines_and_domains(vectors: np.ndarray, share: float) -> None:
    vectors = vectors / 2  # a code times its scale may be a little more than the component was
    raw = Vectors.of(vectors)
    assert within(raw.floats(), -HUGE, HUGE)
    smallest = LARGEST * float(np.finfo(np.float32).tiny)  # a vector with only smaller components becomes zeros
    assert within(np.abs(raw.floats() - vectors), 0, float(np.abs(vectors).max()) / 250 + smallest)
    directions = unit(vectors)
    kept, query = Vectors.of(directions), directions[0]
    assert within(kept.cosines(query), 0, 1.01)
    assert within(kept.cosines_of(query, np.array([-1, 0, 2])), 0, 1.01)
    assert set(kept.nearest(query, np.ones(3, bool), 2).tolist()) <= {0, 1, 2}
    domains = Domains(np.zeros(3, np.int32), ("",) * 3, directions, np.array([0, 1, 2, 3]))
    assert domains.opened(query, share) is None or len(domains.opened(query, share) or []) > 0
