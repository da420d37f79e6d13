"""A memory as a comment in any language."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.app import MomServer, OpenDocument
from mom_lsp.server.document_place import DocumentPlace
from mom_lsp.server.insert_comment import SIGNS, comment, comment_edit


@pytest.mark.parametrize(("language", "end"), [("c", "*/"), ("html", "-->")])
@given(title=st.lists(st.sampled_from(["*", "*/", "/", "-", "-->", ">", " a "]), max_size=9).map("".join))
def test_a_memorys_text_cannot_close_its_comment(language: str, end: str, title: str) -> None:
    written = comment({"title": title, "source": {}}, SIGNS[language], "  ")
    assert not written or (
        written.startswith("  " + SIGNS[language][0]) and written.index(end) == len(written) - len(end)
    )


@given(title=st.text("\\ a", max_size=200))
def test_no_comment_line_continues_into_the_code(title: str) -> None:
    written = comment({"title": title, "source": {}}, SIGNS["cpp"], "  ")
    assert not any(line.endswith("\\") for line in written.split("\n"))


@pytest.mark.parametrize("title", ["Pass --force to mkfs", "Mind <!-- and --!> and --->", "-", "----"])
def test_a_comment_is_xml(title: str) -> None:
    ElementTree.fromstring(f"<a>{comment({'title': title, 'source': {}}, SIGNS['xml'], '')}</a>")


class Open:
    """A server with one open text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self, _: OpenDocument) -> str:
        return self._text

    def line(self, _: str, line: int) -> str:
        return self._text.split("\n")[line]


@pytest.mark.parametrize(
    ("language", "first"), [("sh", "#!/bin/sh"), ("xml", '<?xml version="1.0"?>'), ("php", "<?php")]
)
def test_nothing_is_inserted_above_what_has_to_be_the_first_line(language: str, first: str, tmp_path: Path) -> None:
    document = OpenDocument("file:///a", DocumentPlace(tmp_path, tmp_path, "a", tmp_path), language)
    server, memory = cast("MomServer", Open(f"{first}\nx\n")), {"title": "Because it is slow", "source": {}}
    edits = [comment_edit(server, document, line, memory) for line in (0, 1)]
    assert [edit is not None for edit in edits] == [False, True]
