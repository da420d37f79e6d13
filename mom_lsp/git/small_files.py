"""Small files of a git folder: their lines, and a signature that changes with them."""

from __future__ import annotations

from pathlib import Path

Signature = tuple[str, int, int, int]  # name, time, size, inode


def lines_of(file: Path) -> list[str]:
    """Return the lines that are not blank, none of a missing file."""
    text = file.read_text("ascii", "replace") if file.is_file() else ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def signature(path: Path) -> Signature:
    """Return the signature of a file, which may be missing."""
    try:
        stat = path.stat()
    except OSError:
        return (path.name, 0, 0, 0)
    return (path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino)
