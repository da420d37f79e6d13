from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_shell import Shell


def test_export_and_import_round_trip_without_duplicates(mom: Shell, tmp_path: Path) -> None:
    mom("pin", "dead")
    mom("note", "größer\nals", "--at", "src/a.py:2")
    events = list(mom.book.events)
    piped = mom("export").stdout
    assert [json.loads(line) for line in piped.splitlines()] == events
    file = tmp_path / "events.jsonl"
    assert mom("export", "-o", str(file)).stdout == ""
    assert file.read_text("utf-8") == piped
    assert mom("import", str(file)).stderr == "imported 0 events\n"
    mom.book.events = []
    assert mom("import", stdin=piped + "\n").stderr == "imported 2 events\n"
    assert mom.book.events == events


@pytest.mark.parametrize("content", [b'{"a": 1}\nnot json\n', b'{"a": 1}\n[1]\n'])
def test_an_invalid_import_names_the_line_and_imports_nothing(mom: Shell, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    result = mom("import", str(tmp_path / "bad"))
    assert result.exit_code == 2
    assert "line 2 of" in result.stderr
    assert mom.book.events == []


def test_import_of_a_binary_file_is_refused(mom: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    result = mom("import", str(tmp_path / "bad"))
    assert (result.exit_code, "not UTF-8" in result.stderr) == (2, True)
