"""What a repository says is shown as text: nothing in it becomes markup."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.convert import (
    BODY_BYTES,
    LABEL_LENGTH,
    body_text,
    escape,
    fenced,
    lsp_label,
    markdown,
    terms_bar,
    when,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_suggestion(**changes: Any) -> dict[str, Any]:
    source = {"commit": "a1b2c3d4e5f6", "author": "Ann", "time": "2023-05-17T10:00:00Z", "path": None, "line": None}
    return {
        "id": "1",
        "kind": "failed_approach",
        "title": "Title",
        "body": "",
        "why": "it changed this line",
        "source": source,
        "score": 0.5,
        "terms": {"sem": 0.0, "lex": 0.1, "temp": -0.1, "use": 0.0, "place": 0.5},
        "pinned": False,
        "status": "candidate",
        "freshness": "fresh",
    } | changes


@given(st.text())
def test_a_label_is_one_short_visible_line(title: str) -> None:
    label = lsp_label(make_suggestion(title=title))
    assert len(label) <= LABEL_LENGTH
    assert not {unicodedata.category(character) for character in label} & {"Cc", "Zl", "Zp"}
    assert not set(label) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text("ab`*_[]()<>!#|~&\\:/@.w ", max_size=30))
def test_escaping_leaves_no_active_character_and_no_letter_out(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~&!@]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())


@pytest.mark.parametrize("text", ["https://example.invalid", "www.example.invalid", "me@example.invalid", "vscode://x"])
def test_nothing_becomes_a_link(text: str) -> None:
    assert text not in escape(text)


@given(st.text("a`\n~", max_size=40))
def test_nothing_ends_a_code_block(text: str) -> None:
    first, *inner, last = fenced(text).split("\n")
    assert first == f"{last}text"
    assert not [line for line in inner if re.fullmatch(rf" {{0,3}}{last}`*\s*", line)]


@given(st.text(max_size=3000))
def test_a_body_is_at_most_1_kb(text: str) -> None:
    assert len(body_text(text).encode("utf-8", "replace")) <= BODY_BYTES + len("…".encode())


def test_a_body_keeps_its_lines() -> None:
    assert body_text("one\r\n\ttwo\u202e\n\nthree") == "one\n    two\n\nthree"


def test_a_suggestion_says_everything() -> None:
    text = markdown(make_suggestion(pinned=True, status="needs_revision", freshness="moved", body="Because."), NOW)
    for part in (
        "**Title**",
        "*failed approach*",
        "pinned",
        r"needs revision",
        "moved",
        "Because.",
        "a1b2c3d4e",
        "Ann",
    ):
        assert part in text
    assert "3 years ago (2023-05-17)" in text
    assert "it changed this line" in text


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-22T11:59:30Z", "just now (2026-11-22)"),
        ("2026-11-22T10:00:00Z", "2 hours ago (2026-11-22)"),
        ("2026-11-21T11:00:00+00:00", "1 day ago (2026-11-21)"),
        ("2026-11-01T12:00:00Z", "3 weeks ago (2026-11-01)"),
        ("2030-01-01T00:00:00Z", "just now (2030-01-01)"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_in_words(time: str, words: str) -> None:
    assert when(time, NOW) == words


def test_the_largest_share_comes_first_and_none_is_hidden() -> None:
    assert terms_bar(0.5, {"lex": 0.1, "temp": -0.1, "use": 0.0, "place": 0.5}).splitlines() == [
        "score   +0.50",
        "place   +0.50 ██████████",
        "words   +0.10 ██",
        "time    -0.10 ██",
    ]
