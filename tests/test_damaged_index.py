"""A damaged index: what can be read is answered, the user is told, and it is rebuilt by itself."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from processes import eventually, finish, start
from repositories import Repo, Start

from mom_lsp import datafolder
from mom_lsp.durable_file import with_checksum
from mom_lsp.indexing.marker import load_marker, save_marker
from mom_lsp.indexqueue import pending
from mom_lsp.store import OUTGROWN, SCHEMA_VERSION, is_damaged

REBUILT = "the index was damaged, and is being rebuilt in the background"


@pytest.fixture
def repo(project: Repo) -> Repo:
    project.commit("Set a timeout\n\nBecause satellites answer after four seconds.", {"net.py": "timeout = 5\n"})
    return project


def damage(data: Path, part: str = "data") -> None:
    """Overwrite the middle of files of the table of memories."""
    files = list((data / datafolder.MEMORIES / part).rglob("*.lance"))
    assert files
    for path in files:
        content = path.read_bytes()
        middle = len(content) // 3
        path.write_bytes(content[:middle] + os.urandom(middle) + content[2 * middle :])


@pytest.mark.parametrize("part", ["data", "_indices"])
def test_answers_come_from_the_notes_until_the_next_pass(repo: Repo, moms: Start, part: str) -> None:
    moms(repo).index()
    moms(repo).call("note", text="A timeout is in seconds.", path="net.py", line=1)
    data = repo.location.data
    damage(data, part)
    mom = moms(repo)
    found = mom.call("search", text="timeout")
    assert [one["title"] for one in found["suggestions"]] == ["A timeout is in seconds."]
    assert found["troubles"] == [REBUILT]
    assert REBUILT in mom.call("status")["problems"]
    assert len(mom.repairs) == 1 and len(pending(data)) == 1  # asked for once
    mom.index()
    assert "Set a timeout" in mom.titles("timeout")
    assert "troubles" not in mom.call("search", text="timeout")
    assert mom.suggest("net.py", 1)
    assert not is_damaged(data) and not mom.call("status")["problems"]


def test_an_engine_whose_index_is_damaged_while_it_runs_goes_on(repo: Repo, moms: Start) -> None:
    mom = moms(repo)
    mom.index()
    assert mom.titles("timeout") == ["Set a timeout"]
    damage(repo.location.data, "_indices")
    repo.commit("Retry twice\n\nBecause the first answer gets lost.", {"net.py": "timeout = 5\nretries = 2\n"})
    mom.index()
    assert "Retry twice" in mom.titles("first answer")


def test_a_note_while_the_index_is_damaged_is_shown_and_the_index_rebuilt(repo: Repo, moms: Start) -> None:
    mom = moms(repo)
    mom.index()
    assert mom.suggest("net.py", 1)
    shutil.rmtree(repo.location.data / datafolder.MEMORIES)
    mom.call("note", text="Zebras wait, too.", path="net.py", line=1)
    assert [one["title"] for one in mom.suggest("net.py", 1)] == ["Zebras wait, too."]
    assert REBUILT in mom.call("status")["problems"] and len(mom.repairs) == 1
    mom.index()
    assert len(mom.suggest("net.py", 1)) == 2


@pytest.mark.parametrize("name", [datafolder.MARKER, datafolder.SCHEMA, datafolder.CATALOG, datafolder.DOMAINS])
def test_any_other_file_may_be_damaged(repo: Repo, moms: Start, name: str) -> None:
    moms(repo).index()
    file = repo.location.data / name
    content = file.read_bytes()
    for damaged in (b"", content[: len(content) // 2], bytes(len(content)), content[:-2] + b"??"):
        file.write_bytes(damaged)
        mom = moms(repo)
        mom.titles("timeout")
        mom.index()
        assert mom.titles("timeout") == ["Set a timeout"]
        assert repo.head in load_marker(repo.location.data).heads


def test_a_command_starts_the_rebuild_and_says_so(repo: Repo) -> None:
    finish(start(repo, "index"))
    damage(repo.location.data)
    process = start(repo, "search", "timeout")
    _, told = process.communicate()
    assert REBUILT in told.decode()
    eventually(lambda: not is_damaged(repo.location.data) and repo.head in load_marker(repo.location.data).heads)
    assert "Set a timeout" in finish(start(repo, "search", "timeout"))


def test_an_index_of_an_older_version_is_rebuilt_and_the_user_is_told(repo: Repo, moms: Start) -> None:
    moms(repo).index()
    moms(repo).call("note", text="A timeout is in seconds.", path="net.py", line=1)
    data = repo.location.data
    (data / datafolder.SCHEMA).write_bytes(with_checksum(b"%d " % (SCHEMA_VERSION - 1)))
    save_marker(data, replace(load_marker(data), rules="those of then"))
    mom = moms(repo)
    found = mom.call("search", text="timeout")
    assert [one["title"] for one in found["suggestions"]] == ["A timeout is in seconds."]
    assert found["troubles"] == [OUTGROWN] and "unindexed" not in found
    assert len(mom.repairs) == 1
    mom.index()
    assert "Set a timeout" in mom.titles("timeout")
    assert "troubles" not in mom.call("search", text="timeout")


def test_a_damaged_journal_is_told_once(repo: Repo, moms: Start) -> None:
    first = moms(repo)
    first.index()
    first.call("note", text="A timeout is in seconds.", path="net.py", line=1)
    first.service.close()
    for side in ("-wal", "-shm"):
        (repo.location.data / f"{datafolder.JOURNAL}{side}").unlink(missing_ok=True)
    (repo.location.data / datafolder.JOURNAL).write_bytes(b"junk")
    mom = moms(repo)
    told = mom.call("search", text="timeout")["troubles"]
    assert "was damaged: 1 events were recovered, 1 of them from the daily copy" in told[0]
    assert "troubles" not in mom.call("search", text="timeout")
    assert "A timeout is in seconds." in mom.titles("seconds")
