"""Replaced commits and grafts: every answer sees the history that git shows."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable

import pytest
from git_reading import LINES, who
from indexing_runs import rows, run
from repositories import Repo, Start, copy_of

from mom_lsp.indexing import Progress

IMPORT = "Import what another system kept\n\nBecause its server was switched off, callers are lost."
OLD = "Old work on the lines\n\nBecause callers count from one."


def graft(repo: Repo, commit: str, *parents: str) -> None:
    grafts = repo.root / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text("# joined by hand\n" + " ".join((commit, *parents)) + "\n")


def pack(repo: Repo, commit: str, *parents: str) -> None:
    repo.git("replace", "--graft", commit, *parents)
    repo.git("pack-refs", "--all")


HOW: dict[str, Callable[..., object]] = {
    "a loose replace ref": lambda repo, *commits: repo.git("replace", "--graft", *commits),
    "a packed replace ref": pack,
    "info/grafts": graft,
}


def torn(repo: Repo) -> tuple[str, str]:
    """Make a history that begins anew with the same files; return the last commit before that, and the first after."""
    old = repo.commit(OLD, {"a.txt": LINES})
    repo.git("checkout", "-q", "--orphan", "new")
    return old, repo.commit(IMPORT)


def blamed_by_git(repo: Repo) -> set[str]:
    lines = repo.git("blame", "--porcelain", "-w", "HEAD", "--", "a.txt").split("\n")
    return {line[:40] for line in lines if len(line.split(" ")) > 2 and len(line.split(" ")[0]) == 40}


@pytest.mark.parametrize("how", HOW)
def test_blame_sees_the_joined_history(project: Repo, how: str) -> None:
    old, new = torn(project)
    repository = project.repository
    repository.write_commit_graph([new])
    assert set(who(repository.blame(new, "a.txt")).values()) == {new}
    HOW[how](project, new, old)
    assert set(who(repository.blame(new, "a.txt")).values()) == blamed_by_git(project) == {old}
    assert set(who(project.repository.blame(new, "a.txt", moves=True)).values()) == {old}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("before", [True, False], ids=["joined, then indexed", "indexed, then joined"])
def test_the_older_commit_is_named_as_the_writer(project: Repo, moms: Start, how: str, before: bool) -> None:
    old, new = torn(project)
    mom = moms(project)
    if not before:
        mom.index()
        assert [one["title"] for one in mom.suggest("a.txt", 3)] == [IMPORT.split("\n")[0]]
    HOW[how](project, new, old)
    mom.index()
    (first, *_) = mom.suggest("a.txt", 3)
    assert (first["title"], "wrote this line" in str(first)) == (OLD.split("\n")[0], True)
    assert mom.index().nothing_new


def test_a_replacement_that_is_removed_is_not_seen_any_more(project: Repo) -> None:
    old, new = torn(project)
    repository = project.repository
    project.git("replace", "--graft", new, old)
    assert set(who(repository.blame(new, "a.txt")).values()) == {old}
    project.git("replace", "--delete", new)
    assert (set(who(repository.blame(new, "a.txt")).values()), repository.overrides) == ({new}, frozenset())


@pytest.mark.parametrize("read", [0, 1], ids=["before it reads a commit", "after it read some"])
def test_a_replacement_that_is_removed_after_an_interrupted_pass_leaves_no_trace(project: Repo, read: int) -> None:
    for number in range(3):
        project.commit(f"Change {number}, because it was slow", {f"{number}.txt": LINES})
    run(project)
    before, stop = rows(project), threading.Event()

    def interrupt(progress: Progress) -> None:
        if progress.phase == "history" and progress.done >= read:
            stop.set()

    project.git("replace", "HEAD~1", "HEAD~2")
    run(project, report=interrupt, stop=stop)
    assert rows(project) != before
    project.git("replace", "--delete", "HEAD~1")
    run(project)
    assert rows(project) == before


def test_replacements_that_git_is_told_not_to_use_are_not_used(project: Repo) -> None:
    old, new = torn(project)
    project.git("replace", "--graft", new, old)
    project.git("config", "core.useReplaceRefs", "false")
    assert set(who(project.repository.blame(new, "a.txt")).values()) == blamed_by_git(project) == {new}


def test_a_data_folder_that_cannot_be_written_hides_no_replacement(project: Repo) -> None:
    old, new = torn(project)
    project.repository.blame(new, "a.txt")
    copied = copy_of(project, project.root.with_name("copied"))
    copied.git("replace", "--graft", new, old)
    blank = copied.location.data / "git"
    shutil.rmtree(blank)
    blank.write_text("a file where a folder should be")
    assert set(who(copied.repository.blame(new, "a.txt")).values()) == {old}
