"""The archive keeps what was imported, whoever writes at the same time and whatever breaks."""

import os
import random
import signal
import sqlite3
import stat
import sys
import zlib
from pathlib import Path

import pytest
from discussions import DISCUSSIONS, SHA, comment, issue, pull_request, run_child, start_child, thread
from hypothesis import given
from journals import folder_bytes
from processes import LONG

from mom_lsp import datafolder
from mom_lsp.discussions import serialised
from mom_lsp.discussions.archive import Archive, Key, digest_of, key_of
from mom_lsp.discussions.merging import BODY, comment_key
from mom_lsp.discussions.serialised import from_bytes, to_bytes
from mom_lsp.discussions.values import Discussion
from mom_lsp.errors import ArchiveError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "mom"


def test_discussions_are_kept_across_opening(data: Path) -> None:
    kept = [pull_request(7, threads=(thread(3),)), issue(2, comments=(comment(1),)), pull_request(3)]
    with Archive(data, create=True) as archive:
        assert archive.put("first", kept, path="exports/gh") == 3
    with Archive(data) as archive:
        assert list(archive.all()) == [kept[1], kept[2], kept[0]]
        assert archive.get("o/n", "pull_request", 7) == kept[0]
        assert archive.get("o/n", "issue", 7) is None
        assert list(archive.of_numbers([2, 99, 7])) == [kept[1], kept[0]]
        (source,) = archive.sources()
    assert source[:3] == ("first", "exports/gh", 3)
    assert source.imported > 1_700_000_000


def test_without_a_file_an_archive_is_empty_and_creates_none(data: Path) -> None:
    archive = Archive(data)
    assert list(archive.all()) == list(archive.of_numbers([1])) == list(archive.changed_since(0)) == []
    assert archive.get("", "issue", 1) is archive.of_commit(SHA) is None
    assert (archive.revision, archive.sources()) == (0, [])
    archive.check()
    with pytest.raises(ArchiveError, match="no discussions were imported"):
        archive.put("x", [pull_request()])
    assert not data.exists()
    run_child(data, "archive.put('x', [Discussion('issue', 1, 't')])")
    assert [one.title for one in archive.all()] == ["t"]  # an archive that is open sees that the file was created


@given(DISCUSSIONS)
def test_a_discussion_round_trips_through_bytes(discussion: Discussion) -> None:
    assert from_bytes(to_bytes(discussion)) == discussion


def test_only_new_and_edited_discussions_count_and_get_a_revision(data: Path) -> None:
    with Archive(data, create=True) as archive:
        began = archive.revision
        archive.put("s", [pull_request(1), pull_request(2)])
        first = archive.revision
        assert first > began
        assert archive.put("s", [pull_request(1), pull_request(2)]) == 0
        assert archive.revision == first
        assert archive.put("s", [pull_request(1), pull_request(2, body="Edited.", updated=101), issue(9)]) == 2
        assert set(archive.changed_since(first)) == {("o/n", "pull_request", 2), ("o/n", "issue", 9)}
        assert len(set(archive.changed_since(began))) == 3
        assert list(archive.changed_since(archive.revision)) == []


def test_an_older_export_does_not_undo_an_edit_and_a_thin_one_loses_nothing(data: Path) -> None:
    full = pull_request(1, body="new", updated=200, comments=(comment(1),), threads=(thread(1),))
    with Archive(data, create=True) as archive:
        archive.put("s", [full])
        archive.put("s", [pull_request(1, body="old", updated=100, comments=(comment(2),))])
        archive.put("s", [pull_request(1, body="", updated=300)])
        found = archive.get("o/n", "pull_request", 1)
    assert found is not None
    assert (found.body, found.updated) == ("new", 300)
    assert found.comments == (comment(1), comment(2))
    assert found.threads == full.threads


def test_a_commit_finds_its_pull_request_before_an_issue_that_it_closed(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [issue(1, commits=(SHA,)), pull_request(5, merge_commit=SHA, commits=("c" * 40,))])
        found = [archive.of_commit(sha) for sha in (SHA, "c" * 40, "d" * 40)]
        archive.put("s", [pull_request(5, merge_commit="d" * 40, updated=101)])
        assert [one and one.number for one in found] == [5, 5, None]
        assert [one and one.number for one in map(archive.of_commit, (SHA, "d" * 40))] == [1, 5]


