"""The cost of a damaged journal, and the state after an interrupted rescue."""

import contextlib
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from journals import SECRET_NOTE, fill, folder_bytes, run_child

from mom_lsp.errors import JournalError
from mom_lsp.journal import Event, Journal
from mom_lsp.journal.second_copy import copy_of, events_of_copy, make_copy


def overwrite(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def test_a_damaged_page_costs_only_its_events(journal_path: Path) -> None:
    events = fill(journal_path)
    copy_of(journal_path).unlink()
    page = 4096
    overwrite(journal_path, 5 * page, b"\xff" * page)
    original = journal_path.read_bytes()
    with Journal(journal_path) as journal:
        saved = list(journal.events())
        assert 300 < len(saved) < len(events)
        assert set(map(repr, saved)) < set(map(repr, events))
        assert len(journal.problems) == 1
        lost = len(events) - len(saved)
        assert f"{len(saved)} events were recovered, {lost} could not be read" in journal.problems[0]
        assert "broken-1" in journal.problems[0]
        assert journal.append("pin", now=1).seq > saved[-1].seq
    assert journal_path.with_name("journal.sqlite.broken-1").read_bytes() == original
    with Journal(journal_path) as journal:
        assert journal.problems == []
        assert len(list(journal.events())) == len(saved) + 1


LONG_NOTE = 60  # the number of a note that takes several pages


def pages_of(path: Path, events: list[Event]) -> list[set[int]]:
    """Return the events of each page, found by their texts: those of a cell, or of a part of a long note."""
    data = path.read_bytes()
    pages = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    found = [{e.seq for e in events if e.data["text"][:12].encode() in page} for page in pages]
    return [on | ({LONG_NOTE + 1} if b"long " * 9 in page else set()) for on, page in zip(found, pages, strict=True)]


@pytest.mark.parametrize("copied", [False, True])
def test_damage_of_any_page_costs_nothing_but_its_events_and_says_so(tmp_path: Path, copied: bool) -> None:
    path = tmp_path / "whole" / "journal.sqlite"
    with Journal(path) as journal:
        texts = {LONG_NOTE: "long " * 3000}
        notes = [Event(0, n, "note", f"m{n}", data={"text": texts.get(n, f"{n:04} and so on")}) for n in range(400)]
        events = journal.append_many(notes)
    pages = pages_of(path, events)
    assert len(pages) > 8
    assert set().union(*pages) == {event.seq for event in events}
    for number, lost in enumerate(pages):
        damaged = tmp_path / str(number) / "journal.sqlite"
        shutil.copytree(path.parent, damaged.parent)
        if not copied:
            copy_of(damaged).unlink()
        overwrite(damaged, number * 4096, random.Random(number).randbytes(4096))
        with Journal(damaged) as journal:
            saved = {event.seq for event in journal.events()}
            assert [event for event in events if event.seq in saved] == list(journal.events())
            assert {event.seq for event in events} - saved == (set() if copied else lost), number
            assert len(journal.problems) == 1
            assert not lost or copied or "could not be read" in journal.problems[0]


@pytest.mark.parametrize(
    "damage", [lambda p: p.unlink(), lambda p: os.truncate(p, 0), lambda p: p.write_bytes(b"junk")]
)
def test_a_file_that_is_gone_comes_back_from_the_copy(journal_path: Path, damage: Callable[[Path], Any]) -> None:
    events = fill(journal_path, 20)
    damage(journal_path)
    with Journal(journal_path) as journal:
        assert list(journal.events()) == events
        assert "20 of them from the daily copy" in journal.problems[0]
    with Journal(journal_path) as journal:
        assert list(journal.events()) == events
        assert journal.problems == []


def test_a_change_that_sqlite_does_not_notice_is_found_by_the_checksum(journal_path: Path) -> None:
    events = fill(journal_path, 20)
    copy_of(journal_path).unlink()
    data = journal_path.read_bytes()
    overwrite(journal_path, data.index(b"note 7 "), b"nota")
    with Journal(journal_path) as journal:
        assert list(journal.events()) == [event for event in events if event.seq != 8]
        assert "19 events were recovered, 1 could not be read" in journal.problems[0]


@pytest.mark.parametrize("made", [1_700_000_000, 4_000_000_000])
def test_the_copy_is_made_once_a_day_whatever_the_clock_was(journal_path: Path, made: int) -> None:
    with Journal(journal_path) as journal:
        journal.append("note", "first", now=1)
        journal.append("note", "second", now=2)
        assert [event.memory for event in events_of_copy(journal_path).values()] == ["first"]
        os.utime(copy_of(journal_path), (made, made))
        journal.append("note", "third", now=3)
    assert [event.memory for event in events_of_copy(journal_path).values()] == ["first", "second", "third"]
    assert copy_of(journal_path).stat().st_mode & 0o777 == 0o600


def test_a_journal_of_an_older_version_gets_checksums(journal_path: Path) -> None:
    events = fill(journal_path, 5)
    with contextlib.closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("ALTER TABLE events DROP COLUMN checksum")
        db.execute("PRAGMA user_version = 1")
    with Journal(journal_path) as journal:
        assert list(journal.events()) == events
    with contextlib.closing(sqlite3.connect(journal_path)) as db:
        assert db.execute("SELECT count(*) FROM events WHERE checksum IS NULL").fetchone() == (0,)


def test_an_interrupted_rescue_is_repeated(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(journal_path)
    overwrite(journal_path, 5 * 4096, b"\xff" * 4096)

    def killed(event: Event) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("mom_lsp.journal.second_copy.to_row", killed)
        Journal(journal_path)
    with Journal(journal_path) as journal:
        assert len(journal.problems) == 1 and len(list(journal.events())) > 300
    assert not list(journal_path.parent.glob("*.rescued*"))


@pytest.mark.parametrize("renamed", range(4))
def test_a_rescue_interrupted_while_replacing_files_loses_nothing(
    journal_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    fill(journal_path)
    overwrite(journal_path, 5 * 4096, b"\xff" * 4096)
    left, rename = [renamed], Path.rename

    def interrupted(file: Path, to: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(file, to)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Path, "rename", interrupted)
        Journal(journal_path).close()
    with Journal(journal_path) as journal:
        assert len(list(journal.events())) > 300
    assert journal_path.with_name("journal.sqlite.broken-1").exists() and not list(
        journal_path.parent.glob("*.rescued*")
    )


def test_a_damaged_sequence_number_does_not_stall_the_rescue(journal_path: Path) -> None:
    fill(journal_path, 60)
    with contextlib.closing(sqlite3.connect(journal_path)) as db, db:
        db.execute("UPDATE sqlite_sequence SET seq = ?", (2**62,))
    overwrite(journal_path, 3 * 4096, b"\xff" * 4096)
    with Journal(journal_path) as journal:
        assert journal.problems and list(journal.events())


@pytest.mark.parametrize("damage", [lambda p: overwrite(p, 0, b"no database at all!"), lambda p: os.truncate(p, 5000)])
def test_an_unreadable_file_is_kept_and_reported(journal_path: Path, damage: Callable[[Path], Any]) -> None:
    for number in (1, 2):
        fill(journal_path)
        damage(journal_path)
        with Journal(journal_path) as journal:
            assert len(journal.problems) == 1
            assert f"broken-{number}" in journal.problems[0]
            assert journal.append("pin", now=1).seq >= 1
        assert journal_path.with_name(f"journal.sqlite.broken-{number}").exists()


@given(at=st.floats(0, 1, exclude_max=True), what=st.binary(min_size=1, max_size=600))
@example(at=0.2, what=b"\x80")  # SQLite's own message about it cannot be decoded
@example(at=0.9131374935661415, what=b"\x00\x00\x00\x00")  # a text reads as nothing
def test_no_damage_is_silent_or_fatal(tmp_path_factory: pytest.TempPathFactory, at: float, what: bytes) -> None:
    path = tmp_path_factory.mktemp("damage") / "journal.sqlite"
    fill(path, 60)
    overwrite(path, int(at * (path.stat().st_size - len(what))), what)
    try:
        with Journal(path) as journal:
            events = list(journal.events())
            assert len(events) == 60 or journal.problems
            assert journal.append("pin", now=1).memory == ""
    except JournalError as error:
        assert "newer" in str(error) or "cannot be used" in str(error)


def test_what_is_acknowledged_during_a_rescue_is_kept(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.journal.journal.BUSY_SECONDS", 0.05)
    fill(journal_path)
    rename, acknowledged = Path.rename, list[Event]()

    def meanwhile(file: Path, to: Path) -> Path:
        with contextlib.suppress(JournalError):  # of the file lock
            acknowledged.append(other.append("pin", "meanwhile", now=1))
        return rename(file, to)

    with Journal(journal_path) as other:
        overwrite(journal_path, 5 * 4096, b"\xff" * 4096)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", meanwhile)
            Journal(journal_path).close()
        acknowledged.append(other.append("pin", "afterwards", now=2))
        assert list(other.events())[-len(acknowledged) :] == acknowledged


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be renamed there")
def test_a_process_follows_when_another_sets_the_file_aside(journal: Journal, journal_path: Path) -> None:
    journal.append("pin", "before", now=1)
    for suffix in ("", "-wal", "-shm"):
        journal_path.with_name(journal_path.name + suffix).rename(journal_path.with_name(f"aside{suffix}"))
    run_child(journal_path, "journal.append('pin', 'after', now=2)")
    assert journal.changed()
    assert [event.memory for event in journal.events()] == ["before", "after"]  # the first from the second copy
    journal.append("pin", "mine", now=3)
    assert run_child(journal_path, "print(journal.last_seq())") == "3\n"


def test_erased_text_is_not_in_a_file_that_was_set_aside(journal_path: Path) -> None:
    fill(journal_path)
    with Journal(journal_path) as journal:
        note = journal.append("note", data={"text": SECRET_NOTE}, now=1)
    overwrite(journal_path, 5 * 4096, b"\xff" * 4096)
    with Journal(journal_path) as journal:
        assert SECRET_NOTE.encode() in journal_path.with_name("journal.sqlite.broken-1").read_bytes()
        journal.erase([note.seq])
    assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)


def test_a_file_that_was_set_aside_goes_even_if_the_text_in_it_is_lost_elsewhere(journal_path: Path) -> None:
    with Journal(journal_path) as journal:
        journal.append("note", data={"text": SECRET_NOTE}, now=1)
    copy_of(journal_path).unlink()
    overwrite(journal_path, journal_path.read_bytes().index(SECRET_NOTE.encode()) - 6, b"\xff")
    with Journal(journal_path) as journal:
        assert list(journal.events()) == [] and SECRET_NOTE.encode() in folder_bytes(journal_path.parent)
        journal.erase([])
    assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)


def test_what_is_erased_while_the_copy_of_the_day_is_made_is_not_in_it(
    journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mom_lsp.journal.journal.BUSY_SECONDS", 0.05)

    def meanwhile(path: Path, events: list[Event]) -> None:
        with contextlib.suppress(JournalError):  # of the file lock: then nothing is erased
            other.erase([note.seq])
        make_copy(path, events)

    with Journal(journal_path) as journal:
        note = journal.append("note", data={"text": SECRET_NOTE}, now=1)
        os.utime(copy_of(journal_path), (1_700_000_000, 1_700_000_000))
        with Journal(journal_path) as other, monkeypatch.context() as patch:
            patch.setattr("mom_lsp.journal.journal.make_copy", meanwhile)
            journal.append("pin", now=2)
        assert events_of_copy(journal_path)[note.seq] == next(journal.events())
        journal.erase([note.seq])
    assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)
