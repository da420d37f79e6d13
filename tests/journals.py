"""A journal, processes that write to it, and its bytes on the disk."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import LONG

from mom_lsp.journal import Event, Journal

SECRET_NOTE = "the text of a note that nobody may read again"


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    """Return where a journal is to be written."""
    return tmp_path / "mom" / "journal.sqlite"


@pytest.fixture
def journal(journal_path: Path) -> Iterator[Journal]:
    """Open an empty journal."""
    with Journal(journal_path) as opened:
        yield opened


CHILD = """
import sys
from pathlib import Path
from mom_lsp.journal import Journal
from mom_lsp.errors import JournalError
journal = Journal(Path(sys.argv[1]))
"""


def start_child(path: Path, body: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", CHILD + body, str(path)], stdout=subprocess.PIPE, text=True)


def run_child(path: Path, body: str) -> str:
    child = start_child(path, body)
    out, _ = child.communicate(timeout=LONG)
    assert child.returncode == 0
    return out


def folder_bytes(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def fill(path: Path, count: int = 400) -> list[Event]:
    with Journal(path) as journal:
        return journal.append_many(Event(0, i, "note", f"m{i}", data={"text": f"note {i} " * 10}) for i in range(count))
