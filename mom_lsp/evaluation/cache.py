"""Who wrote which line before a change, kept between runs outside the repository: blame is most of the time."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository

CACHE_FORMAT = 1
Writers = dict[int, str]  # line -> commit


class BlameCache:
    """Lines and their writers by commit, path and ranges. One thread writes."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        key = hashlib.blake2b(str(repository.location.common_dir).encode(), digest_size=8).hexdigest()
        self._file = sqlite3.connect(folder / f"blame-{CACHE_FORMAT}-{key}.sqlite", check_same_thread=False)
        self._file.execute("CREATE TABLE IF NOT EXISTS blame (key TEXT PRIMARY KEY, lines TEXT NOT NULL)")
        self._repository = repository

    def known(self, commit: str, path: str, ranges: list[tuple[int, int]]) -> Writers | None:
        """Return what is kept."""
        key = _key(commit, path, ranges)
        row = self._file.execute("SELECT lines FROM blame WHERE key = ?", (key,)).fetchone()
        return None if row is None else {int(line): commit for line, commit in json.loads(row[0]).items()}

    def ask(self, commit: str, path: str, ranges: list[tuple[int, int]]) -> Callable[[], Writers]:
        """Return a function that asks git and may run in another thread."""

        def asked() -> Writers:
            try:
                groups = self._repository.blame(commit, path, *ranges)
            except RepositoryError:
                return {}  # the file is new, or shorter than that
            whole = (g for g in groups if not g.boundary)
            return {line: g.commit for g in whole for line in range(g.line, g.line + g.count)}

        return asked

    def keep(self, commit: str, path: str, ranges: list[tuple[int, int]], writers: Writers) -> None:
        """Keep an answer."""
        with self._file:
            self._file.execute(
                "INSERT OR REPLACE INTO blame VALUES (?, ?)", (_key(commit, path, ranges), json.dumps(writers))
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key(commit: str, path: str, ranges: list[tuple[int, int]]) -> str:
    return f"{commit} {','.join(f'{a}-{b}' for a, b in ranges)} {path}"
