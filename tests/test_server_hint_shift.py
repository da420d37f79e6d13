"""Hints move with their lines: the oracle marks lines in the text itself and edits that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.hint_shift import Hint, shift

TEXT = "def f():\n    first = 1\n    return first\n\n\ndef g():\n    first = 1\n    return first\n"
LAST = TEXT.count("\n")


def lines_of(hints: list[Hint]) -> list[int]:
    return [hint.line for hint in hints]


def at(*lines: int) -> list[Hint]:
    return [Hint(line, {"id": str(line)}) for line in lines]


@given(st.data())
def test_a_hint_stays_with_its_unchanged_line(data: st.DataObject) -> None:
    lines = [f"line {number}" for number in range(data.draw(st.integers(1, 8)))]
    start_line = data.draw(st.integers(0, len(lines) - 1))
    end_line = data.draw(st.integers(start_line, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[start_line])))
    end = data.draw(st.integers(start if start_line == end_line else 0, len(lines[end_line])))
    text = data.draw(st.text("x\n", max_size=5))
    replaced = (lines[start_line][:start] + text + lines[end_line][end:]).split("\n")
    edited = [*lines[:start_line], *replaced, *lines[end_line + 1 :]]
    hints = shift(at(*range(len(lines))), "\n".join(lines), "\n".join(edited))
    assert {hint.suggestion["id"]: edited[hint.line] for hint in hints} == {
        line.removeprefix("line "): line for line in lines if line in edited
    }


def opened(line: int, typed: str = "") -> str:
    """Return the text with a line opened above one (0-based)."""
    lines = TEXT.split("\n")
    return "\n".join([*lines[:line], typed, *lines[line:]])


@given(st.integers(0, LAST - 1), st.sampled_from(["", "    ", "    other = 2", "    return first"]))
def test_a_line_opened_above_or_below_leaves_each_hint_with_its_line(line: int, typed: str) -> None:
    lines = TEXT.split("\n")
    hints = shift(at(*range(LAST)), TEXT, opened(line, typed))
    assert [opened(line, typed).split("\n")[hint.line] for hint in hints] == lines[:LAST]
    for hint in hints:
        was = int(hint.suggestion["id"])
        if lines[was] not in ("", typed):  # of two equal lines beside each other, either may be the new one
            assert hint.line == was + (was >= line)


def test_a_changed_line_loses_its_hint() -> None:
    assert lines_of(shift(at(1, 2, 7), TEXT, TEXT.replace("    return first\n\n", "    return first + 1\n\n"))) == [
        1,
        7,
    ]


def test_a_deleted_line_removes_its_hint() -> None:
    assert lines_of(shift(at(1, 2, 7), TEXT, TEXT.replace("    return first\n\n", "\n"))) == [1, 6]


def test_other_line_endings_shift_nothing() -> None:
    assert lines_of(shift(at(1, 7), TEXT, TEXT.replace("\n", "\r\n"))) == [1, 7]


def test_a_full_text_change_keeps_the_hints_of_unchanged_lines() -> None:
    assert lines_of(shift(at(1, 6), TEXT, f"# new\n{TEXT}")) == [2, 7]
    assert shift(at(1), TEXT, "new") == []


def test_hints_below_and_above_an_edit_of_a_long_text_move_by_its_lines() -> None:
    lines = [f"line {number}" for number in range(5_000)]
    before = "\r\n".join(lines)
    after = "\r\n".join([*lines[:2_000], "new", "newer", *lines[2_001:]])
    assert lines_of(shift(at(0, 1_999, 2_000, 2_001, 4_999), before, after)) == [0, 1_999, 2_002, 5_000]
