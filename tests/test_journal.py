"""What the user says is on disk when `append` returns, whoever writes at the same time and whatever breaks."""

import contextlib
import math
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from processes import LONG

from mom_lsp.errors import JournalError
from mom_lsp.journal import Event, Journal, on_network_disk
from mom_lsp.workspace.library.impressions import AskedLines, Impressions

SECRET_NOTE = "the text of a note that nobody may read again"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mom" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def test_appends_and_iterates_in_order(journal: Journal) -> None:
    assert journal.last_seq() == 0
    first = journal.append("pin", "m1", path="src/a.py", symbol="f", head="abc", data={"k": [1, None]}, now=12.5)
    second = journal.append("note", now=13.0)
    assert first == Event(1, 12.5, "pin", "m1", "src/a.py", "f", "abc", {"k": [1, None]})
    assert second == Event(2, 13.0, "note", "", "", "", "", {})
    assert list(journal.events()) == [first, second]
    assert list(journal.events(after=first.seq)) == [second]
    assert journal.last_seq() == 2


def test_iterates_over_more_than_one_page_while_others_write(journal: Journal) -> None:
    journal.append_many(Event(0, i, "shown", str(i)) for i in range(2500))
    seen = []
    for event in journal.events():
        seen.append(event.memory)
        if event.seq == 1500:
            journal.append("pin", "late", now=0)
    assert seen == [*map(str, range(2500)), "late"]


def test_append_many_writes_all_or_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.append_many([Event(0, 1, "pin"), Event(0, 2, "pin", data={"not": object()})])
    with pytest.raises(JournalError):
        journal.append_many([Event(0, 1, "pin"), Event(0, math.nan, "pin")])
    assert list(journal.events()) == []
    journal.append("pin", now=1)
    assert journal.last_seq() == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)  # lone surrogates and NUL too: a path is bytes


@given(
    st.lists(
        st.builds(
            Event,
            seq=st.just(0),
            time=st.floats(allow_nan=False),
            type=st.sampled_from(["pin", "note", "shown"]),
            memory=ANY_TEXT,
            path=ANY_TEXT,
            symbol=ANY_TEXT,
            head=ANY_TEXT,
            data=st.dictionaries(st.text(), JSON, max_size=3),
        ),
        max_size=5,
    )
)
def test_events_come_back_as_they_were(shared_journal: Journal, events: list[Event]) -> None:
    before = shared_journal.last_seq()
    returned = shared_journal.append_many(events)
    read = list(shared_journal.events(after=before))
    assert read == returned
    for given_event, event in zip(events, read, strict=True):
        assert (event.time, event.type, event.memory, event.path) == (
            given_event.time,
            given_event.type,
            given_event.memory,
            given_event.path,
        )
        assert (event.symbol, event.head, event.data) == (given_event.symbol, given_event.head, given_event.data)


@pytest.fixture(scope="module")
def shared_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with Journal(tmp_path_factory.mktemp("shared") / "journal.sqlite") as opened:
        yield opened