def test_what_two_sources_have_is_one_discussion_and_outlives_one_of_them(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("list", [pull_request(1, comments=(comment(1),)), pull_request(2)])
        archive.put("reviews", [pull_request(1, threads=(thread(1),))])
        (both, _) = archive.all()
        assert (both.comments, both.threads) == ((comment(1),), (thread(1),))
        before = archive.revision
        assert archive.remove("list") == 2
        assert archive.remove("list") == 0
        assert [(one.number, one.comments) for one in archive.all()] == [(1, ())]
        assert [source.name for source in archive.sources()] == ["reviews"]
        assert {key.number for key in archive.changed_since(before)} == {1, 2}  # removed ones are told, too


def test_what_is_removed_is_in_no_byte_and_the_file_gets_smaller(data: Path) -> None:
    body = random.Random(7).randbytes(20_000).hex()
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(number, body=f"{number} {body}") for number in range(1, 20)])
        archive.put("kept", [issue(1)])
        row = to_bytes(pull_request(7, body=f"7 {body}"))
        pieces = [row[at : at + 100] for at in range(0, len(row), 100)]  # a row is split over pages
        assert any(piece in folder_bytes(data) for piece in pieces)
        before = archive.path.stat().st_size
        archive.remove("s")
        assert not any(piece in folder_bytes(data) for piece in pieces)
        assert archive.path.stat().st_size < before / 3
        archive.check()
        assert [one.type for one in archive.all()] == ["issue"]


def test_a_file_that_replaces_a_deleted_one_continues_above_its_revisions(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(1)])
        known = archive.revision
        (data / datafolder.DISCUSSIONS).unlink()
        archive.put("s", [pull_request(2)])
        assert archive.began >= known
        assert [key.number for key in archive.changed_since(known)] == [2]


@pytest.mark.parametrize(
    ("parts", "secret"),
    [
        ([], "secret description"),
        ([BODY], "secret description"),
        (["issuecomment-2"], "secret comment"),
        (["discussion_r5"], "secret review"),
        (["issuecomment-8"], "secret reply"),
    ],
)
def test_what_is_erased_is_in_no_byte_and_does_not_come_back(data: Path, parts: list[str], secret: str) -> None:
    """Compression would hide a text, so the bytes of the row are looked for."""
    whole = pull_request(
        1,
        body="secret description",
        comments=(comment(1, "kept"), comment(2, "secret comment")),
        threads=(thread(5, comment(8, "secret reply"), hunk="secret review"),),
    )
    with Archive(data, create=True) as archive:
        archive.put("a", [whole, pull_request(2)])
        archive.put("b", [whole])
        row = to_bytes(whole)
        assert row in folder_bytes(data)
        before = archive.revision
        archive.erase("o/n", "pull_request", 1, parts)
        assert row not in folder_bytes(data)
        assert [key.number for key in archive.changed_since(before)] == [1]
        for source in ("a", "b", "c"):
            assert archive.put(source, [whole]) == (1 if source == "c" and parts else 0)
        texts = repr(list(archive.all()))
        assert secret not in texts
        assert ("kept" in texts) is bool(parts)
        archive.allow("o/n", "pull_request", 1)
        assert archive.put("a", [whole]) == 1
        assert secret in repr(list(archive.all()))


def test_a_later_reply_does_not_bring_back_an_erased_thread(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(1, threads=(thread(5), thread(6)))])
        archive.erase("o/n", "pull_request", 1, ["discussion_r5"])
        reply = thread(5, comments=(comment(9, "as you said: quoted"),))
        archive.put("s", [pull_request(1, threads=(reply,), updated=200)])
        (found,) = archive.all()
    assert [one.id for one in found.threads] == ["discussion_r6"]


def test_comments_without_ids_are_erased_by_their_key(data: Path) -> None:
    gone, kept = comment(1, id=""), comment(2, id="")
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(1, comments=(gone, kept))])
        archive.erase("o/n", "pull_request", 1, [comment_key(gone)])
        (found,) = archive.all()
    assert found.comments == (kept,)


def test_the_file_is_private(data: Path) -> None:
    old = os.umask(0)
    try:
        with Archive(data, create=True) as archive:
            archive.put("s", [pull_request()])
    finally:
        os.umask(old)
    assert stat.S_IMODE((data / datafolder.DISCUSSIONS).stat().st_mode) == 0o600


def test_two_processes_write_at_once_without_loss(data: Path) -> None:
    """They also race to create the file."""
    body = "archive.put('s{0}', (Discussion('issue', i, f'by {0}') for i in range({0} * 1000 + 1, {0} * 1000 + 301)))"
    children = [start_child(data, body.format(number)) for number in (1, 2)]
    for child in children:
        child.communicate(timeout=LONG)
        assert child.returncode == 0
    with Archive(data) as archive:
        archive.check()
        assert len(list(archive.all())) == 600
        assert [source.discussions for source in archive.sources()] == [300, 300]


