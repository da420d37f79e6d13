"""Questions to a fleet for readers, and what they say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from fleets import named, publish, pulled

from mom_lsp.evaluation import fleet_questions, fleet_verdicts

HANDSHAKE = """\
def shake_hands(connection, secret):
    connection.send_greeting(version=3)
    answer = connection.receive_answer(timeout=30)
    if answer.version != 3:
        raise HandshakeError(answer.version)
    return connection.with_secret(secret, answer)
"""
WHY = "Retry after HandshakeError\n\nBecause an old server closes the connection instead of naming its version."


@pytest.fixture
def clones(home: Path, tmp_path: Path) -> Path:
    """Two clones that share a function, one of which says why it was changed; published and pulled."""
    folder, uri = tmp_path / "clones", str(tmp_path / "fleet")
    library, service = named(folder / "library", "acme/library"), named(folder / "service", "acme/service")
    library.commit(WHY, {"src/hands.py": HANDSHAKE})
    service.commit("Add the handshake", {"app/hands.py": HANDSHAKE})
    publish(folder, uri)
    pulled(uri)
    with (home / "mom-lsp" / "settings.toml").open("a") as stream:
        stream.write(f'[fleet]\nuri = "{uri}"\n')
    return folder


def run(module: object, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def test_a_sheet_has_the_line_and_the_answer_and_the_labels_have_no_text(
    clones: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    searches, labels = tmp_path / "searches", tmp_path / "labels"
    searches.write_text(
        '{"repo": "acme/service", "question": "old server closes connection"}\n'
        '{"repo": "acme/service", "question": "gardening of tomatoes"}\n'
    )
    run(fleet_questions, monkeypatch, clones, "--lines", 12, "--searches", searches, "-o", labels)
    shown = capsys.readouterr().out
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    assert "acme/service, search: old server closes connection" in shown
    assert ">     2     connection.send_greeting(version=3)" in shown
    assert "<- Retry after HandshakeError  [from acme/library]" in shown
    assert "12 lines asked, 6 answered; 2 searches, 1 answered" in shown
    assert {row["from"] for row in rows} == {"acme/library"}
    assert [row["kind"] for row in rows].count("added") == 6
    assert "Retry" not in labels.read_text()


def test_verdicts_are_added_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels"
    rows = [{"line": 1, "kind": "added"}, {"line": 2, "kind": "name"}, {"question": "why", "kind": "word"}]
    rows = [{"seed": 0, "verdicts": "UU", "line": 9, "kind": "added"}, *({"seed": 1} | row for row in rows)]
    labels.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    readers = [tmp_path / "first", tmp_path / "second"]
    for reader, said in zip(readers, ("2 I\n1 U a copy\n3 U\n", "1 U\n2 I\n3 D\n"), strict=True):
        reader.write_text(said)
    run(fleet_verdicts, monkeypatch, labels, "--seed", 1, "--reader", readers[0], "--reader", readers[1])
    shown = capsys.readouterr().out
    assert "| all | 3 | 1 (33%) | 1 (33%) | 1 (33%) |" in shown
    assert "they agree on 66.7%" in shown
    assert [json.loads(line)["verdicts"] for line in labels.read_text().splitlines()] == ["UU", "UU", "II", "UD"]


@pytest.mark.parametrize("said", ["1 U\n", "1 U\n1 U\n", "1 U\n2 X\n"])
def test_a_reader_has_to_judge_each_answer_once(said: str) -> None:
    with pytest.raises(ValueError, match="once"):
        fleet_verdicts.add_reader([{}, {}], said.splitlines())
