"""What besides the score decides which memories are shown: seeded, labelled, and reported when it collapses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from catalogs import make_memory, make_view
from hypothesis import given
from hypothesis import strategies as st
from rankers import Matches, ask, unit
from repositories import START, Change, Mom, Repo, Start, import_commits
from suggestions import hover_of

from mom_lsp.journal import Event
from mom_lsp.memory import Anchor
from mom_lsp.route.linear_model import shipped
from mom_lsp.route.place_term import Spot
from mom_lsp.route.reason import ON_TRIAL
from mom_lsp.route.strategies import SCORE_ALONE, Strategy, diversity
from mom_lsp.route.vectors import Vectors
from mom_lsp.tiers import DAY
from mom_lsp.tiers.lifecycle import SELECTIONS, Life, fold
from mom_lsp.workspace.answers.variety import LEAST, variety
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.library.strength import aged
from mom_lsp.workspace.ranking.query import Query
from mom_lsp.workspace.ranking.ranker import Ranker

seeds = st.integers(0, 2**32 - 1)


def used(uses: dict[str, int]) -> Life:
    """Return the state of a journal in which memories were accepted so many times."""
    events = [Event(0, START, "useful", memory, "a.py") for memory, count in uses.items() for _ in range(count)]
    return fold([replace(event, seq=seq) for seq, event in enumerate(events, 1)])


def make_strategic(seed: int, strategy: Strategy, uses: dict[str, int], size: int = 20) -> tuple[Ranker, np.ndarray]:
    """Return a ranker of memories of one file, some of them used and some surprising, and a question's vector."""
    rng = np.random.default_rng(seed)
    vectors, meaning = unit(rng, size), unit(rng)
    matches = {f"m{n}": float(score) for n, score in enumerate(rng.random(size) * 20)}
    anchors = (Anchor("a.py", ("f",)),)
    view = make_view(*(make_memory(n, anchors=anchors, evidence=float(rng.random())) for n in range(size)))
    snapshot = Snapshot(view.catalog, Vectors.of(vectors), np.arange(size), used(uses))
    tiers = aged(view, snapshot.life, START)
    return Ranker(Matches(matches), snapshot, view, shipped("editing"), tiers, strategy=strategy), meaning


# Expert dropout


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.floats(0, 1), seeds)
def test_dropout_drops_only_heavily_used_memories_each_independently(uses: list[int], rate: float, order: int) -> None:
    ids, counts = [f"m{n}" for n in range(len(uses))], np.array(uses, float)
    strategy, most = Strategy(dropout=rate, place="a.py", day=7), max(uses)
    gone = strategy.dropped(ids, counts, most)
    assert all(uses[at] >= 2 and (1 + uses[at]) ** 2 >= 1 + most for at in np.flatnonzero(gone))
    assert not Strategy(place="a.py").dropped(ids, counts, most).any()
    mixed = np.random.default_rng(order).permutation(len(ids))
    again = strategy.dropped([ids[at] for at in mixed], counts[mixed], most)
    assert again.tolist() == gone[mixed].tolist()  # whatever the other candidates


def test_dropout_knows_a_file_name_that_is_not_utf_8() -> None:
    some = Strategy(dropout=1.0, place="caf\udce9.py", day=3)
    assert some.dropped(["a", "b"], np.array([9, 0]), 9).tolist() == [True, False]


def test_dropout_has_the_given_rate_and_varies_by_day() -> None:
    ids, counts = [f"m{n}" for n in range(4_000)], np.full(4_000, 5.0)
    first, same, later = (Strategy(0.3, 0, "a.py", day).dropped(ids, counts, 5) for day in (1, 1, 2))
    assert first.tolist() == same.tolist() != later.tolist()
    assert 0.27 < first.mean() < 0.33
    assert 0.07 < (first & later).mean() < 0.11  # independent


# On trial


@given(seeds, st.sampled_from([Strategy(0.5, 0, "a.py", 1), Strategy(0, 3, "a.py", 1), Strategy(0.5, 3, "a.py", 1)]))
def test_a_strategy_is_deterministic_and_adds_at_most_one_trial(seed: int, strategy: Strategy) -> None:
    uses = {"m0": 4, "m1": 3, "m2": 1}
    plain, meaning = make_strategic(seed, SCORE_ALONE, uses)
    ranker, _ = make_strategic(seed, strategy, uses)
    found = ask(ranker, meaning)
    assert found == ask(make_strategic(seed, strategy, uses)[0], meaning)
    assert [one.trial for one in found[:-1]] == [False] * (len(found) - 1)
    assert all((ON_TRIAL in one.reason) == one.trial for one in found)
    assert len({one.row for one in found}) == len(found)
    scores = [one.score for one in found if not one.trial]
    assert scores == sorted(scores, reverse=True)
    whole = ask(plain, meaning, k=99)
    rows = [one.row for one in whole]
    ids = [f"m{row}" for row in rows]
    gone = strategy.dropped(ids, np.array([uses.get(one, 0) for one in ids], float), max(uses.values()))
    assert gone.any() <= bool(strategy.dropout)
    left = [one for one, away in zip(whole, gone, strict=True) if not away][: len(found)]
    assert found[:-1] == left[:-1]  # the score decides about all others
    assert found[-1].trial or found == left


