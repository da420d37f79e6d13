from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import exports
import pytest
from cli_shell import Shell
from exports import write

from mom_lsp.errors import JournalError
from mom_lsp.git.location import Location

EVENTS: list[dict[str, Any]] = [
    {"seq": 1, "time": 1.0, "type": "pin", "memory": "dead", "data": {}},
    {"seq": 2, "time": 2.0, "type": "note", "memory": "n1", "data": {"text": "größer\nals"}},
]
EVENT = json.dumps(EVENTS[0])


def reindexed(mom: Shell) -> bool:
    return {"method": "reindex"} in mom.book.events


def test_export_and_import_round_trip_without_duplicates(mom: Shell, tmp_path: Path) -> None:
    mom.book.events = list(EVENTS)
    piped = mom("export").stdout
    assert [json.loads(line) for line in piped.splitlines()] == EVENTS
    file = tmp_path / "events.jsonl"
    assert mom("export", "-o", str(file)).stdout == ""
    assert file.read_text("utf-8") == piped
    assert mom("import", str(file)).stderr == "Imported 0 events\n"
    mom.book.events = []
    assert mom("import", stdin=piped + "\n").stderr == "Imported 2 events\n"
    assert mom.book.events == EVENTS


def test_an_export_of_no_feedback_is_an_empty_file(mom: Shell, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(EVENT)
    for _ in range(2):
        assert mom("export", "-o", str(file)).stderr == "Exported 0 events\n"
        assert file.read_bytes() == b""
        file.unlink()


def test_an_export_that_fails_leaves_the_file(mom: Shell, tmp_path: Path) -> None:
    def failing(_: Location) -> Any:
        raise JournalError("damaged")

    mom.opener, file = failing, tmp_path / "events.jsonl"
    file.write_text(EVENT)
    assert mom("export", "-o", str(file)).exit_code == 1
    assert file.read_text() == EVENT


def test_an_export_into_a_missing_folder_says_so_in_one_line(mom: Shell, tmp_path: Path) -> None:
    result = mom("export", "-o", str(tmp_path / "none" / "events.jsonl"))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "none/events.jsonl cannot be written: No such file" in result.stderr


def test_an_empty_export_of_feedback_is_imported(mom: Shell) -> None:
    assert mom("import", stdin="").stderr == "Imported 0 events\n"


def test_a_dry_run_counts_feedback_and_imports_none(mom: Shell, tmp_path: Path) -> None:
    write(tmp_path, {"monday.jsonl": EVENT, "tuesday.jsonl": f"{EVENT}\n{json.dumps(EVENTS[1])}\n"})
    files = str(tmp_path / "monday.jsonl"), str(tmp_path / "tuesday.jsonl")
    result = mom("import", *files, "--dry-run", "--json")
    assert (result.exit_code, result.stderr) == (0, "Would import 2 events\n")
    assert json.loads(result.stdout) == {"path": " ".join(files), "dry_run": True, "events": 2}
    assert mom.book.events == []
    assert mom("import", *files).stderr == "Imported 2 events\n"
    assert mom.book.events == EVENTS


def test_feedback_takes_no_name_and_is_not_mixed_with_discussions(mom: Shell, tmp_path: Path) -> None:
    write(tmp_path, {"feedback.jsonl": EVENT, "empty.json": "", "pulls.json": [exports.GH_PULL]})
    feedback, empty, pulls = (str(tmp_path / name) for name in ("feedback.jsonl", "empty.json", "pulls.json"))
    assert mom("import", feedback, "--name", "mine").exit_code == 2
    mixed = mom("import", feedback, pulls)
    assert (mixed.exit_code, "one after the other" in mixed.stderr) == (2, True)
    assert mom.book.events == []
    assert "Imported 1 pull request" in mom("import", empty, pulls).stderr


@pytest.mark.parametrize("content", [f"{EVENT}\nnot json\n", f"{EVENT}\n[1]\n"])
def test_an_invalid_import_names_the_line_and_imports_nothing(mom: Shell, tmp_path: Path, content: str) -> None:
    (tmp_path / "bad").write_text(content)
    result = mom("import", str(tmp_path / "bad"))
    assert result.exit_code == 2
    assert "line 2 of" in result.stderr
    assert mom.book.events == []


def test_feedback_that_is_not_utf8_is_refused(mom: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(f'{EVENT}\n{{"x": "'.encode() + b'\xff"}\n')
    result = mom("import", str(tmp_path / "bad"))
    assert (result.exit_code, "not UTF-8" in result.stderr) == (2, True)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"not json", b'{"a": 1}'])
