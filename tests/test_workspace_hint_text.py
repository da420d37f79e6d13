"""What a hint says: the reason or the revert where there is one, else the bare title."""

from __future__ import annotations

from typing import Any

import pytest

from mom_lsp.workspace.answers.hint_text import bare, hint_text

REASON = "The server bans a client after 50 attempts, because its firewall counts them."


def make_suggestion(**changes: Any) -> dict[str, Any]:
    plain = {"id": "a", "title": "fix(net): limit the retries (#12)", "quote": "", "failure": None}
    return plain | {"source": {"type": "commit"}} | changes


def make_failure(by: str, because: str = "", kind: str = "failed_approach") -> dict[str, Any]:
    return {
        "kind": kind,
        "tried": "feat: retry without end",
        "because": because,
        "by": {"id": by, "title": "Revert #3"},
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "limit the retries"),
        ({"quote": REASON}, REASON),
        ({"quote": "The tests are in another file."}, "limit the retries"),
        ({"title": "Sync patchset 7:", "quote": "The tests are in another file."}, "The tests are in another file."),
        ({"title": "Sync patchset 7:"}, "Sync patchset 7:"),
        ({"title": "Revert #3", "failure": make_failure(by="a")}, "reverted: retry without end"),
        ({"failure": make_failure(by="b")}, "reverted: retry without end"),
        ({"failure": make_failure(by="b", because="It hid the ban.")}, "reverted: It hid the ban."),
        ({"failure": make_failure(by="b", kind="bug_pattern")}, "limit the retries"),
        ({"title": "note: it has to rest", "source": {"type": "user"}}, "note: it has to rest"),
    ],
)
def test_a_hint_says_what_blame_cannot(changes: dict[str, Any], text: str) -> None:
    assert hint_text(make_suggestion(**changes)) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("compiler-sfc: keep the order of imports", "keep the order of imports"),
        ("[ty] lib/url, http2: count the attempts", "count the attempts"),
        ("feat(router)!: match the longest path", "match the longest path"),
        ("🐛 Fix parameterless `Depends()`", "Fix parameterless `Depends()`"),
        (":bug: fix: wait for the port", "wait for the port"),
        ("♻️ Wait for the port (#1234)", "Wait for the port"),
        ("#2447 Wait for the port", "Wait for the port"),
        ("fix: gh-12: wait for the port", "wait for the port"),
        ("Fix redirects: the port is lost (#1234)", "Fix redirects: the port is lost"),
        ("#12 again", "#12 again"),
        ("Wait for the port", "Wait for the port"),
        ("curl: quit", "curl: quit"),
        ("修复 #12", "修复 #12"),
    ],
)
def test_a_title_has_neither_gitmoji_nor_scope_nor_number(title: str, text: str) -> None:
    assert bare(title) == text
