"""`mom eval --model` and `mom bench --model`: cases made from a repository, and a whole run with a real model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from llama_models import needs_model
from repositories import Repo, Start

from mom_lsp.cli.app import app
from mom_lsp.cli.eval_model import print_table
from mom_lsp.evaluation.attention_cases import label_stream, make_cases
from mom_lsp.evaluation.attention_eval import CALIBRATED, PLAIN, AttentionRow, bias_table
from mom_lsp.evaluation.choose_layers import bands, choose
from mom_lsp.git import Repository, locate
from mom_lsp.lm.biased_heads import STRENGTH
from mom_lsp.lm.traces import STRENGTHS
from mom_lsp.tuning.labels import Label, load_labels
from mom_lsp.tuning.metrics import bootstrap_interval

ALIKE, CHOSEN = "oracle, all heads, b = 0.5", f"oracle, chosen layers, b = {STRENGTH}"
FIRST, SINGLE = f"the router's first, chosen layers, b = {STRENGTH}", f"traces of single memories alone, b = {STRENGTH}"
SHUFFLED = f"shuffled traces, b = {STRENGTH}"


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
    rows = {
        PLAIN: AttentionRow([2.0, 3.0], [True, False], [False, False]),
        "x": AttentionRow([1.5, 3.0], [True, True], [True, False]),
    }
    found = bias_table(rows)
    assert found["x"]["change"][0] == pytest.approx(-0.25)
    assert found["x"]["change_moved"] == pytest.approx((-0.5, -0.5, -0.5))
    assert (found["x"]["moved"], found["x"]["better"], found["x"]["cited"][0]) == (1, 1.0, 1.0)
    low, high = bootstrap_interval([0.0, 1.0] * 50)[1:]
    assert 0.35 < low < 0.5 < high < 0.65


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
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    methods = document["methods"]
    assert document["asked"] == 4
    learned = [f"learned traces, b = {strength}" for strength in STRENGTHS]
    shared = [ALIKE, CHOSEN, FIRST, SINGLE]
    assert list(methods) == [PLAIN, *shared, *learned, CALIBRATED, SHUFFLED]
    assert methods[PLAIN]["change"] == [0.0, 0.0, 0.0]
    assert methods[SINGLE]["moved"] <= methods[learned[0]]["moved"] == methods[SHUFFLED]["moved"]
    assert 0 < methods[SINGLE]["moved"] < 4  # the first query of a memory has nothing to learn from
    assert (
        methods[CALIBRATED]["nll"] == methods[f"learned traces, b = {STRENGTH}"]["nll"]
    )  # until there are enough texts
    assert 0 <= document["router"] <= 1
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
