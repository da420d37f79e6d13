"""What was shown, and when it is written to the journal."""

from unittest.mock import Mock

import pytest

from mom_lsp.errors import JournalError
from mom_lsp.journal import Journal
from mom_lsp.workspace.library.impressions import AskedLines, Impressions


def test_impressions_that_cannot_be_written_are_written_later(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    showings = Impressions()
    showings.add(["m", "n"], "a.py", 1.0, AskedLines("", 1, 2))
    with monkeypatch.context() as patch, pytest.raises(JournalError):
        patch.setattr(Journal, "append", Mock(side_effect=JournalError("the disk is full")))
        showings.flush(journal, 2.0)
    showings.add(["o"], "a.py", 3.0)
    assert showings.flush(journal, 61.0, patience=60.0) and not showings.flush(journal, 200.0)
    (event,) = journal.events()
    assert event.data == {"seen": {"a.py": ["m", "n", "o"]}, "together": [["", "a.py", 1, 2, "m", "n"]]}
