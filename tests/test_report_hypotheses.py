"""The measurements behind H1 to H4: right on what is known, and silent where there is only chance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score, silhouette_score

from mom_lsp.motifs.routes import RouteLog, Visit, place_of
from mom_lsp.report.activations import WEEK, Activations, Question, of_journal
from mom_lsp.report.coding import code_lengths
from mom_lsp.report.hypotheses import Finding, Texts, findings, pairs
from mom_lsp.report.measures import entropy, information, mutual_information, shuffles, silhouette
from mom_lsp.tiers import DAY

SESSIONS = st.lists(st.frozensets(st.integers(0, 8), max_size=5), min_size=2, max_size=12)


def question(
    number: int, memories: tuple[str, ...], path: str = "a/b.py", author: int = 0, known: int = 64
) -> Question:
    return Question(f"q{number}", number * 2 * WEEK, author, (place_of(path),), memories, known)


@given(SESSIONS, st.integers(0, 99))
def test_a_shuffle_keeps_sizes_and_frequencies(sessions: list[frozenset[int]], seed: int) -> None:
    for shuffled in shuffles(sessions, np.random.default_rng(seed), 3):
        assert [len(one) for one in shuffled] == [len(one) for one in sessions]
        assert sorted(itertools.chain(*shuffled)) == sorted(itertools.chain(*sessions))


def test_a_shuffle_mixes() -> None:
    sessions = [frozenset({at % 4, 4 + at % 4}) for at in range(40)]
    last = list(shuffles(sessions, np.random.default_rng(0), 5))[-1]
    assert sum(one == other for one, other in zip(sessions, last, strict=True)) < 20


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_mutual_information_is_that_of_the_trials(trials: list[tuple[bool, bool]]) -> None:
    one, other = np.array(trials).T
    found = mutual_information(int((one & other).sum()), int(one.sum()), int(other.sum()), len(trials))
    expected = mutual_info_score(one, other) / math.log(2)
    assert found == pytest.approx(expected, abs=1e-9)
    assert information(one.astype(int), other.astype(int)) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=20), st.integers(0, 99))
def test_silhouette_is_that_of_scikit_learn(groups: list[int], seed: int) -> None:
    if not 1 < len(set(groups)) < len(groups):
        return
    points = np.random.default_rng(seed).normal(size=(len(groups), 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    expected = silhouette_score(points, groups, metric="cosine")
    assert silhouette(1 - points @ points.T, np.array(groups)) == pytest.approx(expected, abs=1e-9)


def test_a_code_is_no_shorter_than_a_probability_allows() -> None:
    asked = [question(0, ("m0",)), question(1, ("m1",), "c/d.py"), question(2, ("m0",))]
    memories = [f"m{number}" for number in range(64)]
    before = [bits * 3 for bits in code_lengths(asked)]
    for level in range(3):
        lengths = [4 * code_lengths([*asked, question(3, (memory,))])[level] - before[level] for memory in memories]
        assert sum(2.0**-bits for bits in lengths) <= 1 + 1e-9


def test_a_place_saves_bits_where_it_tells_what_is_needed() -> None:
    asked = [question(at, (f"m{at % 8}",), f"lib/f{at % 8}.py") for at in range(200)]
    uniform, anywhere, near = code_lengths(asked)
    assert uniform == 6.0 and near < 0.5 < anywhere < uniform


def by_name(found: list[Finding], start: str) -> Finding:
    return next(one for one in found if f"{one.hypothesis}: {one.measure}".startswith(start))


def test_planted_structure_is_found() -> None:
    vectors, asked = {}, []
    random = np.random.default_rng(1)
    for at in range(160):
        family = at % 4
        chosen = (f"top{family}", f"leaf{family}") if at % 8 < 4 else (f"top{family}",)
        asked.append(question(at, chosen, f"lib/d{family}/f.py"))
        vectors[f"q{at}"] = np.eye(4)[family] + 0.05 * random.normal(size=4)
    found = findings(Activations(tuple(asked)), vectors, Texts({}), 60)
    for name in ("H1: depth", "H1: branching", "H2: silhouette", "H3: their mutual", "H4: bits that the place"):
        one = by_name(found, name)
        assert one.holds and one.p is not None and one.p < 0.05 and one.null is not None and one.value > one.null[2], (
            name
        )
    assert by_name(found, "H1: depth").value == 2 and by_name(found, "H2: silhouette").value > 0.8


def test_pairs_are_the_memories_of_the_same_sessions() -> None:
    asked = [question(at, ("a", "b") if at % 2 else ("a", "c")[: 1 + at % 4 // 2]) for at in range(12)]
    found = {(one.above, one.below): one.sessions for one in pairs(Activations(tuple(asked)))}
    assert found == {("a", "b"): 6, ("a", "c"): 3}


def test_chance_alone_proves_nothing() -> None:
    rejected = 0
    for seed in range(6):
        random = np.random.default_rng(seed)
        asked, vectors = [], {}
        for at in range(120):
            memories = tuple(f"m{number}" for number in sorted(random.choice(20, 2, replace=False).tolist()))
            asked.append(question(at, memories, f"lib/d{random.integers(4)}/f.py"))
            vectors[f"q{at}"] = random.normal(size=8)
        found = findings(Activations(tuple(asked)), vectors, Texts({}), 40)
        rejected += sum(bool(one.holds) for one in found if one.p is not None)
    assert rejected <= 6  # of 6 * 6 tests at 5%


def test_entropy_of_motifs_is_within_its_bound_and_zipf_is_below_the_theory() -> None:
    assert math.log2(500) < 9 and entropy(np.ones(500)) == pytest.approx(math.log2(500))
    assert entropy(1 / np.arange(1, 501)) == pytest.approx(6.9, abs=0.1)


def test_sessions_are_of_one_author_without_a_gap_of_a_week() -> None:
    times = [(0, 1), (DAY, 2), (2 * DAY, 1), (3 * WEEK, 1), (3 * WEEK + DAY, 2)]
    asked = [Question("", time, author, (place_of("a.py"),), ("m",), 2) for time, author in times]
    assert Activations(tuple(asked)).sessions.tolist() == [0, 1, 0, 2, 3]


def test_of_a_journal_only_what_was_accepted_counts() -> None:
    log = RouteLog({Visit("editing", "a/b.py", "f", "m", 3): 1, Visit("editing", "a/b.py", "f", "x", 3): 0})
    (one,) = of_journal(log, 9).questions
    assert one.memories == ("m",) and one.places == (place_of("a/b.py", "f"),) and one.known == 9


def test_too_few_motifs_are_not_tested() -> None:
    assert findings(Activations((question(0, ("m",)), question(1, ("m",)))), {}, Texts({}), 10) == []
