"""A memory as a comment in any language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.insert_comment import SIGNS, comment


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
