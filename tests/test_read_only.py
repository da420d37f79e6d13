"""A read-only repository is answered from its index; only writing is refused, with advice.

Real mounts, in a mount namespace of the child's own, and a real second user: root alone is stopped by no permission.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from processes import LONG, read_only
from repositories import Mom, Repo

from mom_lsp.datafolder import why_read_only
from mom_lsp.errors import JournalError
from mom_lsp.journal import Journal

NOBODY = 65534
# Sends every request that only reads, then those that write; prints {method: result}.
ASK = """
import json, sys
from pathlib import Path
from tempfile import TemporaryDirectory
from mom_lsp.cli.connect import open_service
from mom_lsp.errors import MomError
from mom_lsp.git import locate

root, asked = Path(sys.argv[1]), json.loads(sys.argv[2])
found = {}
try:
    service = open_service(locate(root))
    for method, params in asked.items():
        try:
            found[method] = service(method, {"root": str(root), **params})
        except MomError as error:
            found[method] = f"{type(error).__name__}: {error}"
    service.close()
except MomError as error:
    found = {method: f"{type(error).__name__}: {error}" for method in asked}
print(json.dumps(found))
"""
AT = {"path": "a.py", "start": 1, "end": 1, "counted": True}
READS = {
    "suggest": AT,
    "search": {"text": "note of the owner about retries"},
    "why": {"path": "a.py", "line": 1},
    "status": {},
    "review": {},
}


def ask(root: Path, asked: dict[str, object], prefix: Sequence[str] = ()) -> dict[str, str]:
    """Send requests as a command does, in a process of its own; return the answers as text."""
    command = [*prefix, sys.executable, "-P", "-c", ASK, str(root), json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, cwd="/")
    assert done.returncode == 0, done.stderr
    return {
        method: answer if isinstance(answer, str) else json.dumps(answer)
        for method, answer in json.loads(done.stdout).items()
    }


def as_nobody(root: Path, asked: dict[str, object]) -> dict[str, str]:
    """Send requests as another user, on a copy: pytest's folders are private."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can be somebody else")
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    probe = [*prefix, sys.executable, "-P", "-c", "import lancedb, mom_lsp"]
    if subprocess.run(probe, capture_output=True, cwd="/").returncode:
        pytest.skip("another user cannot read this installation")
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["cp", "-a", str(root), folder], check=True)
        copy = Path(folder) / root.name
        return {method: answer.replace(str(copy), str(root)) for method, answer in ask(copy, asked, prefix).items()}


@pytest.fixture
def indexed(project: Repo) -> Repo:
    project.commit("Limit the retries to 42\n\nThe server bans whoever tries more often.", {"a.py": "retries = 42\n"})
    work = Mom(project.root)
    work.index()
    work.call("note", text="a note of the owner", path="a.py", line=1)
    work.service.close()
    shutil.rmtree(project.location.data / "git", ignore_errors=True)  # no blame is cached
    return project


def bytes_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(f): (f.stat().st_mtime_ns, f.read_bytes()) for f in folder.rglob("*") if f.is_file()}


def test_an_indexed_repository_on_a_read_only_mount_answers(indexed: Repo) -> None:
    prefix, before = read_only(indexed.root), bytes_of(indexed.root)
    answers = ask(indexed.root, READS | {"note": {"text": "another"}, "forget": {"id": "0"}, "reindex": {}}, prefix)
    assert "Limit the retries to 42" in answers["suggest"]
    assert "wrote this line" in answers["suggest"], "blame needs no folder in the repository"
    assert "a note of the owner" in answers["search"] and "server bans" in answers["why"]
    assert "mounted read-only" in json.loads(answers["status"])["problems"][0] and "promoted" in answers["review"]
    for method, error in (("note", "JournalError"), ("reindex", "DataFolderError")):
        assert answers[method].startswith(error) and "mounted read-only. Remount it read-write" in answers[method]
    assert bytes_of(indexed.root) == before


