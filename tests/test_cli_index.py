from __future__ import annotations

import signal

import pytest

from mom_lsp.cli.index import stop_on_signal, summary_line
from mom_lsp.indexing import Summary


def test_summary_is_one_line() -> None:
    done = Summary(commits=1500, memories=1, files=20, encoded=0, seconds=75.0)
    line = "indexed 1,500 commits, 20 files, 0 embeddings in 1 min 15 s"
    assert (summary_line(done, 1200), summary_line(done, None)) == (f"{line}; 1,200 memories now", line)
    assert summary_line(Summary(nothing_new=True, seconds=0.3), None) == "already up to date (0.3 s)"
    assert summary_line(Summary(waiting="a rebase is under way"), None) == "not indexed: a rebase is under way"


def test_the_first_signal_requests_a_stop_and_the_second_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_on_signal() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
