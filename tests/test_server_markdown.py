"""Text of a repository is shown as text: nothing in it becomes markup."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
import suggestions
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.server.markdown import (
    BODY_BYTES,
    LinkTarget,
    body_text,
    escape,
    fenced,
    headline,
    hover_text,
    in_full,
    prose,
    unscored,
)

CODE = r"(?<![`\\])`[^`\s\\](?:[^`\\]*[^`\s\\])?`(?!`)"
ACTIVE = "ab`*_[]()<>!#|~&\\:/@.w- 1+="


SOURCE = suggestions.make_suggestion()["source"]


def make_suggestion(**changes: Any) -> dict[str, Any]:
    why = "changed this line, shares `retry`"
    return suggestions.make_suggestion(**{"title": "Title", "body": "", "quote": "", "why": why} | changes)


@given(st.text(ACTIVE, max_size=30))
def test_escaping_removes_markup_and_keeps_every_letter(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~&!@]", escaped)
    assert not re.match(r"[-+=]|\d{1,2}[.)]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())


@pytest.mark.parametrize("text", ["https://example.invalid", "www.example.invalid", "me@example.invalid", "vscode://x"])
def test_urls_do_not_become_links(text: str) -> None:
    assert text not in escape(text)


@given(st.text("a`\n~", max_size=40))
def test_text_cannot_close_a_code_block(text: str) -> None:
    first, *inner, last = fenced(text).split("\n")
    assert first == f"{last}text"
    assert not [line for line in inner if re.fullmatch(rf" {{0,3}}{last}`*\s*", line)]


@given(st.text(max_size=3000))
def test_a_body_is_at_most_1_kb(text: str) -> None:
    assert len(body_text(text).encode("utf-8", "replace")) <= BODY_BYTES + len("…".encode())


@given(st.text(ACTIVE + "\n", max_size=80))
def test_prose_has_no_markup_but_lists_and_code(text: str) -> None:
    for block in prose(text):
        if not re.match("`{3,}text\n", block):
            for line in re.sub(CODE, "x", block).splitlines():
                assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~&!@]", line.removeprefix("- "))
                assert not re.match(r"[+=]|-(?! )|\d{1,2}[.)]", line)


def test_code_in_backticks_is_code_and_nothing_else() -> None:
    assert prose("Use `a*b` not `` ` `*c*") == ["Use `a*b` not \\`\\` \\` \\`\\*c\\*"]
    assert prose("`[x](command:y)` <b>") == ["`[x](command:y)` \\<b\\>"]


def test_wrapped_lines_are_joined_and_other_structure_is_kept() -> None:
    text = "One that\nis wrapped.\n\n- an item\n  goes on\n- another\n\n    code()\n    more()\n\nFixes #1\nRef: #2"
    assert prose(text) == [
        "One that is wrapped.",
        "- an item goes on\n- another",
        "```text\n    code()\n    more()\n```",
        "Fixes \\#1  \nRef: \\#2",
    ]


def test_a_full_memory_begins_with_its_source_and_relevance() -> None:
    text = in_full(make_suggestion(pinned=True, status="needs_revision", freshness="drifted", body="Because."))
    for part in (
        "**Title**",
        "*failed approach*",
        "pinned",
        "needs revision",
        "code changed",
        "Because.",
        "`012345678`",
    ):
        assert part in text
    title, source, _, relevance, *_ = text.splitlines()
    assert title.startswith("**Title**")
    assert "3 years ago (2023-05-17) · Ada · `012345678`" in source
    assert relevance == "91% relevant: changed this line, shares `retry`"
    assert "command:" not in text


def test_a_hover_has_no_number_but_the_relevance() -> None:
    text = in_full(make_suggestion(chance=0.91))
    assert not [word for word in ("score", "strength", "half-life", "+0.60", "█") if word in text]


def test_a_warning_is_bold() -> None:
    failure = {"kind": "failed_approach", "tried": "Title", "because": "", "again": True, "by": None}
    one = make_suggestion(
        failure=failure | {"replaced_by": {"id": "feedface", "title": "Other"}}, chance=None, why="warning: no"
    )
    assert "\n**Warning: no**\n" in in_full(one)


@given(st.text(ACTIVE, max_size=30))
def test_a_reason_has_no_markup_but_code(why: str) -> None:
    _, _, _, relevance, *_ = in_full(make_suggestion(why=f"shares {why}x")).splitlines()
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~&!@]", re.sub(CODE, "x", relevance))


def test_a_note_does_not_repeat_its_first_line() -> None:
    assert in_full(make_suggestion(body="Title\nmore")).count("Title") == 1


QUOTE = "It leaked. So it was *closed*."
SHOWN = "> It leaked. So it was \\*closed\\*."


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("It leaked.\n\nSo it was\n*closed*.", []),
        ("* It leaked. So it was *closed*. Twice.", ["Twice."]),
        ("Once more.\n\nIt leaked.\nSo it was *closed*.\n\nAnd tested.", ["Once more.", "And tested."]),
        ("Once more. It leaked. So it was *closed*.", ["Once more. It leaked. So it was \\*closed\\*."]),
        ("Another text", ["Another text"]),
    ],
)
def test_the_quote_comes_first_and_is_not_repeated_as_a_paragraph(body: str, rest: list[str]) -> None:
    _, quote, _, *paragraphs = in_full(make_suggestion(body=body, quote=QUOTE)).split("\n\n")
    assert (quote, paragraphs) == (SHOWN, rest)


@given(st.text(ACTIVE, min_size=1, max_size=30))
def test_a_quote_has_no_markup_but_code(quote: str) -> None:
    shown = next(line for line in in_full(make_suggestion(quote=f"x{quote}")).splitlines() if line.startswith("> "))
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|#~&!@]", re.sub(CODE, "x", shown.removeprefix("> ")))


def test_a_commit_links_only_to_its_forge() -> None:
    def heading(url: str) -> str:
        return headline(make_suggestion(source=SOURCE | {"url": url}))

    safe = "https://github.com/a/b/commit/0123456789ab"
    assert f"[`012345678`]({safe})" in heading(safe)
    assert heading("https://github.com/a) [x](command:y").count("](") == 1
    assert "](" not in heading("command:evil")


def test_command_links_have_the_memory_and_its_location() -> None:
    text = in_full(make_suggestion(), LinkTarget("file:///a%20b.py", 3))
    links = dict(re.findall(r"\]\(command:([\w.]+)\?([^)]+)\)", text))
    assert set(links) == {"mom.details", "mom.open", "mom.pin", "mom.dismiss", "mom.forget"}
    for name in ("mom.dismiss", "mom.details"):
        assert json.loads(unquote(links[name])) == ["deadbeef00000001", "file:///a%20b.py", 3]


def test_the_first_memory_is_shown_in_full_and_the_others_in_one_line() -> None:
    others = [make_suggestion(title=f"Other {number}", body="Secret") for number in (1, 2)]
    head, rest = hover_text([make_suggestion(body="Because."), *others], None).value.split("---")
    assert "Because." in head
    assert len(rest.strip().splitlines()) == 2
    assert "Secret" not in rest


def test_a_hint_without_a_score_shows_only_its_reason() -> None:
    text = in_full(unscored(make_suggestion(chance=0.91)))
    assert "Changed this line, shares `retry`" in text and "91%" not in text
