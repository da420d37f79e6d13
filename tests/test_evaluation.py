"""What `mom eval` measures: metrics against slow oracles, situations that do not reveal the answer, a whole run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from memories import HashEncoder
from repositories import Repo, Start, add_followups

from mom_lsp.cli.app import app
from mom_lsp.errors import UsageError
from mom_lsp.evaluation.baselines import fused
from mom_lsp.git import Repository, locate
from mom_lsp.memory import TERMS
from mom_lsp.route.features import FEATURES, TERM_OF
from mom_lsp.route.linear_model import LinearModel, shipped
from mom_lsp.route.postings import COMMON, Postings, sorted_postings
from mom_lsp.route.score import total
from mom_lsp.store import Store
from mom_lsp.tuning.history import History
from mom_lsp.tuning.labels import Label, load_labels, sample
from mom_lsp.tuning.metrics import abstention_curve, metric_table, metrics_of
from mom_lsp.tuning.situation import changed_ranges, intent, situation

SHAS = [f"{n:040x}" for n in range(12)]
ranked_lists = st.lists(st.sampled_from(SHAS), max_size=15)


# Metrics


@given(ranked_lists, st.sets(st.sampled_from(SHAS), min_size=1, max_size=4))
def test_metrics_match_their_definitions(ranked: list[str], gold: set[str]) -> None:
    first = list(dict.fromkeys(ranked))
    r1, r3, r5, r10, mrr, hit = metrics_of(ranked, gold)
    for cut, value in ((1, r1), (3, r3), (5, r5), (10, r10)):
        assert value == pytest.approx(len(gold & set(first[:cut])) / len(gold))
    ranks = [first.index(sha) + 1 for sha in gold if sha in first[:10]]
    assert mrr == (1 / min(ranks) if ranks else 0)
    assert hit == bool(gold & set(first[:3]))


def test_the_hard_subset_excludes_trivial_labels() -> None:
    labels = [
        Label("a", ("x", "y"), frozenset({"x"}), "fixes"),
        Label("b", ("x",), frozenset({"x"}), "revert"),
        Label("c", ("z",), kind="fixes"),
    ]
    found = metric_table({"a": ["x", "y"], "b": ["x"]}, labels)
    assert {group: row["n"] for group, row in found.items()} == {"all": 3, "hard": 2, "fixes": 2, "revert": 1}
    assert found["all"]["R@1"][0] == pytest.approx((0.5 + 1 + 0) / 3)  # type: ignore[index]
    assert found["hard"]["R@1"][0] == pytest.approx(0.5)  # type: ignore[index]  # x is out of the list: y is first
    mean, low, high = found["all"]["MRR@10"]  # type: ignore[misc]
    assert 0 <= low <= mean <= high <= 1


def test_the_abstention_curve_keeps_the_most_confident_answers() -> None:
    sure = [(0.9, True), (0.8, True), (0.4, False), (0.1, False)]
    assert abstention_curve(sure, [0.5, 1.0]) == [
        {"share": 0.5, "threshold": 0.8, "hit@1": 1.0},
        {"share": 1.0, "threshold": 0.1, "hit@1": 0.5},
    ]


def test_fusion_prefers_items_in_several_lists() -> None:
    assert fused([1, 2, 3], [4, 2], [2, 9])[0] == 2


@given(st.integers(1, 60), st.integers(1, 80))
def test_a_sample_takes_one_label_per_stratum_and_is_deterministic(count: int, size: int) -> None:
    labels = [Label(str(n), ("x",)) for n in range(size)]
    chosen = sample(labels, count)
    assert chosen == sample(labels, count)
    assert len(chosen) == min(count, size)
    cuts = [round(k * size / count) for k in range(count + 1)]
    if count < size:
        assert all(a <= int(c.query) < b for c, a, b in zip(chosen, cuts, cuts[1:], strict=False))


def test_invalid_labels_are_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    for text in ("{}", "[1]", "no json", '{"query": "a", "gold": "b"}'):
        path.write_text(text)
        with pytest.raises(UsageError):
            load_labels(path)
    with pytest.raises(UsageError):
        load_labels(tmp_path / "none")


@given(st.lists(st.lists(st.integers(1, 4), max_size=2, unique=True), min_size=1, max_size=12))
def test_ancestors_match_a_brute_force_search(steps: list[list[int]]) -> None:
    """Commit n has parents n - step: newest first, children stand before parents."""
    parents = [[n - step for step in some if n - step >= 0] for n, some in enumerate(steps)]
    graph = [(str(n), tuple(map(str, parents[n]))) for n in reversed(range(len(steps)))]

    def above(n: int) -> set[int]:
        return set(parents[n]).union(*(above(p) for p in parents[n])) if parents[n] else set()

    history = History(graph)
    for n in range(len(steps)):
        expected = sorted((p for p in above(n) if len(parents[p]) < 2), reverse=True)
        assert history.before(str(n)) == list(map(str, expected))


# Situations


def test_a_situation_shows_only_the_old_side_of_the_change(project: Repo) -> None:
    old = "".join(f"line number {n}\n" for n in range(1, 31))
    first = project.commit("Write thirty lines", {"a.txt": old, "gone.txt": "to be gone\n"})
    new = old.replace("line number 10\n", "ten, see deadbeef1\n").replace("line number 20\n", "line number 20\nextra\n")
    (project.root / "gone.txt").unlink()
    second = project.commit(f"Follow-up to {first[:10]}: ten (#7)", {"a.txt": new, "fresh.txt": "fresh words\n"})
    project.git("add", "-A")
    project.git("commit", "-q", "--amend", "--no-edit")
    second = project.head
    (image,) = Repository(locate(project.root)).preimages([second])
    moment = situation(image)
    assert moment.parent == first
    assert set(moment.paths) == {"a.txt", "fresh.txt", "gone.txt"}
    assert "line number 10" in moment.text and "to be gone" in moment.text
    for hidden in ("ten, see", "extra", "fresh words", "Follow-up"):
        assert hidden not in moment.text
    ranges = [found for change in moment.changes if change.path == "a.txt" for found in change.ranges]
    assert ranges == [(10, 1), (20, 0)]
    assert moment.intent == "Follow-up to <ref>: ten"
    changes = [change for change in moment.changes if change.path == "a.txt"]
    assert [changed_ranges(change, 2) for change in changes] == [[(8, 12)], [(19, 22)]]


def test_a_revert_gives_no_intent_since_its_subject_is_the_answer() -> None:
    assert intent('Revert "Write thirty lines"') is None
    assert intent("Write (#12)") == "Write"
    assert intent("Fix what 1a2b3c4d5 broke in #9") == "Fix what <ref> broke in <ref>"


# The learned score


@pytest.mark.parametrize("mode", ["editing", "unencoded", "hints", "intent", "search"])
def test_shipped_weights_refer_to_existing_features(mode: str) -> None:
    model = shipped(mode)  # type: ignore[arg-type]
    assert set(model.weights) <= set(FEATURES)
    assert mode != "search" or not any(TERM_OF[name] == "temp" for name in model.weights)
    assert mode != "unencoded" or not any(TERM_OF[name] == "sem" for name in model.weights)
    assert np.isfinite(list(model.weights.values())).all()


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_terms_sum_to_the_score_and_a_factor_scales_only_its_term(values: list[list[float]]) -> None:
    named = {name: np.array(row) for name, row in zip(FEATURES, values, strict=True)}
    model = shipped("editing")
    parts = model.shares(named)
    assert set(parts) == set(TERMS)
    expected = sum(model.weights[name] * named[name] for name in model.weights)
    assert np.allclose(total(parts), expected)
    chances = model.chances(total(parts))
    assert ((chances >= 0) & (chances <= 1)).all()
    scaled = model.scaled({"place": 2.0}).shares(named)
    assert np.allclose(scaled["place"], 2 * parts["place"])
    assert np.allclose(scaled["lex"], parts["lex"])


def test_a_model_without_a_feature_scores_as_if_it_were_zero() -> None:
    named = {name: np.ones(1) for name in FEATURES}
    model = LinearModel({"wrote": 2.0, "bm25": 1.0}, -1.0)
    assert total(model.without("wrote").shares(named))[0] == total(model.shares(named | {"wrote": np.zeros(1)}))[0]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=40),
    st.sets(st.integers(0, 12), max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_overlap_is_between_0_and_1_and_positive_only_for_shared_keys(
    entries: list[tuple[int, int]], keys: set[int], allowed: list[bool]
) -> None:
    keys_of, rows_of = (np.array([entry[at] for entry in entries], np.int64) for at in (0, 1))
    held = Postings(*sorted_postings(keys_of, rows_of))
    found = held.overlap(keys, np.array(allowed))
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()
    shared = [len(keys & {k for k, r in entries if r == row}) if allowed[row] else 0 for row in range(6)]
    assert [value > 0 for value in found] == [number > 0 for number in shared]
    assert len(entries) <= COMMON


# A whole run


WHY = "Because the second one came too soon, the machine stopped, and everybody had to start it again by hand."


def test_a_run_finds_the_commit_that_the_message_names(
    project: Repo, moms: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    code = "".join(f"def step_{n}():\n    return {n}\n\n\n" for n in range(8))
    project.commit("Add the steps of the machine", {"a.py": code})
    other = project.commit("Describe the machine", {"b.txt": "a machine with steps\n"})
    raised = code.replace("return 3", "return 33")
    gold = project.commit(f"Raise the third step\n\n{WHY}", {"a.py": raised})
    query = project.commit(
        f"Avoid a crash when the machine is cold\n\nFollow-up to {gold}", {"a.py": raised.replace("33", "30")}
    )
    moms(project).index()
    labels, out = tmp_path / "labels.jsonl", tmp_path / "out.jsonl"
    row = {"query": query, "gold": [gold], "own_day": [], "kind": "followup", "time": 1}
    labels.write_text(json.dumps(row) + "\n")
    arguments = ["eval", "--repo", str(project.root), "--labels", str(labels)]
    for more in (
        ["--out", str(out), "--ablate"],
        ["--ablate=seed"],
        ["--ablate=strategies"],
        ["--form", "intent"],
        ["--form", "both"],
    ):
        result = CliRunner().invoke(app, [*arguments, *more, "--json"])
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        assert document["labels"] == document["asked"] == 1
        if "intent" not in more:
            assert document["methods"]["mom"]["all"]["R@1"][0] == 1
            assert document["methods"]["blame"]["all"]["R@1"][0] == 1
        assert ("ablation" in document) == ("--form" not in more)
        assert "ablation" not in document or len(document["ablation"]) > 3
    result = CliRunner().invoke(app, [*arguments, "--ablate=life", "--json"])
    lived = json.loads(result.stdout)
    assert {(row["right"], row["barred"]) for row in lived["ablation"].values()} == {(1, 0)}  # who wrote the line
    for found in lived["hints"].values():
        assert found["fresh"] == found["left"] > 0 and found["barred"] == 0
    output = CliRunner().invoke(app, [*arguments, "--ablate=life"]).stdout
    assert "1 of 1 hints correct" in " ".join(output.split()) and "hints per 1,000 lines before" in output
    (line,) = map(json.loads, out.read_text().splitlines())
    assert (line["query"], line["ranked"][0]) == (query, gold)
    assert query not in line["ranked"] and other in line["ranked"]
    assert not (project.root / ".git" / "mom" / "eval").exists()
    own = CliRunner().invoke(app, [*arguments[:3], "--no-meaning", "--json"])  # the same label, from the history
    assert json.loads(own.stdout)["methods"]["mom"]["followup"]["R@1"][0] == 1
    bad = CliRunner().invoke(app, [*arguments, "--ablate=nonsense"])
    assert bad.exit_code == 2


def test_evaluating_and_tuning_ask_the_encoder_of_the_settings(
    project: Repo, moms: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("mom_lsp.tuning.gather.choose", lambda model, bulk=False: HashEncoder(model))
    settings = project.root.parent / "home/mom-lsp/settings.toml"
    settings.write_text('[encoder]\nmodel = "another"\n')
    add_followups(project)
    mom = moms(project)
    mom.index()
    store, contents = mom.service.library.store, list(filter(None, mom.service.library.snapshot().catalog.contents))
    assert isinstance(store, Store)
    store.put_vectors("another", contents, HashEncoder("another").encode(contents))

    def run(*arguments: str) -> dict[str, Any]:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    by_place, tune = ("eval", "--repo", str(project.root)), ("-C", str(project.root), "tune")
    in_words = (*by_place, "--form", "intent")
    assert "dense" in run(*in_words)["methods"] and "dense" not in run(*in_words, "--no-meaning")["methods"]
    assert "dense" not in run(*by_place)["methods"] and run(*tune)["terms"]["sem"]["shipped"] == 0
    assert "dense" in run(*by_place, "--meaning")["methods"]  # to measure what the product leaves out
    settings.write_text('[encoder]\nmodel = "without vectors yet"\n')
    assert "dense" not in run(*in_words)["methods"]
    settings.write_text('[encoder]\nenable = false\nmodel = "another"\n')
    assert "dense" not in run(*in_words)["methods"]
