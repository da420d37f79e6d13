"""The area under the ROC curve: against its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.tuning.metrics import auc

ITEMS = st.lists(st.tuples(st.integers(-3, 3) | st.floats(-1e6, 1e6), st.booleans()), max_size=40)


def arrays(items: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in items], float), np.array([correct for _, correct in items], bool)


@given(ITEMS)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(items: list[tuple[float, bool]]) -> None:
    positive = [score for score, correct in items if correct]
    negative = [score for score, correct in items if not correct]
    pairs = [(above > below) + 0.5 * (above == below) for above in positive for below in negative]
    assert auc(*arrays(items)) == pytest.approx(np.mean(pairs) if pairs else 0.5)


@given(ITEMS)
def test_the_auc_depends_on_the_order_alone(items: list[tuple[float, bool]]) -> None:
    scores, correct = arrays(items)
    ranks = np.unique(scores, return_inverse=True)[1].astype(float)
    assert auc(ranks, correct) == pytest.approx(auc(scores, correct))
    assert auc(-ranks, correct) == pytest.approx(1 - auc(scores, correct))


def test_the_auc_of_a_perfect_order_is_one() -> None:
    correct = np.array([True, False, True, False])
    assert auc(np.array([3.0, 1.0, 2.0, 0.0]), correct) == 1.0
    assert auc(np.array([0.0, 2.0, 1.0, 3.0]), correct) == 0.0
    assert auc(np.zeros(4), correct) == 0.5
