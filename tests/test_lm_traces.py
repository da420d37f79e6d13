"""Traces: where they converge, that they respect their budget, and which memories they reinforce."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from observations import HEADS, LAYERS, MEMORIES, grids, make_seen, observations

from mom_lsp.lm.traces import (
    ENOUGH,
    FIRST,
    STRENGTHS,
    AttentionTraces,
    LearningRule,
    Observation,
    calibrated,
    cue_of,
    importance,
    replay,
    salience,
    steady_state,
    updated,
)


@given(st.lists(observations(), max_size=12), st.integers(1, 4))
def test_no_head_exceeds_its_budget_and_no_trace_is_negative(seen: list[Observation], budget: int) -> None:
    traces = AttentionTraces(LAYERS, HEADS, LearningRule(budget=budget, least=1e-6, prune=1e-8))
    for observation in seen:
        traces.step(observation)
        assert traces.count().max(initial=0) <= budget
    assert all((trace >= 0).all() and trace.any() for trace in traces.strength.values())


@given(st.lists(observations(), max_size=8))
def test_a_full_head_drops_its_weakest_traces(seen: list[Observation]) -> None:
    free = replay(seen, LAYERS, HEADS, LearningRule(budget=100))
    last = AttentionTraces(
        LAYERS, HEADS, LearningRule(budget=2), strength={k: v.copy() for k, v in free.strength.items()}
    )
    last.step(Observation("elsewhere", {}, {}))
    for layer, head in np.ndindex(LAYERS, HEADS):
        best = sorted((trace[layer, head] for trace in free.strength.values()), reverse=True)[:2]
        left = sorted((trace[layer, head] for trace in last.strength.values()), reverse=True)
        assert [value for value in left if value] == [value for value in best if value]


@given(grids, st.floats(0.01, 2), st.integers(1, 20))
def test_a_trace_that_is_always_reinforced_converges_to_its_salience(
    attention: np.ndarray, weight: float, uses: int
) -> None:
    rule, goal = LearningRule(), salience(attention, weight, np.full((LAYERS, HEADS), uses))
    trace = np.zeros((LAYERS, HEADS))
    gaps = []
    for _ in range(60):
        trace = updated(trace, goal, rule)
        gaps.append(np.abs(trace - goal)[goal > rule.least].max(initial=0.0))
    assert all(after <= before * rule.keep + 1e-5 for before, after in pairwise(gaps))
    assert steady_state(1.0, 0.3, rule) == pytest.approx(0.3)


@given(st.floats(0.05, 0.95), st.floats(0.1, 0.95), st.floats(0.1, 0.99), st.floats(0.1, 2))
def test_the_mean_settles_at_the_predicted_steady_state(chance: float, keep: float, fade: float, mean: float) -> None:
    rule = LearningRule(keep=keep, fade=fade, least=0.0, prune=0.0)
    trace = np.zeros(1)
    for _ in range(2_000):  # the update is linear in the trace, so the expectation takes the same steps
        trace = chance * updated(trace, np.full(1, mean), rule) + (1 - chance) * updated(trace, np.zeros(1), rule)
    assert trace[0] == pytest.approx(steady_state(chance, mean, rule), rel=1e-6)


@given(st.floats(1e-5, 1), st.integers(1, 100))
def test_an_unused_trace_fades_and_is_dropped(start: float, steps: int) -> None:
    trace = np.full((1, 1), start)
    for _ in range(steps):
        before, trace = trace, updated(trace, np.zeros((1, 1)), LearningRule())
        assert (trace <= before).all()
    assert trace[0, 0] == 0 or trace[0, 0] == pytest.approx(start * LearningRule().fade ** steps)


def test_only_helpful_memories_are_reinforced_and_only_at_attended_heads() -> None:
    looked = np.zeros((LAYERS, HEADS))
    looked[1, 2] = 0.4
    seen = Observation("tls", {"good": looked, "bad": looked}, {"good": 0.2, "bad": -0.2})
    traces = replay([seen] * 3, LAYERS, HEADS)
    assert traces.bias("tls", ["good", "bad", "new"], 0.5) == {"good": [(1, 2, 0.5)]}
    assert traces.bias("docs", ["good"], 0.5) == {}
    assert traces.bias("tls", ["good"], 0.0) == {}


def test_a_bias_is_relative_to_the_strongest_trace_of_the_model() -> None:
    strong, weak = np.zeros((LAYERS, HEADS)), np.zeros((LAYERS, HEADS))
    strong[0, 1], strong[1, 2], weak[0, 1], weak[1, 0] = 0.8, 0.4, 0.2, 0.1
    traces = AttentionTraces(LAYERS, HEADS, strength={("tls", "strong"): strong, ("docs", "weak"): weak})
    assert traces.bias("tls", ["strong"], 2.0) == {"strong": [(0, 1, 2.0), (1, 2, 1.0)]}
    alone = traces.bias(
        "docs", ["weak", "new"], 2.0
    )  # the only traced memory of this prompt does not get the full bias
    assert alone == {"weak": [(0, 1, 0.5), (1, 0, 0.25)]}


@given(st.lists(observations(), min_size=1, max_size=8), st.floats(0.1, 4), st.sampled_from(["", *MEMORIES]))
def test_no_bias_exceeds_the_strength_and_each_is_proportional_to_its_trace(
    seen: list[Observation], strength: float, first: str
) -> None:
    traces = replay(seen, LAYERS, HEADS, LearningRule(least=1e-6, prune=1e-8))
    top = max((trace.max() for trace in traces.strength.values()), default=0.0)
    for memory, heads in traces.bias("tls", MEMORIES, strength, first).items():
        for layer, head, value in heads:
            own = traces.strength.get(("tls", memory), np.zeros((LAYERS, HEADS)))[layer, head]
            if memory == first:
                own += traces.strength.get(FIRST, np.zeros((LAYERS, HEADS)))[layer, head]
            assert 0 < value <= strength
            assert value == pytest.approx(strength * min(1.0, own / top))


def test_the_top_ranked_memory_inherits_the_trace_of_first_positions() -> None:
    looked = np.full((LAYERS, HEADS), 0.4)
    seen = Observation("tls", {"a": looked, "b": looked / 2}, {"a": 0.2, "b": 0.1}, first="a")
    traces = replay([seen] * 3, LAYERS, HEADS)
    assert np.allclose(traces.strength[FIRST], traces.strength["tls", "a"])
    heads = [(y, x) for y, x in np.ndindex(LAYERS, HEADS)]
    assert traces.bias("docs", ["new", "newer"], 0.5, "new") == {"new": [(*head, 0.5) for head in heads]}
    assert traces.bias("docs", ["new", "newer"], 0.5) == {}
    quarter = traces.strength["tls", "b"][0, 0] / traces.strength["tls", "a"][0, 0]
    both = traces.bias("tls", ["b"], 0.5, "b")  # its own trace and the inherited one add up, to at most b
    assert both == {"b": [(*head, 0.5) for head in heads]}
    assert traces.bias("tls", ["b"], 0.5)["b"][0][2] == pytest.approx(0.5 * quarter) == pytest.approx(0.125)


def test_a_harmful_first_memory_passes_on_no_trace() -> None:
    looked = np.full((LAYERS, HEADS), 0.4)
    assert FIRST not in replay([Observation("tls", {"a": looked}, {"a": -0.2}, "a")], LAYERS, HEADS).strength


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=len(STRENGTHS), max_size=len(STRENGTHS)), max_size=20),
    st.sampled_from([0.0, 1.0]),
)
def test_the_calibrated_strength_is_the_one_with_the_highest_gain_or_none(
    rows: list[list[float]], before: float
) -> None:
    gains = [dict(zip(STRENGTHS, row, strict=True)) for row in rows]
    strength = calibrated([*gains, {}], before)
    if len(rows) < ENOUGH:
        assert strength == before
        return
    assert calibrated([dict.fromkeys(STRENGTHS, 0.0)] * ENOUGH, 1.0) == 0.0  # no gain, no bias
    means = dict(zip(STRENGTHS, np.mean(rows, axis=0), strict=True)) | {0.0: 0.0}
    assert means[strength] == max(means.values())


def test_the_cue_is_the_most_common_folder() -> None:
    assert cue_of(["lib/url.c", "lib/vtls/openssl.c", "docs/a.md"]) == "lib"
    assert cue_of(["lib/vtls/openssl.c"]) == "lib"  # the top one
    assert cue_of([]) == ""


def test_importance_is_the_signed_slope() -> None:
    assert importance(lambda bias: 3 - 0.25 * bias) == pytest.approx(0.25)
    assert importance(lambda bias: 3 + 0.25 * bias) == pytest.approx(-0.25)
    assert importance(lambda bias: 3 + bias * bias) == pytest.approx(0.0)


def test_salience_is_attention_times_importance_times_the_logarithm_of_recurrence() -> None:
    attention, recurrence = np.array([0.5, 0.5, 0.5, 0.2]), np.array([0, 1, 7, 3])
    found = salience(attention, 0.3, recurrence)
    assert found == pytest.approx([0.0, 0.15 * math.log(2), 0.15 * 3 * math.log(2), 0.06 * 2 * math.log(2)])
    assert not salience(attention, -0.3, recurrence).any()


def test_only_salience_above_theta_reinforces() -> None:
    rule = LearningRule(keep=0.5, fade=0.9, least=0.1, prune=0.0)
    moved = updated(np.full(3, 1.0), np.array([0.09, 0.1, 0.11]), rule)
    assert moved == pytest.approx([0.9, 0.9, 0.5 + 0.5 * 0.11])


def test_only_traces_below_the_prune_level_are_dropped() -> None:
    rule = LearningRule(fade=0.5, least=1.0, prune=0.1)
    assert updated(np.array([0.19, 0.2, 0.21]), np.zeros(3), rule) == pytest.approx([0.0, 0.1, 0.105])


def test_a_use_counts_only_where_attention_exceeds_eps() -> None:
    rule = LearningRule(seen=0.25)
    traces = AttentionTraces(1, 3, rule)
    traces.step(Observation("tls", {"a": np.array([[0.2, 0.25, 0.3]])}, {"a": 1.0}))
    assert traces.strength["tls", "a"] == pytest.approx(np.array([[0, 0, 0.2 * 0.3 * math.log(2)]]))


def test_recurrence_counts_the_uses_of_the_window_alone() -> None:
    rule = LearningRule(keep=0.0, window=3)  # keep = 0: the trace is the last salience
    traces = AttentionTraces(1, 1, rule)
    found = []
    for attention in (0.5, 0.5, 0.5, 0.5, 0.001, 0.001, 0.5):
        traces.step(Observation("tls", {"a": np.full((1, 1), attention)}, {"a": 1.0}))
        found.append(traces.strength["tls", "a"][0, 0] / attention)
    assert found == pytest.approx([math.log(1 + p) for p in (1, 2, 3, 3, 2, 1, 1)])


def test_uses_of_other_memories_and_cues_do_not_count_as_recurrence() -> None:
    traces = AttentionTraces(1, 1, LearningRule(keep=0.0))
    half = np.full((1, 1), 0.5)
    for cue, memory in (("tls", "b"), ("docs", "a"), ("tls", "a")):
        traces.step(Observation(cue, {memory: half}, {memory: 1.0}))
    assert traces.strength["tls", "a"][0, 0] == pytest.approx(0.5 * math.log(2))


@pytest.mark.parametrize(
    "change",
    [{"keep": 0.5}, {"fade": 0.5}, {"least": 0.12}, {"prune": 0.05}, {"budget": 1}, {"window": 1}, {"seen": 0.6}],
)
def test_every_learning_rule_parameter_matters(change: dict[str, float]) -> None:
    seen = [make_seen("a"), make_seen("a"), make_seen("b")]
    usual, other = replay(seen, LAYERS, HEADS), replay(seen, LAYERS, HEADS, replace(LearningRule(), **change))
    assert {k: v.tolist() for k, v in usual.strength.items()} != {k: v.tolist() for k, v in other.strength.items()}
