"""The gate between two read-outs: bounds, the fit beside a grid, and the log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mom_lsp.cues.gate import LOGGED, Choice, Gate, fit_gate, log_likelihood

floats = st.floats(-5, 5)
triples = arrays.arrays(float, (3, 7), elements=floats)


@given(triples)
def test_a_mixture_lies_between_both_read_outs(drawn: np.ndarray) -> None:
    weights, first, second = drawn
    gate = Gate(weights)
    mixed = gate.mix(first, first, second)
    assert (mixed >= np.minimum(first, second) - 1e-9).all() and (mixed <= np.maximum(first, second) + 1e-9).all()
    g, x = gate.log[-1]
    assert g == pytest.approx(1 / (1 + np.exp(-(weights @ first)))) and np.array_equal(x, first)


def test_a_gate_without_weights_is_the_mean_and_the_log_is_bounded() -> None:
    gate = Gate(np.zeros(2))
    for _ in range(LOGGED + 5):
        assert np.array_equal(gate.mix(np.ones(2), np.array([2.0]), np.array([0.0])), [1.0])
    assert len(gate.log) == LOGGED


def choices(count: int) -> list[Choice]:
    """Return questions in which the second feature says which read-out is right."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(count):
        correct = np.arange(4) == random.integers(4)
        side = random.choice([-1.0, 1.0])
        right, wrong = 3.0 * correct, random.permutation(np.array([3.0, 0, 0, 0]))
        made.append(Choice(np.array([1.0, side]), *((right, wrong) if side > 0 else (wrong, right)), correct))
    return made


def test_a_fit_learns_which_read_out_to_trust() -> None:
    gate = fit_gate(choices(60))
    assert gate.open(np.array([1.0, 1.0])) > 0.8
    assert gate.open(np.array([1.0, -1.0])) < 0.2


def test_a_fit_is_as_good_as_the_best_of_a_grid() -> None:
    known = choices(30)

    def mean(weights: tuple[float, float]) -> float:
        gate = Gate(np.array(weights))
        fit = sum(log_likelihood(one, gate.open(one.x)) for one in known) / len(known)
        return fit - 0.01 * float(np.square(weights).sum())

    best = max(mean((a, b)) for a in np.linspace(-2, 2, 17) for b in np.linspace(-2, 6, 33))
    found = fit_gate(known).weights
    assert mean((found[0], found[1])) >= best - 1e-3


def test_questions_without_an_answer_teach_nothing() -> None:
    none = np.zeros(3, bool)
    gate = fit_gate([Choice(np.ones(2), np.ones(3), np.zeros(3), none)])
    assert not gate.weights.any()
