"""What the command line reads from the disk: lines as git and `grep -n` count them, after git's own conversions."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest
from repositories import Mom, Repo, Start

from mom_lsp.cli.target import parse_target
from mom_lsp.errors import UsageError
from mom_lsp.git.working_tree import cleaned

WRITER = "wrote this line"
LINES = [b"a = 1", b'n = "x\ry"', b"b = 2", b"limit = 42"]


def writers(mom: Mom, path: str, line: int, text: str | None = None) -> list[str]:
    """Return the titles of the commits that are said to have written a line."""
    return [one["title"] for one in mom.suggest(path, line, text=text) if WRITER in str(one)]


def committed_in_turn(project: Repo, path: str, lines: list[bytes], end: bytes) -> dict[int, str]:
    """Commit a file that grows by a line with each commit; return the title of the commit of each line."""
    titles = {}
    for number in range(1, len(lines) + 1):
        project.write(path, end.join(lines[:number]) + end)
        titles[number] = f"Write rule {number} of the table"
        project.commit(f"{titles[number]}\n\nBecause callers lost part {number} of it.")
    return titles


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_carriage_return_within_a_line_ends_none_on_the_command_line(project: Repo, moms: Start, end: bytes) -> None:
    titles = committed_in_turn(project, "a.py", LINES, end)
    mom = moms(project)
    mom.index()
    counted = subprocess.run(["grep", "-c", "", "a.py"], cwd=project.root, capture_output=True, text=True).stdout
    assert parse_target("a.py", project.root, project.root).end == int(counted) == 4
    with pytest.raises(UsageError, match="there is no line 5"):
        parse_target("a.py:5", project.root, project.root)
    assert {line: writers(mom, "a.py", line) for line in titles} == {line: [title] for line, title in titles.items()}


def test_in_an_editor_both_parts_of_such_a_line_have_its_writer(project: Repo, moms: Start) -> None:
    titles = committed_in_turn(project, "a.py", LINES, b"\n")
    mom = moms(project)
    mom.index()
    text = b"\n".join(LINES).decode() + "\n"
    shown = {line: writers(mom, "a.py", line, text) for line in (1, 2, 3, 4, 5)}
    assert shown == {1: [titles[1]], 2: [titles[2]], 3: [titles[2]], 4: [titles[3]], 5: [titles[4]]}


def test_a_file_with_carriage_returns_alone_is_one_line_of_git_and_many_of_an_editor(
    project: Repo, moms: Start
) -> None:
    project.write("old.py", b"a = 1\rb = 2\rc = 3\r")
    project.commit("Write the table of an old machine\n\nBecause callers have it.")
    mom = moms(project)
    mom.index()
    assert parse_target("old.py", project.root, project.root).end == 1
    for line, text in ((1, None), (1, "a = 1\rb = 2\rc = 3\r"), (3, "a = 1\rb = 2\rc = 3\r")):
        assert writers(mom, "old.py", line, text) == ["Write the table of an old machine"]


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE", "UTF-16", "UTF-16LE-BOM", "ISO-2022-JP", "GBK", "UTF-32"])
def test_a_file_in_another_encoding_than_its_blob_has_a_past(project: Repo, moms: Start, encoding: str) -> None:
    """Git converts it by `working-tree-encoding`."""
    python = encoding.removesuffix("-BOM")
    lines = [f"# 规则 {number}" if encoding == "GBK" else f"# テーブル {number}" for number in (1, 2, 3)]
    project.commit("Say how scripts are encoded", {".gitattributes": f"*.ps1 text working-tree-encoding={encoding}\n"})
    text = "\n".join(lines) + "\n"
    project.write("a.ps1", (("\ufeff" if encoding.endswith("-BOM") else "") + text).encode(python))
    project.commit("Write the rules of the table\n\nBecause callers lost them.")
    assert project.git("cat-file", "blob", "HEAD:a.ps1").split("\n") == lines
    mom = moms(project)
    mom.index()
    assert parse_target("a.ps1:3", project.root, project.root).start == 3
    with pytest.raises(UsageError, match="has only 3 lines"):
        parse_target("a.ps1:4", project.root, project.root)
    for line in (1, 3):
        assert writers(mom, "a.ps1", line) == ["Write the rules of the table"]


def test_an_expanded_ident_is_no_edit(project: Repo, moms: Start) -> None:
    files = {".gitattributes": "*.c ident\n", "a.c": "/* $Id$ */\nx;\n"}
    project.commit("Begin the table\n\nBecause callers ask.", files)
    project.commit("Keep what another system wrote", {"b.c": "/* $Id: b.c 17 ada $ */\ny;\n"})
    for name in ("a.c", "b.c"):
        (project.root / name).unlink()
    project.git("checkout", "--", ".")
    expanded = (project.root / "a.c").read_text()
    assert "$Id: " in expanded
    project.write("b.c", "/* $Id: b.c 17 ada $ */\ny;\n")
    mom = moms(project)
    mom.index()
    for text in (None, expanded):
        assert writers(mom, "a.c", 1, text) == ["Begin the table"]


def test_line_ends_that_git_converts_are_no_edit(project: Repo, moms: Start) -> None:
    project.commit("Say how lines end", {".gitattributes": "*.bat text eol=crlf\n"})
    titles = committed_in_turn(project, "a.bat", [b"rem one", b"rem two"], b"\n")
    (project.root / "a.bat").unlink()
    project.git("checkout", "--", "a.bat")
    assert (project.root / "a.bat").read_bytes() == b"rem one\r\nrem two\r\n"
    mom = moms(project)
    mom.index()
    assert {line: writers(mom, "a.bat", line) for line in titles} == {line: [title] for line, title in titles.items()}


@pytest.mark.parametrize("name", ["no-such", "zlib", "unicode_escape", "punycode", "idna", "x" * 5000, "%s", "utf-8"])
def test_an_encoding_that_is_not_known_changes_nothing(project: Repo, name: str) -> None:
    project.commit("Begin", {".gitattributes": f"*.x working-tree-encoding={name}\n"})
    assert project.repository.cleaned("a.x", b"\0\xff\n") == b"\0\xff\n"


def test_a_filter_program_is_not_run(project: Repo, moms: Start, tmp_path: Any) -> None:
    canary = tmp_path / "canary"
    project.commit("Begin", {".gitattributes": "*.x filter=evil\n", "a.x": "a\n"})
    for name in ("clean", "smudge", "process"):
        project.git("config", f"filter.evil.{name}", f"touch {canary}")
    project.write("a.x", b"\0a\n")
    mom = moms(project)
    mom.index()
    assert writers(mom, "a.x", 1) == []
    assert project.repository.cleaned("a.x", b"\0a\n") == b"\0a\n"
    assert not canary.exists()


def test_an_attributes_file_that_is_a_pipe_is_not_read(project: Repo) -> None:
    project.commit("Begin", {"a.x": "a\n"})
    os.mkfifo(project.root / ".gitattributes")
    assert project.repository.cleaned("a.x", b"\0\n") == b"\0\n"


def test_a_note_on_a_pipe_waits_for_no_writer(project: Repo, moms: Start) -> None:
    os.mkfifo(project.root / "pipe")
    assert moms(project).call("note", text="The logger reads from this pipe", path="pipe", line=1)["ok"]


def test_text_that_needs_no_conversion_asks_git_nothing(project: Repo) -> None:
    class Silent:
        def output(self, *_: object, **__: object) -> bytes:
            raise AssertionError("git was asked")

    assert cleaned(Silent(), "a.py", "größe = 1\n".encode()) == "größe = 1\n".encode()  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"\0\1\n", b"\n", b"\r", b"\r\n"])
def test_a_file_without_text_is_answered(project: Repo, moms: Start, content: bytes) -> None:
    project.commit("Begin the table\n\nBecause callers ask.", {"b.x": "b\n"})
    project.write("a.x", content)
    mom = moms(project)
    mom.index()
    for committed in (False, True):
        assert parse_target("a.x", project.root, project.root).end == 1
        assert isinstance(mom.suggest("a.x", 1), list)
        assert mom.call("why", path="a.x", line=1, text=None, generate=False)["answer"]
        if not committed:
            project.commit("Add a file")
            mom.index()
