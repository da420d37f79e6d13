"""What is recognised in other languages on hand-labelled commits, and the format of the labels."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from repositories import Repo

from mom_lsp.evaluation import language_accuracy
from mom_lsp.evaluation.language_accuracy import HALVES, Count, accuracy, english_alone, labelled_commits

LABELS = Path(__file__).parent.parent / "fixtures" / "labels" / "languages.jsonl"


def write_labels(project: Repo, labels: Path) -> None:
    messages = {
        "Fehler beim Speichern behoben\n\nDas ist nötig, weil der Server den ersten verwirft.": (["fix"], [3]),
        "Neue Liste der Rechnungen\n\nDas war ein Wunsch von allen.": (["other"], []),
        "Tippfehler in der Datei": (["routine"], []),
        "Dauer der Anfrage begrenzt\n\nBei vollem Speicher hing sie.": (["fix", "other"], [3]),
    }
    rows = [
        {"commit": project.commit(message, {"a.txt": message}), "kinds": kinds, "reasons": reasons}
        for message, (kinds, reasons) in messages.items()
    ]
    more = {"repo": "ada/erp", "language": "de", "half": "test"}
    unknown = {"commit": "0" * 40, "kinds": ["fix"], "reasons": []}
    labels.write_text("".join(json.dumps(row | more) + "\n" for row in [*rows, unknown]))


def test_reasons_and_kinds_are_counted_with_and_without_the_tables(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.jsonl"
    write_labels(project, labels)
    clones = {"ada/erp": project.root}
    counts = accuracy(labelled_commits(labels, clones))
    assert counts["reason"] == counts["its sentence"] == Count(claimed=1, right=1, labelled=2, found=1)
    assert counts["fix"] == Count(claimed=1, right=1, labelled=2, found=2)
    assert counts["routine"] == Count(claimed=1, right=1, labelled=1, found=1)
    assert accuracy(english_alone(labels, clones))["reason"] == Count(claimed=0, right=0, labelled=2, found=0)

    monkeypatch.setattr(sys, "argv", ["", str(labels), f"--repo=ada/erp={project.root}", "--wrong"])
    language_accuracy.main()
    out = capsys.readouterr().out
    assert "de, test: 4 commits\n  reason: 1/1 right (1.00), 1/2 found (0.50); English alone 0/0 right (none)" in out
    assert "reason not found: Dauer der Anfrage begrenzt" in out


def test_the_labels_contain_only_hashes_and_labels() -> None:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    assert all(row.keys() == {"repo", "commit", "language", "half", "kinds", "reasons"} for row in rows)
    assert len({row["commit"] for row in rows}) == len(rows) and all(len(row["commit"]) == 40 for row in rows)
    assert {kind for row in rows for kind in row["kinds"]} == {*language_accuracy.KINDS, "other"}
    languages = {row["language"] for row in rows}
    assert len(languages) == 8 and {row["half"] for row in rows} == set(HALVES)
    assert all(sum(row["language"] == one for row in rows) >= 60 for one in languages)
