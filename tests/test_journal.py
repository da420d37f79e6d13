"""Feedback is on disk when `append` returns, whoever writes at the same time and whatever breaks."""

import math
import os
import random
import signal
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import SECRET_NOTE, fill, folder_bytes, run_child, start_child
from processes import LONG

from mom_lsp.errors import JournalError
from mom_lsp.journal import Event, Journal


def test_events_are_appended_and_iterated_in_order(journal: Journal) -> None:
    assert journal.last_seq() == 0
    first = journal.append("pin", "m1", path="src/a.py", symbol="f", head="abc", data={"k": [1, None]}, now=12.5)
    second = journal.append("note", now=13.0)
    assert first == Event(1, 12.5, "pin", "m1", "src/a.py", "f", "abc", {"k": [1, None]})
    assert second == Event(2, 13.0, "note", "", "", "", "", {})
    assert list(journal.events()) == [first, second]
    assert list(journal.events(after=first.seq)) == [second]
    assert journal.last_seq() == 2


def test_iteration_continues_across_pages_while_others_write(journal: Journal) -> None:
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
def test_events_round_trip(shared_journal: Journal, events: list[Event]) -> None:
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


def test_the_journal_survives_reopening_and_is_private(journal_path: Path) -> None:
    old = os.umask(0)
    try:
        with Journal(journal_path) as journal:
            journal.append("pin", "m", now=1)
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in journal_path.parent.iterdir()}
    finally:
        os.umask(old)
    assert {"journal.sqlite", "journal.sqlite-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}
    with Journal(journal_path) as journal:
        assert [event.memory for event in journal.events()] == ["m"]
        assert journal.problems == []


def test_events_cannot_be_deleted_or_updated(journal: Journal, journal_path: Path) -> None:
    journal.append("pin", "m", now=1)
    other = sqlite3.connect(journal_path)
    for statement in ("DELETE FROM events", "UPDATE events SET memory = 'x'"):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
    other.close()


def test_changed_reports_own_and_foreign_writes_once(journal: Journal, journal_path: Path) -> None:
    assert not journal.changed()
    journal.append("pin", now=1)
    assert journal.changed()
    assert not journal.changed()
    run_child(journal_path, "journal.append('pin', now=2)")
    assert journal.changed()
    assert not journal.changed()
    list(journal.events())
    assert not journal.changed()


def test_threads_can_share_a_journal(journal: Journal) -> None:
    def work(name: str) -> None:
        for i in range(50):
            journal.append("shown", f"{name}{i}", now=i)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(e.memory for e in journal.events()) == sorted(f"{name}{i}" for name in "abcd" for i in range(50))


def test_processes_append_concurrently_without_loss(journal_path: Path) -> None:
    """They also race to create the file."""
    children = [
        start_child(journal_path, f"for i in range(100): journal.append('shown', 'p{n}-%d' % i, now=i)")
        for n in range(4)
    ]
    assert [child.wait(LONG) for child in children] == [0] * 4
    for child in children:
        assert child.stdout
        child.stdout.close()
    with Journal(journal_path) as journal:
        memories = [event.memory for event in journal.events()]
    assert sorted(memories) == sorted(f"p{n}-{i}" for n in range(4) for i in range(100))
    for n in range(4):  # each in its own order
        assert [m for m in memories if m.startswith(f"p{n}-")] == [f"p{n}-{i}" for i in range(100)]


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_process_loses_no_acknowledged_event(journal_path: Path) -> None:
    rng = random.Random(7)
    promised = 0
    for _ in range(10):
        child = start_child(journal_path, "while True: print(journal.append('pin', 'x' * 500, now=1).seq, flush=True)")
        assert child.stdout
        for _ in range(rng.randint(1, 40)):
            promised = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate()
        promised = max([promised, *map(int, rest.splitlines(keepends=False)[:-1])])
        with Journal(journal_path) as journal:
            assert [e.seq for e in journal.events()] == list(range(1, journal.last_seq() + 1))
            assert journal.last_seq() >= promised
            assert journal.problems == []


@pytest.mark.parametrize("repeat", [1, 500])  # within a page, and over several
def test_erased_text_is_in_no_byte_on_disk(journal_path: Path, repeat: int) -> None:
    with Journal(journal_path) as journal:
        kept = journal.append("note", "n1", data={"text": "a kept text"}, now=1)
        gone = journal.append("note", "n2", path="a.py", data={"text": SECRET_NOTE * repeat}, now=2)
        list(journal.events())
        assert SECRET_NOTE.encode() in folder_bytes(journal_path.parent)
        journal.erase([gone.seq])
        assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)
        assert list(journal.events()) == [kept, Event(gone.seq, 2, "note", "n2", "a.py")]
    assert SECRET_NOTE.encode() not in folder_bytes(journal_path.parent)
    assert b"a kept text" in folder_bytes(journal_path.parent)


def test_other_processes_see_an_erasure_as_a_change(journal: Journal, journal_path: Path) -> None:
    event = journal.append("note", data={"text": SECRET_NOTE}, now=1)
    with Journal(journal_path) as other:
        journal.erase([event.seq, 99])
        assert other.changed()
        assert next(other.events()).data == {}


def test_a_journal_of_a_newer_version_asks_for_an_update(journal_path: Path) -> None:
    fill(journal_path, 1)
    db = sqlite3.connect(journal_path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="update mom"):
        Journal(journal_path)
