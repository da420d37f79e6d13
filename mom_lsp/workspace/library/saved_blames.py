"""The deep blames of the files that were opened last, kept in the data folder across restarts."""

from __future__ import annotations

import json
import logging
import sqlite3
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.cachedb import transact
from mom_lsp.errors import StoreError
from mom_lsp.pathnames import quoted
from mom_lsp.route.lines import MAX_TEXT
from mom_lsp.workspace.library.file_blame import FileBlame, Ignored, Lines

KEPT = 500  # files; those of 2,500 lines take about 20 KB each
SCHEMA = """
CREATE TABLE IF NOT EXISTS blames (
    path TEXT, blob TEXT, at TEXT, cut TEXT, ignored TEXT, lines BLOB, PRIMARY KEY (path, blob)
);
"""

log = logging.getLogger(__name__)


class SavedBlames:
    """The saved blames of one repository. One that is lost is only blamed again."""

    def __init__(self, data: Path) -> None:
        self._data, self._file = data, data / datafolder.BLAMES

    def load(self, path: str, blob: str, overrides: frozenset[str]) -> FileBlame | None:
        """Return the blame of a file: of this version if there is one, else of the version that was saved last."""
        if not self._file.is_file():
            return None

        def read(db: sqlite3.Connection) -> FileBlame | None:
            query = "SELECT blob, at, ignored, lines FROM blames WHERE path = ? AND cut = ?"
            query += " ORDER BY blob = ? DESC, rowid DESC"
            row = db.execute(query, (quoted(path), _digest(overrides), blob)).fetchone()
            if row is None:
                return None
            ours, size, theirs = json.loads(row[2])
            ignored: Ignored = (int(ours), int(size), theirs)
            return FileBlame(path, row[0], row[1], overrides, ignored, lines=_unpacked(row[3]), final=True)

        try:
            return transact(self._file, SCHEMA, read)
        except StoreError as error:
            log.warning("%s", error)
            return None

    def save(self, blame: FileBlame) -> None:
        """Save a deep blame, and forget the oldest ones."""
        values = (quoted(blame.path), blame.blob, blame.commit, _digest(blame.overrides), json.dumps(blame.ignored))

        def write(db: sqlite3.Connection) -> None:
            db.execute("REPLACE INTO blames VALUES (?, ?, ?, ?, ?, ?)", (*values, _packed(blame.lines)))
            db.execute("DELETE FROM blames WHERE rowid <= (SELECT max(rowid) FROM blames) - ?", (KEPT,))

        if datafolder.why_read_only(self._data, datafolder.BLAMES):
            return
        try:
            transact(self._file, SCHEMA, write)
        except StoreError as error:
            log.warning("%s", error)


def _digest(overrides: frozenset[str]) -> str:
    return blake2b("\n".join(sorted(overrides)).encode(), digest_size=16).hexdigest() if overrides else ""


def _packed(lines: Lines) -> bytes:
    """Return the lines as compressed runs of consecutive lines of one commit."""
    runs: list[list[Any]] = []  # [first line, number of lines, commit]
    for line, sha in sorted(lines.items()):
        if runs and runs[-1][2] == sha and runs[-1][0] + runs[-1][1] == line:
            runs[-1][1] += 1
        else:
            runs.append([line, 1, sha])
    return zlib.compress(json.dumps(runs).encode())


def _unpacked(data: bytes) -> dict[int, str]:
    """Return the lines of compressed runs. Raises ValueError if they are damaged."""
    try:
        runs = json.loads(zlib.decompressobj().decompress(data, MAX_TEXT))
        if sum(int(count) for _, count, _ in runs) > MAX_TEXT:  # no file has so many lines
            raise ValueError("too many lines")
        return {line: str(sha) for first, count, sha in runs for line in range(first, first + count)}
    except (zlib.error, TypeError) as error:
        raise ValueError(str(error)) from error
