"""The changes of the archive, each inside of a transaction of its caller."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mom_lsp.discussions.merging import merged, without
from mom_lsp.discussions.serialised import from_bytes, to_bytes, to_json
from mom_lsp.discussions.values import Discussion, DiscussionType

WHOLE = ""  # the part that is all of a discussion
_SAME = "project = ? AND type = ? AND number = ?"
_OF_SOURCE = f"{_SAME} AND source = ?"


class Key(NamedTuple):
    """What identifies a discussion in the archive."""

    project: str
    type: DiscussionType
    number: int


class Original(NamedTuple):
    """A sanitised discussion, and a digest of what the export said."""

    discussion: Discussion
    digest: bytes


def key_of(discussion: Discussion) -> Key:
    """Return the key of a discussion."""
    return Key(discussion.project, discussion.type, discussion.number)


def digest_of(discussion: Discussion) -> bytes:
    """Return what tells whether two readings of a discussion are equal."""
    return digest_of_json(to_json(discussion))


def digest_of_json(text: bytes) -> bytes:
    """Return the digest of a discussion as JSON."""
    return hashlib.blake2b(text, digest_size=16).digest()


def put(db: sqlite3.Connection, source: str, path: str, originals: Sequence[Original]) -> int:
    """Write discussions of a source, and return how many were new or edited."""
    sql = """INSERT INTO sources (name, path, imported) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET path = excluded.path, imported = excluded.imported RETURNING id"""
    identity = db.execute(sql, (source, path, int(time.time()))).fetchone()[0]
    return sum(_put_one(db, identity, *original) for original in originals)


def _put_one(db: sqlite3.Connection, source: int, discussion: Discussion, digest: bytes) -> bool:
    key = key_of(discussion)
    parts = {part for (part,) in db.execute(f"SELECT part FROM erased WHERE {_SAME}", key)}
    if WHOLE in parts:
        return False
    before = db.execute(f"SELECT content, digest FROM discussions WHERE {_OF_SOURCE}", (*key, source)).fetchone()
    old = readable(before[0]) if before is not None else None
    if old is not None and before[1] == digest:
        return False
    new = without(merged([old, discussion]) if old is not None else discussion, parts)
    if new == old:
        db.execute(f"UPDATE discussions SET digest = ? WHERE {_OF_SOURCE}", (digest, *key, source))
        return False
    _replace(db, key, source, new, digest)
    _changed(db, [key])
    return True


def remove(db: sqlite3.Connection, source: str) -> int:
    """Remove a source with all that it has, and return how many discussions that were."""
    found = db.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()
    if found is None:
        return 0
    keys = [Key(*row) for row in db.execute("SELECT project, type, number FROM discussions WHERE source = ?", found)]
    db.execute("DELETE FROM discussions WHERE source = ?", found)
    db.executemany(f"DELETE FROM commits WHERE {_OF_SOURCE}", [(*key, *found) for key in keys])
    db.execute("DELETE FROM sources WHERE id = ?", found)
    _changed(db, keys)
    return len(keys)


def erase(db: sqlite3.Connection, key: Key, parts: Iterable[str]) -> None:
    """Erase parts of a discussion in all sources, by default all of it, and remember not to take them again."""
    gone = set(parts) or {WHOLE}
    db.executemany("INSERT OR IGNORE INTO erased VALUES (?, ?, ?, ?)", [(*key, part) for part in sorted(gone)])
    rows = db.execute(f"SELECT source, content FROM discussions WHERE {_SAME}", key).fetchall()
    for source, content in rows:
        old = None if WHOLE in gone else readable(content)
        if old is not None:  # without a digest, so that the next import compares
            _replace(db, key, source, without(old, gone), None)
        else:
            _delete(db, key, source)
    if rows:
        _changed(db, [key])


def allow(db: sqlite3.Connection, key: Key) -> None:
    """Forget what was erased of a discussion, so that the next import takes it again."""
    db.execute(f"DELETE FROM erased WHERE {_SAME}", key)
    db.execute(f"UPDATE discussions SET digest = NULL WHERE {_SAME}", key)


def readable(content: bytes) -> Discussion | None:
    """Return the discussion in a row, None if it is damaged: what is written next replaces it."""
    try:
        return from_bytes(content)
    except (ValueError, TypeError):
        return None


def _replace(db: sqlite3.Connection, key: Key, source: int, discussion: Discussion, digest: bytes | None) -> None:
    _delete(db, key, source)
    row = (*key, source, digest, to_bytes(discussion))
    db.execute(
        "INSERT INTO discussions (project, type, number, source, digest, content) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    commits = {sha for sha in (discussion.merge_commit, *discussion.commits) if sha}
    db.executemany("INSERT INTO commits VALUES (?, ?, ?, ?, ?)", [(sha, *key, source) for sha in sorted(commits)])


def _delete(db: sqlite3.Connection, key: Key, source: int) -> None:
    for table in ("discussions", "commits"):
        db.execute(f"DELETE FROM {table} WHERE {_OF_SOURCE}", (*key, source))


def _changed(db: sqlite3.Connection, keys: Sequence[Key]) -> None:
    """Give discussions the next revision."""
    db.execute("UPDATE meta SET value = value + 1 WHERE name = 'revision'")
    (revision,) = db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
    db.executemany("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?)", [(*key, revision) for key in keys])
