"""Informativeness: whether a message tells its reader something that the code does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.informative import informativeness, message_words

REASON = "The server closes the connection after 30 s, so that a retry would send the request twice."


@pytest.mark.parametrize(
    ("telling", "dull"),
    [
        (("Avoid a crash when the list is empty", ""), ("Add a list", "")),
        (("Don't retry a POST", REASON), ("Update tests", "")),
        (("Fix the race between close and read", REASON), ("Refactor the parser", "More cleanup of the code.")),
        (("Handle a missing file on Windows", ""), ("docs: add an example", "")),
    ],
)
def test_a_reason_tells_more_than_what_was_added(telling: tuple[str, str], dull: tuple[str, str]) -> None:
    assert informativeness(*telling) > 2 * informativeness(*dull)


def test_words_are_told_apart_by_their_place_and_a_scope_is_no_word() -> None:
    words = message_words("url: avoid `free` twice", "See #12, since it crashed.")
    assert {"first avoid", "title avoid", "title `", "text #1", "text since"} <= words
    assert "first url" not in words
    assert "text avoid" not in words


@given(st.text(max_size=300), st.text(max_size=2_000))
def test_any_text_has_a_probability(title: str, body: str) -> None:
    assert 0.0 < informativeness(title, body) < 1.0
