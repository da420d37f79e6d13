"""What traces are made of, on disk: the last observations of each model in a small SQLite file.

Traces themselves are not stored: they are folded from these rows at load. A memory that is forgotten is taken out of
every row and overwritten on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from mom_lsp.errors import StoreError
from mom_lsp.trace.attention import Observation, Rule, Traces, replay

TRACES = "traces.sqlite"  # in the data folder
KEPT = 500  # observations of a model; with keep = 0.8 and fade = 0.98 older ones have faded to nothing
BUSY = 5.0  # seconds
SCHEMA = """
CREATE TABLE IF NOT EXISTS observation (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, layers INTEGER NOT NULL, heads INTEGER NOT NULL, cue TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS part (
    observation INTEGER NOT NULL REFERENCES observation ON DELETE CASCADE,
    memory TEXT NOT NULL, importance REAL NOT NULL, attention BLOB NOT NULL,
    PRIMARY KEY (observation, memory)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_memory ON part (memory);
"""


class TraceFile:
    """The observations of one data folder: about 0.6 KB a memory and observation with SmolLM2's 270 heads.

    Raises:
        StoreError: the file cannot be read or written. It can be removed: traces are learned again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, model: str, layers: int, heads: int, observation: Observation) -> None:
        """Keep one observation, durably, and drop the oldest beyond what is kept."""
        with self._open() as file:
            row = (model, layers, heads, observation.cue)
            number = file.execute(
                "INSERT INTO observation (model, layers, heads, cue) VALUES (?, ?, ?, ?)", row
            ).lastrowid
            file.executemany(
                "INSERT INTO part VALUES (?, ?, ?, ?)",
                [
                    (number, memory, observation.importance.get(memory, 0.0), attention.astype("<f2").tobytes())
                    for memory, attention in observation.attention.items()
                ],
            )
            file.execute(
                "DELETE FROM observation WHERE model = ? AND id <= (SELECT id FROM observation WHERE model = ?"
                " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (model, model, KEPT),
            )

    def traces(self, model: str, layers: int, heads: int, rule: Rule = Rule()) -> Traces:  # noqa: B008
        """Return the traces of a model."""
        if not self.path.exists():
            return Traces(layers, heads, rule)
        return replay(self._observations(model, layers, heads), layers, heads, rule)

    def forget(self, memory: str) -> None:
        """Erase a memory: no trace of it, and no byte."""
        if self.path.exists():
            with self._open() as file:
                file.execute("DELETE FROM part WHERE memory = ?", (memory,))

    def size(self) -> int:
        """Return the bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield the file in a transaction."""
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY)) as file:
                file.execute("PRAGMA secure_delete = ON")
                file.execute("PRAGMA foreign_keys = ON")
                file.execute("PRAGMA synchronous = FULL")
                file.executescript(SCHEMA)
                with file:
                    yield file
        except sqlite3.Error as error:
            raise StoreError(f"{self.path} cannot be used ({error}): remove it, traces are learned again") from error

    def _observations(self, model: str, layers: int, heads: int) -> Iterator[Observation]:
        query = (
            "SELECT id, cue, memory, importance, attention FROM observation LEFT JOIN part ON observation = id"
            " WHERE model = ? AND layers = ? AND heads = ? ORDER BY id, memory"
        )
        with self._open() as file:
            rows = file.execute(query, (model, layers, heads)).fetchall()
        found: dict[int, Observation] = {}
        for number, cue, memory, weight, blob in rows:
            one = found.setdefault(number, Observation(cue, {}, {}))
            if memory is None:  # a text that had no memory before it, or only forgotten ones
                continue
            one.attention[memory] = np.frombuffer(blob, "<f2").astype(float).reshape(layers, heads)  # type: ignore[index]
            one.importance[memory] = weight  # type: ignore[index]
        yield from found.values()
