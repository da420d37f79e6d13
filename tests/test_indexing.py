"""Indexing: the store matches the repository, however often, in whatever order and however interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from indexing_runs import LEXICAL, in_a_process, makes_a_pass, rows, run, titles
from memories import dump, on_head
from repositories import Repo, Start, clone, fill

from mom_lsp import datafolder
from mom_lsp.indexing import Progress, Summary, extraction
from mom_lsp.indexing.extraction_worker import MAX_MERGED
from mom_lsp.indexing.marker import load_marker
from mom_lsp.store import Store

ADR = """# 1. Use sums

## Status

Accepted

## Context

Workers count, and callers need one number of them all.

## Decision

We use sums, because they are
associative and can be computed by several workers at once.
"""


def from_scratch(repo: Repo, path: Path) -> list[dict[str, Any]]:
    """Return the rows of a fresh clone, indexed at once."""
    whole = clone(repo, path)
    run(whole)
    return rows(whole)


def test_datafolder_names_every_file_that_indexing_writes(project: Repo) -> None:
    names = {value for name, value in vars(datafolder).items() if name.isupper() and isinstance(value, str)}
    fill(project, 30)
    run(project)
    data = project.location.data
    found = {str(file.relative_to(data)) for folder in (data, data / datafolder.INDEX) for file in folder.iterdir()}
    assert found <= names
    assert found >= {datafolder.INDEX, datafolder.MEMORIES, datafolder.MARKER, datafolder.SCHEMA, datafolder.CATALOG}


# The same result


def test_indexing_twice_changes_nothing(project: Repo) -> None:
    fill(project, 30)
    first = run(project)
    assert (first.commits, first.nothing_new) == (30, False)
    before, version = rows(project), Store(project.location.data).version
    second = run(project)
    assert second == replace(Summary(), nothing_new=True, seconds=second.seconds)
    (project.location.data / "lance/complete.json").unlink()
    assert run(project).commits == 0
    assert rows(project) == before
    assert len(before) > 30
    assert Store(project.location.data).version - version < 6


def test_incremental_indexing_equals_indexing_from_scratch(project: Repo, tmp_path: Path) -> None:
    fill(project, 20, files=5)
    run(project)
    for number in range(4):
        text = f"# TODO: number {number} must be done before the release\nx = {number}\n"
        project.commit(f"Add number {number}\n\nSo that it counts.", {"new.py": text})
        run(project)
    project.git("mv", "new.py", "old.py")
    project.commit("Rename it")
    run(project)
    assert on_head(project) == from_scratch(project, tmp_path / "clone")


def pick(project: Repo) -> None:
    """Cherry-pick a commit of a branch, then merge the branch: both are in the history."""
    project.commit("Begin", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    project.git("checkout", "--quiet", "-b", "side")
    picked = project.commit("Fix b\nbecause of a line that belongs to no paragraph of its own", {"b.py": "b = 2\n"})
    project.commit("More on the side", {"c.py": "c = 1\n"})
    project.git("checkout", "--quiet", "main")
    project.commit("Go on", {"a.py": "a = 2\n"})
    project.git("cherry-pick", picked)
    run(project)
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge the side\n\nSince c was needed as well.", "side")


def clash(project: Repo) -> None:
    """Commit three different changes in one second under one subject, and reach them in the wrong order."""
    project.commit("Begin", {"base.py": "x = 1\n"})
    project.git("checkout", "--quiet", "-b", "side")
    project.commit("Import", {"one.py": "x = 1\n"}, date=1_600_000_000)
    project.git("checkout", "--quiet", "main")
    project.commit("Import", {"two.py": "x = 2\n"}, date=1_600_000_000)
    run(project)
    project.commit("Import", {"three.py": "x = 3\n"}, date=1_600_000_000)
    run(project)
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge the side", "side")


@pytest.mark.parametrize(("history", "shared"), [(pick, "Fix b"), (clash, "Import")])
def test_the_order_of_indexing_does_not_matter(
    project: Repo, tmp_path: Path, history: Callable[[Repo], None], shared: str
) -> None:
    history(project)
    run(project)
    found = rows(project)
    assert found == from_scratch(project, tmp_path / "clone")
    united = [row for row in found if row["title"] == shared]
    commits = [sha for row in united for sha in row["commits"]]
    if history is pick:
        assert (len(united), len(commits)) == (1, 2)
    else:
        assert sorted(path for row in united for path in row["paths"]) == ["one.py", "three.py", "two.py"]
    assert len({sha for row in found for sha in row["commits"]}) == len(project.repository.history("HEAD"))


@pytest.mark.parametrize(("files", "has_lines"), [(MAX_MERGED, True), (MAX_MERGED + 1, False)])
def test_the_lines_of_a_merge_are_read_unless_it_has_many_files(project: Repo, files: int, has_lines: bool) -> None:
    written = {f"module_{at}.py": f"answer_number_{at} = {at}\n" for at in range(files)}
    project.commit("Begin", {"a.py": "a = 1\n"})
    project.git("checkout", "--quiet", "-b", "side")
    project.commit("Answer", written)
    project.git("checkout", "--quiet", "main")
    project.git(
        "merge", "--quiet", "--no-ff", "-m", "Merge branch 'side'\n\n" + "Everybody asks for an answer. " * 5, "side"
    )
    run(project)
    (merge,) = (row for row in rows(project) if row["title"].startswith("Merge branch"))
    assert sorted(merge["paths"]) == sorted(written)
    assert bool(merge["added_lines"]) == has_lines


def test_an_amended_commit_is_one_memory_with_the_new_text(project: Repo) -> None:
    project.commit("Fix it\n\nBecause of rain.", {"a.py": "a = 1\n"})
    run(project)
    (before,) = rows(project)
    project.write("a.py", "a = 2\n")
    project.git("commit", "--quiet", "--all", "--amend", "-m", "Fix it\n\nBecause of snow.", env={})
    date = project.git("show", "-s", "--format=%at", before["commits"][0])
    project.git("commit", "--quiet", "--amend", "--no-edit", f"--date=@{date} +0000")
    run(project)
    (after,) = rows(project)
    assert after["id"] == before["id"]
    assert after["body"] == "Because of snow."
    assert project.head in after["commits"]


# Interrupted


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7, 10])
def test_interrupted_and_resumed_indexing_equals_uninterrupted(
    project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    fill(project, 60)
    monkeypatch.setattr(extraction, "FIRST_CHUNK", 10)
    monkeypatch.setattr(extraction, "CHUNK", 20)
    monkeypatch.setattr(extraction, "FILE_CHUNK", 5)
    stop, seen = threading.Event(), list[Progress]()

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == steps:
            stop.set()

    run(project, report=report, stop=stop)
    assert len(seen) == steps
    resumed = run(project)
    assert resumed.commits + resumed.files > 0 or steps > 9
    assert rows(project) == from_scratch(project, tmp_path / "clone")
    assert Store(project.location.data).searchable
    assert run(project).nothing_new


def test_the_newest_commits_are_searchable_after_the_first_chunk(
    project: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(project, 60)
    monkeypatch.setattr(extraction, "FIRST_CHUNK", 10)
    stop = threading.Event()
    run(project, report=lambda progress: stop.set() if progress.done else None, stop=stop)
    store = Store(project.location.data)
    assert {row["commits"][0] for row in dump(store)} == set(project.repository.history("HEAD")[:10])
    found = [memory.title for memory in store.get([i for i, _ in store.search_text("CALLER 59", 3)]).values()]
    assert "Change step 59 of worker 19" in found
    assert store.search_text("step_1 nowhere", 3)[0][1] > 0


def test_an_up_to_date_index_is_not_opened(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    code = "RUN\nprint({'lancedb', 'pyarrow', 'numpy', 'torch'} & set(sys.modules))"
    assert "lancedb" in in_a_process(code, project, "index").stdout
    again = in_a_process(code, project, "index")
    assert again.stdout == "set()\n", again.stderr
    assert "up to date" in again.stderr


def test_a_worker_process_loads_no_store() -> None:
    modules = "discussion_worker, extraction_worker"
    code = f"import sys\nfrom mom_lsp.indexing import {modules}\nprint({{'lancedb', 'numpy'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_only_changed_files_are_reread(project: Repo) -> None:
    fill(project, 20)
    project.commit("Decide", {"docs/adr/0001-use-sums.md": ADR})
    assert run(project).files == 21
    project.commit("Change", {"src/worker_3.py": "# TODO: worker three must be written again from the start\n"})
    changed = run(project)
    assert (changed.commits, changed.files) == (1, 1)
    spans = [row for row in on_head(project) if row["paths"] == ["src/worker_3.py"] and row["source_type"] == "file"]
    assert [row["title"] for row in spans] == ["TODO: worker three must be written again from the start"]
    assert any(row["source"].find("use-sums.md") > 0 for row in on_head(project))


def test_a_file_whose_name_is_not_utf8_is_reread_too(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    run(project)
    project.write(b"caf\xe9.py", "# NOTE: the order matters, because callers rely on it\ne = 1\n")
    project.commit("Add a file with an old name")
    run(project)
    assert [row["body"] for row in rows(project) if row["source_type"] == "file"]


def test_many_small_passes_are_compacted_now_and_then(project: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.store.reader.SCATTERED", 4)
    seen = []
    for number in range(8):
        project.commit(f"Step {number}", {"a.py": f"a = {number}\n"})
        phases = list[str]()
        run(project, report=lambda progress, phases=phases: phases.append(progress.phase))  # type: ignore[misc]
        seen.append("compaction" in phases)
        assert not Store(project.location.data).scattered
    assert True in seen and False in seen
    assert titles(project) == [f"Step {number}" for number in range(8)]
    assert len(Store(project.location.data).search_text("step", 20)) == 8


def test_changing_the_excluded_files_rebuilds_the_index(project: Repo) -> None:
    fill(project, 5)
    project.commit("Touch another", {"other.py": "# NOTE: this one stays, because it is not excluded at all\n"})
    run(project)
    before = rows(project)
    excluding = replace(LEXICAL, exclude=("src/",))
    assert run(project, excluding).commits == 6
    assert {row["noise"] for row in rows(project)} == {"excluded", ""}
    assert {path for row in rows(project) if row["source_type"] == "file" for path in row["paths"]} == {"other.py"}
    assert run(project, excluding).nothing_new
    run(project)
    assert rows(project) == before


def test_many_worktrees_are_all_up_to_date(project: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.indexing.marker.MAX_HEADS", 2)
    project.commit("Begin", {"a.py": "a = 1\n"})
    worktrees = [project.worktree(tmp_path / f"linked {number}", "--detach") for number in range(4)]
    for number, worktree in enumerate(worktrees):
        worktree.commit(f"Step {number}", {"a.py": f"a = {number}\n"})

    def passes() -> list[bool]:
        return [makes_a_pass(worktree) for worktree in (project, *worktrees)]

    assert (passes(), passes()) == ([True] * 5, [False] * 5)
    worktrees[0].commit("Go on", {"a.py": "a = 9\n"})
    assert (passes(), passes()) == ([False, True, False, False, False], [False] * 5)
    assert len(load_marker(project.location.data).heads) == 5, "what no worktree has checked out is dropped"


def test_a_revision_can_be_indexed(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    project.git("branch", "side")
    project.commit("On main", {"b.py": "b = 1\n"})
    run(project, rev="side")
    assert titles(project) == ["Begin"]
    run(project)
    assert titles(project) == ["Begin", "On main"]


# Without git


def test_a_folder_without_git_follows_its_files(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "src").mkdir(parents=True)
    one, two = folder / "src/one.py", folder / "two.py"
    one.write_text("# TODO: one must be done before anything else here\n")
    two.write_text("# HACK: two works around a bug of the compiler\n")
    (folder / "link.py").symlink_to(one)
    (folder / "gone.py").symlink_to(folder / "nowhere")
    (folder / "binary.py").write_bytes(b"# TODO: this is no text at all, so leave it\0")
    plain = Repo(folder)
    assert run(plain).memories == 2
    before = rows(plain)
    assert run(plain).memories == 0
    assert rows(plain) == before
    one.write_text("\n\n# TODO: one must be done before anything else here\n")
    two.unlink()
    run(plain)
    (row,) = rows(plain)
    assert json.loads(row["source"])[4] == 3  # the line
    assert row["paths"] == ["src/one.py"]


def old(path: Path, text: str, *, age: int = 60) -> None:
    """Write a file as if some seconds ago: one of this moment may change once more without another time."""
    path.write_text(text)
    written = time.time() - age
    os.utime(path, (written, written))


def test_a_folder_without_git_is_read_again_where_it_changed(home: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    for name in ("one", "two", "three"):
        old(folder / f"{name}.py", f"# TODO: {name} must be done before anything else here\n")
    plain = Repo(folder)
    assert run(plain).files == 3
    before = rows(plain)
    assert not makes_a_pass(plain)
    old(folder / "two.py", "# TODO: two might be done before anything else here\n", age=30)
    (folder / "three.py").unlink()
    assert (run(plain).files, makes_a_pass(plain)) == (1, False)
    assert titles(plain) == [
        "TODO: one must be done before anything else here",
        "TODO: two might be done before anything else here",
    ]
    (plain.location.data / datafolder.FOLDER_FILES).write_text("{}")
    assert (run(plain).files, makes_a_pass(plain)) == (2, False), "a lost record costs reading again"
    old(folder / "two.py", "# TODO: two must be done before anything else here\n", age=20)
    old(folder / "three.py", "# TODO: three must be done before anything else here\n", age=20)
    assert run(plain).files == 2
    assert [row["title"] for row in rows(plain)] == [row["title"] for row in before]


def test_a_file_of_this_moment_is_read_once_more(home: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    old(folder / "one.py", "# TODO: one must be done before anything else here\n", age=0)
    plain = Repo(folder)
    assert [run(plain).files, run(plain).files] == [1, 1]


def test_a_file_of_the_future_is_read_once(home: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    old(folder / "one.py", "# TODO: one must be done before anything else here\n", age=-86_400)
    plain = Repo(folder)
    assert run(plain).files == 1
    assert not makes_a_pass(plain)


def test_what_is_restored_in_a_folder_without_git_is_read_again(home: Path, tmp_path: Path, moms: Start) -> None:
    (folder := tmp_path / "folder").mkdir()
    old(folder / "one.py", "# TODO: one must be done before anything else here\n")
    mom = moms(folder)
    mom.index()
    (found,) = mom.search("before anything else")
    mom.call("forget", id=found["id"])
    mom.index()
    assert mom.search("before anything else") == []
    mom.call("restore", id=found["id"])
    mom.index()
    assert [one["id"] for one in mom.search("before anything else")] == [found["id"]]
    assert mom.index().nothing_new


def test_many_files_of_a_folder_make_few_versions(home: Path, tmp_path: Path) -> None:
    for number in range(50):
        folder = tmp_path / "folder"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.py").write_text(f"# TODO: file {number} must be done before the others\n")
    plain = Repo(tmp_path / "folder")
    run(plain)
    assert len(rows(plain)) == 50
    assert Store(plain.location.data).version < 10