def test_a_trial_is_the_most_important_unused_memory() -> None:
    scores, surprise = np.array([5.0, 4.0, 3.0, 2.5, 2.4]), np.array([1, 1, 1, 5, 3])
    eligible, uses = np.array([False, False, True, True, True]), np.array([3.0, 0, 2, 0, 0])
    assert Strategy(explore=1).on_trial(scores, eligible, surprise, uses, 3) == 3
    assert (
        Strategy(explore=0.1).on_trial(scores, eligible, surprise, uses, 3) is None
    )  # the score would choose the same
    assert (
        Strategy(explore=1).on_trial(scores, eligible, surprise, np.array([3.0, 0, 0, 3, 0]), 3) is None
    )  # it is used
    assert Strategy(explore=1).on_trial(scores, eligible, surprise, np.zeros(5), 0) is None  # nothing to balance
    assert Strategy(explore=1).on_trial(scores, ~eligible & False, surprise, uses, 3) is None


def test_a_trial_never_takes_the_only_slot() -> None:
    ranker, meaning = make_strategic(1, Strategy(explore=50, place="a.py"), {"m0": 4})
    query = Query("x", "x", (Spot("a.py", "f", 1, 2),))
    assert [one.trial for one in ranker.rank(query, 1, threshold=0.0, meaning=meaning)] == [False]
    assert [one.trial for one in ranker.rank(query, 3, threshold=0.0, meaning=meaning)] == [False, False, True]


CODE = "def alpha():\n    return 1\n"


@pytest.fixture
def tried(project: Repo, moms: Start) -> Mom:
    """Index six changes of one function, one of them striking; the newest two were used."""
    why = "\n\nBecause callers count from there."
    for n in range(6):
        project.commit(f"Return {n} from alpha" + why * (n == 1), {"a.py": CODE.replace("1", str(n))})
    (project.root / ".mom.toml").write_text("[strategies]\nexplore = 50\n[suggest]\nthreshold = 0\n")
    mom = moms(project)
    mom.index()
    for one in mom.suggest("a.py", 2, counted=False)[:2]:
        mom.call("useful", id=one["id"], path="a.py", line=2)
    return mom


def test_a_trial_is_labelled_and_learned_from(tried: Mom) -> None:
    *others, last = tried.suggest("a.py", 2, counted=False)
    assert [one["trial"] for one in others] == [False, False]
    assert last["trial"]
    assert last["title"] == "Return 1 from alpha"
    assert ON_TRIAL in last["why"]

    assert "on trial" in hover_of(last)
    assert "on trial" not in hover_of(others[0])
    for _ in range(2):
        tried.call("useful", id=last["id"], path="a.py", line=2)
    assert tried.call("show", id=last["id"])["uses"] == 2


# Variety


@given(st.lists(st.sampled_from("abcdef"), max_size=60), st.integers(0, 40))
def test_variety_is_bounded_and_matches_the_formula(shown: list[str], eligible: int) -> None:
    value = diversity(shown, eligible)
    if min(len(shown), eligible) < 2:
        assert value is None
        return
    shares = [shown.count(memory) / len(shown) for memory in set(shown)]
    entropy = -sum(share * math.log(share) for share in shares)
    assert value is not None and 0 <= value <= 1
    assert value == pytest.approx(min(1.0, entropy / math.log(min(eligible, len(shown)))))


def test_a_collapse_onto_two_memories_has_low_variety() -> None:
    assert diversity(["a", "b"] * 50, 1_000) == pytest.approx(math.log(2) / math.log(100))
    assert diversity(list("abcdefghij") * 10, 10) == pytest.approx(1)
    assert diversity(["a"] * 100, 1_000) == 0


def shown(*batches: list[str]) -> list[Event]:
    """Return the impressions of one file, a batch a day."""
    return [Event(n, START + n * DAY, "shown", data={"seen": {"a.py": ids}}) for n, ids in enumerate(batches, 1)]


