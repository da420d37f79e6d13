from __future__ import annotations

import json

import pytest
from cli_shell import Shell


def test_review_lists_without_a_terminal_and_prompts_in_one(mom: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(mom("review", "--json").stdout)
    assert [len(document[name]) for name in ("fading", "promoted", "archived")] == [1, 0, 1]
    listed = mom("review").stdout
    for words in ("Fading: pin or use", "Cache the resolver", "about to fade faster; faded to 25%", "Archived"):
        assert words in listed
    assert mom.book.events == []
    monkeypatch.setattr("mom_lsp.cli.review.interactive", lambda: True)
    mom("review", stdin="k\nk\n")
    mom("review", stdin="m\ncafe\nq\n")
    assert mom.book.events == [
        {"method": "pin", "id": "deadbeef00000001"},
        {"method": "restore", "id": "cafe000000000002"},
        {"method": "merge", "id": "cafe", "other": "deadbeef00000001"},
    ]
    mom.book.answer_review = lambda *_: dict.fromkeys(("fading", "promoted", "drifted", "archived", "forgotten"), ())
    assert "Nothing to review" in mom("review").stderr


def test_review_that_is_interrupted_at_a_question_ends_like_any_command(
    mom: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.cli.review.interactive", lambda: True)
    result = mom("review", stdin="")  # for click, the end of the input is Ctrl-C
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "mom: interrupted")
