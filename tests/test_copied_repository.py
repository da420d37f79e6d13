"""A copied or moved repository is separate: its commands reach no engine of the original, and nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from processes import LONG, about, eventually, finish, mom, start
from repositories import Mom, Repo, clone

from mom_lsp import datafolder, indexqueue
from mom_lsp.cli.connect import open_service
from mom_lsp.errors import ChildError, DataFolderError, JournalError, NoIndex, StoreError, UsageError
from mom_lsp.indexing.marker import load_marker
from mom_lsp.journal import Journal
from mom_lsp.process import EngineClient, ensure_engine
from mom_lsp.process.command_socket import ask
from mom_lsp.store import Store, writer_lease

Engines = Callable[[Repo], EngineClient]


@pytest.fixture
def indexed(project: Repo) -> Repo:
    project.commit("Limit the retries to 42\n\nThe server bans whoever tries more often.", {"a.py": "retries = 42\n"})
    index(project)
    return project


def index(repo: Repo) -> None:
    work = Mom(repo.root)
    work.index()
    work.service.close()


def call(repo: Repo, method: str, **params: Any) -> Any:
    """Send a request as a command does: to the engine of the repository, if there is one, else in this process."""
    service = open_service(repo.location)
    try:
        return service(method, {"root": str(repo.root), **params})
    finally:
        service.close()


def note(repo: Repo, text: str) -> None:
    call(repo, "note", text=text, path="a.py", line=1)


def titles(repo: Repo, text: str) -> list[str]:
    return [one["title"] for one in call(repo, "search", text=text)["suggestions"]]


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Start the real engine of a repository; it is ended afterwards."""
    clients: list[EngineClient] = []

    def run(repo: Repo) -> EngineClient:
        clients.append(ensure_engine(repo.location.data, LONG))
        return clients[-1]

    yield run
    for client in clients:
        if not client.closed.is_set():
            client.submit("shutdown", {})
            assert client.closed.wait(LONG)


def notes(repo: Repo) -> list[str]:
    """Return the texts of the notes in a repository's journal."""
    with Journal(repo.root / ".git" / "mom" / "journal.sqlite") as journal:
        return [event.data["text"] for event in journal.events() if event.type == "note"]


def answers(repo: Repo) -> bool:
    """Whether an engine answers a command in a repository."""
    try:
        return ask(str(repo.location.data), ["-C", str(repo.root), "search", "retries"]) is not None
    except OSError:
        return False