def test_selections_are_the_most_recently_listed_memories_and_files() -> None:
    twice = shown(["m1", "m2"], ["m1"])
    assert list(fold(twice).selections) == [("m2", "a.py"), ("m1", "a.py")]
    assert fold([replace(twice[0], data={"hinted": twice[0].data["seen"]})]).selections == {}
    days = shown(*([f"m{n}"] for n in range(SELECTIONS + 9)))
    assert [memory for memory, _ in fold(days).selections] == [f"m{n}" for n in range(9, SELECTIONS + 9)]
    before = fold(days[:5])
    assert list(fold(days[5:], before).selections) == list(fold(days).selections)
    assert [memory for memory, _ in before.selections] == [f"m{n}" for n in range(5)]


FILES = 32  # one suggestion each and some more: more than LEAST


@pytest.fixture
def busy(project: Repo, moms: Start) -> Mom:
    """Index four changes of each of many files; some memories of the first files are used all the time."""
    body = "def work_{n}(value):\n    limit = {limit}\n    return min(value, limit)\n"
    import_commits(
        project,
        (
            Change(
                f"Set the limit of worker {n} to {limit}\n\nBecause caller {n} of run {limit} saw the wrong sum.",
                f"worker_{n}.py",
                body.format(n=n, limit=limit),
            )
            for limit in range(4)
            for n in range(FILES)
        ),
        every=DAY,
    )
    mom = moms(project)
    mom.index()
    for n in range(3):
        liked = mom.suggest(f"worker_{n}.py", 2, counted=False)[0]["id"]
        for _ in range(9):
            mom.call("useful", id=liked, path=f"worker_{n}.py", line=2)
    return mom


def look_around(mom: Mom, days: int) -> dict[str, Any]:
    """Look at a line of each file, day after day; return what `mom status` says of variety."""
    library = mom.service.library
    for day in range(days):
        now = START + (200 + day) * DAY
        mom.clock = lambda now=now: float(now)
        for n in range(FILES):
            mom.suggest(f"worker_{n}.py", 2)
        library.impressions.flush(library.journal, now)
    return dict(mom.call("status")["variety"])


def test_a_router_collapse_is_reported_with_advice(busy: Mom) -> None:
    """What was used counts for so much that it is suggested in every file, where it is used again, and so on."""
    (busy.root / ".mom.toml").write_text("[weights]\nuse = 100.0\nplace = 0.0\nlex = 0.0\n[hints]\nenable = false\n")
    busy.service.workspace(str(busy.root)).settings = busy.settings
    collapsed = look_around(busy, 1)
    assert collapsed["low"] and collapsed["memories"] == 3 and collapsed["selections"] == 3 * FILES
    assert "mom dismiss" in collapsed["warning"] and "make up 100% of the last 96" in collapsed["warning"]
    assert collapsed["warning"] in busy.call("status")["problems"]
    assert collapsed["warning"] in busy.call("state")["problems"]
    assert collapsed["value"] == pytest.approx(math.log(3) / math.log(3 * FILES), abs=0.001)
    hints = {f"worker_{n}.py": list(busy.service.library.snapshot().catalog.ids) for n in range(FILES)}
    busy.service.library.journal.append("shown", data={"hinted": hints}, now=START + 201 * DAY)
    assert look_around(busy, 1)["value"] == collapsed["value"]  # neither hints nor days improve it


def test_ordinary_use_is_not_a_collapse(busy: Mom) -> None:
    busy.call("configure", options={"mom": {"suggest": {"threshold": 0.04}}})  # what changed the function
    varied = look_around(busy, 1)
    assert varied["selections"] >= LEAST and varied["value"] > 0.8 and not varied["low"]
    journal = busy.service.library.journal
    ids = list(busy.service.library.snapshot().catalog.ids)
    one_file = {"worker_0.py": ids[:3]}
    for day in range(90):  # work stays in one function for months, with hints on the screen
        journal.append("shown", data={"seen": one_file, "hinted": one_file}, now=START + (300 + day) * DAY)
    assert not busy.call("status")["variety"]["low"]


def test_too_few_places_give_no_variety(busy: Mom) -> None:
    journal, ids = busy.service.library.journal, list(busy.service.library.snapshot().catalog.ids)
    for day in range(200):
        journal.append("shown", data={"seen": {"worker_0.py": ids[:3]}}, now=START + (300 + day) * DAY)
    assert busy.call("status")["variety"]["value"] is None
    journal.append("shown", data={"seen": {f"{n}.py": ids[:1] for n in range(LEAST)}}, now=START + 600 * DAY)
    assert busy.call("status")["variety"]["low"]
    view = make_view(*(make_memory(n) for n in range(60)))
    varied = fold(shown(*([f"m{n}"] for n in range(LEAST))))
    assert variety(view, varied, 0.4)["value"] == 1
    assert not variety(view, varied, 0.4)["low"]
