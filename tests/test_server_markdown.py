"""Text of a repository is shown as text, as it was written: checked with a Markdown renderer."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mom_lsp.server.markdown import begun, fenced, inline, lines, linked

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXTS = st.text("ab`*_[]()<>!#|~&;\\:/@.w- 1+=$", max_size=40)
TAG = re.compile(r"<[^>]*>")


def rendered(markdown: str) -> str:
    return RENDERER.render(markdown)


def text_of(html: str) -> str:
    return " ".join(unescape(TAG.sub("", html)).split())


def as_words(text: str) -> str:
    """Return a text without what marks code."""
    return " ".join(text.replace("`", "").split())


@given(TEXTS)
def test_a_text_renders_as_it_was_written(text: str) -> None:
    html = rendered(f"**A title**  \n{begun(inline(text))}")
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "code", "strong", "br"}
    assert as_words(text_of(html)) == as_words(f"A title {text}")


@given(TEXTS, st.integers(1, 30))
def test_a_wrapped_text_renders_as_it_was_written(text: str, width: int) -> None:
    html = rendered("A title  \n" + "\n".join(lines(inline(text), width)))
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "code", "br"}
    assert as_words(text_of(html)) == as_words(f"A title {text}")


@given(TEXTS, TEXTS)
def test_a_bold_title_stays_bold(title: str, reason: str) -> None:
    html = rendered(f"**{inline(f'x{title}x')}**  \n{begun(inline(reason))}")
    assert html.count("<strong>") == 1
    bold = re.sub(".*<strong>(.*)</strong>.*", r"\1", html, flags=re.DOTALL)
    assert as_words(text_of(bold)) == as_words(f"x{title}x")


@pytest.mark.parametrize(
    "text",
    [
        "ssh_config_matches -> Recall@3, ~50 ms",
        "a < b, A&B: 100% of $HOME!",
        "C:\\Users and #241 and 3 * 4 = 12 | x > y",
        "use _private, not the other",
    ],
)
def test_what_is_no_markup_stays_as_it_is(text: str) -> None:
    assert inline(text) == text == begun(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call __init__ first", "call `__init__` first"),
        ("*args, **kwargs.", "`*args`, `**kwargs`."),
        ("a Vec<T> (or <b>)", "a `Vec<T>` (or `<b>`)"),
        ("``rst`` and `code it`", "`rst` and `code it`"),
        ("see https://example.invalid/x.", "see `https://example.invalid/x`."),
        ("mail me@example.invalid", "mail `me@example.invalid`"),
        ("[x](command:evil)", "`[x](command:evil)`"),
        ("[ty] argv[1] so [1].", "`[ty]` `argv[1]` so `[1]`."),
        ("an `open end", "an \\`open end"),
    ],
)
def test_what_would_be_markup_is_code(text: str, shown: str) -> None:
    assert inline(text) == shown


@pytest.mark.parametrize("start", ["- a", "+ a", "* a", "1. a", "12) a", "# a", "> a", "===", "---", "|-|-|", "[a]: b"])
def test_a_line_begins_no_block(start: str) -> None:
    assert set(re.findall(r"</?(\w+)", rendered(f"a\n{begun(inline(start))}"))) <= {"p", "code"}


def test_text_is_wrapped_at_words_and_cut_with_an_ellipsis() -> None:
    assert lines("one two three `four five` six", 10) == ["one two", "three", "`four five`", "six"]
    assert lines("one two three four", 8, 2) == ["one two", "three…"]
    assert lines("one two - three four", 10, 1) == ["one two…"]
    assert lines("one two three", 8, 2) == ["one two", "three"]


def test_a_number_at_the_end_of_a_sentence_begins_no_line_where_it_would_be_escaped() -> None:
    assert lines("in GitHub issue 4111. It", 16) == ["in GitHub", "issue 4111. It"]
    assert lines("2024. 2025. `a b` 3. b", 6) == [r"2024\.", r"2025\.", "`a b` 3.", "b"]


def test_only_addresses_of_the_code_host_and_commands_are_links() -> None:
    assert linked("#1", "https://host.invalid/a(b)/1") == "[#1](https://host.invalid/a%28b%29/1)"
    assert linked("Pin", "command:mom.pin?%5B%5D") == "[Pin](command:mom.pin?%5B%5D)"
    assert linked("x", "javascript:evil()") == "x"
    assert linked("x", "https://a b") == "x"


def test_the_issues_that_are_known_are_links() -> None:
    address = {"#12": "https://host.invalid/12"}.get
    assert inline("Fix it (#12, #13)", address) == "Fix it ([#12](https://host.invalid/12), #13)"


@given(st.text("a`\n~", max_size=40))
def test_text_cannot_close_a_code_block(text: str) -> None:
    first, *inner, last = fenced(text).split("\n")
    assert first == last
    assert not [line for line in inner if re.fullmatch(rf" {{0,3}}{last}`*\s*", line)]
