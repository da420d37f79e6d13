"""Renames of single files and of whole folders."""

from __future__ import annotations

import pytest
from catalogs import make_memory, make_view
from repositories import Repo

from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.renames import folders_of, in_folder, packed


def test_a_folder_that_was_moved_is_one_rename() -> None:
    inside = [(f"old/a/{n}.c", f"new/lib/a/{n}.c") for n in range(300)]
    renamed = [("old/x.c", "new/lib/y.c"), ("b/z.c", "c/z.c")]
    assert packed([*inside, *renamed]) == (("old/", "new/lib/"), *renamed)


@pytest.mark.parametrize(
    ("old", "new"), [("a/b/c.py", "x/b/c.py"), ("b/c.py", "src/b/c.py"), ("src/c.py", "c.py"), ("a/c.py", "a/b/c.py")]
)
def test_a_file_of_a_renamed_folder_has_its_name_there(old: str, new: str) -> None:
    files = [(old.replace("c.py", f"c{n}.py"), new.replace("c.py", f"c{n}.py")) for n in range(10)]
    ((was, now),) = packed(files)
    assert now in folders_of(new) and was in folders_of(old)
    assert in_folder(new, now, was) == old and in_folder(old, was, now) == new


def test_the_names_of_a_file_lead_through_renamed_folders() -> None:
    view = make_view(
        make_memory(1, renames=(("", ""),)),
        make_memory(2, renames=(("/", "src/"),)),
        make_memory(3, renames=(("src/", "lib/core/"), ("src/a.c", "lib/b.c"))),
    )
    assert view.names_of("lib/core/net/url.c") == ["lib/core/net/url.c", "src/net/url.c", "net/url.c"]
    assert view.names_of("lib/b.c") == ["lib/b.c", "src/a.c", "a.c"]
    assert "lib/core/net/url.c" in view.catalog.later_names_of("net/url.c", view.valid)


def test_a_mass_move_is_small_and_every_file_is_followed(project: Repo) -> None:
    project.commit("Add", {f"old/{n % 7}/{n}.txt": f"text {n}\n" for n in range(700)} | {"a.txt": "one\ntwo\nthree\n"})
    project.git("mv", "old", "new")
    project.git("mv", "a.txt", "z.txt")
    sha = project.commit("Move everything")
    (commit,) = project.repository.commits([sha])
    memory = commit_memory(commit, sanitize=lambda text: text)
    assert set(memory.renames) == {("old/", "new/"), ("a.txt", "z.txt")}
