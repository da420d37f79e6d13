"""What the files of a folder without git were when they were read, so that only those that changed are read again.

A record that is lost or damaged only means that all are read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple
from zlib import crc32

from mom_lsp import datafolder
from mom_lsp.durable_file import replace
from mom_lsp.indexing.extraction_worker import wanted_file
from mom_lsp.indexing.index_rules import IndexRules

MAX_FILES = 20_000


class Stamp(NamedTuple):
    """What changes with a file."""

    size: int
    modified: int  # nanoseconds since 1970
    changed: int  # the same, of the content or of the rights to read it


Record = Mapping[str, tuple[Stamp, list[str]]]  # by path: the file as it was read, and the ids of its memories


def files_of(root: Path, rules: IndexRules) -> dict[str, Stamp]:
    """Return the files below a folder that may hold memories, by path, as they are now."""
    return dict(
        islice(((path, stamp) for path, stamp in _regular_files(root) if _wanted(path, stamp, rules)), MAX_FILES)
    )


def nothing_changed(root: Path, rules: IndexRules, record: Record) -> bool:
    """Whether all files below a folder are as they were read."""
    return files_of(root, rules) == {path: stamp for path, (stamp, _) in record.items()}


def load_record(data: Path, checksum: str) -> Record:
    """Return the record that was saved with a checksum, an empty one if it is gone."""
    try:
        content = (data / datafolder.FOLDER_FILES).read_bytes()
    except OSError:
        return {}
    if _checksum(content) != checksum:
        return {}
    return {path: (Stamp(*stamp), ids) for path, (stamp, ids) in json.loads(content).items()}


def save_record(data: Path, record: Record) -> str:
    """Replace the record and return its checksum."""
    content = json.dumps(record).encode()
    replace(data / datafolder.FOLDER_FILES, content)
    return _checksum(content)


def _checksum(content: bytes) -> str:
    return f"{crc32(content):08x}"


def _regular_files(root: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield the files below a folder, except hidden ones and symbolic links."""
    for folder, names, files in os.walk(root, followlinks=False):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for path in (Path(folder, name) for name in sorted(files) if not name.startswith(".")):
            try:
                status = path.lstat()
            except OSError:  # it is gone
                continue
            if S_ISREG(status.st_mode):
                stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                yield path.relative_to(root).as_posix(), stamp


def _wanted(path: str, stamp: Stamp, rules: IndexRules) -> bool:
    return stamp.size <= rules.max_file_size and wanted_file(path, rules)
