"""Work that waits until questions have stopped."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from processes import LONG, eventually, join_threads

from mom_lsp.workspace.library import at_rest
from mom_lsp.workspace.library.at_rest import KEPT, AtRest

ASKED = 50


def test_only_the_newest_work_of_a_burst_is_done_and_the_newest_first() -> None:
    done: list[int] = []
    later = AtRest()
    for number in range(ASKED):
        later.do(number, partial(done.append, number))
    assert not done
    eventually(lambda: len(done) == KEPT)
    join_threads("mom-at-rest")
    assert done == [*range(ASKED - 1, ASKED - 1 - KEPT, -1)]


def test_work_that_is_asked_for_again_and_again_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_rest, "REST", 0.05)
    done = threading.Event()
    later = AtRest()

    def asked() -> bool:
        later.do("line", done.set)
        return done.is_set()

    eventually(asked)


def test_work_is_done_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: failed.append(told.exc_value))
    done = threading.Event()
    later = AtRest()
    later.do("broken", partial(int, "broken"))
    eventually(lambda: failed)
    join_threads("mom-at-rest")
    later.do("line", done.set)
    assert done.wait(LONG)
    assert isinstance(failed[0], ValueError)
