"""The sentence of a memory that is shown at a place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.message import MAX_WHY
from mom_lsp.extract.quote import Quote, place_words, quote

POOL = """The table hashes with FNV, since it is small.

The read_timeout was never reset. Otherwise a slow server would be asked twice.

 - rename the helper
"""


def at(*lines: str, around: tuple[str, ...] = ()) -> dict[str, float]:
    return place_words(lines, around)


def test_the_quote_shares_names_with_the_line() -> None:
    assert quote("pool: tidy up", POOL, at("h = fnv_hash(key)")).text == "The table hashes with FNV, since it is small."
    assert quote("pool: tidy up", POOL, at("self.read_timeout = 5")) == Quote(
        "The read_timeout was never reset. Otherwise a slow server would be asked twice.", True, 0.6128
    )
    assert quote("pool: tidy up", POOL, at("def helper():")).text == "rename the helper"


def test_without_a_shared_name_the_first_sentence_is_quoted() -> None:
    for place in ({}, at("for value in values:")):
        assert quote("pool: tidy up", POOL, place) == Quote("The table hashes with FNV, since it is small.", True, 0.0)


def test_of_the_sentences_about_a_line_one_that_gives_a_reason_is_quoted() -> None:
    body = "Drop the poller. The poller is gone because nobody started it."
    assert quote("x", body, at("poller = None")).text == "The poller is gone because nobody started it."


def test_rarer_and_nearer_names_say_more_about_a_place() -> None:
    names = quote("", "It calls parse_header first.", at("parse_header(x)")).overlap
    parts = quote("", "It calls the parser of each header first.", at("parse_header(x)")).overlap
    nearby = quote("", "It calls parse_header first.", at("x = 1", around=("parse_header(x)",))).overlap
    common = quote("", "It calls the value of each line first.", at("line_value(x)")).overlap
    assert names > nearby > parts > common == 0


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Close #12, fix #13", ""),
        ("Reported by Ada Lovelace of Analytical Engines", ""),
        ("Reviewed-by: Ada Lovelace <ada@example.org>", ""),
        ("pool: mend the leak (#12)\n\nNobody freed it here.", "Nobody freed it here."),
        ("Pool: mend the leak. It leaked on each retry.", "It leaked on each retry."),
        ("The following changes:\n\n    pool = None\n\nIt leaked on each retry.", "It leaked on each retry."),
        ("There are two ways to do it:\n- free it when it is closed\n- never", "free it when it is closed"),
        ("1. Free it when the\n   server closes it.", "Free it when the server closes it."),
        ("Set --no-verify for\n$HOME to be read.", "Set --no-verify for $HOME to be read."),
        ("--no-verify is read before the rest.", "--no-verify is read before the rest."),
        ("这样可以避免重复。其他的不变。", "这样可以避免重复。"),
        ("", ""),
    ],
)
def test_references_credits_code_and_the_title_are_never_quoted(body: str, text: str) -> None:
    assert quote("pool: mend the leak", body).text == text


def test_a_sentence_that_goes_on_is_quoted_with_the_one_before() -> None:
    body = "A redirect resets the flag.\n\nTherefore the cookie_jar comes first."
    assert quote("", body, at("cookie_jar = {}")).text == " ".join(body.split("\n\n"))
    long = f"A redirect resets {'very ' * 60}many flags.\n\nTherefore the cookie_jar comes first."
    assert quote("", long, at("cookie_jar = {}")).text == "Therefore the cookie_jar comes first."


@given(st.text(max_size=20), st.text(max_size=600), st.text(max_size=60))
def test_a_quote_of_any_text_is_one_short_line(title: str, body: str, line: str) -> None:
    found = quote(title, body, at(line))
    assert len(found.text) <= MAX_WHY
    assert found.text == " ".join(found.text.split())
    assert 0 <= found.overlap < 1


@pytest.mark.parametrize("part", [" ", "\n", "- ", "a.", "a. ", "```\n", "#1 ", "this ", "a_", "\n\n ", "fix ", "1. "])
def test_a_hostile_body_is_read_in_linear_time(part: str) -> None:
    began = time.process_time()
    quote("", part * (200_000 // len(part)), at("a_b"))
    assert time.process_time() - began < 2.0
