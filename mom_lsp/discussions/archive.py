"""The archive: all imported discussions in one SQLite file, compressed. It is no cache: the exports may be gone.

A discussion is kept once for each source that has it, and read as one. Every change gets the next revision, so that an
indexer asks for what changed since its last pass. The file has a rollback journal rather than a write-ahead log, so
that it can be read where it cannot be written, and nothing that was erased stays in a file beside it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from mom_lsp import datafolder
from mom_lsp.discussions import archive_writes
from mom_lsp.discussions.archive_file import damage, identity, lock_of, open_file, translated_errors, why_read_only
from mom_lsp.discussions.archive_rescue import is_damage, rescue
from mom_lsp.discussions.archive_writes import Key, Original, digest_of, digest_of_json, key_of, readable
from mom_lsp.discussions.merging import merged
from mom_lsp.discussions.values import Discussion, DiscussionType
from mom_lsp.errors import ArchiveError

__all__ = ["Archive", "Key", "Original", "Source", "digest_of", "digest_of_json", "key_of"]

BATCH = 64  # discussions per transaction: what a killed import loses at most
PAGE = 256  # keys read at a time, so that no iteration keeps a writer waiting
_ROW = "project, type, number, content"

T = TypeVar("T")
log = logging.getLogger(__name__)


class Source(NamedTuple):
    """One export that was imported."""

    name: str
    path: str  # as the user gave it
    discussions: int
    imported: int  # seconds since 1970, UTC: the last time


class Archive:
    """The discussions of a data folder, for several threads; several processes may use the file at once.

    All methods raise ArchiveError if the file cannot be used. Texts must have been sanitised before they are put.
    """

    def __init__(self, data: Path, *, create: bool = False) -> None:
        """Open the archive of a data folder; if there is no file and none is to be created, it is empty."""
        self.path = data / datafolder.DISCUSSIONS
        self.damaged: list[Key] = []  # discussions that were left out, since they could not be read
        self.problem = ""  # what to tell the user once the file was damaged
        self._create, self._lock = create, threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._run(lambda db: None)

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; closing it twice is harmless, and it is opened again if it is used."""
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = self._identity = None

    def put(self, source: str, discussions: Iterable[Discussion], *, path: str = "") -> int:
        """Keep discussions, and return how many were new or edited.

        What the source had of a discussion before and does not have now, such as a comment, is kept.

        Args:
            source: the name of the export.
            discussions: sanitised. They are written in batches, so that a killed import keeps what it wrote.
            path: of the export, as the user gave it.
        """
        return self.put_originals(source, (Original(one, digest_of(one)) for one in discussions), path=path)

    def put_originals(self, source: str, originals: Iterable[Original], *, path: str = "") -> int:
        """Keep discussions with the digests that `unchanged` compares; see `put`."""
        rest, changed = iter(originals), 0
        while True:
            batch = list(islice(rest, BATCH))

            def write(db: sqlite3.Connection, batch: list[Original] = batch) -> int:
                return archive_writes.put(db, source, path, batch)

            changed += self._write(write)
            if len(batch) < BATCH:
                return changed

    def unchanged(self, source: str, originals: Iterable[tuple[Key, bytes]]) -> set[Key]:
        """Return the keys of the discussions that the source was last seen to have with the same digest, undamaged."""
        query = """SELECT content FROM discussions JOIN sources ON sources.id = source
            WHERE project = ? AND type = ? AND number = ? AND name = ? AND digest = ?"""
        with self._connection() as db:
            if db is None:
                return set()
            found = ((key, db.execute(query, (*key, source, digest)).fetchone()) for key, digest in originals)
            return {key for key, row in found if row is not None and readable(row[0]) is not None}

    def get(self, project: str, type: DiscussionType, number: int) -> Discussion | None:
        """Return a discussion, None if there is none."""
        query = f"SELECT {_ROW} FROM discussions WHERE project = ? AND type = ? AND number = ? ORDER BY source"
        return next(self._select(query, (project, type, number)), None)

    def of_numbers(self, numbers: Iterable[int]) -> Iterator[Discussion]:
        """Yield the discussions with some numbers, of all projects and types."""
        query = f"SELECT {_ROW} FROM discussions WHERE number = ? ORDER BY project, type DESC, source"
        for number in numbers:
            yield from self._select(query, (number,))

    def of_commit(self, sha: str) -> Discussion | None:
        """Return the discussion that a commit belongs to, rather a pull request than an issue that it closed.

        Args:
            sha: full hash of a merge commit, of a squashed commit, or of one of a pull request's own commits.
        """
        query = "SELECT project, type, number FROM commits WHERE sha = ? ORDER BY type DESC, number, project"
        keys = (Key(*row) for row in self._rows(query, (sha,)))
        return next((found for key in keys if (found := self.get(*key)) is not None), None)

    def all(self) -> Iterator[Discussion]:
        """Yield every discussion, in the order of project, type and number."""
        query = """SELECT DISTINCT project, type, number FROM discussions WHERE (project, type, number) > (?, ?, ?)
            ORDER BY project, type, number LIMIT ?"""
        last: tuple[object, ...] = ("", "", 0)
        while keys := self._rows(query, (*last, PAGE)):
            for key in keys:
                if (found := self.get(*key)) is not None:
                    yield found
            last = keys[-1]

    def changed_since(self, revision: int) -> Iterator[Key]:
        """Yield the keys of all discussions that were put, edited, removed or erased after a revision."""
        for row in self._rows("SELECT project, type, number FROM changes WHERE revision > ?", (revision,)):
            yield Key(*row)

    @property
    def revision(self) -> int:
        """The revision of the last change, 0 if there is no file."""
        return self._meta("revision")

    @property
    def began(self) -> int:
        """The revision that this file began with: who knows an earlier one knows a file that is gone."""
        return self._meta("began")

    def sources(self) -> list[Source]:
        """Return the imported exports, by name."""
        query = """SELECT name, path, (SELECT count(*) FROM discussions WHERE source = id), imported
            FROM sources ORDER BY name"""
        return [Source(*row) for row in self._rows(query)]

    def remove(self, source: str) -> int:
        """Remove an export, bytes included, and return how many discussions it had."""
        return self._write(lambda db: archive_writes.remove(db, source))

    def erase(self, project: str, type: DiscussionType, number: int, parts: Iterable[str] = ()) -> None:
        """Erase what was forgotten, bytes included; it does not come back with the next import.

        Args:
            project: of the discussion.
            type: of the discussion.
            number: of the discussion.
            parts: `BODY` for the description, and the keys of comments and threads, all three of `merging`; by
                default, the whole discussion. A thread goes with its later replies, too.
        """
        self._write(lambda db: archive_writes.erase(db, Key(project, type, number), parts))

    def allow(self, project: str, type: DiscussionType, number: int) -> None:
        """Let the next import bring back what was erased of a discussion."""
        self._write(lambda db: archive_writes.allow(db, Key(project, type, number)))

    def is_lost(self, revision: int) -> bool:
        """Whether the file of a revision that was read before is gone, or another one is in its place."""
        return bool(revision) and not 0 < self.began <= revision

    def check(self) -> None:
        """Read the whole file. Raises ArchiveError if any of it is damaged."""

        def quick_check(db: sqlite3.Connection | None) -> None:
            if db is not None and (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise damage(found)

        self._run(quick_check)
        if self.problem:
            raise ArchiveError(self.problem)
        self.damaged.clear()
        for _ in self.all():
            pass
        if self.damaged:
            raise ArchiveError(
                f"{len(self.damaged)} of the discussions in {self.path} are damaged, among them "
                f"{self.damaged[0].type.replace('_', ' ')} {self.damaged[0].number}; import the exports again"
            )

    def _meta(self, name: str) -> int:
        return next((int(value) for (value,) in self._rows("SELECT value FROM meta WHERE name = ?", (name,))), 0)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection to the file that is there now, None if there is none."""
        with self._lock, translated_errors(self.path):
            now = identity(self.path)
            if now != self._identity or (self._db is None and (now is not None or self._create)):
                self.close()
                self._db = open_file(self.path, create=self._create)
                self._identity = identity(self.path)
            yield self._db

    def _run(self, action: Callable[[sqlite3.Connection | None], T]) -> T:
        """Run an action; a second time if the file was damaged, on what could be read of it."""
        try:
            with self._connection() as db:
                return action(db)
        except ArchiveError as error:
            if not is_damage(error.__cause__) or why_read_only(self.path):
                raise
        self._rescue()
        with self._connection() as db:
            return action(db)

    def _rescue(self) -> None:
        """Replace the damaged file, if another process has not done so."""
        with self._lock, translated_errors(self.path), lock_of(self.path):
            damaged = self._identity in (None, identity(self.path))
            self.close()
            if damaged:
                self.problem = rescue(self.path)
                log.info("%s", self.problem)

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._run(lambda db: db.execute(query, values).fetchall() if db is not None else [])

    def _select(self, query: str, values: Sequence[object]) -> Iterator[Discussion]:
        """Yield the discussions of rows that are ordered by key; damaged ones are left out and noted."""
        for key, rows in groupby(self._rows(query, values), lambda row: Key(*row[:3])):
            if readings := [found for row in rows if (found := self._decoded(key, row[3])) is not None]:
                yield merged(readings)

    def _decoded(self, key: Key, content: bytes) -> Discussion | None:
        found = readable(content)
        if found is None and key not in self.damaged:
            self.damaged.append(key)
        return found

    def _write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run an action in a transaction. Raises ArchiveError if there is no file, or it is read-only."""

        def write(db: sqlite3.Connection | None) -> T:
            if db is None:
                raise ArchiveError(f"{self.path} does not exist: no discussions were imported")
            if why := why_read_only(self.path):
                raise ArchiveError(f"the discussions cannot be changed: {why}")
            db.execute("BEGIN IMMEDIATE")
            try:
                result = action(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        return self._run(write)
