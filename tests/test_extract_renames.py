"""Renames of single files and of whole folders."""

from __future__ import annotations

import numpy as np
import pytest
from catalogs import make_memory, make_view
from repositories import Repo, Start

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


def test_a_folder_in_which_something_is_left_is_not_renamed() -> None:
    files = [(f"tests/test_{n}.py", f"tests/unit/test_{n}.py") for n in range(10)]
    nested = [(f"tests/a/{n}.py", f"tests/unit/a/{n}.py") for n in range(10)]
    stayed = ["tests/__init__.py", *(new for _, new in (*files, *nested))]
    assert packed([*files, *nested], lambda: stayed) == (("tests/a/", "tests/unit/a/"), *files)
    assert packed([*files, *nested], lambda: [*stayed[1:], "src/a.py"]) == (("tests/", "tests/unit/"),)


def test_a_file_that_stayed_gives_no_history_to_its_namesake(project: Repo, moms: Start) -> None:
    project.commit("Add", {f"tests/test_{n}.py": f"text {n}\n" for n in range(10)} | {"tests/__init__.py": "one = 1\n"})
    (project.root / "tests/unit").mkdir()
    project.git("mv", *(f"tests/test_{n}.py" for n in range(10)), "tests/unit")
    project.commit("Group the tests", {"tests/unit/__init__.py": ""})
    mom = moms(project)
    mom.index()
    catalog = mom.service.library.snapshot().catalog
    everywhere = np.ones(catalog.size, bool)
    assert catalog.names_of("tests/unit/__init__.py", everywhere) == ["tests/unit/__init__.py"]
    assert catalog.names_of("tests/unit/test_3.py", everywhere) == ["tests/unit/test_3.py", "tests/test_3.py"]


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


def test_a_move_is_indexed_although_a_folder_beside_it_is_lost(project: Repo, moms: Start) -> None:
    project.commit("Add", {f"old/{n}.txt": f"text {n}\n" for n in range(10)} | {"docs/a.md": "one\n"})
    project.git("mv", "old", "new")
    project.commit("Move everything\n\nBecause the old name misled everyone who looked for a file.")
    lost = project.git("rev-parse", "HEAD:docs").strip()
    project.git("rm", "-rq", "docs")
    project.commit("Drop the documents")
    (project.root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    mom = moms(project)
    mom.index()
    assert "Move everything" in mom.titles("move everything")
