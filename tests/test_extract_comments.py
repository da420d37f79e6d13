"""Comments that are worth remembering, in several languages, with their lines and symbols."""

from __future__ import annotations

from pathlib import Path

import pytest

from mom_lsp.extract import comments
from mom_lsp.extract.comments import comment_memories
from mom_lsp.memory import Memory, span_memory_id


def read(path: str, text: str) -> list[Memory]:
    return comment_memories(path, "b10b", text, sanitize=lambda text: text)


C = """/* Copyright (C) Ada Lovelace, do not remove this licence */
#include <x.h>

/* TODO: teach this about IPv6 scopes */
static int resolve(const char *host)
{
  int a = 1; /* never free this one before the callback ran */
  /* This must run first,
   * because a redirect resets the flag.
   */
  return a;
}

int other(void)
{
  // HACK: old servers send two
  // headers, so the second wins
  return 2; /* plain words about nothing special here */
}
"""


def test_c_comments_have_lines_symbols_and_kinds() -> None:
    found = [(m.source.line, m.source.end_line, m.kind, m.anchors[0].symbols) for m in read("lib/a.c", C)]
    assert found == [
        (4, 4, "known_issue", ()),
        (7, 7, "anti_pattern", ("resolve",)),
        (8, 10, "decision", ("resolve",)),
        (16, 17, "workaround", ("other",)),
    ]


def test_a_comment_is_stored_without_its_markers() -> None:
    todo, _, why, hack = read("lib/a.c", C)
    assert todo.title == "TODO: teach this about IPv6 scopes"
    assert why.body == "This must run first,\nbecause a redirect resets the flag."
    assert why.title == "This must run first, because a redirect resets the flag."
    assert why.why == why.title
    assert hack.body == "HACK: old servers send two\nheaders, so the second wins"


def test_a_comment_memory_has_a_stable_id_and_its_source() -> None:
    memory = read("lib/a.c", C)[0]
    assert memory.id == span_memory_id("lib/a.c", "", "todo: teach  this about ipv6 scopes")
    assert (memory.source.type, memory.source.path, memory.source.blob) == ("file", "lib/a.c", "b10b")
    assert memory.blobs == ("b10b",)
    assert memory.anchors[0].spans == ((4, 1),)
    assert {m.id for m in read("lib/a.c", "\n\n" + C)} == {m.id for m in read("lib/a.c", C)}


@pytest.mark.parametrize(
    ("path", "text", "line", "symbol"),
    [
        ("a.py", "def run():\n    # NOTE: the order matters to the cache\n    pass\n", 2, "run"),
        ("a.rs", "fn run() {\n    // SAFETY: the pointer outlives the call here\n    x();\n}\n", 2, "run"),
        ("a.go", "func Run() {\n\t// FIXME: this leaks on a timeout\n\tx()\n}\n", 2, "Run"),
        ("a.ts", "function run() {\n  // Workaround for a bug in old Safari\n  x();\n}\n", 2, "run"),
        ("a.sh", "run() {\n  # XXX: breaks with spaces in names\n  x\n}\n", 2, "run"),
        ("a.lua", "function run()\n  -- intentionally left without a lock\n  x()\nend\n", 2, "run"),
        ("a.sql", "SELECT 1;\n-- do not add an index here, because writes dominate\nSELECT 2;\n", 2, ""),
        ("Makefile", "all:\n\ttrue\n# do not sort these, since the order of linking matters\nX=1\n", 3, "all"),
        ("CMakeLists.txt", "set(A 1)\n# BUG: the old generator ignores this line\nset(B 2)\n", 2, "A"),
        ("a.html.erb", "", 0, ""),
    ],
)
def test_comments_are_found_in_many_languages(path: str, text: str, line: int, symbol: str) -> None:
    found = read(path, text)
    assert [m.source.line for m in found] == ([line] if line else [])
    if found and symbol:
        assert found[0].anchors[0].symbols in ((symbol,), (), ("set",))


def test_docstrings_count_only_with_a_strong_marker() -> None:
    text = (
        'def a():\n    """Return what must always be closed by the caller of it."""\n\n\n'
        'def b():\n    """Return it.\n\n    TODO: close what the caller forgot.\n\n    More words.\n    """\n'
    )
    (memory,) = read("a.py", text)
    assert memory.body == "TODO: close what the caller forgot."
    assert memory.anchors[0].symbols == ("b",)


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        *((f"a.{extension}", "#") for extension in ("py", "pl", "pm", "t", "R", "tcl", "tf")),
        *((f"a.{extension}", "//") for extension in ("c", "swift", "fs", "mts", "rs")),
    ],
)
def test_the_lines_of_a_comment_are_one_memory(path: str, mark: str) -> None:
    text = f"{mark} The host is asked first, because a proxy\n{mark} answers for all of them.\n"
    (memory,) = read(path, f"\n\n{text}\n")
    assert (memory.source.line, memory.source.end_line) == (3, 4)
    assert memory.title == "The host is asked first, because a proxy answers for all of them."


