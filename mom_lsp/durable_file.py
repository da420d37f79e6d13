"""Files that survive a power cut: flushed before they become visible, and with a checksum that tells damage."""

from __future__ import annotations

import os
from zlib import crc32

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without the 4 ms that importing typing takes
if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

CHUNK = 1 << 20  # bytes read at a time


def flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk. Raises OSError."""
    if os.name == "nt" and path.is_dir():
        return  # a folder cannot be flushed there
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_tree(folder: Path) -> None:
    """Flush all files below a folder, then the folders that contain them. Raises OSError."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            flush(folder.joinpath(path, name))
        flush(folder.joinpath(path))


def replace(path: Path, content: bytes) -> None:
    """Replace a file: after a power cut it has the old content or the new one. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(content)
        flush(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    flush(path.parent)


def remove(*paths: Path) -> None:
    """Remove files of one folder, for good; missing ones are skipped. Raises OSError."""
    there = [path for path in paths if path.exists()]
    for path in there:
        path.unlink(missing_ok=True)
    if there:
        flush(there[0].parent)


def touch(path: Path) -> None:
    """Create an empty file, for good. Raises OSError."""
    path.touch()
    flush(path.parent)


def with_checksum(content: bytes) -> bytes:
    """Return a content after a line with its checksum."""
    return b"%08x\n%b" % (crc32(content), content)


def checked(content: bytes) -> bytes:
    """Return what was given to `with_checksum`; raises ValueError if it was changed since."""
    line, _, rest = content.partition(b"\n")
    if line != b"%08x" % crc32(rest):
        raise ValueError("the checksum is wrong")
    return rest


def checksum_of(stream: BinaryIO) -> int:
    """Return the CRC-32 of what is left in a file."""
    checksum = 0
    while chunk := stream.read(CHUNK):
        checksum = crc32(chunk, checksum)
    return checksum
