from __future__ import annotations

import pytest
from cli_shell import Shell


@pytest.mark.parametrize("verb", ["pin", "unpin", "useful", "forget", "restore", "undo"])
def test_feedback_on_a_memory_is_sent_and_confirmed(mom: Shell, verb: str) -> None:
    result = mom(verb, "dead")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{verb} done\n")
    assert mom.book.events == [{"method": verb, "id": "dead"}]


@pytest.mark.parametrize("verb", ["undo", "purge"])
def test_feedback_without_a_memory_is_sent(mom: Shell, verb: str) -> None:
    assert mom(verb).exit_code == 0
    assert mom.book.events == [{"method": verb}]


def test_dismiss_and_note_send_their_location(mom: Shell) -> None:
    assert mom("dismiss", "dead").exit_code == 0
    assert mom("dismiss", "dead", "--at", "src/a.py:3").exit_code == 0
    assert mom("note", "because of the cache", "--at", "src/a.py:2").exit_code == 0
    assert mom("note", "all of it", "--at", "src/a.py").exit_code == 0
    assert mom.book.events == [
        {"method": "dismiss", "id": "dead", "path": None, "line": None},
        {"method": "dismiss", "id": "dead", "path": "src/a.py", "line": 3},
        {"method": "note", "text": "because of the cache", "path": "src/a.py", "line": 2},
        {"method": "note", "text": "all of it", "path": "src/a.py", "line": None},
    ]


def test_rejected_feedback_exits_with_an_error(mom: Shell) -> None:
    result = mom("pin", "missing")
    assert (result.exit_code, result.stderr) == (1, "mom: no such memory\n")


def test_a_note_needs_text_and_a_location(mom: Shell) -> None:
    assert mom("note", " ", "--at", "src/a.py:1").exit_code == 2
    assert mom("note", "text").exit_code == 2
    assert mom.book.events == []


@pytest.mark.parametrize("verb", ["note", "pin", "useful", "dismiss"])
def test_an_empty_place_is_refused(mom: Shell, verb: str) -> None:
    result = mom(verb, "dead", "--at", "")
    assert (result.exit_code, mom.book.events) == (2, [])
    assert "it is empty" in result.stderr
