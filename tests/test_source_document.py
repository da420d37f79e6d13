"""The source of a memory: its commit as text and as the file before and after, at the change of the line asked from."""

from __future__ import annotations

import pytest
from repositories import Mom, Repo, Start, with_line
from three_commits import ALPHA, BETA, CODE, mom_id, text, write_three_commits

from mom_lsp.errors import RepositoryError
from mom_lsp.git.patch import MAX_PATCH, find_spot
from mom_lsp.workspace.answers.source_document import AskedFrom, source_document

FILE = "src/a.py"
CHANGED = with_line(with_line(CODE, 3, "    second = 20"), 22, "    return second")


def test_a_patch_has_the_message_and_the_change(project: Repo) -> None:
    project.commit("Add it", {FILE: CODE})
    sha = project.commit("Change it\n\nBecause of this.", {FILE: CHANGED})
    patch = project.repository.patch(sha)
    assert patch.startswith(f"commit {sha}\nAuthor: Ada Lovelace")
    assert "    Change it\n    \n    Because of this.\n" in patch
    assert "\n-    second = 2\n+    second = 20\n" in patch


def test_an_unknown_commit_is_an_error(project: Repo) -> None:
    project.commit("Add it", {FILE: CODE})
    with pytest.raises(RepositoryError):
        project.repository.patch("0" * 40)


def test_a_huge_patch_is_cut(project: Repo) -> None:
    sha = project.commit("Add data", {"data.txt": "0123456789\n" * (MAX_PATCH // 8)})
    patch = project.repository.patch(sha)
    assert patch.endswith("is not shown\n") and len(patch) < MAX_PATCH + 100


def test_the_change_of_a_line_is_found_in_the_patch(project: Repo) -> None:
    project.commit("Add it", {FILE: CODE, "other.py": "x = 1\n"})
    sha = project.commit("Change it", {FILE: CHANGED, "other.py": "    second = 20\n"})
    patch = project.repository.patch(sha)
    now = ["# a new line", *CHANGED.split("\n")]
    for line in (3, 22):
        spot = find_spot(patch, [FILE], now, line + 1)
        assert (spot.path, spot.old_path, spot.line) == (FILE, FILE, line)
        assert patch.split("\n")[spot.patch_line - 1] == f"+{CHANGED.splitlines()[line - 1]}"
    edited = ["", "    second = 300  # written anew since"]
    assert find_spot(patch, [FILE], edited, 2).line == 3  # by its words
    assert find_spot(patch, ["gone.py"], now, 4).path in (FILE, "other.py")
    assert find_spot(patch, [FILE], (), 0).line == 3
    assert find_spot("commit 1\n", [FILE], now, 1).patch_line == 1


def test_equal_lines_are_told_apart_by_those_around_them(project: Repo) -> None:
    before = "def a():\n    go()\n\n\ndef b():\n    go()\n"
    after = "def a():\n    go()\n    stop()\n\n\ndef b():\n    go()\n    stop()\n"
    project.commit("Add it", {FILE: before})
    patch = project.repository.patch(project.commit("Stop", {FILE: after}))
    assert [find_spot(patch, [FILE], after.split("\n"), line).line for line in (3, 8)] == [3, 8]


def test_a_renamed_file_has_its_text_under_both_names(project: Repo) -> None:
    project.commit("Add it", {"old.py": CODE})
    project.git("mv", "old.py", "new.py")
    sha = project.commit("Move it", {"new.py": CHANGED})
    found = source_document(project.repository, sha, "Move it", AskedFrom(["new.py"], CHANGED.split("\n"), 3))
    assert found["name"] == f"{sha[:9]}.diff"
    assert found["change"] == {"path": "new.py", "old_path": "old.py", "before": CODE, "after": CHANGED, "line": 3}


def test_a_new_and_a_removed_file_have_one_side(project: Repo) -> None:
    added = project.commit("Add it", {FILE: CODE})
    (project.root / FILE).unlink()
    removed = project.commit("Remove it")
    changes = [
        source_document(project.repository, sha, "", AskedFrom([FILE], [], 0))["change"] for sha in (added, removed)
    ]
    assert [(one["before"], one["after"]) for one in changes] == [("", CODE), (CODE, "")]


def test_a_commit_without_a_text_has_no_change(project: Repo) -> None:
    sha = project.commit("Nothing", {})
    assert source_document(project.repository, sha, "Nothing", AskedFrom())["change"] is None
    binary = project.root / "a.bin"
    binary.write_bytes(b"\0\1")
    project.git("add", ".")
    sha = project.commit("Binary")
    assert source_document(project.repository, sha, "Binary", AskedFrom())["change"] is None


@pytest.fixture
def mom(moms: Start, project: Repo) -> Mom:
    write_three_commits(project)
    started = moms(project)
    started.index()
    return started


def test_a_memory_is_opened_at_the_change_of_the_line(mom: Mom) -> None:
    found = mom.call("source", id=mom_id(mom, BETA), path=FILE, line=9, text=text(mom))
    assert found["title"] == BETA
    assert (found["change"]["path"], found["change"]["line"]) == (FILE, 9)
    assert found["text"].splitlines()[found["line"] - 1] == "+    second = 20"
    other = mom.call("source", id=mom_id(mom, BETA), path="src/b.py", line=1, text="second = 20\n")
    assert other["change"]["path"] == "src/b.py"
    assert mom.call("source", id=mom_id(mom, ALPHA))["change"]["path"] == FILE  # asked from nowhere


def test_a_note_has_no_commit_to_open(mom: Mom) -> None:
    mom.call("note", path=FILE, line=2, text="a note of mine", code=text(mom))
    assert mom.call("source", id=mom_id(mom, "a note of mine")) is None


def test_a_secret_in_a_commit_is_not_shown(project: Repo) -> None:
    token = "gh" + "p_" + "R8mK2vXqLw9TzYb4NcJd7HfGs3PaEuQ1oVi5"
    project.commit("Add it", {FILE: f"key = '{token}'\n"})
    sha = project.commit("Change it", {FILE: "key = read_key()\n"})
    shown = source_document(project.repository, sha, "Change it", AskedFrom([FILE], ["key = read_key()"], 1))
    assert token not in repr(shown)
    assert "-key = '[secret]'\n+key = read_key()\n" in shown["text"]
    assert shown["change"]["before"] == "key = '[secret]'\n"
