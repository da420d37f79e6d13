"""The seed's theorems about routing, on the product's own code: a linear gate, monotone terms, bounds, determinism."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rankers import SPOT, ask, make_ranker, unit

from mom_lsp.memory import TERMS
from mom_lsp.route.features import FEATURES, TERM_OF
from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.route.score import top, total
from mom_lsp.route.vectors import UNLIKE, Vectors
from mom_lsp.workspace.ranking.query import Query, text_query

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 40), st.integers(1, 8))
def test_with_cosine_alone_ranking_is_a_linear_gate(seed: int, size: int, k: int) -> None:
    """Theorem 1 of the seed: the rows of the gate are the memories' vectors, W_i = phi(m_i)."""
    rng = np.random.default_rng(seed)
    vectors, meaning = unit(rng, size), unit(rng)
    ranker = make_ranker(LinearModel({"cosine": 3.0}, 0.0), vectors)
    gate = ranker.snapshot.vectors.floats() @ Vectors.of(meaning[None]).floats()[0]  # (n,) of vectors as they are kept
    best = np.sort(gate[gate > 10 * UNLIKE])[::-1][:k]
    found = ranker.rank(text_query("x"), k, threshold=0.0, meaning=meaning)
    assert np.allclose(gate[[one.row for one in found]][: len(best)], best, atol=1e-6)


@given(seeds, st.sampled_from(TERMS), st.floats(0.01, 5))
def test_raising_a_term_never_lowers_the_rank(seed: int, term: str, more: float) -> None:
    rng = np.random.default_rng(seed)
    parts = {name: rng.standard_normal(12) for name in TERMS}
    before = top(total(parts), 12).index(3)
    parts[term] = parts[term] + more * (np.arange(12) == 3)
    assert top(total(parts), 12).index(3) <= before


@given(seeds, st.sampled_from(FEATURES), st.floats(0.01, 2))
def test_a_feature_moves_the_score_by_its_weight(seed: int, feature: str, more: float) -> None:
    named = dict(zip(FEATURES, np.random.default_rng(seed).random((len(FEATURES), 1)), strict=True))
    model = shipped("editing")
    moved = model.shares(named | {feature: named[feature] + more})
    gain = total(moved)[0] - total(model.shares(named))[0]
    assert np.isclose(gain, more * model.weights.get(feature, 0.0))
    assert {t for t in TERMS if moved[t] != model.shares(named)[t]} <= {TERM_OF[feature]}


@given(seeds, st.integers(1, 25))
def test_the_same_query_gives_the_same_answer_with_ordered_probabilities(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, meaning = unit(rng, size), unit(rng)
    matches = {f"m{n}": float(score) for n, score in enumerate(rng.random(size) * 20)}
    found = ask(make_ranker(shipped("editing"), vectors, matches), meaning)
    assert found == ask(make_ranker(shipped("editing"), vectors, matches), meaning)
    assert found
    for one in found:
        assert one.chance is not None and 0 <= one.chance <= 1
        assert np.isclose(sum(one.terms.values()), one.score)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    chances = [one.chance for one in found if one.chance is not None]
    assert chances == sorted(chances, reverse=True)


@given(seeds, st.integers(1, 25))
def test_terms_are_shares_and_features_are_at_most_logarithmic(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    matches = {f"m{n}": float(score) for n, score in enumerate(rng.random(size) * 1e6)}
    ranker = make_ranker(shipped("editing"), unit(rng, size), matches)
    evidence = ranker.evidence(Query("x", "x", (SPOT,)), unit(rng))
    assert len(evidence.rows) == size
    for values in ranker.terms(evidence).values():
        assert ((values >= 0) & (values <= 1)).all()
    for values in ranker.features(evidence).values():
        assert (np.abs(values) <= np.log(1e6)).all()