def test_what_is_no_export_is_refused(mom: Shell, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    result = mom("import", str(tmp_path / "bad"))
    assert result.exit_code != 0
    assert "bad" in result.stderr
    assert mom.book.events == []


def test_an_export_of_discussions_is_imported_and_indexed(mom: Shell, tmp_path: Path) -> None:
    folder = write(tmp_path / "backup", exports.METADATA_BACKUP)
    result = mom("import", str(folder))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"Imported 1 pull request, 1 issue, 2 review comments from {folder}\n"
    assert reindexed(mom)
    mom.book.events = []
    again = mom("import", str(folder))
    assert again.stderr == f"Imported 1 pull request, 1 issue, 2 review comments from {folder}: nothing new\n"
    assert not reindexed(mom)


def test_discussions_are_read_from_standard_input(mom: Shell) -> None:
    result = mom("import", "--name", "github", stdin=json.dumps([exports.GH_PULL]))
    assert "Imported 1 pull request, 0 issues, 0 review comments from -" in result.stderr
    assert mom("import", "--list").stdout == "github: 1 discussion, just now, from -\n"


def test_a_path_is_relative_to_the_folder_of_the_command(mom: Shell) -> None:
    write(mom.root / "out", {"pulls.json": [exports.GH_PULL]})
    assert "Imported 1 pull request" in mom("import", "out/pulls.json").stderr


def test_a_dry_run_imports_nothing(mom: Shell, tmp_path: Path) -> None:
    result = mom("import", str(write(tmp_path / "e", exports.METADATA_BACKUP)), "--dry-run", "--json")
    assert "Would import 1 pull request, 1 issue, 2 review comments" in result.stderr
    counts = json.loads(result.stdout)
    assert (counts["pull_requests"], counts["comments"], counts["dry_run"]) == (1, 3, True)
    assert mom("import", "--list").stdout == ""
    assert not reindexed(mom)


def test_a_broken_file_is_named_and_the_exit_code_says_so(mom: Shell, tmp_path: Path) -> None:
    folder = write(tmp_path / "e", exports.METADATA_BACKUP | {"pulls/8.json": '{"type": \x1b'})
    result = mom("import", str(folder))
    assert result.exit_code == 1
    assert "skipped e/pulls/8.json: line 1: " in result.stderr
    assert "Imported 1 pull request" in result.stderr
    assert reindexed(mom)


def test_exports_are_listed_and_removed(mom: Shell, tmp_path: Path) -> None:
    write(tmp_path, {"pulls.json": [exports.GH_PULL], "issues.json": [exports.GH_ISSUE]})
    mom("import", str(tmp_path / "pulls.json"))
    mom("import", str(tmp_path / "issues.json"), "--name", "the issues")
    assert [line.split(":")[0] for line in mom("import", "--list").stdout.splitlines()] == ["pulls.json", "the issues"]
    (first, _) = json.loads(mom("import", "--list", "--json").stdout)["sources"]
    assert (first["name"], first["discussions"], first["path"]) == ("pulls.json", 1, str(tmp_path / "pulls.json"))
    mom.book.events = []
    assert mom("import", "--remove", "the issues").stderr == "Removed 1 discussion of the issues\n"
    assert reindexed(mom)
    unknown = mom("import", "--remove", "the issues")
    assert (unknown.exit_code, "imported: pulls.json" in unknown.stderr) == (2, True)


def test_only_one_thing_is_asked_at_once(mom: Shell) -> None:
    assert mom("import", "x.json", "--how").exit_code == 2
    assert mom("import", "--list", "--remove", "x").exit_code == 2


def set_remote(mom: Shell, name: str, url: str) -> None:
    with (mom.root / ".git" / "config").open("a") as config:
        config.write(f'[remote "{name}"]\n\turl = {url}\n')


def test_how_prints_the_commands_for_the_remote_and_runs_nothing(mom: Shell) -> None:
    set_remote(mom, "origin", "git@github.com:me/fork.git")
    set_remote(mom, "upstream", "https://user:secret@github.com/owner/name.git")
    result = mom("import", "--how")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in result.stdout.splitlines()] == [
        ["gh", "pr", "list"],
        ["gh", "issue", "list"],
        ["gh", "api", "--paginate"],
    ]
    assert result.stdout.count("owner/name") == 3
    assert "secret" not in result.output


def test_how_says_what_is_read_where_no_command_is_known(mom: Shell) -> None:
    without = mom("import", "--how")
    assert (without.exit_code, without.stdout) == (0, "")
    assert "no remote" in without.stderr
    assert "gh pr list" in without.stderr
    set_remote(mom, "origin", "https://bitbucket.org/o/n")
    assert "bitbucket.org" in mom("import", "--how").stderr
