"""Following a repository while it changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from indexing_runs import LEXICAL, rows, run, titles
from processes import LONG, limited
from repositories import Repo, make_repository

from mom_lsp.indexing import Progress, serve_requests, watch
from mom_lsp.indexing.marker import load_marker
from mom_lsp.indexqueue import enqueue, pending
from mom_lsp.settings import Settings


class Watcher:
    """`watch` in a thread of its own; `passes` counts the ends of its passes."""

    def __init__(self, repo: Repo) -> None:
        self.stop, self.condition, self.passes, self.messages = threading.Event(), threading.Condition(), 0, set[str]()
        self.thread = threading.Thread(target=watch, args=(repo.location, lambda: LEXICAL, self.report, self.stop))
        self.thread.start()

    def report(self, progress: Progress) -> None:
        with self.condition:
            self.passes += progress.phase == "waiting"
            self.messages.add(progress.message)
            self.condition.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.condition:
            assert self.condition.wait_for(condition, LONG)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(LONG)
        assert not self.thread.is_alive()


@pytest.fixture
def watcher(project: Repo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """Watch a repository of one commit; a pass comes soon after a change, and only then."""
    module = sys.modules["mom_lsp.indexing.watcher"]
    monkeypatch.setattr(module, "SETTLE", 0.05)
    monkeypatch.setattr(module, "HEARTBEAT", 3600.0)
    project.commit("Begin", {"a.py": "a = 1\n"})
    watcher = Watcher(project)
    try:
        watcher.until(lambda: watcher.passes > 0)
        yield watcher
    finally:
        watcher.end()


def test_a_new_commit_is_indexed(project: Repo, watcher: Watcher) -> None:
    assert titles(project) == ["Begin"]
    project.commit("Go on", {"a.py": "a = 2\n"})
    watcher.until(lambda: titles(project) == ["Begin", "Go on"])


def test_a_commit_in_a_worktree_added_later_is_indexed(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    linked = project.worktree(tmp_path / "linked", "--detach")
    seen = watcher.passes
    watcher.until(lambda: watcher.passes > seen)
    linked.commit("On no branch", {"a.py": "a = 3\n"})
    watcher.until(lambda: titles(project) == ["Begin", "On no branch"])


def test_a_worktree_added_after_all_were_removed_is_followed(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    folder = project.root / ".git/worktrees"
    for number in range(2):
        linked = project.worktree(tmp_path / f"linked{number}", "--detach")
        seen = watcher.passes
        watcher.until(lambda seen=seen: watcher.passes > seen)
        linked.commit(f"On no branch {number}", {"a.py": f"a = {number + 3}\n"})
        watcher.until(lambda number=number: f"On no branch {number}" in titles(project))
        seen = watcher.passes
        project.git("worktree", "remove", str(linked.root))
        assert not folder.exists()
        watcher.until(lambda seen=seen: watcher.passes > seen)


def test_a_worktree_whose_folder_was_deleted_is_not_indexed(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    linked = project.worktree(tmp_path / "linked", "--detach")
    shutil.move(linked.root, tmp_path / "elsewhere")
    head = project.git("commit-tree", "-m", "In no folder", "-p", "HEAD", "HEAD^{tree}")
    (git_dir,) = (project.root / ".git" / "worktrees").iterdir()
    (git_dir / "HEAD").write_text(f"{head}\n")
    project.commit("Go on", {"a.py": "a = 2\n"})
    watcher.until(lambda: "Go on" in titles(project))
    seen = watcher.passes
    project.git("notes", "add", "-m", "It goes on here, because the parser needs a name.")
    watcher.until(lambda: watcher.passes > seen)
    assert titles(project) == ["Begin", "Go on"]


def test_a_changed_git_note_is_read(project: Repo, watcher: Watcher) -> None:
    project.git("notes", "add", "-m", "It begins here, because the parser needs a name.")
    watcher.until(lambda: "needs a name" in rows(project)[0]["body"])
    project.git("notes", "remove", "HEAD")
    project.git("pack-refs", "--all")
    watcher.until(lambda: rows(project)[0]["body"] == "")


def test_a_deleted_repository_is_not_recreated(project: Repo, watcher: Watcher, tmp_path: Path) -> None:
    project.root.rename(tmp_path / "elsewhere")
    watcher.thread.join(LONG)
    assert not watcher.thread.is_alive() and not project.root.exists()


def test_a_request_is_served(project: Repo, watcher: Watcher) -> None:
    enqueue(project.location.data, project.location.git_dir, "test")
    watcher.until(lambda: not pending(project.location.data))


def test_an_unchanged_repository_triggers_no_further_pass(project: Repo, watcher: Watcher) -> None:
    project.commit("Go on", {"a.py": "a = 2\n"})
    watcher.until(lambda: titles(project) == ["Begin", "Go on"])
    with watcher.condition:
        before = watcher.passes
        while watcher.condition.wait_for(lambda seen=before: watcher.passes > seen, 0.5):  # its consequences
            before = watcher.passes
            assert before < 12, "each pass causes the next"


def test_a_folder_that_is_always_written_to_is_indexed_and_encoded(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["mom_lsp.indexing.watcher"], "LONGEST_SETTLE", 1.0)
    plain = Repo(tmp_path / "folder")
    plain.write("a.py", "# The parser needs a name, because it must not fail without one.\na = 1\n")
    stop, written = threading.Event(), threading.Event()

    def write_on() -> None:
        while not written.wait(0.02):
            plain.write("server.log", "another line")

    def report(progress: Progress) -> None:
        if progress.phase == "waiting":
            stop.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        watcher = threading.Thread(target=watch, args=(plain.location, Settings, report, stop))
        watcher.start()
        watcher.join(LONG)
        assert not watcher.is_alive()
    finally:
        stop.set()
        written.set()
        writer.join(LONG)
    assert load_marker(plain.location.data).encoded


def test_a_worktree_that_cannot_be_read_keeps_no_other_one_from_being_indexed(project: Repo, tmp_path: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    broken = project.worktree(tmp_path / "broken", "-b", "broken")
    lost = broken.commit("Lost", {"a.py": "a = 3\n"})
    (project.root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    for repo in (broken, project):
        enqueue(repo.location.data, repo.location.git_dir, "post-commit")
    told: list[str] = []
    serve_requests(
        project.location, lambda: LEXICAL, report=lambda progress: told.append(progress.message), stop=threading.Event()
    )
    assert titles(project) == ["Begin"]
    assert any(str(broken.root) in message and lost in message for message in told)
    assert pending(project.location.data) == []
    enqueue(broken.location.data, broken.location.git_dir, "post-commit")
    project.commit("Go on", {"a.py": "a = 2\n"})
    run(project)
    assert titles(project) == ["Begin", "Go on"]


def test_another_worktree_without_commits_is_not_what_the_indexer_waits_for(project: Repo, tmp_path: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "side")
    project.git("symbolic-ref", "HEAD", "refs/heads/nothing-yet")
    stop, told = threading.Event(), dict[str, str]()
    for repo in (linked, project):
        stop.clear()

        def report(progress: Progress, repo: Repo = repo) -> None:
            if progress.phase == "waiting":
                told[repo.root.name] = progress.message
                stop.set()

        watch(repo.location, lambda: LEXICAL, report, stop)
    assert told == {"linked": "", project.root.name: "no commits yet"}


def test_serving_requests_can_be_stopped(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    enqueue(project.location.data, project.location.git_dir, "test")
    stop = threading.Event()
    stop.set()
    serve_requests(project.location, lambda: LEXICAL, report=lambda progress: None, stop=stop)
    assert len(pending(project.location.data)) == 1
    serve_requests(project.location, lambda: LEXICAL, report=lambda progress: None, stop=threading.Event())
    assert pending(project.location.data) == []
    assert make_repository(project.root.parent / "other").location.data != project.location.data


# Follows a repository without an encoder until the third pass has ended.
THREE_PASSES = """
import sys, threading
from pathlib import Path
from indexing_runs import LEXICAL
from mom_lsp.git.location import locate
from mom_lsp.indexing import watcher
watcher.HEARTBEAT = 0.1
stop, passes = threading.Event(), []
def report(progress):
    passes.extend([1] * (progress.phase == "waiting"))
    if len(passes) == 3:
        stop.set()
watcher.watch(locate(Path(sys.argv[1])), lambda: LEXICAL, report, stop)
"""


@pytest.mark.parametrize(("resource", "most"), [("max_inotify_instances", 0), ("max_inotify_watches", 2)])
def test_indexing_goes_on_when_other_programs_used_up_the_watches(project: Repo, resource: str, most: int) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    command = [*limited(resource, most), sys.executable, "-c", THREE_PASSES, str(project.root)]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    assert titles(project) == ["Begin"]
    assert done.stderr.count("changes are noticed only every 0.1 seconds: inotify") == 1
