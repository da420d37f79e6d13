"""The saved line keys of HEAD's files: questions read no files, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from repositories import Mom, Repo, Start, indexed_fixtures
from three_commits import CODE, write_three_commits

from mom_lsp import datafolder
from mom_lsp.indexing import line_keys
from mom_lsp.route.line_keys import LineKeys, packed_keys
from mom_lsp.workspace.library.saved_line_keys import SavedLineKeys, keys_of

WRAPPED = CODE.replace("    second = 2\n", "    second = (\n        2\n    )\n")
LATIN = "naïve text\n"


def write_files(repo: Repo) -> None:
    write_three_commits(repo)
    repo.write("logo.png", b"\x89PNG\0\1\2")
    repo.write("latin.txt", LATIN.encode("latin-1"))
    repo.commit("Add what is no text", {"empty.txt": ""})
    repo.commit("Wrap", {"src/a.py": WRAPPED})


template, project, _ = indexed_fixtures(write_files)


def file_of(repo: Repo) -> Path:
    return repo.location.data / datafolder.LINE_KEYS


def saved(repo: Repo) -> LineKeys:
    return SavedLineKeys(repo.location.data).load()


def blob(repo: Repo, path: str, rev: str = "HEAD") -> str:
    return repo.git("rev-parse", f"{rev}:{path}").strip()


def answers(mom: Mom) -> object:
    return [{**one, "score": round(one["score"], 9)} for one in (*mom.suggest("src/a.py", 2), *mom.search("first"))]


def test_the_keys_of_every_text_file_of_head_are_saved(project: Repo) -> None:
    keys = saved(project)
    for path, text in (("src/a.py", WRAPPED), ("src/b.py", "second = 20\n"), ("latin.txt", LATIN)):
        assert np.array_equal(keys[blob(project, path)], keys_of(text)), path
    assert len(keys[blob(project, "logo.png")]) == 0, "it is known to be no text, so that it is not read again"
    assert set(keys) == {blob(project, path) for path in ("src/a.py", "src/b.py", "latin.txt", "logo.png")}


def test_freshness_is_the_same_without_saved_keys(project: Repo, moms: Start) -> None:
    with_keys = moms(project)
    head = with_keys.service.workspace(str(project.root)).worktree.head()
    worktree = with_keys.service.workspace(str(project.root)).worktree
    assert worktree.line_keys(head, ["src/a.py"], read=False).keys() == {"src/a.py"}
    found = answers(with_keys)
    file_of(project).unlink()
    without = moms(project)
    assert answers(without) == found


@pytest.mark.parametrize("damage", [b"", b"{}\n", b'{"for": "1", "size": 9, "arrays": []}\n'])
def test_damaged_keys_are_computed_anew(project: Repo, moms: Start, damage: bytes) -> None:
    found = answers(moms(project))
    file_of(project).write_bytes(damage)
    assert answers(moms(project)) == found


def test_a_running_engine_follows_the_saved_keys(project: Repo, moms: Start) -> None:
    mom = moms(project)
    mom.suggest("src/a.py", 2)
    project.commit("Add delta's third", {"src/a.py": CODE + "third = 3\n"})
    mom.index()
    worktree = mom.service.workspace(str(project.root)).worktree
    assert worktree.line_keys(worktree.head(), ["src/a.py"], read=False).keys() == {"src/a.py"}


def test_what_other_worktrees_have_is_kept_until_it_outweighs_the_rest(project: Repo, moms: Start) -> None:
    before = blob(project, "src/a.py")
    project.commit("Add delta's third", {"src/a.py": CODE + "third = 3\n"})
    mom = moms(project)
    mom.index()
    assert {before, blob(project, "src/a.py")} <= saved(project).keys()
    project.commit("Leave little", {"src/a.py": "third = 3\n", "src/b.py": "second = 30\n"})
    mom.index()
    assert before not in saved(project)
    assert blob(project, "src/a.py") in saved(project)


def test_an_index_of_an_older_version_gets_them_although_nothing_is_new(project: Repo, moms: Start) -> None:
    file_of(project).unlink()
    moms(project).index()
    assert blob(project, "src/a.py") in saved(project)


def test_in_a_huge_repository_the_files_with_the_most_memories_come_first(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_keys, "CHUNK", 1)
    monkeypatch.setattr(line_keys, "MAX_KEYS", 2)
    found = answers(moms(project))
    file_of(project).unlink()
    mom = moms(project)
    mom.index()
    assert set(saved(project)) == {blob(project, "src/a.py")}
    assert answers(mom) == found


def test_keys_are_found_by_blob() -> None:
    keys = LineKeys(packed_keys({"b" * 40: np.array([3, 4], np.uint32), "a" * 40: np.zeros(0, np.uint32)}))
    assert {name: values.tolist() for name, values in keys.items()} == {"a" * 40: [], "b" * 40: [3, 4]}
    assert ("c" * 40 in keys, "ü" in keys, len(LineKeys({}))) == (False, False, 0)
