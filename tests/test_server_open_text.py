"""Open texts follow the editor's changes, with unusual line breaks and positions past the end."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import Workspace

from mom_lsp.route.lines import MAX_TEXT, is_too_long, open_lines, whole_lines
from mom_lsp.server.open_text import OpenText, OpenTexts

URI = "file:///r/a%20b.py"
UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}  # bytes
MOST = 2**31 - 1
texts = st.text(st.sampled_from("ab \n\r\f\x0b\x1c\x1d\x1e\x85\u2028\u2029é🍎"), max_size=12)
Place = tuple[int, int]


def opened(text: str, encoding: str = "utf-16") -> OpenTexts:
    workspace = OpenTexts(Workspace(None, position_encoding=types.PositionEncodingKind(encoding)))
    workspace.put_text_document(types.TextDocumentItem(URI, "python", 1, text))
    return workspace


def changed(workspace: OpenTexts, new: str, start: Place, end: Place, uri: str = URI) -> OpenText:
    span = types.Range(types.Position(*start), types.Position(*end))
    change = types.TextDocumentContentChangePartial(span, new)
    workspace.update_text_document(types.VersionedTextDocumentIdentifier(2, uri), change)
    return workspace.opened[URI]


def places(text: str, encoding: str) -> list[tuple[int, Place]]:
    """Return every place in a text: its offset, and its position in the editor's units."""
    found, offset = [], 0
    for number, line in enumerate(re.split("\r\n|\r|\n", text)):
        for index in range(len(line) + 1):
            units = len(line[:index].encode(f"{encoding}-le" if encoding != "utf-8" else encoding)) // UNIT[encoding]
            found.append((offset + index, (number, units)))
        end = re.match("\r\n|\r|\n", text[offset + len(line) :])
        offset += len(line) + (len(end[0]) if end else 0)
    return found


@given(texts)
def test_a_text_consists_of_its_lines(text: str) -> None:
    lines = whole_lines(text)
    assert "".join(lines) == text
    assert [line.rstrip("\r\n") for line in lines] == open_lines(text)


@given(texts, texts, st.sampled_from(sorted(UNIT)), st.data())
def test_a_change_is_applied_where_the_editor_made_it(text: str, new: str, encoding: str, data: st.DataObject) -> None:
    one = st.sampled_from(places(text, encoding))
    (start, first), (end, last) = sorted(data.draw(st.tuples(one, one)))
    assert changed(opened(text, encoding), new, first, last).source == text[:start] + new + text[end:]


@given(texts, st.integers(0, 3), st.integers(0, MOST), st.sampled_from([0, MOST]))
def test_a_position_past_the_end_is_clamped(text: str, line: int, column: int, behind: int) -> None:
    lines = whole_lines(text)
    assert changed(opened(text), "new", (len(lines), column), (MOST, behind)).source == f"{text}new"
    if line < len(lines):
        content = lines[line].rstrip("\r\n")
        lines[line] = f"{content}new{lines[line][len(content) :]}"
        assert changed(opened(text), "new", (line, MOST), (line, MOST)).source == "".join(lines)


def test_a_form_feed_does_not_end_a_line() -> None:
    text = changed(opened("a = 1\n\fb = 2\nlimit = 42\n"), "43", (2, 8), (2, 10))
    assert text.lines == ("a = 1\n", "\fb = 2\n", "limit = 43\n")


def test_a_text_is_found_by_any_spelling_of_its_uri() -> None:
    workspace = opened("a\n")
    assert changed(workspace, "b", (0, 0), (0, 1), uri="file:///r/a b.py").source == "b\n"
    assert workspace.get_text_document("FILE:///r/a%20b.py").uri == URI
    workspace.remove_text_document("file://localhost/r/a b.py")
    assert not workspace.opened


def test_a_change_to_a_text_that_is_not_open_changes_nothing() -> None:
    assert changed(opened("a\n"), "b", (0, 0), (0, 1), uri="file:///r/other.py").source == "a\n"


def test_a_lost_text_is_recovered_by_the_next_full_one() -> None:
    workspace = opened("a\n")
    text = workspace.opened[URI]
    text.is_lost = True
    assert changed(workspace, "b", (0, 0), (0, 1)).source == "a\n"
    assert not text.is_readable
    text.apply_change(types.TextDocumentContentChangeWholeDocument("c\n"))
    assert text.is_readable
    assert changed(workspace, "d", (0, 0), (0, 1)).source == "d\n"


@pytest.mark.parametrize("text", ["x" * MAX_TEXT, "é" * (MAX_TEXT // 2)])
def test_every_text_has_the_same_limit_in_bytes(text: str) -> None:
    assert not is_too_long(text)
    assert is_too_long(text + "x")
    assert opened(text).opened[URI].is_readable
    assert not opened(text + "x").opened[URI].is_readable
