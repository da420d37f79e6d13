"""An export on the disk: its files, and the readings in them. A file or a page that is broken is named and skipped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from mom_lsp.discussions import formats
from mom_lsp.discussions.json_stream import objects
from mom_lsp.discussions.reading import Reading
from mom_lsp.errors import UsageError

SUFFIXES = (".json", ".jsonl", ".ndjson")  # of the files that are read in a folder
MOST_PROBLEMS = 20  # that are listed; more are counted
FOLDERS = 3  # last parts of a path that may say the pull request, as in "pulls/7/commits.json"
MOST_BROKEN = 1000  # values of one file; then it is given up

Report = Callable[[int, int], None]


class Export:
    """The files that a user named.

    Attributes:
        problems: what could not be read, for people; after `MOST_PROBLEMS` only counted in `broken`.
        broken: how many values or files could not be read.
        unknown: how many objects were of no known shape, by file.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        """Find the files. Raises UsageError if there are none."""
        self.problems: list[str] = []
        self.broken = 0
        self.unknown: Counter[str] = Counter()
        self._files = [found for path in paths for found in _files(path)]
        if not self._files:
            raise UsageError(f"{paths[0]} has no files that end in {', '.join(SUFFIXES)}")
        self._total = sum(_size(path) for path, _ in self._files)
        self._done = 0

    def readings(self, report: Report) -> Iterator[Reading]:
        """Yield what all files say.

        Args:
            report: called with the number of bytes read, and of all.
        """
        for path, place in self._files:
            where = "/".join(path.absolute().parts[-FOLDERS:])
            try:
                with path.open("rb") as file:
                    stream: Any = _Counted(file, self._advance(report))
                    yield from self._of_file(stream, place, where)
            except OSError as error:
                self._problem(place, error.strerror or str(error))

    def _of_file(self, stream: IO[bytes], place: str, where: str) -> Iterator[Reading]:
        most = self.broken + MOST_BROKEN

        def broken(what: str) -> None:
            self._problem(place, what)
            if self.broken >= most:
                raise _GivenUp

        try:
            for value in objects(stream, broken):
                found = formats.read(value, where)
                if found is None:
                    self.unknown[place] += 1
                else:
                    yield from found
        except _GivenUp:
            self.problems.append(f"{place}: the rest, since {MOST_BROKEN:,} values in it are broken")

    def _problem(self, place: str, what: str) -> None:
        self.broken += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(f"{place}: {what}")

    def _advance(self, report: Report) -> Callable[[int], None]:
        def advance(size: int) -> None:
            self._done += size
            report(min(self._done, self._total), self._total)

        return advance


class _GivenUp(Exception):
    """Too much of a file is broken."""


class _Counted:
    """A stream that tells how much was read."""

    def __init__(self, stream: IO[bytes], told: Callable[[int], None]) -> None:
        self._stream, self._told = stream, told

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._told(len(data))
        return data


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield files with their places: what a user named, or what is in such a folder."""
    if not path.is_dir():
        yield path, path.name
        return
    for folder, names, found in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(found):
            file = Path(folder, name)
            if name.endswith(SUFFIXES) and not file.is_symlink():
                yield file, str(file.relative_to(path.parent))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it will tell
