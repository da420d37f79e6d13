"""A cache of slow results that do not change, outside the repository: blame, and the embeddings of queries."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository
from mom_lsp.memory import Encoder

CACHE_FORMAT = 2
BATCH = 64  # texts encoded between two writes
Writers = dict[int, str]  # line -> commit
Step = Callable[[str, int, int], None]  # phase, done, total


class BlameCache:
    """The writers of lines by commit, path and ranges. Written by one thread."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        key = hashlib.blake2b(str(repository.location.common_dir).encode(), digest_size=8).hexdigest()
        self._file = sqlite3.connect(folder / f"blame-{CACHE_FORMAT}-{key}.sqlite", check_same_thread=False)
        self._file.execute("CREATE TABLE IF NOT EXISTS blame (key TEXT PRIMARY KEY, lines TEXT NOT NULL)")
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
        self._repository = repository
        ignored = repository.location.data / datafolder.IGNORED_REVISIONS  # part of the key
        self._ignored = _digest_of(ignored.read_bytes() if ignored.is_file() else b"")

    def get(self, commit: str, path: str, ranges: list[tuple[int, int]]) -> Writers | None:
        """Return the cached writers, None if there are none."""
        key = self._key(commit, path, ranges)
        row = self._file.execute("SELECT lines FROM blame WHERE key = ?", (key,)).fetchone()
        return None if row is None else {int(line): commit for line, commit in json.loads(row[0]).items()}

    def blame_job(self, commit: str, path: str, ranges: list[tuple[int, int]]) -> Callable[[], Writers | None]:
        """Return a function that runs git blame, is safe to call in another thread, and returns None if git fails."""

        def blame() -> Writers | None:
            try:
                groups = self._repository.blame(commit, path, *ranges, moves=True)
            except RepositoryError:
                return None  # an object is missing, or the file has fewer lines
            known = (g for g in groups if not g.boundary)
            return {line: g.commit for g in known for line in range(g.line, g.line + g.count)}

        return blame

    def put(self, commit: str, path: str, ranges: list[tuple[int, int]], writers: Writers) -> None:
        """Save the writers."""
        with self._file:
            self._file.execute(
                "INSERT OR REPLACE INTO blame VALUES (?, ?)", (self._key(commit, path, ranges), json.dumps(writers))
            )

    def vectors(self, texts: Sequence[str], encoder: Encoder, step: Step) -> dict[str, np.ndarray]:
        """Return the embedding (d,) of each text, encoding those that are not cached."""
        found: dict[str, np.ndarray] = {}
        for text in texts:
            row = self._file.execute("SELECT vector FROM vectors WHERE key = ?", (_digest(encoder, text),)).fetchone()
            if row is not None:
                found[text] = np.frombuffer(row[0], np.float32)
        unknown = sorted({text for text in texts if text not in found}, key=len)  # similar lengths share a batch
        for at in range(0, len(unknown), BATCH):
            step("encoding", at, len(unknown))
            batch = unknown[at : at + BATCH]
            vectors = np.asarray(encoder.encode(batch), np.float32)
            found.update(zip(batch, vectors, strict=True))
            rows = [(_digest(encoder, text), vector.tobytes()) for text, vector in zip(batch, vectors, strict=True)]
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _key(self, commit: str, path: str, ranges: list[tuple[int, int]]) -> str:
        return f"{commit} {','.join(f'{a}-{b}' for a, b in ranges)} {self._ignored} {path}"


def _digest(encoder: Encoder, text: str) -> str:
    return _digest_of(f"{encoder.name}\0{text}".encode("utf-8", "replace"))


def _digest_of(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
