"""The accuracy of kinds on hand-labelled commits, and the format of the labels."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import get_args

import pytest
from repositories import Repo

from mom_lsp.evaluation import kind_accuracy
from mom_lsp.evaluation.kind_accuracy import KindAccuracy, accuracy, labelled_kinds
from mom_lsp.memory import Kind

LABELS = Path(__file__).parent.parent / "fixtures" / "labels"


def test_a_claim_is_right_if_the_label_has_it_and_a_bug_pattern_is_a_fix(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {
        "Fix the order of headers": {"kind": "bug_pattern"},
        "Fix the name of the host": {"kind": "note"},
        "Work around a broken proxy": {"kind": "known_issue", "also": ["workaround"]},
        "Print a summary": {"kind": "fix"},
    }
    rows = [
        {"repo": "ada/url", "commit": project.commit(subject, {"a.txt": subject})} | kind
        for subject, kind in kinds.items()
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"commit": "0" * 40, "kind": "fix"}]))

    counts = accuracy(list(labelled_kinds(labels, project.root)))
    assert counts["fix"] == KindAccuracy(claimed=2, right=1, labelled=1, found=0)
    assert counts["bug_pattern"] == KindAccuracy(claimed=0, right=0, labelled=1, found=1)
    assert counts["workaround"] == KindAccuracy(claimed=1, right=1, labelled=0, found=0)

    monkeypatch.setattr(sys, "argv", ["", str(labels), str(project.root), "--wrong"])
    kind_accuracy.main()
    out = capsys.readouterr().out
    assert "fix: 1 of 2 claims right, precision 0.50; 0 of 1 found, recall 0.00\n" in out
    assert "fix, not note: Fix the name of the host\n" in out


@pytest.mark.parametrize(("name", "count"), [("kinds.jsonl", 300), ("claimed_kinds.jsonl", 517)])
def test_the_labels_contain_only_hashes_and_kinds(name: str, count: int) -> None:
    rows = [json.loads(line) for line in (LABELS / name).read_text("utf-8").splitlines()]
    assert len({row["commit"] for row in rows}) == count
    assert all({"repo", "commit", "kind"} <= set(row) <= {"repo", "commit", "kind", "also"} for row in rows)
    assert all(len(row["commit"]) == 40 for row in rows)
    assert {kind for row in rows for kind in (row["kind"], *row.get("also", []))} <= set(get_args(Kind))
