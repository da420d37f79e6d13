"""Terms and scores: bounds, order and growth, against slow oracles."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from catalogs import make_place
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.route.lexical_term import lexical
from mom_lsp.route.score import top
from mom_lsp.tiers.decay import usage

unit = st.floats(0, 1)


@given(st.lists(unit, min_size=5, max_size=5), st.integers(0, 4), unit)
def test_place_is_bounded_and_grows_with_each_part(parts: list[float], at: int, more: float) -> None:
    strength = make_place(parts).strength()[0]
    assert 0 <= strength <= 1
    assert strength >= max(parts) - 1e-12
    larger = [max(part, more) if n == at else part for n, part in enumerate(parts)]
    assert make_place(larger).strength()[0] >= strength - 1e-12


@given(st.data())
def test_top_is_a_stable_sort_of_what_may_be_shown(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 30))
    grid = st.sampled_from([0.0, 0.1, 0.35, 0.5, 1.0])  # ties are common
    scores = data.draw(st.lists(grid, min_size=size, max_size=size))
    masks = st.lists(st.booleans(), min_size=size, max_size=size)
    shown, first, k = data.draw(masks), data.draw(masks), data.draw(st.integers(0, size + 1))
    order = sorted(range(size), key=lambda at: (not first[at], -scores[at]))
    found = top(np.array(scores), k, shown=np.array(shown, bool), first=np.array(first, bool))
    assert found == [at for at in order if shown[at]][:k]
    assert top(np.array(scores), k) == sorted(range(size), key=lambda at: -scores[at])[:k]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
def test_usage_is_bounded_and_grows(uses: list[int]) -> None:
    values = usage(np.array(sorted(uses)), max(uses))
    assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(values) >= 0).all()
    assert values[-1] == (1 if max(uses) else 0)


def test_usage_is_the_logarithm_of_uses_relative_to_the_most_used() -> None:
    assert usage(np.array([0, 1, 3, 7]), 7) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert not usage(np.array([0, 0]), 0).any()


@given(st.dictionaries(st.integers(0, 9), st.floats(0, 1e6)))
def test_lexical_scores_are_bounded_and_grow_with_bm25(matches: dict[int, float]) -> None:
    values = lexical(range(10), matches)
    assert ((values >= 0) & (values <= 1)).all()
    for a, b in permutations(range(10), 2):
        if matches.get(a, 0) <= matches.get(b, 0):
            assert values[a] <= values[b]