def test_survives_reopening_and_is_private(path: Path) -> None:
    old = os.umask(0)
    try:
        with Journal(path) as journal:
            journal.append("pin", "m", now=1)
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert {"journal.sqlite", "journal.sqlite-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}
    with Journal(path) as journal:
        assert [event.memory for event in journal.events()] == ["m"]
        assert journal.problems == []


def test_events_cannot_be_deleted_or_changed(journal: Journal, path: Path) -> None:
    journal.append("pin", "m", now=1)
    other = sqlite3.connect(path)
    for statement in ("DELETE FROM events", "UPDATE events SET memory = 'x'"):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
    other.close()


def test_changed_tells_own_and_foreign_writes_once(journal: Journal, path: Path) -> None:
    assert not journal.changed()
    journal.append("pin", now=1)
    assert journal.changed()
    assert not journal.changed()
    run_child(path, "journal.append('pin', now=2)")
    assert journal.changed()
    assert not journal.changed()
    list(journal.events())
    assert not journal.changed()


def test_threads_share_a_journal(journal: Journal) -> None:
    def work(name: str) -> None:
        for i in range(50):
            journal.append("shown", f"{name}{i}", now=i)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(e.memory for e in journal.events()) == sorted(f"{name}{i}" for name in "abcd" for i in range(50))


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


def test_processes_append_at_once_without_loss(path: Path) -> None:
    """They also race for making the file."""
    children = [
        start_child(path, f"for i in range(100): journal.append('shown', 'p{n}-%d' % i, now=i)") for n in range(4)
    ]
    assert [child.wait(LONG) for child in children] == [0] * 4
    for child in children:
        assert child.stdout
        child.stdout.close()
    with Journal(path) as journal:
        memories = [event.memory for event in journal.events()]
    assert sorted(memories) == sorted(f"p{n}-{i}" for n in range(4) for i in range(100))
    for n in range(4):  # each in its own order
        assert [m for m in memories if m.startswith(f"p{n}-")] == [f"p{n}-{i}" for i in range(100)]


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_process_loses_nothing_it_was_promised(path: Path) -> None:
    rng = random.Random(7)
    promised = 0
    for _ in range(10):
        child = start_child(path, "while True: print(journal.append('pin', 'x' * 500, now=1).seq, flush=True)")
        assert child.stdout
        for _ in range(rng.randint(1, 40)):
            promised = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate()
        promised = max([promised, *map(int, rest.splitlines(keepends=False)[:-1])])
        with Journal(path) as journal:
            assert [e.seq for e in journal.events()] == list(range(1, journal.last_seq() + 1))
            assert journal.last_seq() >= promised
            assert journal.problems == []


def folder_bytes(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("repeat", [1, 500])  # within a page, and over several
def test_erased_text_is_on_no_byte_of_the_disk(path: Path, repeat: int) -> None:
    with Journal(path) as journal:
        kept = journal.append("note", "n1", data={"text": "a kept text"}, now=1)
        gone = journal.append("note", "n2", path="a.py", data={"text": SECRET_NOTE * repeat}, now=2)
        list(journal.events())
        assert SECRET_NOTE.encode() in folder_bytes(path.parent)
        journal.erase([gone.seq])
        assert SECRET_NOTE.encode() not in folder_bytes(path.parent)
        assert list(journal.events()) == [kept, Event(gone.seq, 2, "note", "n2", "a.py")]
    assert SECRET_NOTE.encode() not in folder_bytes(path.parent)
    assert b"a kept text" in folder_bytes(path.parent)


def test_erasing_reaches_other_processes_as_a_change(journal: Journal, path: Path) -> None:
    event = journal.append("note", data={"text": SECRET_NOTE}, now=1)
    with Journal(path) as other:
        journal.erase([event.seq, 99])
        assert other.changed()
        assert next(other.events()).data == {}


def test_a_newer_version_says_to_update(path: Path) -> None:
    fill(path, 1)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="update mom-lsp"):
        Journal(path)


def fill(path: Path, count: int = 400) -> list[Event]:
    with Journal(path) as journal:
        return journal.append_many(Event(0, i, "note", f"m{i}", data={"text": f"note {i} " * 10}) for i in range(count))


def overwrite(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def test_a_damaged_page_costs_only_its_events(path: Path) -> None:
    events = fill(path)
    page = 4096
    overwrite(path, 5 * page, b"\xff" * page)
    original = path.read_bytes()
    with Journal(path) as journal:
        saved = list(journal.events())
        assert 300 < len(saved) < len(events)
        assert set(map(repr, saved)) < set(map(repr, events))
        assert len(journal.problems) == 1
        assert f"{len(saved)} events were saved, {len(events) - len(saved)} could not be read" in journal.problems[0]
        assert "broken-1" in journal.problems[0]
        assert journal.append("pin", now=1).seq > saved[-1].seq
    assert path.with_name("journal.sqlite.broken-1").read_bytes() == original
    with Journal(path) as journal:
        assert journal.problems == []
        assert len(list(journal.events())) == len(saved) + 1


def test_a_rescue_that_is_interrupted_is_done_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path)
    overwrite(path, 5 * 4096, b"\xff" * 4096)

    def killed(event: Event) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("mom_lsp.journal.rescue.to_row", killed)
        Journal(path)
    with Journal(path) as journal:
        assert len(journal.problems) == 1 and len(list(journal.events())) > 300
    assert not list(path.parent.glob("*.rescued*"))


@pytest.mark.parametrize("renamed", range(4))
def test_a_rescue_that_is_interrupted_while_files_change_places_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    fill(path)
    overwrite(path, 5 * 4096, b"\xff" * 4096)
    left, rename = [renamed], Path.rename

    def interrupted(file: Path, to: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(file, to)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Path, "rename", interrupted)
        Journal(path).close()
    with Journal(path) as journal:
        assert len(list(journal.events())) > 300
    assert path.with_name("journal.sqlite.broken-1").exists() and not list(path.parent.glob("*.rescued*"))


def test_a_damaged_number_of_events_is_not_counted_through(path: Path) -> None:
    fill(path, 60)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE sqlite_sequence SET seq = ?", (2**62,))
    overwrite(path, 3 * 4096, b"\xff" * 4096)
    with Journal(path) as journal:
        assert journal.problems and list(journal.events())


@pytest.mark.parametrize("damage", [lambda p: overwrite(p, 0, b"no database at all!"), lambda p: os.truncate(p, 5000)])
def test_a_file_beyond_reading_is_kept_and_told(path: Path, damage: Callable[[Path], Any]) -> None:
    for number in (1, 2):
        fill(path)
        damage(path)
        with Journal(path) as journal:
            assert len(journal.problems) == 1
            assert f"broken-{number}" in journal.problems[0]
            assert journal.append("pin", now=1).seq >= 1
        assert path.with_name(f"journal.sqlite.broken-{number}").exists()


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


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be renamed there")
def test_a_process_follows_when_another_sets_the_file_aside(journal: Journal, path: Path) -> None:
    journal.append("pin", "before", now=1)
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).rename(path.with_name(f"aside{suffix}"))
    run_child(path, "journal.append('pin', 'after', now=2)")
    assert journal.changed()
    assert [event.memory for event in journal.events()] == ["after"]
    journal.append("pin", "mine", now=3)
    assert run_child(path, "print(journal.last_seq())") == "2\n"


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "mom").write_text("not a folder")
    with pytest.raises(JournalError, match="folder that you can write to"):
        Journal(tmp_path / "mom" / "journal.sqlite").append("pin", now=1)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with Journal(tmp_path / "journal.sqlite") as journal, pytest.raises(JournalError, match="chmod"):
        journal.append("pin", now=1)
    tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limit")