def test_a_killed_import_keeps_the_batches_that_it_wrote(data: Path) -> None:
    body = """
def forever():
    number = 0
    while True:
        number += 1
        if number % 64 == 1:
            print(number, flush=True)
        yield Discussion('issue', number, 'x' * 100)
archive.put('s', forever())
"""
    child = start_child(data, body)
    assert child.stdout
    seen = [int(child.stdout.readline()) for _ in range(6)]
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with Archive(data) as archive:
        archive.check()
        numbers = [one.number for one in archive.all()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= seen[-1] - 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limit")
def test_a_full_disk_is_reported_and_loses_nothing_before(data: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    body = """
import resource, random
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    archive.put('s', (Discussion('issue', i, random.randbytes(2000).hex()) for i in range(1, 10_000)))
except ArchiveError as error:
    print(error)
"""
    assert "Free some space" in run_child(data, body)
    with Archive(data) as archive:
        archive.check()
        assert len(list(archive.all())) >= 64
        assert archive.put("s", [issue(99_999)]) == 1


@pytest.mark.parametrize("broken", [b"", b"not a database at all" * 500])
def test_a_damaged_file_is_named_with_what_to_do(data: Path, broken: bytes) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(number) for number in range(1, 50)])
    file = data / datafolder.DISCUSSIONS
    file.write_bytes(broken or file.read_bytes()[:5000])
    with pytest.raises(ArchiveError, match=r"were damaged: \d+ could be read. Import"), Archive(data) as archive:
        archive.check()
    assert file.with_name("discussions.sqlite.broken-1").exists()
    with Archive(data, create=True) as archive:  # as an import does
        archive.check()
        archive.put("s", [pull_request(number) for number in range(1, 50)])
        assert len(list(archive.all())) == 49


def test_a_damaged_page_of_the_archive_costs_few_discussions(data: Path) -> None:
    texts = [random.Random(number).randbytes(2000).hex() for number in range(40)]
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(number, body=text) for number, text in enumerate(texts)])
        archive.erase("o/n", "pull_request", 39)
    file = data / datafolder.DISCUSSIONS
    content = file.read_bytes()
    middle = len(content) // 2 // 4096 * 4096
    file.write_bytes(content[:middle] + b"\xff" * 4096 + content[middle + 4096 :])
    with Archive(data) as archive:
        assert list(archive.all())  # which finds the damage
        kept = {one.number for one in archive.all()}
        assert len(kept) > 20
        assert all(archive.get("o/n", "pull_request", number).body == texts[number] for number in kept)


def test_a_damaged_row_is_left_out_and_replaced_by_the_next_import(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(1), pull_request(2)])
        db = sqlite3.connect(data / datafolder.DISCUSSIONS)
        db.execute("UPDATE discussions SET content = x'789c00' WHERE number = 1")
        db.commit()
        db.close()
        assert [one.number for one in archive.all()] == [2]
        assert archive.damaged == [key_of(pull_request(1))]
        with pytest.raises(ArchiveError, match="pull request 1; import"):
            archive.check()
        both = [(key_of(one), digest_of(one)) for one in (pull_request(1), pull_request(2))]
        assert archive.unchanged("s", both) == {key_of(pull_request(2))}
        assert archive.put("s", [pull_request(1)]) == 1
        archive.check()


@pytest.mark.parametrize(
    "content",
    [
        zlib.compress(b"null"),
        zlib.compress(b"[1]"),
        zlib.compress(b'{"type": "issue", "number": "1", "title": "t"}'),
        zlib.compress(b'{"type": "issue", "number": 1, "title": "t", "labels": [1]}'),
        zlib.compress(b'{"type": "issue", "number": 1, "title": "t", "comments": [{"id": []}]}'),
        zlib.compress(b'{"type": "issue", "number": 1, "title": "t"}')[:-3],
        zlib.compress(b"[" * 100_000),
        b"",
    ],
)
def test_bytes_that_are_no_discussion_are_refused(content: bytes) -> None:
    """An archive may have come with an unpacked repository."""
    with pytest.raises(ValueError, match="not a discussion"):
        from_bytes(content)


def test_a_discussion_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialised, "LARGEST", 10_000)
    with pytest.raises(ValueError, match="too large"):
        from_bytes(to_bytes(issue(1, body="x" * 20_000)))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_archive_can_be_read(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(1)])
    (data / datafolder.DISCUSSIONS).chmod(0o400)
    data.chmod(0o500)
    try:
        with Archive(data) as archive:
            assert [one.number for one in archive.all()] == [1]
            with pytest.raises(ArchiveError, match="chmod"):
                archive.put("s", [pull_request(2)])
    finally:
        data.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_nothing_is_written_through_a_symbolic_link(data: Path, tmp_path: Path) -> None:
    data.mkdir()
    (data / datafolder.DISCUSSIONS).symlink_to(tmp_path / "victim")
    with pytest.raises(ArchiveError, match="symbolic link"):
        Archive(data, create=True)
    assert not (tmp_path / "victim").exists()


def test_a_file_of_a_newer_version_asks_for_an_update(data: Path) -> None:
    Archive(data, create=True).close()
    db = sqlite3.connect(data / datafolder.DISCUSSIONS)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ArchiveError, match="update mom"):
        Archive(data)


def test_a_reader_that_iterates_does_not_stop_a_writer(data: Path) -> None:
    with Archive(data, create=True) as archive:
        archive.put("s", [pull_request(number) for number in range(1, 400)])
        seen = []
        for one in archive.all():
            seen.append(one.number)
            if len(seen) == 10:
                run_child(data, "archive.remove('s')")
        assert seen == list(range(1, 11))
        assert archive.get(*Key("o/n", "pull_request", 1)) is None
