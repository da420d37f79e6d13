"""Damage of our commit-graph: git does not check its checksums when it reads it, and lists another history."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from mom_lsp.durable_file import checked, with_checksum

CHAIN, CHECKED = "commit-graph-chain", "checked"
ALGORITHMS = {40: "sha1", 64: "sha256"}  # by the length of a name in hex, the hash of the file's content before it


def is_intact(folder: Path) -> bool:
    """Whether all files of a commit-graph are what git wrote; they are read only if they changed."""
    try:
        names = (folder / CHAIN).read_text("ascii").split()
        files = [folder / f"graph-{name}.graph" for name in names]
        stamps = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
        if stamps == _known(folder):
            return True
        intact = all(_is_what_was_written(file, name) for file, name in zip(files, names, strict=True))
    except (OSError, ValueError):
        return False
    if intact:
        with contextlib.suppress(OSError):  # then it is read again the next time
            (folder / CHECKED).write_bytes(with_checksum(json.dumps(stamps).encode()))
    return intact


def _known(folder: Path) -> object:
    try:
        return json.loads(checked((folder / CHECKED).read_bytes()))
    except (OSError, ValueError):
        return None


def _is_what_was_written(file: Path, name: str) -> bool:
    algorithm = ALGORITHMS.get(len(name))
    if algorithm is None:
        return False
    length, left = len(name) // 2, file.stat().st_size - len(name) // 2
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with file.open("rb") as stream:
        while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
            digest.update(chunk)
            left -= len(chunk)
        return left == 0 and digest.hexdigest() == name and stream.read(length) == bytes.fromhex(name)