def engine_pid(client: EngineClient, repo: Repo) -> int:
    status = client.call("status", {"root": str(repo.root)}, LONG)
    assert status["data"] == str(repo.location.data)
    return int(status["engine"]["pid"])


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def unpacked(source: Path, target: Path) -> None:
    target.mkdir()
    archive = subprocess.run(["tar", "-C", str(source), "-c", "."], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-C", str(target), "-x"], check=True, input=archive)


@pytest.mark.parametrize(
    "copy", [shutil.copytree, pytest.param(unpacked, marks=pytest.mark.slow)], ids=["cp -r", "tar"]
)
def test_feedback_in_a_copied_repository_stays_in_the_copy(
    indexed: Repo, tmp_path: Path, engines: Engines, copy: Callable[[Path, Path], object]
) -> None:
    engine = engines(indexed)
    assert answers(indexed)
    copy(indexed.root, tmp_path / "copy")
    copied = Repo(tmp_path / "copy", indexed.now)
    assert not answers(copied), "the engine of the original would"
    note(copied, "of the copy")
    copied.commit("Add a second line in the copy alone", {"a.py": "retries = 42\nsecond = 1\n"})
    index(copied)
    assert "Add a second line in the copy alone" in titles(copied, "second line")
    call(copied, "forget", id=call(copied, "search", text="limit retries 42")["suggestions"][0]["id"])
    status = call(copied, "status")
    assert status["data"] == str(copied.location.data) and status["engine"] is None
    assert notes(copied) == ["of the copy"] and notes(indexed) == []
    assert "Limit the retries to 42" not in titles(copied, "retries")
    assert "Limit the retries to 42" in titles(indexed, "retries")
    assert engine_pid(engine, indexed) != engine_pid(engines(copied), copied)


@pytest.mark.slow
def test_a_moved_repository_keeps_working_at_its_new_path(indexed: Repo, tmp_path: Path, engines: Engines) -> None:
    old = engines(indexed)
    pid = engine_pid(old, indexed)
    note(indexed, "before the move")
    moved = Repo(indexed.root.rename(tmp_path / "renamed"), indexed.now)
    assert not answers(moved)
    assert titles(moved, "retries") == ["Limit the retries to 42"]
    note(moved, "after the move")
    assert engine_pid(engines(moved), moved) != pid
    assert old.closed.wait(LONG) and old.left
    eventually(lambda: ended(pid))
    assert notes(moved) == ["before the move", "after the move"]
    assert not indexed.root.exists(), "whoever still works there makes no folder"


def test_an_engine_whose_folder_was_moved_stops_answering(indexed: Repo, tmp_path: Path, engines: Engines) -> None:
    old = engines(indexed)
    old.call("open", {"root": str(indexed.root)}, LONG)  # which starts an indexer, too
    data = indexed.location.data
    indexed.root.rename(tmp_path / "renamed")
    with pytest.raises(ChildError, match="exited"):
        old.call("note", {"root": str(indexed.root), "text": "lost?"}, LONG)
    with pytest.raises(DataFolderError, match="moved or deleted"):
        ensure_engine(data, LONG)
    with pytest.raises(NoIndex):
        Store(data)
    with Journal(data / "journal.sqlite") as journal, pytest.raises(JournalError, match="moved or deleted"):
        journal.append("pin", "m", now=1)
    eventually(lambda: all(ended(process.pid) for process in about(indexed.root)))
    assert not indexed.root.exists()


@pytest.mark.slow
def test_a_clone_at_the_old_path_of_a_moved_repository_is_separate(
    indexed: Repo, tmp_path: Path, engines: Engines
) -> None:
    place, old = indexed.root, engines(indexed)
    pid = engine_pid(old, indexed)
    moved = Repo(place.rename(tmp_path / "renamed"), indexed.now)
    fresh = clone(moved, place)
    note(fresh, "of the clone")
    with pytest.raises(ChildError, match="exited"):
        old.call("note", {"root": str(place), "text": "to whom?"}, LONG)
    assert engine_pid(engines(fresh), fresh) != pid
    note(moved, "of the moved one")
    assert (notes(fresh), notes(moved)) == (["of the clone"], ["of the moved one"])


@pytest.mark.slow
def test_an_engine_detects_a_clone_that_replaced_a_deleted_repository(
    indexed: Repo, tmp_path: Path, engines: Engines
) -> None:
    """The new folder is likely to get the inodes of the old one as soon as they are free."""
    origin, place, old = clone(indexed, tmp_path / "origin"), indexed.root, engines(indexed)
    shutil.rmtree(place)
    fresh = clone(origin, place)
    index(fresh)
    with pytest.raises(ChildError, match="exited"):
        old.call("note", {"root": str(place), "text": "to whom?"}, LONG)
    assert not answers(fresh)
    note(fresh, "of the clone")
    assert notes(fresh) == ["of the clone"]


@pytest.mark.slow
def test_moved_worktrees_share_the_engine_of_their_repository(indexed: Repo, tmp_path: Path, engines: Engines) -> None:
    linked = indexed.worktree(tmp_path / "linked", "-b", "topic")
    pid = engine_pid(engines(indexed), indexed)
    indexed.git("worktree", "move", str(linked.root), str(tmp_path / "elsewhere"))
    moved = Repo(tmp_path / "elsewhere", indexed.now)
    assert answers(moved) and engine_pid(engines(moved), moved) == pid
    note(moved, "in a worktree")
    assert notes(indexed) == ["in a worktree"]


def test_an_engine_answers_for_its_own_repository_alone(indexed: Repo, tmp_path: Path, engines: Engines) -> None:
    engine, other = engines(indexed), clone(indexed, tmp_path / "other")
    other.commit("Write to the cache at once", {"b.py": "cache = {}\n"})
    index(other)
    assert "Write to the cache at once" in mom(indexed, "search", "-C", str(other.root), "cache")
    with pytest.raises(UsageError, match="has its memories in"):
        engine.call("search", {"root": str(other.root), "text": "cache"}, LONG)
    assert answers(indexed)


def test_a_copy_indexes_its_own_head_despite_copied_requests(indexed: Repo, tmp_path: Path) -> None:
    """Requests name a worktree by its path, which in a copy is that of the original."""
    indexqueue.enqueue(indexed.location.data, indexed.root / ".git", "post-commit")
    shutil.copytree(indexed.root, tmp_path / "copy")
    copied = Repo(tmp_path / "copy", indexed.now)
    foreign = indexed.commit("Only in the original", {"b.py": "b = 1\n"})
    own = copied.commit("Only in the copy", {"c.py": "c = 1\n"})
    mom(copied, "index", "--queued")
    assert own in load_marker(copied.location.data).heads and foreign not in load_marker(copied.location.data).heads
    assert not indexqueue.pending(copied.location.data) and indexqueue.pending(indexed.location.data)


def test_a_copied_start_claim_is_not_valid(indexed: Repo, tmp_path: Path) -> None:
    data, now = indexed.location.data, time.time()
    assert indexqueue.claim_start(data, now) and not indexqueue.claim_start(data, now)
    shutil.copytree(data, tmp_path / "mom")
    assert indexqueue.claim_start(tmp_path / "mom", now), "nobody is about to start one here"
    assert not indexqueue.claim_start(tmp_path / "mom", now)


def test_watching_stops_when_another_repository_replaces_the_folder(indexed: Repo, tmp_path: Path) -> None:
    watcher = start(indexed, "index", "--watch")
    eventually((indexed.location.data / datafolder.REQUESTS).is_dir)  # made as watching begins
    moved = Repo(indexed.root.rename(tmp_path / "renamed"), indexed.now)
    clone(moved, indexed.root)
    finish(watcher)
    assert not (indexed.root / ".git" / "mom").exists()


def test_a_reader_does_not_recreate_a_moved_index_folder(indexed: Repo, tmp_path: Path) -> None:
    store = Store(indexed.location.data)
    indexed.root.rename(tmp_path / "renamed")
    with pytest.raises(StoreError, match="moved or deleted"):
        store.columns(["id"])
    assert not indexed.root.exists()


@pytest.mark.parametrize("made_by", ["journal", "requests", "lease"])
def test_nothing_recreates_the_folder_of_a_deleted_repository(tmp_path: Path, made_by: str) -> None:
    data = tmp_path / "gone" / ".git" / "mom"
    if made_by == "journal":
        with Journal(data / "journal.sqlite") as journal, pytest.raises(JournalError, match="moved or deleted"):
            journal.append("pin", "m", now=1)
    elif made_by == "requests":
        with pytest.raises(OSError, match="moved or deleted"):
            indexqueue.enqueue(data, data.parent, "hook")
    else:
        with pytest.raises(StoreError, match="moved or deleted"), writer_lease(data):
            pass
    assert not list(tmp_path.iterdir())
