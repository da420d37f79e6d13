"""What the body of a message says, without what says nothing."""

from __future__ import annotations

import time

import pytest

from mom_lsp.extract.body import cleaned
from mom_lsp.extract.message import split_message

NOTHING = [
    "close #12",
    "fix #12, fix #13",
    "Fixes #12. Closes: GH-13, (see https://github.com/a/b/issues/14#issuecomment-5)",
    "CLOSE #12\nref #13",
    "* Closes a/b#12\n* Closes a/b#13",
    "Part of <https://gitlab.com/a/b/-/merge_requests/12>.",
    "fixes [#12](https://github.com/a/b/issues/12)",
    "https://gitee.com/a/b/issues/I1VZUR",
    "This partially reverts commit 21ab37a5d92c866a289320cba7c4689df70b3342.",
    "Limit retries\n\n* Add changelog entry\n* address review feedback\n* Fix lint",
    "* net: limit retries (#12)\n\n* Add CHANGES entry for #12\n\n* Merge branch 'main' into topic\n\n* fix tests",
    "* [pre-commit.ci] auto fixes from pre-commit.com hooks\n\nfor more information, see https://pre-commit.ci",
    "* Apply suggestions from code review\n\n---------\n\nCo-authored-by: A <a@x.org>",
    "* Update src/net/__init__.py\n* Add more tests\n* wip\n* oops!",
    "<!--\nThank you for the pull request.\n-->\n\n## Summary\n\n<!-- Why? -->\n\n## Test Plan\n\n- [x] Tests pass",
    "# Conflicts:\n#\tlib/a.c",
    "--HG--\nbranch : trunk\nrename : a/b.py => a/c.py",
]


@pytest.mark.parametrize("body", NOTHING)
def test_a_body_that_says_nothing_is_empty(body: str) -> None:
    assert split_message(f"net: limit retries (#12)\n\n{body}\n").body == ""


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("Fixes #12\n\nThe server counts.", "The server counts."),
        ("Fixes #12\nThe server counts.", "The server counts."),
        ("The server counts.\nCloses #12.", "The server counts."),
        ("* net: limit retries\n\nThe server counts.\n\n* Add tests", "The server counts."),
        ("## Summary\n\nThe server counts.\n\n## Test Plan", "The server counts."),
        ("<details>\n\nThe server <!-- sic --> counts.\n\n</details>", "The server  counts."),
    ],
)
def test_what_a_body_says_is_left(body: str, left: str) -> None:
    assert cleaned("net: limit retries (#12)", body) == left


@pytest.mark.parametrize(
    "body",
    [
        "This mends the crash that\nfixes #12 could not reach.",
        "See https://github.com/a/b/issues/12 for\nthe reason.",
        "Fixes the first part of #12, which the server counts.",
        "See https://www.rfc-editor.org/rfc/rfc9110#name-retry-after",
        "Two ways were tried:\n- #12\n- #13",
        "* Limit retries of the proxy\n* Reset the counter",
        "Retries",
        "## Retries\n\n### Of the proxy\n\nThe server counts.",
        "```\n# Fixes #12\n\n---\n# Heading\n```",
        "Counts <http://a.example/> as well.",
        "Update the parser of attempts to be strict about tests, since the server counts.",
        "A list of what is <!-- never closed",
        "Test: run it twice",
    ],
)
def test_nothing_else_is_dropped(body: str) -> None:
    assert cleaned("net: limit retries (#12)", body) == body


HOSTILE = (
    "<!--|#| |\n|\n\n#1|a/|https://a/|https://a.a/issues/\n|* fix pr|* fix\n|fix pr |**a|- [ ] x\n"
    "|(#|x.|and |# a\n|```\n|`|address review |add changelog "
)


@pytest.mark.parametrize("part", HOSTILE.split("|"))
def test_a_hostile_body_is_cleaned_in_linear_time(part: str) -> None:
    began = time.process_time()
    cleaned("net: limit retries", part * (200_000 // len(part)))
    assert time.process_time() - began < 2.0
