"""Hints move with their lines: the oracle marks lines in the text itself and edits that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from mom_lsp.server.shift import Hint, shift


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


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
    edited = [*lines[:start_line], *_replaced(lines, start_line, start, end_line, end, text), *lines[end_line + 1 :]]
    hints = shift(at(*range(len(lines))), change((start_line, start), (end_line, end), text))
    for hint in hints:
        assert edited[hint.line] == f"line {hint.suggestion['id']}"
    untouched = {*range(start_line), *range(end_line + 1, len(lines))}
    assert untouched <= {int(hint.suggestion["id"]) for hint in hints}


def _replaced(lines: list[str], start_line: int, start: int, end_line: int, end: int, text: str) -> list[str]:
    return (lines[start_line][:start] + text + lines[end_line][end:]).split("\n")


def test_a_changed_line_loses_its_hint() -> None:
    assert lines_of(shift(at(3, 4, 5), change((4, 2), (4, 3), "x"))) == [3, 5]


def test_whole_lines_inserted_above_or_deleted_move_the_line() -> None:
    assert lines_of(shift(at(4), change((4, 0), (4, 0), "a\nb\n"))) == [6]
    assert lines_of(shift(at(1, 4), change((1, 0), (4, 0), ""))) == [1]


def test_a_line_break_typed_at_the_end_of_a_line_keeps_its_hint() -> None:
    typed = change((4, 9), (4, 9), "\n    ")
    assert lines_of(shift(at(4, 5), typed, lambda line, text: (line, text) == (5, "    "))) == [4, 6]
    assert lines_of(shift(at(4, 5), typed)) == [6]


def test_a_new_text_has_no_hints() -> None:
    assert shift(at(1), types.TextDocumentContentChangeWholeDocument("new")) == []
