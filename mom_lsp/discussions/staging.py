"""Parts of discussions from all files of an export, put together in a temporary file rather than in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Self

from mom_lsp.discussions.merging import merged
from mom_lsp.discussions.reading import Reading
from mom_lsp.discussions.serialised import from_json, to_json
from mom_lsp.discussions.values import Discussion, DiscussionType

_SCHEMA = """
CREATE TABLE parts (project TEXT, type TEXT, number INTEGER, typed INTEGER, titled INTEGER, content BLOB);
"""


class Staging:
    """A temporary SQLite file, deleted as soon as it is open: secrets are not masked in it yet."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        """Return the staging itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete everything."""
        self._db.close()

    def add(self, readings: Iterable[Reading]) -> None:
        """Take some readings."""
        self._db.executemany(
            "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)",
            ((one.project, one.type, one.number, typed, bool(one.title), to_json(one)) for one, typed in readings),
        )

    def settle(self, project: str) -> int:
        """Say what belongs together once everything is there, and return the number of discussions.

        Args:
            project: to which everything belongs that does not say its project, unless the export has just one.
        """
        self._db.execute("CREATE INDEX by_number ON parts (number, project)")
        projects = [name for (name,) in self._db.execute("SELECT DISTINCT project FROM parts WHERE project != ''")]
        only = projects[0] if len(projects) == 1 else project
        self._db.execute("UPDATE parts SET project = ? WHERE project = ''", (only,))
        self._db.execute(
            """UPDATE parts SET type = 'pull_request' WHERE NOT typed AND EXISTS (SELECT 1 FROM parts AS other
            WHERE other.number = parts.number AND other.project = parts.project AND other.type = 'pull_request')"""
        )
        self._db.execute("CREATE INDEX by_key ON parts (project, type, number)")
        (count,) = self._db.execute(
            "SELECT count(*) FROM (SELECT DISTINCT project, type, number FROM parts)"
        ).fetchone()
        return int(count)

    def discussions(self) -> Iterator[Discussion]:
        """Yield each discussion as a whole, in the order of project, type and number."""
        query = "SELECT project, type, number, content FROM parts ORDER BY project, type, number, rowid"
        for (project, type_, _), rows in groupby(self._db.execute(query), lambda row: row[:3]):
            yield merged([_placed(from_json(content), project, type_) for *_, content in rows])


def _placed(part: Discussion, project: str, type_: DiscussionType) -> Discussion:
    return part if (part.project, part.type) == (project, type_) else replace(part, project=project, type=type_)
