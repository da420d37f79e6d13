"""`mom eval --model` and `mom bench --model`: cases made from a repository, and a whole run with a real model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from llama_models import needs_model
from repositories import Repo, Start

from mom_lsp.cli.app import app
from mom_lsp.cli.eval_model import print_table
from mom_lsp.evaluation.attention_cases import label_stream, make_cases
from mom_lsp.evaluation.attention_eval import RULE_STRENGTHS
from mom_lsp.evaluation.attention_table import (
    LEARNED,
    PLAIN,
    RULE,
    Reading,
    ReadText,
    against_rule,
    bias_table,
    document_of,
    line_of,
    main,
    texts_of,
)
from mom_lsp.evaluation.choose_layers import bands, choose
from mom_lsp.git import Repository, locate
from mom_lsp.lm.biased_heads import STRENGTH
from mom_lsp.lm.traces import STRENGTHS
from mom_lsp.tuning.labels import Label, load_labels
from mom_lsp.tuning.metrics import bootstrap_interval

CHOSEN = f"oracle, chosen layers, b = {STRENGTH}"


def make_texts(plain: list[float], rule: list[float], learned: list[float]) -> list[ReadText]:
    rows = zip(plain, rule, learned, strict=True)
    names = (PLAIN, RULE, LEARNED)
    readings = [{n: Reading(v, v < 2, n != PLAIN) for n, v in zip(names, row, strict=True)} for row in rows]
    return [ReadText("r", str(at), True, methods) for at, methods in enumerate(readings)]


@pytest.fixture
def labels(project: Repo, tmp_path: Path) -> Path:
    """Two memories, each named twice, as they came."""
    commits = []
    for number, what in enumerate(("retry limit", "cache lifetime") * 3):
        gold = commits[number % 2] if number > 1 else ""
        follow = f"\n\nFollow-up to {gold}" if gold else ""
        message = f"net: change the {what} to {number + 40}\n\nBecause servers could not bear more.{follow}"
        commits.append(project.commit(message, {"net.py": f"LIMIT = {number}\n"}))
    rows = [
        {"query": commits[n], "gold": [commits[n % 2]], "own_day": [], "kind": "followup", "time": n}
        for n in range(2, 6)
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_case_includes_the_right_memory_without_revealing_it(project: Repo, labels: Path) -> None:
    known = load_labels(labels)
    chosen = label_stream(known, 10, recurring=True)
    assert [label.time for label in chosen] == [2, 3, 4, 5]
    cases = make_cases(Repository(locate(project.root)), known, chosen)
    assert len(cases) == 4
    for case, label in zip(cases, chosen, strict=True):
        prompt = [part for message in case.messages for part in message.parts]
        assert [part.memory for part in prompt if part.memory] == list(case.memories)
        assert case.gold == label.gold[0] in case.memories
        assert case.query not in case.memories
        assert case.gold[:7] not in case.text and "Follow-up" not in case.text
        assert case.text.startswith("net: change the")
        assert "net.py" in prompt[-1].text


def test_labels_that_share_a_memory_stay_together() -> None:
    known = [Label(f"q{n}", (f"g{n // 2}",), time=n) for n in range(20)] + [Label("alone", ("g99",), time=99)]
    chosen = label_stream(known, 5, recurring=True)
    assert len(chosen) == 6 and all(sum(o.gold == one.gold for o in chosen) == 2 for one in chosen)
    assert chosen == sorted(chosen, key=lambda label: label.time)
    assert [label.query for label in label_stream(known, 5, recurring=False)] == ["alone"]


def test_only_layers_that_reliably_help_are_chosen() -> None:
    draw = np.random.default_rng(0)
    found = [[-0.05 + draw.normal(0, 0.02), draw.normal(0, 0.05), -0.01] for _ in range(20)]
    assert bands(12) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
    assert choose(found, 12) == [0, 1, 2, 3, 4]
    assert choose([[0.1, 0.0, 0.1]] * 3, 12) == []


def test_the_table_shows_the_change_and_where_a_bias_applied() -> None:
    readings = [(2.0, 1.5, True), (3.0, 3.0, False)]
    texts = [
        ReadText("r", "q", True, {PLAIN: Reading(plain, plain < 3, False), "x": Reading(nll, True, moved)})
        for plain, nll, moved in readings
    ]
    found = bias_table(texts)
    assert found["x"]["change"][0] == pytest.approx(-0.25)
    assert found["x"]["change_moved"] == pytest.approx((-0.5, -0.5, -0.5))
    assert (found["x"]["moved"], found["x"]["better"], found["x"]["cited"][0]) == (1, 1.0, 1.0)
    assert found[PLAIN]["change_moved"] is None
    low, high = bootstrap_interval([0.0, 1.0] * 50)[1:]
    assert 0.35 < low < 0.5 < high < 0.65


@pytest.mark.parametrize(
    ("learned", "verdict"),
    [([1.0, 2.0, 3.0], "traces win"), ([2.0, 3.0, 4.0], "the rule wins"), ([1.4, 2.6, 3.5], "a tie")],
)
def test_traces_beat_the_rule_only_if_the_whole_interval_does(learned: list[float], verdict: str) -> None:
    found = against_rule(make_texts([2.0, 3.0, 4.0], [1.5, 2.5, 3.5], learned))
    assert found["verdict"] == verdict
    assert found["difference"][0] == pytest.approx(np.mean(learned) - 2.5)


def test_texts_of_several_repositories_are_pooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for file, shift in zip(files, (0.0, 1.0), strict=True):
        texts = make_texts([2.0, 3.0], [1.5, 2.5], [1.0 + shift, 2.0 + shift])
        file.write_text("".join(line_of(replace(text, repository=file.stem), "m") for text in texts))
    monkeypatch.setattr("sys.argv", ["attention_table", *map(str, files)])
    main()
    documents = json.loads(capsys.readouterr().out)
    assert [(one["repository"], one["asked"]) for one in documents] == [("a", 2), ("b", 2), ("a, b", 4)]
    assert [one["against_rule"]["difference"][0] for one in documents] == pytest.approx([-0.5, 0.5, 0.0])


@pytest.mark.slow
@needs_model
def test_a_run_measures_every_method(
    project: Repo,
    labels: Path,
    moms: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    moms(project).index()
    arguments = ["eval", "--model", "--repo", str(project.root), "--labels", str(labels), "--limit", "4"]
    out = tmp_path / "texts.jsonl"
    result = CliRunner().invoke(app, [*arguments, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    methods = document["methods"]
    assert document["asked"] == 4
    rule = [RULE.replace("calibrated", f"= {strength}") for strength in RULE_STRENGTHS]
    learned = [LEARNED.replace("calibrated", f"= {strength}") for strength in STRENGTHS]
    assert list(methods) == [PLAIN, CHOSEN, *rule, RULE, *learned, LEARNED]
    assert methods[PLAIN]["change"] == [0.0, 0.0, 0.0]
    assert methods[learned[0]]["moved"] < methods[rule[0]]["moved"] <= 4  # at first there is nothing learned
    usual = LEARNED.replace("calibrated", f"= {STRENGTH}")
    assert methods[LEARNED]["nll"] == methods[usual]["nll"]  # until there are enough texts
    assert 0 <= document["router"] <= 1
    assert document["against_rule"]["texts"] == 4
    texts = [texts_of(line) for line in out.read_text().splitlines()]
    assert json.loads(json.dumps(document_of([text for _, text in texts], document["model"]))) == document
    print_table(document)
    assert "cites the correct one" in capsys.readouterr().out


@pytest.mark.slow
@needs_model
def test_the_bench_compares_every_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("mom_lsp.evaluation.model_bench.ROUNDS", 1)
    monkeypatch.setattr("mom_lsp.evaluation.model_bench.TOKENS", 4)
    result = CliRunner().invoke(app, ["bench", "--model", "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    names = [figure["name"] for figure in document["figures"]]
    assert names[:2] == ["plain", "flash attention"] and "hook in Python, bias on all layers" in names
    assert names[-1] == "safe settings"
    assert all(figure["value"] > 0 for figure in document["figures"])
