"""The commit-graph in the data folder: it saves git time and never changes an answer, nor the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from git_reading import LINES, who
from indexing_runs import makes_a_pass
from processes import read_only
from repositories import Repo, Start, clone, copy_of, make_repository

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository
from mom_lsp.git.blank import CHAIN, GRAPHS, LOCK, has_changed_paths
from mom_lsp.workspace.library.saved_line_keys import SavedLineKeys

CHANGES = 5


def graphs(repo: Repo) -> Path:
    """Return the folder of the commit-graph."""
    return repo.location.data / datafolder.BLANK_GIT / GRAPHS


def remove_graph(repo: Repo) -> None:
    shutil.rmtree(graphs(repo))


def change(repo: Repo) -> None:
    for number in range(1, CHANGES + 1):
        repo.commit(f"change {number}", {"a.txt": LINES.replace(f"line {number}\n", f"changed {number}\n")})


def with_graph(repo: Repo) -> Repository:
    repository = repo.repository
    repository.write_commit_graph([repo.head])
    assert has_changed_paths(graphs(repo).parents[1], repo.head)
    return repository


def answers(repo: Repo, repository: Repository) -> object:
    """Return what is read with the help of the commit-graph."""
    head, root = repo.head, repo.git("rev-list", "HEAD").split()[-1]
    return (
        who(repository.blame(head, "a.txt")),
        repository.graph(head),
        repository.history(head, without=[root]),
        repository.touched("a.txt", root, head),
        repository.touched("b.txt", root, head),
        repository.is_ancestor(root, head),
    )


def everything(folder: Path, besides: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file() and besides not in file.parents
    }


def test_indexing_writes_it_without_touching_the_repository(project: Repo, moms: Start) -> None:
    change(project)
    before = everything(project.root / ".git", project.location.data)
    assert project.repository.lacks_commit_graph(project.head)
    assert not moms(project).index().nothing_new
    assert everything(project.root / ".git", project.location.data) == before
    assert has_changed_paths(graphs(project).parents[1], project.head)
    assert moms(project).index().nothing_new
    newest = project.commit("one more", {"a.txt": LINES})
    assert not has_changed_paths(graphs(project).parents[1], newest)
    moms(project).index()
    assert has_changed_paths(graphs(project).parents[1], newest)


def test_an_index_without_one_gets_one(project: Repo, moms: Start) -> None:
    change(project)
    moms(project).index()
    remove_graph(project)
    moms(project).index()
    assert has_changed_paths(graphs(project).parents[1], project.head)


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_answers_are_the_same_with_it(home: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    project = make_repository(tmp_path / "repo", *options)
    change(project)
    project.git("checkout", "-q", "-b", "side", "HEAD~2")
    project.commit("beside", {"b.txt": LINES})
    project.git("checkout", "-q", "-")
    project.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    plain = answers(project, project.repository)
    assert answers(project, with_graph(project)) == plain
    project.commit("one more", {"a.txt": LINES})  # it does not know this one yet
    copied = without(project)
    assert answers(project, project.repository) == answers(copied, copied.repository)


def without(project: Repo) -> Repo:
    """Return a copy of a repository without our data."""
    copied = copy_of(project, project.root.with_name("copied"))
    shutil.rmtree(copied.location.data)
    return copied


def test_a_shallow_clone_gets_none_and_one_left_behind_does_no_harm(project: Repo, tmp_path: Path) -> None:
    change(project)
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    shallow.repository.write_commit_graph([shallow.head])
    assert not graphs(shallow).exists() and not shallow.repository.lacks_commit_graph(shallow.head)
    shallow.git("fetch", "-q", "--unshallow")
    whole = answers(shallow, with_graph(shallow))
    assert len(shallow.repository.graph(shallow.head)) == CHANGES
    shallow.git("fetch", "-q", "--depth=2")
    assert len(shallow.repository.graph(shallow.head)) == 2
    assert [group.boundary for group in shallow.repository.blame(shallow.head, "a.txt")].count(True)
    shallow.git("fetch", "-q", "--unshallow")
    assert answers(shallow, shallow.repository) == whole


def test_replaced_commits_are_replaced_with_it_too(project: Repo) -> None:
    change(project)
    repository = with_graph(project)
    project.git("replace", "--graft", "HEAD~1")  # the history now begins there
    assert len(repository.graph(project.head)) == 2
    assert len(repository.history(project.head)) == 2


@pytest.mark.parametrize(("options", "files"), [(["--filter=tree:0"], 1), (["--filter=tree:0", "--no-checkout"], 0)])
def test_a_clone_without_trees_is_indexed_without_one(
    project: Repo, tmp_path: Path, options: list[str], files: int
) -> None:
    change(project)
    project.git("config", "uploadpack.allowFilter", "true")
    treeless = clone(project, tmp_path / "treeless", *options)
    assert makes_a_pass(treeless)
    with pytest.raises(RepositoryError):
        treeless.repository.write_commit_graph([treeless.head])
    assert not makes_a_pass(treeless), "it is not tried again at once"
    assert len(SavedLineKeys(treeless.location.data).load()) == files, (
        "the lines of what is there are saved all the same"
    )


def test_a_clone_without_files_gets_one(project: Repo, tmp_path: Path) -> None:
    change(project)
    project.git("config", "uploadpack.allowFilter", "true")
    partial = clone(project, tmp_path / "partial", "--filter=blob:none")
    assert len(with_graph(partial).graph(partial.head)) == CHANGES


def test_a_writer_that_was_killed_does_not_block_the_next(project: Repo) -> None:
    change(project)
    with_graph(project)
    (graphs(project) / LOCK).touch()
    (graphs(project) / "tmp_graph_abc").write_bytes(b"half")
    project.commit("one more", {"a.txt": LINES})
    with_graph(project)
    assert not (graphs(project) / LOCK).exists() and not (graphs(project) / "tmp_graph_abc").exists()


def test_rewritten_history_is_read_rightly(project: Repo) -> None:
    change(project)
    repository = with_graph(project)
    for number in range(3):
        project.git("commit", "--amend", "-q", "-m", f"amended {number}")
        with_graph(project)
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    assert who(repository.blame(project.head, "a.txt"))[CHANGES] == project.head
    assert [sha for sha, _ in repository.graph(project.head)] == project.git("rev-list", "HEAD").split()
    project.commit("one more", {"a.txt": LINES})
    assert [sha for sha, _ in with_graph(project).graph(project.head)] == project.git("rev-list", "HEAD").split()


def test_the_repository_s_own_is_used_where_it_has_changed_paths(project: Repo, moms: Start) -> None:
    change(project)
    project.git("commit-graph", "write", "--reachable")
    assert project.repository.lacks_commit_graph(project.head)
    project.git("commit-graph", "write", "--reachable", "--changed-paths")
    assert not project.repository.lacks_commit_graph(project.head)
    moms(project).index()
    assert not graphs(project).exists()
    project.commit("one more", {"a.txt": LINES})
    moms(project).index()  # theirs is out of date
    assert has_changed_paths(graphs(project).parents[1], project.head)
    project.git("commit-graph", "write", "--reachable", "--changed-paths", "--split")
    assert has_changed_paths(project.root / ".git" / "objects", project.head)


@pytest.mark.parametrize("damaged", [b"", b"CGPH", b"CGPH\1\1\xff\0" + bytes(40), b"CGPH\1\1\2\0" + b"\xff" * 90])
def test_a_damaged_one_has_no_changed_paths(project: Repo, damaged: bytes) -> None:
    change(project)
    own = project.root / ".git" / "objects" / "info" / "commit-graph"
    own.write_bytes(damaged)
    assert not has_changed_paths(project.root / ".git" / "objects", project.head)
    (own.parent / "commit-graphs").mkdir()
    (own.parent / "commit-graphs" / CHAIN).write_text("0" * 40 + "\n")  # a layer that is missing
    assert not has_changed_paths(project.root / ".git" / "objects", project.head)


@pytest.mark.parametrize("link", ["objects", "objects/info", "objects/info/commit-graphs"])
def test_nothing_is_written_through_a_link(project: Repo, tmp_path: Path, link: str) -> None:
    change(project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = project.location.data / datafolder.BLANK_GIT / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere)
    with pytest.raises(RepositoryError):
        project.repository.write_commit_graph([project.head])
    assert not any(elsewhere.iterdir())


def test_an_index_without_one_in_a_read_only_folder_is_left_alone(project: Repo, moms: Start) -> None:
    change(project)
    moms(project).index()
    remove_graph(project)
    command = [sys.executable, "-P", "-m", "mom_lsp", "-C", str(project.root), "index"]
    done = subprocess.run([*read_only(project.root), *command], capture_output=True, text=True)
    assert (done.returncode, graphs(project).exists()) == (0, False), done.stderr


@pytest.mark.parametrize("name", [CHAIN, "*.graph"])
def test_a_damaged_commit_graph_is_removed_and_written_again(project: Repo, name: str) -> None:
    change(project)
    right = answers(project, with_graph(project))
    file = next(graphs(project).glob(name))
    content = file.read_bytes()
    for at in range(0, len(content), max(1, len(content) // 40)):
        if not file.exists():
            with_graph(project)
            file = next(graphs(project).glob(name))
        file.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        assert answers(project, project.repository) == right
        assert not file.exists()
    assert project.repository.lacks_commit_graph(project.head)
