"""The observations behind attention traces, on disk: the last ones of each model in a small SQLite file.

Traces themselves are not stored: they are folded from these rows on load. A forgotten memory is removed from every row
and overwritten on disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mom_lsp import cachedb
from mom_lsp.lm.traces import AttentionTraces, LearningRule, Observation, replay

OF_SOURCE = ("observation WHERE source", "learned WHERE source")
KEPT = 500  # observations per model; with keep = 0.8 and fade = 0.98 older ones have decayed to nothing
SCHEMA = """
CREATE TABLE IF NOT EXISTS observation (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, model TEXT NOT NULL, layers INTEGER NOT NULL, heads INTEGER NOT NULL,
    cue TEXT NOT NULL, gains TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS learned (
    model TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (model, source)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (
    observation INTEGER NOT NULL REFERENCES observation ON DELETE CASCADE,
    memory TEXT NOT NULL, first INTEGER NOT NULL, importance REAL NOT NULL, attention BLOB NOT NULL,
    PRIMARY KEY (observation, memory)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_memory ON part (memory);
"""

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


class TraceFile:
    """The observations of one data folder: about 0.6 KB per memory and observation with SmolLM2's 270 heads.

    Raises:
        StoreError: the file cannot be read or written. A damaged file is removed: traces are learned again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, model: str, layers: int, heads: int, observation: Observation, source: str = "") -> None:
        """Save one observation durably, and drop the oldest beyond KEPT; `source` is the accepted text's."""
        gains = json.dumps({str(strength): gain for strength, gain in observation.gains.items()})
        row = (source, model, layers, heads, observation.cue, gains)
        parts = [
            (memory, memory == observation.first, observation.importance.get(memory, 0.0), grid.astype("<f2").tobytes())
            for memory, grid in observation.attention.items()
        ]

        def insert(file: sqlite3.Connection) -> None:
            number = file.execute(
                "INSERT INTO observation (source, model, layers, heads, cue, gains) VALUES (?, ?, ?, ?, ?, ?)", row
            ).lastrowid
            file.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?)", [(number, *part) for part in parts])
            file.execute("INSERT OR IGNORE INTO learned VALUES (?, ?)", (model, source))
            file.execute(
                "DELETE FROM observation WHERE model = ? AND id <= (SELECT id FROM observation WHERE model = ?"
                " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (model, model, KEPT),
            )

        cachedb.transact(self.path, SCHEMA, insert)

    def observations(self, model: str, layers: int, heads: int) -> list[Observation]:
        """Return the observations of a model, oldest first."""
        query = (
            "SELECT id, cue, gains, memory, first, importance, attention"
            " FROM observation LEFT JOIN part ON observation = id"
            " WHERE model = ? AND layers = ? AND heads = ? ORDER BY id, memory"
        )
        return self._read(query, (model, layers, heads), lambda rows: _observations(rows, layers, heads))

    def traces(self, model: str, layers: int, heads: int, rule: LearningRule = LearningRule()) -> AttentionTraces:  # noqa: B008
        """Return the traces of a model."""
        return replay(self.observations(model, layers, heads), layers, heads, rule)

    def models(self) -> list[tuple[str, int, int]]:
        """Return the name, layers and heads of the models that something was learned with."""
        query = "SELECT DISTINCT model, layers, heads FROM observation ORDER BY model"
        return self._read(query, (), lambda rows: [(str(name), int(y), int(x)) for name, y, x in rows])

    def gains(self, model: str) -> list[dict[float, float]]:
        """Return for each accepted text, oldest first, the nats saved by each strength."""
        query = "SELECT gains FROM observation WHERE model = ? ORDER BY id"
        return self._read(query, (model,), lambda rows: [_gains(text) for (text,) in rows])

    def sources(self, model: str) -> set[str]:
        """Return the accepted texts that a model learned from, including those whose observation was dropped since."""
        query = "SELECT source FROM learned WHERE model = ?"
        return set(self._read(query, (model,), lambda rows: [source for (source,) in rows]))

    def forget(self, memories: Iterable[str]) -> None:
        """Erase memories and what was learned from them as texts, and overwrite them on disk."""
        self._delete(memories, "part WHERE memory", *OF_SOURCE)

    def unlearn(self, sources: Iterable[str]) -> None:
        """Erase what was learned from accepted texts; they stay as memories."""
        self._delete(sources, *OF_SOURCE)

    def _delete(self, named: Iterable[str], *where: str) -> None:
        if not self.path.exists():
            return
        values = [(name,) for name in named]

        def delete(file: sqlite3.Connection) -> None:
            for rows in where:
                file.executemany(f"DELETE FROM {rows} = ?", values)

        cachedb.transact(self.path, SCHEMA, delete)

    def size(self) -> int:
        """Return the bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _read(self, query: str, values: tuple[Any, ...], parse: Callable[[Rows], list[T]]) -> list[T]:
        if not self.path.exists():
            return []
        return cachedb.transact(self.path, SCHEMA, lambda file: parse(file.execute(query, values).fetchall()))


def _observations(rows: Rows, layers: int, heads: int) -> list[Observation]:
    """Parse rows, in order. Raises ValueError if they are not observations."""
    found: dict[int, Observation] = {}
    for number, cue, gains, memory, first, weight, blob in rows:
        one = found.setdefault(number, Observation(cue, {}, {}, gains=_gains(gains)))
        if memory is None:  # a text without memories, or with forgotten ones only
            continue
        grid = np.frombuffer(blob, "<f2").astype(float).reshape(layers, heads)
        attention, importance = {**one.attention, memory: grid}, {**one.importance, memory: weight}
        found[number] = replace(one, attention=attention, importance=importance, first=memory if first else one.first)
    return list(found.values())


def _gains(text: str) -> dict[float, float]:
    return {float(strength): float(gain) for strength, gain in json.loads(text).items()}
