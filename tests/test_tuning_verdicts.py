"""Feedback on suggestions: which impression it was about, and what `mom tune` learns from it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from repositories import Mom, Repo, Start, fill

from mom_lsp.cli.app import app
from mom_lsp.journal import Event
from mom_lsp.memory import TERMS
from mom_lsp.route.features import FEATURES, TERM_OF
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import ActiveDays
from mom_lsp.tiers.tiers import Touches
from mom_lsp.tuning.cases import Case, Moment
from mom_lsp.tuning.labels import Label
from mom_lsp.tuning.rated_impressions import rated_impressions
from mom_lsp.tuning.tune import learn

FILES, DAYS, SHOWN = 10, 6, 4
NOBODY = Moment(0, "", np.zeros(0), Touches.of([]), ActiveDays([]))


def feedback(seq: int, kind: str, memory: str, path: str = "a.py", time: float = 0, **data: Any) -> Event:
    return Event(seq, time or float(seq), kind, memory, path, data=data)


def shown(seq: int, *memories: str, path: str = "a.py") -> Event:
    return Event(seq, float(seq), "shown", data={"seen": {}, "together": [["c0ffee", path, 1, 2, *memories]]})


def judged(*events: Event) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(one.memories, one.preferred) for one in rated_impressions(events)]


def test_feedback_is_about_the_latest_impression() -> None:
    first, other = shown(1, "a", "b", "c"), shown(2, "b", "d", path="b.py")
    assert judged(first, other, feedback(3, "useful", "b")) == [(("a", "b", "c"), ("b",))]
    assert judged(first, other, feedback(3, "pin", "b", path="b.py")) == [(("b", "d"), ("b",))]
    assert judged(first, other, feedback(3, "useful", "b", path="")) == [(("b", "d"), ("b",))]
    assert judged(first, feedback(3, "dismiss", "b")) == [(("a", "b", "c"), ("a", "c"))]
    assert judged(first, feedback(3, "dismiss", "b"), feedback(4, "opened", "a")) == [(("a", "b", "c"), ("a",))]
    assert judged(first, feedback(3, "useful", "b"), feedback(4, "dismiss", "b")) == [(("a", "b", "c"), ("a", "c"))]
    assert judged(first, feedback(3, "useful", "z")) == []
    assert judged(first, feedback(3, "unpin", "b")) == []
    assert judged(feedback(1, "useful", "b"), first) == []
    assert judged(first, feedback(3, "useful", "b", time=1 + DAY * 2.0)) == []
    assert judged(first, feedback(3, "useful", "b"), Event(4, 4.0, "undo", "b", data={"seq": 3})) == []
    everything = [feedback(n, "useful", memory) for n, memory in enumerate("abc", 3)]
    assert judged(first, *everything) == []  # prefers nothing to anything


@pytest.mark.parametrize("odd", [None, "x", [["c0ffee"]], [[1, 2, 3, 4, 5]], [["c", "a.py", 3, 1, "a"]], [None]])
def test_malformed_impressions_are_ignored(odd: Any) -> None:
    assert rated_impressions([Event(1, 1.0, "shown", data={"together": odd}), feedback(2, "useful", "a")]) == []


def make_cases(
    count: int, choose: Callable[[np.random.Generator, dict[str, np.ndarray]], int], seed: int = 0
) -> list[Case]:
    """Return impressions of three memories with random features, one of which was chosen."""
    draw, cases = np.random.default_rng(seed), []
    for n in range(count):
        named = {name: draw.random(3) for name in FEATURES}
        ids = ["a", "b", "c"]
        label = Label(str(n), (ids[choose(draw, named)],), time=n)
        cases.append(Case(label, np.arange(3), ids, named, NOBODY))
    return cases


def test_accepting_suggestions_moves_the_weights_towards_them() -> None:
    verdicts = make_cases(120, lambda draw, named: int(np.argmax(named["bm25"])))
    document, model = learn([], verdicts)
    assert document["kept"] and model is not None
    assert document["sources"]["verdicts"]["own"]["MRR@10"] > document["sources"]["verdicts"]["shipped"]["MRR@10"]
    share = {
        mode: document["terms"]["lex"][mode] / sum(abs(document["terms"][term][mode]) for term in TERMS)
        for mode in ("shipped", "own")
    }
    assert share["own"] > share["shipped"]
    assert {name for name in model.weights if TERM_OF[name] == "use"} >= {"uses"}


def test_random_acceptance_changes_nothing() -> None:
    kept = [learn([], make_cases(40, lambda draw, named: int(draw.integers(3)), seed))[1] for seed in range(3)]
    assert kept.count(None) >= 2  # one time in twenty chance looks like a preference


def test_user_preference_may_not_harm_the_score_on_history() -> None:
    history = make_cases(60, lambda draw, named: int(np.argmax(named["cosine"])))
    verdicts = make_cases(40, lambda draw, named: int(np.argmin(named["cosine"])))
    document, _ = learn(history, verdicts)
    assert set(document["sources"]) == {"history", "verdicts"}
    assert document["learned_from"] == 42 + 28
    harmed = [s["own"]["MRR@10"] < s["shipped"]["MRR@10"] - 0.05 for s in document["sources"].values()]
    assert not (document["kept"] and any(harmed))


def use(mom: Mom, choose: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> None:
    """Let a developer query each file on each of some days, and accept one of the suggestions."""
    days = [0]
    mom.clock = lambda: days[0] * float(DAY)
    for day in range(DAYS):
        days[0] = day
        for n in range(FILES):
            found = mom.suggest(f"src/worker_{n}.py", 3)
            assert len(found) > 1
            mom.call("useful", id=choose(found)["id"], path=f"src/worker_{n}.py", line=3)


@pytest.fixture
def worker(project: Repo, moms: Start) -> Mom:
    """Index a history of many small changes, all of which are suggested."""
    fill(project, 6 * FILES, FILES)
    (project.root / ".mom.toml").write_text(f"[suggest]\ncount = {SHOWN}\n[hints]\nenable = false\n")
    mom = moms(project)
    mom.index()
    return mom


def tuned(mom: Mom) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["-C", str(mom.root), "tune", "--json"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


@pytest.mark.slow
def test_a_user_who_always_picks_the_oldest_gets_it_first(worker: Mom) -> None:
    def place() -> list[str]:
        return [one["source"]["time"] for one in worker.suggest("src/worker_3.py", 3, counted=False)]

    before = place()
    assert before[0] > min(before)
    use(worker, lambda found: min(found, key=lambda one: one["source"]["time"]))
    document = tuned(worker)
    assert document["kept"], document
    assert (
        document["sources"]["verdicts"]["learned_from"] + document["sources"]["verdicts"]["judged_on"] == FILES * DAYS
    )
    assert place()[0] == min(before)
    assert document["terms"]["temp"]["own"] < document["terms"]["temp"]["shipped"] / 2
    text = CliRunner().invoke(app, ["-C", str(worker.root), "tune"]).output
    assert "rated suggestions" in text and "mom tune --reset" in text
    assert CliRunner().invoke(app, ["-C", str(worker.root), "tune", "--reset"]).exit_code == 0
    assert place()[0] == before[0]


@pytest.mark.slow
def test_a_user_without_a_preference_changes_nothing(worker: Mom) -> None:
    draw = random.Random(0)
    places = (place for _ in range(FILES * DAYS) for place in draw.sample(range(SHOWN), SHOWN))
    use(worker, lambda found: found[next(places)])
    document = tuned(worker)
    assert not document["kept"], document
