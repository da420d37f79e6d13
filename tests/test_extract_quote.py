"""The sentence of a memory that is shown at a place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.message import MAX_WHY
from mom_lsp.extract.quote import Quote, is_informative, place_words, quote

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
        first = Quote("The table hashes with FNV, since it is small.", True, 0.0)
        assert quote("pool: tidy up", POOL, place)._replace(after=()) == first


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
        ("See the discussion at https://example.org/12 for more details.", ""),
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
        ("[ada@example.org: renamed the pool]\n\nIt leaked on each retry.", "It leaked on each retry."),
        ("# fdisk -l\nDisk 4: it was left open for long.\n\nIt leaked on each retry.", "It leaked on each retry."),
        ("### What does this change?\nIt leaked on each retry.", "It leaked on each retry."),
        ("", ""),
    ],
)
def test_references_credits_code_and_the_title_are_never_quoted(body: str, text: str) -> None:
    assert quote("pool: mend the leak", body).text == text


@pytest.mark.parametrize(
    "credit",
    [
        "From Ada Byron, thanks!",
        "Fix from Ada.",
        "From Ada Byron in GitHub issue 12.",
        "From Ada Byron, GitHub issue 4435.",
        "From Ada BYRON.",
        "GitHub issues 1182 and 2299.",
        "GitHub issue 4280 from ada dot byron at engines dot example.",
        "Requested ages ago by somebody whose name I have forgotten.",
        "Requested by somebody a few months ago who didn't bother testing it.",
        "Fixes a crash reported by Ada van der Byron.",
        "Based on a diff from ada@.",
        "Prompted by ada on #engines.",
        "Patch from SF bug 3374493.",
        "ok ada grace",
        "OK ada@ grace@, agreement from byron@",
        "Thanks Ada Byron for the report and Grace Hopper for the review.",
        "Many thanks for a very informative email from Ada Byron.",
    ],
)
def test_whom_a_change_is_from_is_no_reason(credit: str) -> None:
    assert not is_informative(credit)


@pytest.mark.parametrize(
    "sentence",
    [
        "But it works for me anyway.",
        "More to come, getting this in so it is tested.",
        "Will be more to come with panes.",
        "This will fix #7.",
    ],
)
def test_that_it_works_what_is_still_to_come_and_what_is_fixed_is_no_reason(sentence: str) -> None:
    assert not is_informative(sentence)


@pytest.mark.parametrize("sentence", ["From Python 3.8 on this is a warning.", "From now on the server answers."])
def test_since_when_something_holds_may_be_one(sentence: str) -> None:
    assert is_informative(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Do not crash when the session has no window, reported by Ada Byron.",
        "Fix a leak in the error path, from Ada Byron.",
        "ok to free it here, the server keeps a copy",
        "Requested by POSIX.",
        "Problem caused by Windows.",
        "Fixed by using the copy.",
        "This will fix the leak of #7 in the error path.",
        "It takes an email from the queue.",
    ],
)
def test_what_a_change_does_is_told_apart_from_whom_it_is_from(sentence: str) -> None:
    assert is_informative(sentence)


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


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("pool: add a limit for idle workers", "This adds a limit for idle workers in the pool"),
        ("The pool used functions which are not", "part of the official interface."),
        ("pool: add types", "This adds: Pool - the workers Limit - how many Idle - those without work"),
        ("pool: add options", "POOL_SIZE POOL_LIMIT POOL_IDLE_SECONDS and POOL_NAME"),
        ("pool: add limits", "* POOL_SIZE\n* POOL_LIMIT (for each host)"),
        ("pool: undo", "reopen #12, close #13"),
        ("pool: mend", "Refs GHSA-9rff-vwfp-83hv"),
        ("pool: undo", "--HG--\nbranch : fix-pool"),
        ("pool: align", "where 512 % 4096 is not 0, so that nothing is aligned."),
        ("pool: align", "[ada@example.org: split from the patch of the pool"),
    ],
)
def test_a_repetition_the_rest_of_the_title_and_a_list_of_names_are_not_quoted(title: str, body: str) -> None:
    assert quote(title, body).text == ""
    assert quote(title, f"{body}\n\nIt leaked on each retry.").text == "It leaked on each retry."


def test_of_the_list_that_a_squash_makes_only_an_item_with_a_reason_is_quoted() -> None:
    squashed = "* method to detect spiders in the crawler\n\n* grammatically correct name"
    assert quote("Fail without spiders", squashed, at("def detect_spiders(crawler):")).text == ""
    reason = "the spiders are counted late, because they start late"
    assert quote("Fail without spiders", f"{squashed}\n\n* {reason}").text == reason


def test_a_sentence_that_goes_on_is_not_joined_to_an_item_of_a_list() -> None:
    body = "- Goal: what the build is for\n- Mode: how it is built\n\nThis prepares read_timeout."
    assert quote("x", body, at("read_timeout = 5")).text == "This prepares read_timeout."
    assert quote("x", body, at("Mode = 3")).item


@pytest.mark.parametrize(
    "text", ["It works now :)", "Sizes in [0, 1) are refused.", "First 1) wait, then 2) close it."]
)
def test_a_bracket_that_needs_no_other_makes_no_fragment(text: str) -> None:
    assert quote("pool: mend", text).text == text


def test_the_reason_behind_a_short_sentence_is_cut_rather_than_left_out() -> None:
    reason = f"This broke the pool because {'the server counts each of the attempts, and ' * 6}bans."
    found = quote("pool: mend", f"The pool asked twice. {reason}")
    assert found.text.startswith("The pool asked twice. This broke the pool because the server")
    assert len(found.text) <= MAX_WHY
    assert found.text.endswith("…")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "Many places in the code were doing\n\n    free(pool)\n\nIt leaked on each retry.",
            "It leaked on each retry.",
        ),
        (
            "The documentation (in pool.txt) says that\n```\nfree it\n```\nIt leaked on each retry.",
            "It leaked on each retry.",
        ),
        (
            "This sequence works\n\n    free(pool)\n\nand shows the pool.\n\nIt leaked on each retry.",
            "This sequence works … and shows the pool.",
        ),
        (
            "The server counts each attempt of a client that retries at once:\n\n    count(1)",
            "The server counts each attempt of a client that retries at once: …",
        ),
        (
            "The server counts each attempt of a client so:\n\n    count(1)\n\nThe pool was freed twice.",
            "The pool was freed twice.",
        ),
        ("Mo Tu We Th Fr\n1 2 3 4 5\n8 9 10 11 12\n\nThe pool was freed twice.", "The pool was freed twice."),
        ("It does so:\n\n    free(pool)\n\nThis is wrong. The pool was freed twice.", "The pool was freed twice."),
        ("To reproduce, start it twice. The pool was freed twice.", "The pool was freed twice."),
        ("The server counts each attempt and bans for the\n\nIt leaked on each retry.", "It leaked on each retry."),
        ("The pool was freed twice.\n\n    free(pool)\n\nIt leaked.", "The pool was freed twice."),
        ("The pool was freed twice\n\nIt leaked.", "The pool was freed twice"),
        (
            "It did this:\n\n  pool one is free;\n  pool two is left;\n\nIt leaked on each retry.",
            "It leaked on each retry.",
        ),
        ("- free it\n\n  The pool was freed twice.\n\nIt leaked on each retry.", "The pool was freed twice."),
        ("It leaks\n\n  The pool was freed twice.\n\n  It leaked on each retry.", "The pool was freed twice."),
    ],
)
def test_code_is_not_quoted_and_a_sentence_around_it_is_whole(body: str, text: str) -> None:
    assert quote("pool: mend it", body).text == text


def test_the_sentences_after_a_quote_follow_it_until_an_item_or_code() -> None:
    body = "It clears the descriptor.\nThe second call fails. Both are lost.\n\n    call()\n\nThey come back."
    assert quote("losetup: keep it", body).after == ("The second call fails.", "Both are lost.")
    assert quote("losetup: keep it", "It clears the descriptor.\n\n- one more thing is done\n- and another").after == ()