@pytest.mark.parametrize(
    ("path", "above", "below"),
    [
        ("a.sh", "#!/bin/sh\n# ", "\n"),
        ("a.py", "#!/usr/bin/env python3\n# ", "\n"),
        ("a.rb", "=begin\n", "\n=end\n"),
        ("a.pl", "#!/usr/bin/perl\n\n=pod\n\n", "\n\n=cut\n"),
        ("a.ml", "(* ", "\n *)\n"),
    ],
)
def test_what_surrounds_a_comment_is_not_in_its_text(path: str, above: str, below: str) -> None:
    text = "The host must be asked first, because proxies lie."
    assert [(one.title, one.body) for one in read(path, f"{above}{text}{below}")] == [(text, text)]


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("CAVEAT: wide names are looked up twice", "known_issue"),
        ("N.B. wide names are looked up twice", "note"),
        ("A known risk: wide names are looked up twice", "known_issue"),
        ("A known limitation: wide names are looked up twice", "known_issue"),
        ("caveat emptor, wide names are looked up twice", None),
    ],
)
def test_a_caveat_or_a_known_risk_is_worth_remembering(comment: str, kind: str | None) -> None:
    assert [one.kind for one in read("a.py", f"# {comment}\nlook_up(name)\n")] == ([kind] if kind else [])


def test_strings_are_not_comments() -> None:
    assert read("a.py", 'x = "# TODO: this is only a string of words"\n') == []
    assert read("a.c", 'char *x = "/* TODO: this is only a string */";\n') == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "# TODO later\n"),
        ("a.py", "# never say this\n"),
        ("a.py", "# Copyright 2020 Ada. You must not remove this notice from it.\n"),
        ("a.py", "# Licensed under the Apache License; you must not use this file otherwise.\n"),
        ("a.c", "// x = must(a);\n// never_do(b, c);\n// return otherwise;\n// because = always(d);\n"),
        ("vendor/a.py", "# TODO: mend this for the others\n"),
        ("a.unknown", "# TODO: mend this for the others\n"),
        ("README.md", "# TODO: mend this for the others\n"),
        ("a.pb.go", "// TODO: mend this for the others\n"),
        ("gen.py", "# Generated by x. Do not edit.\n# TODO: mend this for the others\n"),
    ],
)
def test_trivial_comments_are_skipped(path: str, text: str) -> None:
    assert read(path, text) == []


def test_long_comments_and_long_files_are_capped() -> None:
    (memory,) = read("a.py", "# TODO: " + "mend this for the others " * 100 + "\n")
    assert len(memory.title) <= 100
    assert len(memory.body) <= 1000
    many = "\n\n".join(f"# TODO: mend number {n} for the others" for n in range(200))
    assert len(read("a.py", many)) == 60


def test_lexing_in_pieces_matches_lexing_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracle is lexing whole files: this package's own sources and the C above."""
    sources = {path.name: path.read_text() for path in Path(comments.__file__).parent.glob("*.py")}
    texts = {"a.c": C, "tests.py": Path(__file__).read_text(), **sources}
    pieces = {name: read(name, text) for name, text in texts.items()}
    monkeypatch.setattr(comments, "pieces", lambda _lexer, text, _markers: [(1, text)])
    assert {name: read(name, text) for name, text in texts.items()} == pieces
    assert any(pieces.values())


def test_stored_comments_are_sanitized() -> None:
    (memory,) = comment_memories(
        "a.py",
        "b",
        "def s3cret():\n    # TODO: drop s3cret before the release\n",
        sanitize=lambda t: t.replace("s3cret", "***"),
    )
    assert "s3cret" not in repr(memory)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DECISION: keep the list sorted on insert", "decision"),
        ("RATIONALE: readers outnumber writers here", "decision"),
        ("TRADE-OFF: more memory, fewer passes", "decision"),
        ("REJECTED: a tree, whose nodes never shared a cache line", "failed_approach"),
        ("INVARIANT: `len` never exceeds `cap` after push", "convention"),
        ("SAFETY: `ptr` came from Box::into_raw above", "convention"),
        ("Connections rejected: too many of them are open", None),
        ("nothing about safety is said in this comment", None),
    ],
)
def test_a_tag_states_the_kind_of_a_comment(text: str, kind: str | None) -> None:
    assert [memory.kind for memory in read("a.rs", f"// {text}\nfn f() {{}}\n")] == [kind] * (kind is not None)


def test_a_carriage_return_within_a_line_shifts_no_comment() -> None:
    (memory,) = read("a.py", "a = 1\rb = 2\n# HACK: the old server sends two headers\n")
    assert memory.source.line == 2


def test_a_lexer_that_repeats_text_ends_the_comments_and_nothing_else() -> None:
    comment = "# HACK: the old server sends two headers\n"
    assert [memory.source.line for memory in read("a.tf", comment + "a = <<A\n" * 40 + comment)][:1] == [1]
