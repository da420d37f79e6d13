"""A journal whose disk is full, locked, read-only or on a network."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest
from journals import SECRET_NOTE, folder_bytes, run_child

from mom_lsp.errors import JournalError
from mom_lsp.journal import Journal, on_network_disk


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "mom").write_text("not a folder")
    with pytest.raises(JournalError, match="a writable folder"):
        Journal(tmp_path / "mom" / "journal.sqlite").append("pin", now=1)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with Journal(tmp_path / "journal.sqlite") as journal, pytest.raises(JournalError, match="chmod"):
        journal.append("pin", now=1)
    tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limit")
def test_a_full_disk_is_reported_and_loses_no_earlier_event(journal_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    body = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
try:
    while True:
        last = journal.append('note', data={'text': 'x' * 9000}, now=1).seq
except JournalError as error:
    print(last, error)
"""
    last, message = run_child(journal_path, body).split(" ", 1)
    assert "Free some space" in message
    with Journal(journal_path) as journal:
        assert journal.last_seq() == int(last) > 3


def test_a_locked_file_is_reported(journal: Journal, journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.journal.sqlite_file.BUSY_SECONDS", 0.05)
    journal.append("pin", now=0)
    with Journal(journal_path) as impatient:
        other = sqlite3.connect(journal_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked"):
            impatient.append("pin", now=1)
        other.close()
        assert impatient.append("pin", now=1).seq == 2


def test_a_closed_journal_raises_a_journal_error(journal_path: Path) -> None:
    journal = Journal(journal_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError):
        journal.append("pin", now=1)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_nothing_is_written_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mom").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "journal.sqlite").symlink_to(tmp_path / "elsewhere" / "victim")
    for path in (tmp_path / "mom" / "journal.sqlite", tmp_path / "journal.sqlite"):
        with pytest.raises(JournalError, match="symbolic link"):
            Journal(path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("/dev/sda1 / ext4 rw 0 0\n", False),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/x {} nfs4 rw 0 0\n", True),
        ("server:/x / nfs4 rw 0 0\n/dev/sda1 {} ext4 rw 0 0\n", False),
        ("//server/x {} cifs rw 0 0\n", True),
        ("me@host: {} fuse.sshfs rw 0 0\n", True),
        ("", False),
    ],
)
def test_network_disks_are_detected_by_their_mounts(tmp_path: Path, table: str, expected: bool) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(table.format(str(folder.resolve()).replace(" ", "\\040")))
    assert on_network_disk(folder / "journal.sqlite", mounts) is expected
    assert not on_network_disk(folder, tmp_path / "no such table")


def test_a_network_disk_gets_no_write_ahead_log(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.journal.sqlite_file.on_network_disk", lambda path: True)
    with Journal(journal_path) as journal:
        event = journal.append("note", data={"text": SECRET_NOTE}, now=1)
        assert not journal_path.with_name("journal.sqlite-wal").exists()
        journal.erase([event.seq])
        assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)