def test_a_full_disk_says_so_and_loses_nothing_before(path: Path) -> None:
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
    last, message = run_child(path, body).split(" ", 1)
    assert "Free some space" in message
    with Journal(path) as journal:
        assert journal.last_seq() == int(last) > 3


def test_a_locked_file_says_so(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.journal.sqlite_file.BUSY_SECONDS", 0.05)
    journal.append("pin", now=0)
    with Journal(path) as impatient:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked"):
            impatient.append("pin", now=1)
        other.close()
        assert impatient.append("pin", now=1).seq == 2


def test_a_closed_journal_raises_our_error(path: Path) -> None:
    journal = Journal(path)
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
def test_network_disks_are_known_by_their_mounts(tmp_path: Path, table: str, expected: bool) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(table.format(str(folder.resolve()).replace(" ", "\\040")))
    assert on_network_disk(folder / "journal.sqlite", mounts) is expected
    assert not on_network_disk(folder, tmp_path / "no such table")


def test_no_write_ahead_log_on_a_network_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mom_lsp.journal.sqlite_file.on_network_disk", lambda path: True)
    with Journal(path) as journal:
        event = journal.append("note", data={"text": SECRET_NOTE}, now=1)
        assert not path.with_name("journal.sqlite-wal").exists()
        journal.erase([event.seq])
        assert SECRET_NOTE.encode() not in folder_bytes(path.parent)


def test_what_was_shown_is_written_later_if_it_cannot_be_now(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    showings = Impressions()
    showings.add(["m", "n"], "a.py", 1.0, AskedLines("", 1, 2))
    with monkeypatch.context() as patch, pytest.raises(JournalError):
        patch.setattr(Journal, "append", Mock(side_effect=JournalError("the disk is full")))
        showings.flush(journal, 2.0)
    showings.add(["o"], "a.py", 3.0)
    assert showings.flush(journal, 61.0, patience=60.0) and not showings.flush(journal, 200.0)
    (event,) = journal.events()
    assert event.data == {"seen": {"a.py": ["m", "n", "o"]}, "together": [["", "a.py", 1, 2, "m", "n"]]}
