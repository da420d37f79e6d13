"""Traces: where they settle, that they stay within their budget, and that what is forgotten leaves nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.errors import StoreError
from mom_lsp.lm.trace_file import TraceFile
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

LAYERS, HEADS = 2, 3
MEMORIES = [f"{n:016x}" for n in range(6)]
grids = st.lists(st.floats(0, 1, width=16), min_size=6, max_size=6).map(lambda v: np.array(v).reshape(LAYERS, HEADS))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    attended = draw(st.dictionaries(st.sampled_from(MEMORIES), grids, max_size=3))
    weights = {memory: draw(st.floats(-2, 2)) for memory in attended}
    first = draw(st.sampled_from(["", *attended]))
    return Observation(draw(st.sampled_from(["tls", "docs"])), attended, weights, first)


@given(st.lists(observations(), max_size=12), st.integers(1, 4))
def test_no_head_keeps_more_than_its_budget_and_no_trace_is_negative(seen: list[Observation], budget: int) -> None:
    traces = AttentionTraces(LAYERS, HEADS, LearningRule(budget=budget, least=1e-6, prune=1e-8))
    for observation in seen:
        traces.step(observation)
        assert traces.count().max(initial=0) <= budget
    assert all((trace >= 0).all() and trace.any() for trace in traces.strength.values())


@given(st.lists(observations(), max_size=8))
def test_what_is_full_drops_its_weakest(seen: list[Observation]) -> None:
    free = replay(seen, LAYERS, HEADS, LearningRule(budget=100))
    last = AttentionTraces(
        LAYERS, HEADS, LearningRule(budget=2), strength={k: v.copy() for k, v in free.strength.items()}
    )
    last._evict()
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
def test_the_mean_settles_where_the_mixture_says(chance: float, keep: float, fade: float, mean: float) -> None:
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


def test_only_what_helps_is_reinforced_and_only_where_it_was_looked_at() -> None:
    looked = np.zeros((LAYERS, HEADS))
    looked[1, 2] = 0.4
    seen = Observation("tls", {"good": looked, "bad": looked}, {"good": 0.2, "bad": -0.2})
    traces = replay([seen] * 3, LAYERS, HEADS)
    assert traces.bias("tls", ["good", "bad", "new"], 0.5) == {"good": [(1, 2, 0.5)]}
    assert traces.bias("docs", ["good"], 0.5) == {}
    assert traces.bias("tls", ["good"], 0.0) == {}


def test_what_the_router_puts_first_borrows_the_trace_of_what_was_first_before() -> None:
    looked = np.full((LAYERS, HEADS), 0.4)
    seen = Observation("tls", {"a": looked, "b": looked / 2}, {"a": 0.2, "b": 0.1}, first="a")
    traces = replay([seen] * 3, LAYERS, HEADS)
    assert np.allclose(traces.strength[FIRST], traces.strength["tls", "a"])
    heads = [(y, x) for y, x in np.ndindex(LAYERS, HEADS)]
    assert traces.bias("docs", ["new", "newer"], 0.5, "new") == {"new": [(*head, 0.5) for head in heads]}
    assert traces.bias("docs", ["new", "newer"], 0.5) == {}
    both = traces.bias("tls", ["b", "new"], 0.5, "new")  # evidence adds up; the strongest counts fully
    assert {strength for _, _, strength in both["new"]} == {0.5}
    assert 0 < both["b"][0][2] < 0.5
    assert len(traces.bias("tls", ["a", "new"], 0.5, "a")["a"]) == len(heads)


def test_a_first_memory_that_hurts_lends_nothing() -> None:
    looked = np.full((LAYERS, HEADS), 0.4)
    assert FIRST not in replay([Observation("tls", {"a": looked}, {"a": -0.2}, "a")], LAYERS, HEADS).strength


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), max_size=20), st.sampled_from([0.0, 1.0]))
def test_the_strength_is_the_one_that_saved_most_or_none(rows: list[list[float]], before: float) -> None:
    gains = [dict(zip(STRENGTHS, row, strict=True)) for row in rows]
    strength = calibrated([*gains, {}], before)
    if len(rows) < ENOUGH:
        assert strength == before
        return
    means = dict(zip(STRENGTHS, np.mean(rows, axis=0), strict=True)) | {0.0: 0.0}
    assert means[strength] == max(means.values())


def test_the_cue_is_the_folder_of_most_files() -> None:
    assert cue_of(["lib/url.c", "lib/vtls/openssl.c", "docs/a.md"]) == "lib"
    assert cue_of([]) == ""


def test_importance_is_the_slope_and_keeps_its_sign() -> None:
    assert importance(lambda bias: 3 - 0.25 * bias) == pytest.approx(0.25)
    assert importance(lambda bias: 3 + 0.25 * bias) == pytest.approx(-0.25)
    assert importance(lambda bias: 3 + bias * bias) == pytest.approx(0.0)


# The file


@pytest.fixture
def file(tmp_path: Path) -> TraceFile:
    return TraceFile(tmp_path / "traces.sqlite")


@given(st.lists(observations(), max_size=8))
def test_the_file_replays_to_the_same_traces(tmp_path_factory: pytest.TempPathFactory, seen: list[Observation]) -> None:
    file = TraceFile(tmp_path_factory.mktemp("traces") / "traces.sqlite")
    for number, observation in enumerate(seen):
        file.add("model", LAYERS, HEADS, observation, f"text {number}")
    assert file.sources("model") == {f"text {number}" for number in range(len(seen))}
    assert [one.first for one in file.observations("model", LAYERS, HEADS)] == [one.first for one in seen]
    kept, direct = file.traces("model", LAYERS, HEADS), replay(seen, LAYERS, HEADS)
    for key in direct.strength | kept.strength:
        nothing = np.zeros((LAYERS, HEADS))
        assert np.allclose(kept.strength.get(key, nothing), direct.strength.get(key, nothing), atol=1e-6)
    assert file.traces("another model", LAYERS, HEADS).strength == {}


def make_seen(memory: str, cue: str = "tls") -> Observation:
    return Observation(cue, {memory: np.full((LAYERS, HEADS), 0.5)}, {memory: 0.3})


def test_a_forgotten_memory_leaves_no_trace_and_no_byte(file: TraceFile) -> None:
    for memory in ("5ec4e75ec4e75ec4", "0123456789abcdef"):
        file.add("model", LAYERS, HEADS, make_seen(memory))
    file.add("model", LAYERS, HEADS, make_seen("0123456789abcdef"), source="5ec4e75ec4e75ec4")
    file.forget(["5ec4e75ec4e75ec4"])
    assert len(file.observations("model", LAYERS, HEADS)) == 2
    assert set(file.traces("model", LAYERS, HEADS).strength) == {("tls", "0123456789abcdef")}
    assert all(b"5ec4e75ec4e75ec4" not in path.read_bytes() for path in file.path.parent.iterdir())


def test_what_each_strength_saved_is_kept(file: TraceFile) -> None:
    saved = {0.5: 0.02, 1.0: -0.01, 1.5: -0.5}
    file.add("model", LAYERS, HEADS, replace(make_seen("a"), gains=saved))
    file.add("model", LAYERS, HEADS, make_seen("b"))
    assert file.gains("model") == [saved, {}]
    assert file.gains("another model") == []


def test_the_oldest_observations_are_dropped(file: TraceFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.lm.trace_file.KEPT", 2)
    for memory in MEMORIES:
        file.add("model", LAYERS, HEADS, make_seen(memory), f"text of {memory}")
    assert len(file.sources("model")) == len(MEMORIES), "nothing is learned from twice"
    assert {memory for _, memory in file.traces("model", LAYERS, HEADS).strength} == set(MEMORIES[-2:])


@pytest.mark.parametrize("harm", ["no database", "other columns", "other numbers", "no json"])
def test_a_file_that_is_damaged_or_of_another_version_is_made_anew(file: TraceFile, harm: str) -> None:
    file.add("model", LAYERS, HEADS, make_seen("a"), "text")
    with closing(sqlite3.connect(file.path)) as raw, raw:
        match harm:
            case "other columns":
                raw.execute("ALTER TABLE observation RENAME COLUMN gains TO losses")
            case "other numbers":
                raw.execute("UPDATE part SET attention = x'00'")
            case "no json":
                raw.execute("UPDATE observation SET gains = '{'")
    if harm == "no database":
        file.path.write_bytes(b"no database at all, and long enough to be looked at" * 40)
    assert file.observations("model", LAYERS, HEADS) == []
    assert file.sources("model") == set()
    file.add("model", LAYERS, HEADS, make_seen("a"), "text")
    assert len(file.observations("model", LAYERS, HEADS)) == 1


def test_a_file_that_cannot_be_made_anew_is_reported(file: TraceFile) -> None:
    file.path.mkdir()
    with pytest.raises(StoreError, match="remove it"):
        file.traces("model", LAYERS, HEADS)


def test_the_size_is_small(file: TraceFile) -> None:
    grid = np.full((30, 9), 0.01)
    for _ in range(20):
        file.add(
            "model", 30, 9, Observation("tls", dict.fromkeys(MEMORIES[:3], grid), dict.fromkeys(MEMORIES[:3], 0.1))
        )
    assert file.size() / 60 < 1_000  # bytes a memory and observation


@pytest.mark.parametrize("change", [{"keep": 0.5}, {"fade": 0.5}])
def test_rules_matter(change: dict[str, float], file: TraceFile) -> None:
    seen = [make_seen("a"), make_seen("b")]
    usual, other = replay(seen, LAYERS, HEADS), replay(seen, LAYERS, HEADS, replace(LearningRule(), **change))
    trace: Callable[[AttentionTraces], float] = lambda traces: float(traces.strength["tls", "a"][0, 0])  # noqa: E731
    assert trace(usual) != trace(other)
