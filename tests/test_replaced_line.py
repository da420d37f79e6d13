"""Which committed line a line that is not committed replaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.limits import MAX_COMPARED
from mom_lsp.route.lines import committed_lines
from mom_lsp.workspace.library.earlier_lines import likest
from mom_lsp.workspace.library.replaced_line import replaced_line

COMMITTED = """def fetch(url, retries=42):
    connect(url)
    read_all(url)

    return parse(url)


def parse(text):
    return text.split()
""".splitlines()


def replaced(current: list[str], line: int, committed: list[str] = COMMITTED) -> tuple[int, bool] | None:
    found = replaced_line(committed, current, committed_lines(committed, current), line)
    if found is not None:
        assert found.text == committed[found.line - 1]
    return found and (found.line, found.reformatted)


def edited(*changes: tuple[int, list[str]]) -> list[str]:
    """Return the lines, some of which (from 1) are replaced by others."""
    lines = [[line] for line in COMMITTED]
    for line, texts in changes:
        lines[line - 1] = texts
    return [line for texts in lines for line in texts]


def test_an_edited_line_replaces_the_one_that_it_was() -> None:
    assert replaced(edited((1, ["def fetch(url, retries=17):"])), 1) == (1, False)
    assert replaced(["# new", *edited((1, ["def fetch(url, retries=17):"]))], 2) == (1, False)


def test_a_line_that_has_nothing_in_common_with_the_one_in_its_place_replaces_it() -> None:
    assert replaced(edited((2, ["    raise NotImplementedError"])), 2) == (2, False)


def test_lines_around_an_edited_one_are_new() -> None:
    wrapped = edited((3, ["    try:", "        read_all(url, parts)", "    except OSError:", "        pass"]))
    assert [replaced(wrapped, line) for line in range(3, 7)] == [None, (3, False), None, None]


def test_of_several_lines_each_replaces_the_one_that_it_is_most_like() -> None:
    swapped = edited((2, ["    read_all(url, parts)"]), (3, ["    connect(url, parts)"]))
    assert (replaced(swapped, 2), replaced(swapped, 3)) == ((3, False), (2, False))


def test_a_line_that_was_indented_or_moved_is_known_by_its_words() -> None:
    assert replaced(edited((2, ["        connect(url)"])), 2) == (2, True)
    assert replaced([*edited((2, [])), "", "    connect(url)"], 10) == (2, True)


def test_only_the_beginning_of_a_long_line_is_compared() -> None:
    rows, old, new = " 0 ," * MAX_COMPARED, "data = [" + "1, " * 200, "table = (" + "2; " * 200
    assert likest(new + rows, [old + rows]) is None
    assert likest(rows + new, [rows + old]) == rows + old


@pytest.mark.parametrize("text", ["", "    log(url)"])
def test_a_new_or_blank_line_replaces_none(text: str) -> None:
    assert replaced(edited((2, ["    connect(url)", text])), 3) is None


def test_a_line_of_a_new_file_replaces_none() -> None:
    assert replaced(["x = 1"], 1, []) is None


def test_a_line_of_a_large_rewrite_replaces_none() -> None:
    old, new = ([f"{name}_{number} = {number}" for number in range(300)] for name in ("old", "new"))
    assert replaced(new, 150, old) is None


words = st.lists(st.sampled_from(["a b", "a c", "b c d", "long enough", "  long enough", "", "x"]), max_size=8)


@given(words, words)
def test_no_two_lines_replace_the_same_one(committed: list[str], current: list[str]) -> None:
    mapped = committed_lines(committed, current)
    found = [replaced_line(committed, current, mapped, line) for line in range(1, len(current) + 1)]
    changed = [one.line for one in found if one is not None and not one.reformatted]
    assert len(changed) == len(set(changed))
    assert not set(changed) & set(mapped)
