"""Revisions, texts and locations of repositories."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Repo, make_repository

from mom_lsp.errors import RepositoryError, UsageError
from mom_lsp.git import Repository, locate, operation_in_progress
from mom_lsp.git.location import from_git_dir

# Revisions


@pytest.mark.parametrize(
    "rev",
    ["", "no-such-branch", "--upload-pack=touch /tmp/x", "-h", "--all", "HEAD:a.txt", "a\0b", "a\nb", "x" * 300_000],
)
def test_an_invalid_revision_is_a_usage_error(project: Repo, rev: str) -> None:
    project.commit("first", {"a.txt": "1\n"})
    with pytest.raises(UsageError, match="is not a commit"):
        project.repository.resolve(rev)


def test_an_unborn_head_is_none_and_a_broken_repository_is_an_error(project: Repo) -> None:
    repository = project.repository
    assert repository.resolve() is None
    (project.root / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(RepositoryError):
        repository.resolve()


def test_resolve_accepts_every_way_to_name_a_commit(project: Repo) -> None:
    first = project.commit("first", {"a.txt": "1\n"})
    second = project.commit("second")
    project.git("tag", "-a", "-m", "a tag", "v1", first)
    resolved = {rev: project.repository.resolve(rev) for rev in ("HEAD", "main", "v1", "HEAD~1", first[:9])}
    assert resolved == {"HEAD": second, "main": second, "v1": first, "HEAD~1": first, first[:9]: first}


def test_history_and_ancestry_are_read(project: Repo) -> None:
    first = project.commit("first")
    second = project.commit("second")
    project.git("checkout", "-qb", "side", first)
    side = project.commit("side")
    repository = project.repository
    assert repository.history(second) == [second, first]
    assert repository.history(second, without=[side]) == [second]
    assert repository.is_ancestor(first, second)
    assert not repository.is_ancestor(side, second)
    assert not repository.is_ancestor("0" * 40, second)  # rewritten, and removed since
    assert repository.has(side)
    assert not repository.has("0" * 40)


def test_texts_skips_missing_binary_and_too_large_blobs(project: Repo) -> None:
    project.write("a.bin", b"\0")
    project.commit("first", {"a.txt": "héllo\n", "big.txt": "x" * 500})
    blobs = {path: entry.blob for path, entry in project.repository.tree(project.head).items()}
    asked = [blobs["big.txt"], "1" * 40, blobs["a.txt"], blobs["a.bin"]]
    assert list(project.repository.texts(asked, 100)) == [(blobs["a.txt"], "héllo\n")]


def test_inherited_git_variables_are_ignored(project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit("first", {"a.txt": "1\n"})
    other = make_repository(tmp_path / "other")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(other.root / ".git"))
    assert project.repository.resolve() == project.head


# Locations


def test_locate_finds_worktrees_bare_repositories_and_plain_folders(project: Repo, tmp_path: Path) -> None:
    project.commit("first", {"a/b.txt": "1\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "side")
    common = project.root / ".git"
    assert locate(project.root / "a" / "b.txt").root == project.root
    assert (linked.location.root, linked.location.data) == (linked.root, common / "mom")
    assert linked.location.git_dir == common / "worktrees" / "linked"
    assert [from_git_dir(d, project.location) for d in project.repository.worktrees()] == [
        project.location,
        linked.location,
    ]
    bare = make_repository(tmp_path / "bare.git", "--bare")
    assert (bare.location.root, bare.location.git_dir) == (bare.root, bare.root)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert not locate(plain).git
    assert not locate(plain).data.is_relative_to(plain)
    with pytest.raises(UsageError, match="does not exist"):
        locate(plain / "no")


def test_a_running_rebase_is_detected(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    project.git("checkout", "-qb", "side")
    project.commit("side", {"a.txt": "2\n"})
    project.git("checkout", "-q", "main")
    project.commit("main", {"a.txt": "3\n"})
    project.git("rebase", "side", check=False)
    assert operation_in_progress(project.location.git_dir)
    project.git("rebase", "--abort")
    assert not operation_in_progress(project.location.git_dir)
    assert not operation_in_progress(None)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
    ],
)
def test_a_remote_url_is_shown_without_its_password(project: Repo, url: str, shown: str) -> None:
    assert project.repository.remote_url() is None
    project.git("remote", "add", "origin", url)
    assert project.repository.remote_url() == shown


def test_a_plain_folder_is_not_a_repository(tmp_path: Path, home: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryError, match="not a git repository"):
        Repository(locate(tmp_path / "plain"))


def test_a_worktree_may_be_named_by_a_relative_path(project: Repo, tmp_path: Path) -> None:
    """As newer versions of git write it."""
    project.commit("first", {"a.txt": "1\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "side")
    git_dir = project.root / ".git" / "worktrees" / "linked"
    assert from_git_dir(git_dir, project.location).root == linked.root
    (git_dir / "gitdir").write_text("../../../../linked/.git\n")
    assert from_git_dir(git_dir, project.location).root == linked.root


def test_the_worktree_of_a_submodule_is_not_its_git_directory(project: Repo, tmp_path: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    outer = make_repository(tmp_path / "outer")
    outer.git("submodule", "add", "--quiet", str(project.root), "inner")
    location = locate(tmp_path / "outer/inner")
    assert location.git_dir is not None
    assert from_git_dir(location.git_dir, location) == location
