"""The comment that touches a line."""

from __future__ import annotations

import pytest

from mom_lsp.workspace.ranking.line_comment import comment_at, is_licence

C = """\
/* Copyright Ada Lovelace
 * All rights reserved. */
#include <pool.h>

/** Returns the size of the pool in bytes. */
int size(struct pool *p)
{
    /* Count the idle workers too,
       they hold memory. */
    int all = p->busy + p->idle;
    if (all)
        trim(p);
    return all; /* never negative, because idle is checked above */
}
"""


def text_at(line: int, path: str = "pool.c", code: str = C) -> str | None:
    found = comment_at(path, code.split("\n"), line)
    return " ".join(found.text.split()) if found else None


def test_a_comment_above_a_line_is_found_with_its_first_line() -> None:
    found = comment_at("pool.c", C.split("\n"), 10)
    assert found is not None
    assert (found.first, found.last) == (8, 9)
    assert text_at(10) == "Count the idle workers too, they hold memory."


def test_a_carriage_return_within_a_line_shifts_no_comment() -> None:
    code = 'a = "x\ry"\n\n# Count the idle workers too, they hold memory.\ntotal = 1\n'
    assert text_at(4, "pool.py", code) == "Count the idle workers too, they hold memory."


@pytest.mark.parametrize(("line", "found"), [(11, True), (12, True), (13, True), (14, False)])
def test_a_comment_is_about_the_lines_of_its_block(line: int, found: bool) -> None:
    assert (text_at(line) is not None) is found


def test_a_comment_at_the_end_of_a_line_has_to_give_a_reason() -> None:
    assert text_at(13) == "never negative, because idle is checked above"
    assert text_at(1, "pool.py", "SIZE = 5  # the size of the pool in bytes") is None


def test_the_documentation_of_a_declaration_has_to_give_a_reason() -> None:
    assert text_at(6) is None
    assert text_at(2, "pool.rs", "/// Never empty, because the pool would block.\nfn size() -> u32 {") is not None
    assert text_at(3, "pool.c", "/* Size of the pool, with care.\n * @param p the pool */\nint size(int p);") is None


def test_code_a_licence_and_the_line_itself_are_no_comment_on_it() -> None:
    assert text_at(3) is None
    assert text_at(8) is None
    assert text_at(2, "a.py", "# pool = Pool(size, limit, idle)\npool = None") is None


def test_a_blank_line_and_the_end_of_a_block_separate_a_comment_from_a_line() -> None:
    assert text_at(3, "a.py", "# the size of the pool in bytes\n\nSIZE = 5") is None
    code = "if a:\n    # the pool is empty at the start\n    b()\nc()\n"
    assert text_at(3, "a.py", code) is not None
    assert text_at(4, "a.py", code) is None


def test_a_docstring_is_no_comment_on_the_line_below() -> None:
    assert text_at(3, "a.py", 'def f():\n    """Never wait, because the pool would block."""\n    return g()\n') is None


def test_the_lines_of_a_licence_at_the_start_of_a_file_are_recognised() -> None:
    lines = C.split("\n")
    assert [number for number in range(1, len(lines) + 1) if is_licence(lines, number)] == [1, 2]


def test_a_file_of_an_unknown_language_has_no_comments() -> None:
    assert text_at(2, "notes.unknown", "# a comment in some language\nx") is None
