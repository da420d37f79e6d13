"""What of the tables is durable. LanceDB never calls fsync: a power cut may leave a new version without its files.

After each write everything new is flushed, and only then `durable.json` names the new versions, with a checksum of each
file. Readers see the versions that it names; the next writer drops newer ones, which a power cut or a kill left behind.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.durable_file import checked, checksum_of, flush, replace, with_checksum
from mom_lsp.errors import StoreError
from mom_lsp.store.lease import writer_lease

WRITTEN_AFTER = 1_800.0  # seconds; by then every system has written a file, even one that saves power

HINT = "latest_version_hint.json"  # of Lance, beside the manifests: the one file that it changes, at any time
REBUILDING = "the index was damaged, and is being rebuilt in the background"
OUTGROWN = (
    "the index was written by an older version of mom, and is rebuilt in the background, or at once by `mom index`;"
    " feedback and notes are kept"
)

Stamp = tuple[int, int, int]  # size in bytes, time of the last change in ns, CRC-32


@dataclass(frozen=True, slots=True)
class Point:
    """The durable versions of the tables, and the stamps of their files by path in the folder of the tables."""

    versions: dict[str, int] = field(default_factory=dict)
    files: dict[str, Stamp] = field(default_factory=dict)


def load_point(folder: Path) -> Point | None:
    """Return what is durable in a folder of tables, None if that is unknown: older versions of mom did not write it."""
    try:
        return _point((folder.parent / datafolder.POINT).read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _point(content: bytes) -> Point:
    read = json.loads(checked(content))
    versions = {str(name): int(version) for name, version in read["versions"].items()}
    return Point(
        versions, {path: (int(size), int(time), int(crc)) for path, (size, time, crc) in read["files"].items()}
    )


def changed_files(folder: Path, point: Point, *, thorough: bool = False) -> list[str]:
    """Return the files of a point that are not what was written; missing ones are found when they are read.

    A file is read if its size or time is another one, with `thorough` in any case.
    """
    return [path for path, stamp in point.files.items() if _is_changed(folder / path, stamp, thorough=thorough)]


def is_damaged(data: Path, *, writing: bool = False) -> bool:
    """Whether somebody met damage since the last pass, or the tables are not what was written; reads few bytes.

    `writing` says that the caller holds the writer lease. While another process does, a missing file is no damage: it
    may be of a version that is being dropped.
    """
    if (data / datafolder.DAMAGED).exists():
        return True
    folder = data / datafolder.INDEX
    point = load_point(folder)
    if point is None:
        return False
    if changed_files(folder, point):
        return True
    missing = any(not (folder / path).exists() for path in point.files)
    if not missing or writing:
        return missing
    try:
        with writer_lease(data) as acquired:
            return acquired and is_damaged(data, writing=True)
    except StoreError:  # read-only
        return True


def _is_changed(file: Path, stamp: Stamp, *, thorough: bool) -> bool:
    try:
        status = file.stat()
        if status.st_size != stamp[0]:
            return True
        return (thorough or status.st_mtime_ns != stamp[1]) and _checksum(file) != stamp[2]
    except FileNotFoundError:
        return False
    except OSError:  # a bad block
        return True


class Durable:
    """Flushes what was written below a folder since the last call, then says so in the point.

    The first call also flushes what another process wrote lately, which may have been killed before it did.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: dict[str, tuple[int, int, int]] = {}  # size, time, checksum by path
        self._folders: dict[str, int] = {}  # time of the last change

    def sync(self, versions: Mapping[str, int]) -> None:
        """Flush new files and the folders that contain them; then let readers see these versions. Raises OSError."""
        if not self._synced and (known := load_point(self._folder)):
            self._synced = dict(known.files)
        files: dict[str, Stamp] = {}
        for table in versions:
            for file in self._flushed(self._folder / f"{table}.lance"):
                path = str(file.relative_to(self._folder))
                if path in self._synced and file.name != HINT:
                    files[path] = self._synced[path]
        flush(self._folder)
        self._synced = files
        point = Point(dict(versions), files)
        content = with_checksum(json.dumps(asdict(point), separators=(",", ":")).encode())
        if load_point(self._folder) != point:
            replace(self._folder.parent / datafolder.POINT, content)

    def _flushed(self, table: Path) -> Iterator[Path]:
        """Flush a table, and yield its files."""
        for folder, folders, names in os.walk(table, topdown=False):  # what is in a folder before its entry
            fresh = any(str(Path(folder, name)) not in self._folders for name in folders)
            for name in names:
                file = Path(folder, name)
                fresh |= self._flush_file(file)
                yield file
            modified = Path(folder).stat().st_mtime_ns
            if fresh or self._folders.get(folder) != modified:
                flush(Path(folder))
            self._folders[folder] = modified

    def _flush_file(self, file: Path) -> bool:
        path = str(file.relative_to(self._folder))
        try:
            status = file.stat()
            known = self._synced.get(path)
            if known and known[:2] == (status.st_size, status.st_mtime_ns):
                return False
            if fresh := time.time() - status.st_mtime <= WRITTEN_AFTER:
                flush(file)
            stamp = (status.st_size, status.st_mtime_ns, _checksum(file))
            if known is None or known[::2] == stamp[::2]:  # else it is damaged: Lance changes no file
                self._synced[path] = stamp
        except FileNotFoundError:  # removed by compaction meanwhile
            self._synced.pop(path, None)
            return False
        return fresh


def _checksum(file: Path) -> int:
    with file.open("rb") as stream:
        return checksum_of(stream)
