"""The commands, one after the other, on a real repository and the real service."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import exports
import pytest
from exports import write
from processes import LONG

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive

Mom = Callable[..., subprocess.CompletedProcess[str]]
OLD = [
    "def parse(header):",
    "    name, value = header.split(':')",
    "    return name, value",
    "",
    "",
    "def other():",
    "    pass",
]
NEW = [*OLD[:1], "    if not header:", "        return None", *OLD[1:]]
WHY = "Old proxies send an empty header, because of which parse failed with a ValueError in production."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    git(tmp_path, "init", "-q", str(root))
    (root / ".mom.toml").write_text(
        "[encoder]\nenable = false\n"
    )  # loading a model takes seconds, and is not under test
    commit(root, "Add the parser of headers", OLD, "2020-01-01T00:00:00+00:00")
    commit(root, f"Fix the crash on an empty header\n\n{WHY}", NEW, "2021-06-01T12:00:00+02:00")
    return root


@pytest.fixture
def mom(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mom:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "mom_lsp", *args]
        return subprocess.run(
            command, cwd=root, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=LONG
        )

    return run


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *args], cwd=folder, check=True)


def commit(root: Path, message: str, lines: list[str], when: str) -> None:
    (root / "parser.py").write_text("\n".join(lines) + "\n")
    git(root, "add", "parser.py")
    git(root, "commit", "-q", "-m", message, f"--date={when}")


def test_where_nothing_is_indexed_each_question_says_what_to_do(mom: Mom) -> None:
    for question in (["suggest", "parser.py:1"], ["search", "parser"], ["why", "parser.py:1"]):
        asked = mom(*question)
        assert (asked.stdout, asked.stderr) == ("", "Nothing is indexed yet: run `mom index`.\n")
    assert "nothing is indexed yet: run `mom index`\n" in re.sub(r" +\n", "\n", mom("doctor").stdout)


def test_doctor_answers_outside_a_repository(mom: Mom, tmp_path: Path) -> None:
    (plain := tmp_path / "plain").mkdir()
    assert "free" in mom("-C", str(plain), "doctor").stdout


def test_an_engine_that_was_killed_is_not_running(mom: Mom, root: Path) -> None:
    mom("index")
    (root / ".git" / "mom" / "engine.json").write_text('{"pid": 4194305}')  # larger than any
    assert "not running" in next(row for row in mom("status").stdout.splitlines() if row.startswith("engine"))


def document(result: subprocess.CompletedProcess[str]) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def ids(found: dict[str, Any]) -> list[str]:
    return [memory["id"] for memory in found["suggestions"]]


@pytest.mark.slow
def test_index_suggest_forget_and_restore_work_end_to_end(mom: Mom, tmp_path: Path) -> None:
    first = document(mom("index", "--json"))
    assert (first["commits"], first["nothing_new"]) == (2, False)
    again = mom("index")
    assert again.returncode == 0
    assert "up to date" in again.stderr
    assert again.stdout == ""

    found = document(mom("suggest", "parser.py:2", "--json"))
    fix = found["suggestions"][0]
    assert fix["title"] == "Fix the crash on an empty header"
    assert fix["source"]["time"] == "2021-06-01T10:00:00Z"
    assert len(fix["source"]["commit"]) == 40
    assert sum(fix["terms"].values()) == pytest.approx(fix["score"])
    spoken = mom("suggest", "parser.py:2")
    assert "Fix the crash on an empty header" in spoken.stdout
    assert "parser.py:2" in spoken.stdout
    assert ids(document(mom("search", "proxies", "--json"))) == [fix["id"]]

    prefix = fix["id"][:8]
    shown = mom("show", prefix)
    assert WHY in shown.stdout
    assert mom("pin", prefix).returncode == 0
    assert document(mom("show", prefix, "--json"))["pinned"]
    status = document(mom("status", "--json"))
    assert (status["pinned"], status["commits"], status["indexed"]) == (1, 2, True)
    exported = mom("export").stdout
    assert len(exported.splitlines()) >= 1
    assert mom("import", stdin=exported).returncode == 0
    assert mom("export").stdout == exported, "what is known already changes nothing"

    assert mom("forget", prefix).returncode == 0
    assert fix["id"] not in ids(document(mom("suggest", "parser.py:2", "--json")))
    assert ids(document(mom("search", "proxies", "--json"))) == []
    mom("index")
    assert ids(document(mom("search", "proxies", "--json"))) == []
    assert mom("restore", prefix).returncode == 0
    mom("index")
    assert ids(document(mom("search", "proxies", "--json"))) == [fix["id"]]


def test_index_and_status_count_the_same_memories(root: Path, mom: Mom) -> None:
    commit(root, "Release 1.2.3", [*NEW, "VERSION = '1.2.3'"], "2021-07-01T12:00:00+02:00")  # routine

    def counted() -> tuple[str, int]:
        said, status = mom("index").stderr.splitlines()[-1], document(mom("status", "--json"))
        return said.partition(",")[0] + said.partition(";")[2], status["memories"]

    assert counted() == ("indexed 3 commits 2 memories now", 2)
    assert "3 memories, with routine history" in mom("doctor").stdout
    commit(root, "Parse the header again, because proxies fold it", OLD, "2021-08-01T12:00:00+02:00")
    assert counted() == ("indexed 1 commit 3 memories now", 3)


def test_a_note_is_found_at_its_path(mom: Mom) -> None:
    mom("index")
    assert mom("note", "teapots are handled elsewhere", "--at", "parser.py:8").returncode == 0
    found = document(mom("search", "teapots", "--json"))["suggestions"]
    assert [(note["kind"], note["source"]["path"]) for note in found] == [("note", "parser.py")]
    assert mom("undo").returncode == 0
    assert document(mom("search", "teapots", "--json"))["suggestions"] == []


def test_without_an_index_every_command_says_what_to_do(mom: Mom) -> None:
    status = mom("status")
    assert status.returncode == 0, status.stderr
    assert "mom index" in status.stderr
    asked = mom("suggest", "parser.py:2", "--json")
    assert "Traceback" not in asked.stderr
    assert asked.returncode == 0 or "mom index" in asked.stderr
    unknown = mom("show", "feedbeef")
    assert (unknown.returncode, unknown.stdout) in [(1, ""), (2, "")]
    assert unknown.stderr.startswith("mom: ") and len(unknown.stderr.splitlines()) == 1


def test_doctor_passes_on_this_machine(mom: Mom) -> None:
    mom("index")
    result = mom("doctor")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "journal" in result.stdout


def test_discussions_are_imported_before_and_after_indexing(root: Path, tmp_path: Path, mom: Mom) -> None:
    write(tmp_path / "backup", exports.METADATA_BACKUP)
    first = mom("import", str(tmp_path / "backup"))
    assert (first.returncode, "run `mom index` next" in first.stderr) == (0, True), first.stderr
    mom("index")
    write(tmp_path, {"pulls.json": [exports.GH_PULL | {"number": 8, "url": f"{exports.WEB}/pull/8"}]})
    second = mom("import", str(tmp_path / "pulls.json"))
    assert second.returncode == 0, second.stderr
    assert "Imported 1 pull request" in second.stderr.splitlines()[0]
    assert "run `mom index`" not in second.stderr, "it did that itself"
    assert "3 discussions from 2 exports" in mom("doctor").stdout
    with Archive(root / ".git" / "mom") as archive:
        assert [one.number for one in archive.all()] == [3, 7, 8]
    (root / ".git" / "mom" / datafolder.DISCUSSIONS).write_bytes(b"damage" * 1000)
    ill = mom("doctor")
    assert (ill.returncode, "import the exports again" in ill.stdout) == (1, True)


def test_ctrl_c_stops_a_watcher(root: Path, mom: Mom) -> None:
    command = [sys.executable, "-P", "-m", "mom_lsp", "index", "--watch", "--progress-json"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        first = json.loads(child.stderr.readline())
        assert {"phase", "done", "total", "message"} == set(first)
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
        assert child.wait(LONG) == 130
    assert "stopped" in rest
    assert "Traceback" not in rest


def test_an_indexer_exits_with_its_parent(root: Path, mom: Mom) -> None:
    command = [sys.executable, "-P", "-m", "mom_lsp", "index", "--watch", "--progress-json"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stderr is not None
        child.stderr.readline()
        child.stdin.close()
        assert child.wait(LONG) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        ("mkdir gone && cd gone && rmdir ../gone && $MOM status", 2, "the current folder no longer exists"),
        ("mkdir gone && cd gone && rmdir ../gone && $MOM suggest a.py:1", 2, "the current folder no longer exists"),
        ("$MOM index 2>&-", 0, ""),
        ("$MOM export --help >/dev/full", 1, "No space left on device"),
        ("yes [ | tr -d '\\n' | head -c 100000 | $MOM import -", 2, "has no discussions that could be read"),
    ],
)
def test_system_errors_are_reported_in_one_line(root: Path, mom: Mom, line: str, code: int, complaint: str) -> None:
    environ = {**os.environ, "MOM": f"{sys.executable} -P -m mom_lsp"}
    ended = subprocess.run(["sh", "-c", line], cwd=root, env=environ, capture_output=True, text=True, timeout=LONG)
    assert ended.returncode == code, ended.stderr
    assert complaint in ended.stderr and "Traceback" not in ended.stderr
