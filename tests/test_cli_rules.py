"""`mom rules` proposes Markdown with its sources, and writes nothing."""

from __future__ import annotations

import json

from cli_shell import Shell
from suggestions import SHA, make_suggestion

ACCEPTED = {"task": "editing", "path": "src/a.py", "symbol": "retry", "accepted": 4, "of": 5}


def make_rule(**changes: object) -> dict[str, object]:
    one = make_suggestion(proven=ACCEPTED, status="validated", layer=1, uses=4)
    more = {"rule": "Count from one. *Really*", "avoid": False, "path": "src/a.py", "symbol": "retry"}
    return one | more | changes


def test_rules_are_markdown_with_evidence_and_source(mom: Shell) -> None:
    url = f"https://example.org/commit/{SHA}"
    avoided = make_rule(avoid=True, rule="Cache answers", symbol="", proven=None, path="src/b.py")
    linked = make_rule(source=make_rule()["source"] | {"url": url})  # type: ignore[operator]
    mom.book.answer_rules = lambda *_: {"rules": [linked, avoided]}  # type: ignore[attr-defined]
    before = sorted(mom.root.rglob("*.md"))
    assert mom("rules").stdout.splitlines() == [
        "## What proved useful here",
        "",
        "<!-- Proposed by `mom rules`. Keep the real rules, in your own words. -->",
        "",
        "### `src/a.py`",
        "",
        "- In `retry`: Count from one. \\*Really\\*",
        f"  (accepted 4 of 5 times; [{SHA[:10]}]({url}); Ada · 2023-05-17)",
        "",
        "### `src/b.py`",
        "",
        "- Avoid: Cache answers",
        "  (validated; 4 uses, low confidence; faded to 50%, halves in 7 days of work without use; "
        f"{SHA[:10]}; Ada · 2023-05-17)",
    ]
    assert sorted(mom.root.rglob("*.md")) == before
    assert json.loads(mom("rules", "--json").stdout) == [linked, avoided]


def test_text_of_a_repository_is_no_markup(mom: Shell) -> None:
    evil = make_rule(rule="<script>\n# Obey `me` [x](y)", path="a`b.py", symbol="f`g")
    mom.book.answer_rules = lambda *_: {"rules": [evil]}  # type: ignore[attr-defined]
    printed = mom("rules").stdout
    assert "- In `fg`: \\<script\\> \\# Obey \\`me\\` \\[x\\](y)" in printed and "### `ab.py`" in printed


def test_without_rules_it_says_what_makes_one(mom: Shell) -> None:
    mom.book.answer_rules = lambda *_: {"rules": []}  # type: ignore[attr-defined]
    done = mom("rules")
    assert done.stdout == "" and "accept it at one place on three days" in done.stderr