def test_events_that_are_only_in_the_write_ahead_log_are_read(indexed: Repo) -> None:
    """As left by an engine that was killed, or that still runs on the other side of the mount."""
    prefix = read_only(indexed.root)
    with Journal(indexed.location.data / "journal.sqlite") as writer:
        writer.append("note", "f" * 16, path="a.py", data={"text": "said a moment ago", "line": 1, "key": 0}, now=1e9)
        assert (indexed.location.data / "journal.sqlite-wal").stat().st_size
        assert "said a moment ago" in ask(indexed.root, {"search": {"text": "moment"}}, prefix)["search"]


def test_an_unindexed_read_only_repository_says_what_to_do(project: Repo) -> None:
    project.commit("First", {"a.py": "a = 1\n"})
    for answer in ask(project.root, {"suggest": AT, "search": {"text": "x"}}, read_only(project.root)).values():
        assert answer.startswith("DataFolderError: nothing is indexed yet") and "work in a clone" in answer
    assert not project.location.data.exists()


@pytest.mark.slow
def test_another_user_is_told_whom_to_ask_to_index(project: Repo) -> None:
    project.commit("First", {"a.py": "a = 1\n"})
    for answer in as_nobody(project.root, {"suggest": AT, "search": {"text": "x"}}).values():
        assert answer.startswith("DataFolderError: nothing is indexed yet") and "Ask root to run `mom index`" in answer
    assert not project.location.data.exists()


@pytest.mark.slow
def test_another_user_reads_the_index_but_not_the_owners_feedback(indexed: Repo) -> None:
    answers = as_nobody(indexed.root, READS | {"note": {"text": "mine"}})
    assert "Limit the retries to 42" in answers["search"] and "a note of the owner" not in answers["search"]
    assert "JournalError" in answers["note"] and "it belongs to root. Ask root" in answers["note"]


@pytest.mark.slow
def test_another_user_is_told_whom_to_ask_about_a_private_data_folder(indexed: Repo) -> None:
    indexed.location.data.chmod(0o700)
    assert "cannot be read: it belongs to root" in as_nobody(indexed.root, {"search": {"text": "x"}})["search"]


@pytest.mark.slow
def test_a_data_folder_left_by_sudo_is_read_and_the_fix_is_shown(indexed: Repo) -> None:
    for place in (indexed.root, *indexed.root.rglob("*")):
        if not place.is_relative_to(indexed.location.data):
            os.chown(place, NOBODY, NOBODY) if os.geteuid() == 0 else None
    answers = as_nobody(indexed.root, {"search": {"text": "retries"}, "note": {"text": "mine"}})
    assert "Limit the retries to 42" in answers["search"]
    assert f"`sudo chown -R nobody {indexed.location.data}`" in answers["note"]


def test_a_journal_that_becomes_writable_again_is_written(indexed: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    path, may_write = indexed.location.data / "journal.sqlite", [False]
    access = os.access
    monkeypatch.setattr(os, "access", lambda file, mode: access(file, mode) and (may_write[0] or not mode & os.W_OK))
    with Journal(path) as journal, Journal(path) as same:
        assert [event.type for event in journal.events()] == ["note"] and not journal.changed()
        with pytest.raises(JournalError, match="cannot be written"):
            journal.append("pin", "m", now=1)
        may_write[0] = True
        same.append("pin", "m", now=1)
        assert journal.changed() and [event.type for event in journal.events()] == ["note", "pin"]
        journal.append("unpin", "m", now=2)
        assert same.last_seq() == 3


def test_reading_a_journal_creates_no_file(tmp_path: Path) -> None:
    with Journal(tmp_path / "mom" / "journal.sqlite") as journal:
        assert (list(journal.events()), journal.last_seq(), journal.changed()) == ([], 0, False)
        journal.erase([])
    assert not list(tmp_path.iterdir())
    assert why_read_only(tmp_path / "mom") == ""
