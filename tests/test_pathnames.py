"""Paths that are no UTF-8 have a past, a hint and a note like any other."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import mom as run
from repositories import Repo, Start

from mom_lsp.cli.target import parse_target
from mom_lsp.pathnames import decoded, quoted, unquoted
from mom_lsp.redact import clean
from mom_lsp.store.arrow_rows import memories_of, to_table

NAMES = [
    b"caf\351.py",
    b"src/\260/\377.py",
    "gr\u00f6\u00dfe.py".encode() + b"\200.py",
    b'"quoted"',
    b'a"b\\c.py',
    b"tab\there.py",
]
CODE = "def f():\n    # NOTE: callers must count from one because the protocol does\n    return 1\n"
TITLE = "Count from one in the table"


@given(st.binary(min_size=1, max_size=12).filter(lambda path: b"\0" not in path))
def test_quoting_is_undone(path: bytes) -> None:
    name = decoded(path)
    assert unquoted(quoted(name)) == name
    quoted(name).encode("utf-8")


@given(st.text(max_size=12))
def test_whatever_is_quoted_can_be_stored(text: str) -> None:
    quoted(text).encode("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_paths_are_quoted_as_git_quotes_them(project: Repo, name: bytes) -> None:
    project.write(name, "a\n")
    project.git("add", "--all")
    (listed,) = project.git("-c", "core.quotePath=false", "ls-files").split("\n")
    assert unquoted(listed) == os.fsdecode(name)
    (escaped,) = project.git("ls-files").split("\n")
    assert unquoted(escaped) == os.fsdecode(name), "every byte that is not ASCII, in octal"
    if b'"' not in name and name.isascii() is False:
        assert quoted(os.fsdecode(b"caf\351.py")) == '"caf\\351.py"'


def wrote(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found if "wrote this line" in str(one)]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_has_a_past(project: Repo, moms: Start, name: bytes) -> None:
    path = os.fsdecode(name)
    project.write(name, CODE.replace("one", "nil"))
    project.commit("Begin the table\n\nBecause callers ask for it.")
    project.write(name, CODE)
    project.commit(f"{TITLE}\n\nBecause callers saw the wrong sum.")
    mom = moms(project)
    mom.index()
    assert parse_target(path, project.root, project.root).path == path
    assert wrote(mom.suggest(path, 2)) == [TITLE]
    hinted = mom.call("hints", path=path, text=CODE, start=1, end=3)["hints"]
    assert TITLE in [one["suggestion"]["title"] for one in hinted]
    assert mom.call("why", path=path, line=2, text=None, generate=False)["citations"]
    comments = [one for one in mom.search("protocol callers count") if one["source"]["type"] == "file"]
    assert [one["source"]["path"] for one in comments] == ([path] if path.endswith(".py") else [])
    mom.call("note", text="ask Ada about callers", path=path, line=3)
    assert "ask Ada about callers" in [one["title"] for one in mom.suggest(path, 3)]
    mom.call("dismiss", id=mom.search("Begin the table")[0]["id"], path=path, line=2)
    project.write(name, CODE + "x = 1\n")
    project.commit("Add x to the table\n\nBecause callers ask for it.")
    mom.index()
    assert wrote(mom.suggest(path, 4)) == ["Add x to the table"]


def test_two_names_that_look_alike_are_told_apart(project: Repo, moms: Start) -> None:
    latin, utf8 = b"caf\351.py", "café.py".encode()
    project.write(latin, "a = 1\nb = 2\n")
    project.write(utf8, "c = 3\nd = 4\n")
    project.commit("Begin both tables\n\nBecause callers ask for them.")
    project.write(latin, "a = 11\nb = 2\n")
    project.write(utf8, "c = 3\nd = 44\n")
    project.commit("Change both tables\n\nBecause callers saw wrong sums.")
    (commit,) = project.repository.commits([project.head])
    added = {file.path: [line for hunk in file.hunks for line in hunk.added] for file in commit.files}
    assert added == {os.fsdecode(latin): ["a = 11"], os.fsdecode(utf8): ["d = 44"]}


def test_a_renamed_file_keeps_its_past(project: Repo, moms: Start) -> None:
    old, new = b"alt\344.py", b"neu\374.py"
    project.write(old, CODE)
    project.commit(f"{TITLE}\n\nBecause callers saw the wrong sum.")
    (project.root / os.fsdecode(old)).rename(project.root / os.fsdecode(new))
    project.commit("Rename the table")
    mom = moms(project)
    mom.index()
    assert wrote(mom.suggest(os.fsdecode(new), 2)) == [TITLE]
    memories = mom.service.library.snapshot().rows.get([one["id"] for one in mom.search("table")])
    stored = memories_of(to_table(list(memories.values())))
    assert [one.renames for one in stored] == [one.renames for one in memories.values()]
    assert [one.paths for one in stored] == [one.paths for one in memories.values()]


def test_the_command_line_takes_such_a_path_and_shows_it_as_git_does(project: Repo, home: Path) -> None:
    name = os.fsdecode(b"caf\351.py")
    project.write(b"caf\351.py", CODE)
    project.commit(f"{TITLE}\n\nBecause callers saw the wrong sum.")
    run(project, "index")
    shown = run(project, "suggest", f"{name}:2")
    assert TITLE in shown and "caf\\351.py" in shown
    found = json.loads(run(project, "suggest", f"{name}:2", "--json"))
    assert found["query"]["path"] == '"caf\\351.py"'
    assert json.loads(run(project, "why", f"{name}:2", "--json"))["citations"]
    assert "caf\\351.py" in run(project, "search", "protocol", "callers")


def test_control_characters_of_a_path_never_reach_the_terminal() -> None:
    assert clean(os.fsdecode(b"a\351\033[31m.py")) == "a\\351.py"
