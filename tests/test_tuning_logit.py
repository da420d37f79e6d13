"""The fits behind the weights: checked against the libraries that they replace, and against properties of a fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.tuning.logit import calibration, conditional_logit, logit

PENALTY = 0.01
SEEDS = st.integers(0, 2**32 - 1)


def queries(seed: int, features: int = 6, count: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return features (m, f), what is right (m,), sizes (q,), and weights (f,) to depart from."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 40, size=count)
    x = draw.normal(size=(sizes.sum(), features)) * draw.uniform(0.1, 3, size=features)
    right = np.zeros(len(x), bool)
    for start, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True):
        right[start + draw.integers(0, size, size=draw.integers(1, 3))] = True
    return x, right, sizes, draw.normal(size=features)


def negative_likelihood(weights: np.ndarray, x: np.ndarray, right: np.ndarray, sizes: np.ndarray) -> float:
    """Return the mean over queries, computed query by query."""
    total = 0.0
    ends = np.cumsum(sizes)[:-1]
    for candidates, wanted in zip(np.split(x, ends), np.split(right, ends), strict=True):
        scores = candidates @ weights
        total += np.logaddexp.reduce(scores) - scores[wanted].mean()
    return total / len(sizes)


@given(SEEDS)
def test_the_conditional_logit_matches_scipy(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x, right, sizes, start = queries(seed)

    def loss(weights: np.ndarray) -> float:
        return negative_likelihood(weights, x, right, sizes) + PENALTY * float(((weights - start) ** 2).sum())

    expected = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-6})
    found = conditional_logit(x, right, sizes, start=start, penalty=PENALTY)
    assert found == pytest.approx(expected.x, abs=1e-4)
    assert loss(found) <= expected.fun + 1e-12


@given(SEEDS, st.floats(-4, 1), st.floats(0.2, 3))
def test_the_calibration_matches_scikit_learn(seed: int, intercept: float, slope: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=200) * 2
    right = draw.random(200) < 1 / (1 + np.exp(-(slope * scores + intercept)))
    right[:2] = True, False
    expected = linear.LogisticRegression(C=1e6, tol=1e-10, max_iter=1_000).fit(scores[:, None], right)
    found = calibration(scores, right)
    assert found == pytest.approx((expected.coef_[0][0], expected.intercept_[0]), abs=1e-4, rel=1e-4)


@given(SEEDS)
def test_calibrated_probabilities_match_the_observed_frequency(seed: int) -> None:
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=100)
    right = draw.random(100) < 0.3
    right[:2] = True, False
    slope, intercept = calibration(scores, right)
    assert (1 / (1 + np.exp(-(slope * scores + intercept)))).mean() == pytest.approx(right.mean(), abs=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
def test_perfectly_separated_scores_get_a_finite_slope(scale: float) -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0]) * scale
    slope, intercept = calibration(scores, scores > 2.5 * scale)
    assert np.isfinite([slope, intercept]).all() and slope > 0
    assert slope * 2.5 * scale + intercept == pytest.approx(0, abs=0.05)


@given(SEEDS)
def test_no_nearby_weights_are_better_than_the_fitted_ones(seed: int) -> None:
    x, right, sizes, start = queries(seed)
    found = conditional_logit(x, right, sizes, start=start, penalty=PENALTY)
    draw = np.random.default_rng(seed)

    def loss(weights: np.ndarray) -> float:
        return negative_likelihood(weights, x, right, sizes) + PENALTY * float(((weights - start) ** 2).sum())

    assert all(loss(found) <= loss(found + 1e-3 * draw.normal(size=len(found))) for _ in range(20))


def test_uninformative_features_keep_their_weights() -> None:
    right = np.array([True, False, False, True])
    found = conditional_logit(np.zeros((4, 2)), right, np.array([3, 1]), start=np.array([0.5, -2.0]), penalty=PENALTY)
    assert found == pytest.approx([0.5, -2.0])


def targets(seed: int, features: int = 4, count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (m, f) with a column of ones, weights (f,), and the probabilities (m,) that they give."""
    draw = np.random.default_rng(seed)
    x = np.column_stack([draw.normal(size=(count, features - 1)), np.ones(count)])
    weights = draw.normal(size=features)
    return x, weights, 1 / (1 + np.exp(-x @ weights))


@given(SEEDS)
def test_the_logit_finds_the_weights_behind_exact_probabilities(seed: int) -> None:
    x, weights, probability = targets(seed)
    assert logit(x, probability, penalty=np.zeros(len(weights))) == pytest.approx(weights, abs=1e-5)


@given(SEEDS, st.floats(1e-6, 1.0))
def test_the_slope_of_the_loss_is_zero_at_the_weights_of_the_logit(seed: int, strongest: float) -> None:
    x, weights, probability = targets(seed)
    outcome = (np.random.default_rng(seed).random(len(x)) < probability).astype(float)
    penalty = np.linspace(0.001, strongest, len(weights))
    found = logit(x, outcome, penalty=penalty)

    def loss(at: np.ndarray) -> float:
        log_odds = x @ at
        return float(
            np.where(outcome, np.log1p(np.exp(-log_odds)), np.log1p(np.exp(log_odds))).mean() + penalty @ at**2
        )

    for step in 1e-4 * np.eye(len(found)):
        assert (loss(found + step) - loss(found - step)) / 2e-4 == pytest.approx(0, abs=1e-6)


@given(SEEDS)
def test_a_larger_penalty_makes_the_weights_of_the_logit_smaller(seed: int) -> None:
    x, weights, probability = targets(seed)
    free, bound, none = (logit(x, probability, penalty=np.full(len(weights), by)) for by in (0.0, 0.1, 1e6))
    assert np.linalg.norm(bound) < np.linalg.norm(free)
    assert none == pytest.approx(0, abs=1e-5)
