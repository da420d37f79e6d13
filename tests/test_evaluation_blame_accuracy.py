"""A sample of lines, and how often blame names their commits: on repositories with a known history."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from moved_line import six_commits
from repositories import Mom, Repo, Start

from mom_lsp.evaluation import blame_accuracy, blame_sample

LABELS = Path(__file__).parent.parent / "fixtures" / "labels" / "origins.jsonl"


def run(module: object, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def test_only_carried_lines_are_sampled_and_deep_blame_finds_their_origin(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    commits = six_commits(project)
    run(blame_sample, monkeypatch, project.root, "--repo", "ada/url", "--count", 3)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(row["path"], row["blame"], row["how"]) for row in rows} == {("lib/conn.py", commits["moved"], "carried")}
    run(blame_sample, monkeypatch, project.root, "--repo", "ada/url", "--count", 3)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows  # the seed chose them

    text = (project.root / "lib/conn.py").read_text().splitlines()
    truth = {number: commits["reason" if "headers" in line else "start"] for number, line in enumerate(text, 1)}
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row | {"origin": [truth[row["line"]]]}) + "\n" for row in rows))
    mom: Mom = moms(project)
    mom.index()
    run(blame_accuracy, monkeypatch, labels, "--repo", project.root, "--wrong")
    line, *others = capsys.readouterr().out.splitlines()
    assert line.startswith("repo, 3 lines: git blame 0,")
    assert line.endswith("also with moves within and between files 3")
    assert [other for other in others if not other.startswith("all, ")] == []  # nothing is wrong


def test_the_labels_contain_only_hashes_paths_and_lines() -> None:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    assert len(rows) == 240
    assert {key for row in rows for key in row} == {"repo", "head", "path", "line", "blame", "how", "origin"}
    assert all(len(sha) == 40 for row in rows for sha in (row["head"], row["blame"], *row["origin"]))
    assert all(1 <= len(row["origin"]) <= 2 for row in rows)
