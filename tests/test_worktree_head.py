"""A worktree notices that HEAD has moved, through whatever ref it reaches its commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from repositories import Repo

from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository, locate
from mom_lsp.git.ancestors import Ancestors
from mom_lsp.gitdirs import refs_of_head
from mom_lsp.workspace.library.worktree import Worktree


def alias(repo: Repo, *names: str) -> None:
    """Let HEAD lead to the branch that is checked out by way of other names."""
    target = repo.git("symbolic-ref", "HEAD")
    for name in names:
        repo.git("symbolic-ref", name, target)
        target = name
    repo.git("symbolic-ref", "HEAD", target)


HEADS: dict[str, Callable[[Repo], object]] = {
    "a branch": lambda repo: None,
    "an alias": lambda repo: alias(repo, "refs/heads/alias"),
    "an alias of an alias": lambda repo: alias(repo, "refs/heads/one", "refs/heads/two", "refs/heads/three"),
    "an alias of a packed branch": lambda repo: (alias(repo, "refs/heads/alias"), repo.git("pack-refs", "--all")),
    "a ref of the worktree": lambda repo: (
        repo.git("update-ref", "refs/worktree/mine", "HEAD"),
        repo.git("symbolic-ref", "HEAD", "refs/worktree/mine"),
    ),
    "a branch whose name is no UTF-8": lambda repo: repo.git("checkout", "--quiet", "-b", os.fsdecode(b"caf\351")),
    "no branch": lambda repo: repo.git("checkout", "--quiet", "--detach"),
}


@pytest.mark.parametrize("linked", [False, True], ids=["main worktree", "linked worktree"])
@pytest.mark.parametrize("head", HEADS)
def test_a_commit_is_noticed_through_every_kind_of_head(project: Repo, tmp_path: Path, head: str, linked: bool) -> None:
    project.commit("First", {"a.py": "a = 1\n"})
    repo = project.worktree(tmp_path / "linked", "-b", "topic") if linked else project
    HEADS[head](repo)
    worktree = Worktree(locate(repo.root))
    assert worktree.head().commit == repo.head
    for number in range(3):  # also within one tick of the file system's clock
        commit = repo.commit(f"Commit {number}", {"a.py": f"a = {number + 2}\n"})
        assert worktree.head().commit == commit
    repo.git("pack-refs", "--all")
    commit = repo.commit("After packing", {"a.py": "a = 9\n"})
    assert worktree.head().commit == commit


def test_a_failure_of_git_lasts_for_one_question(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = project.commit("First", {"a.py": "a = 1\n"})
    worktree, ancestors = Worktree(locate(project.root)), Repository.ancestors

    def failing(self: Repository, rev: str, *, without: Sequence[str] = ()) -> Ancestors:
        monkeypatch.setattr(Repository, "ancestors", ancestors)
        raise RepositoryError("cannot run git: Resource temporarily unavailable")

    monkeypatch.setattr(Repository, "ancestors", failing)
    with pytest.raises(RepositoryError):
        len(worktree.head().ancestors)
    assert commit in worktree.head().ancestors
    assert project.commit("Second", {"a.py": "a = 2\n"}) in worktree.head().ancestors


def test_the_first_commit_is_noticed_through_an_alias(project: Repo) -> None:
    alias(project, "refs/heads/alias")
    worktree = Worktree(locate(project.root))
    assert worktree.head().commit == ""
    commit = project.commit("First", {"a.py": "a = 1\n"})
    assert worktree.head().commit == commit


def test_a_head_that_points_outside_the_repository_is_not_followed(project: Repo, tmp_path: Path) -> None:
    project.commit("First", {"a.py": "a = 1\n"})
    (tmp_path / "secret").write_text("ref: refs/heads/main\n")
    for name in ("../../secret", "refs/../../../secret", "refs/heads/main/"):
        (project.root / ".git" / "HEAD").write_text(f"ref: {name}\n")
        assert len(refs_of_head(str(project.location.git_dir), str(project.location.common_dir))) == 1, "HEAD alone"
