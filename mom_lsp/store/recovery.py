"""Durability of the LanceDB tables: flushing them to disk, and recovering a table after a power cut.

LanceDB never calls fsync. If a manifest reached the disk empty, its table cannot be opened; moving the manifest aside
restores the previous version.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from mom_lsp import datafolder

FAILURES = (RuntimeError, ValueError, OSError)  # raised by LanceDB and Arrow when they cannot read or write

WRITTEN_AFTER = 1_800.0  # seconds; by then every system has written a file, even one that saves power

log = logging.getLogger(__name__)


class Durable:
    """Flushes what was written below a folder since the last call, so that it survives a power cut.

    The first call also flushes what another process wrote lately, which may have been killed before it did.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: set[tuple[str, int]] = set()

    def sync(self) -> None:
        """Flush new files, then the folders that contain them."""
        for folder, _, names in os.walk(self._folder):
            fresh = False
            for name in names:
                fresh |= self._sync_file(Path(folder, name))
            if fresh:
                _fsync(Path(folder))

    def _sync_file(self, path: Path) -> bool:
        try:
            modified = path.stat().st_mtime_ns
            key = (str(path), modified)
            if key in self._synced or time.time() - modified / 1e9 > WRITTEN_AFTER:
                return False
            _fsync(path)
        except FileNotFoundError:  # removed by compaction meanwhile
            return False
        self._synced.add(key)
        return True


def _fsync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # a folder cannot be flushed there
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def heal(table: Path, probe: Callable[[], object]) -> None:
    """Roll a table back to the newest version that `probe` can read; remove the table if there is none.

    Only under the writer lease. The next pass indexes again what is lost.
    """
    while table.is_dir():
        try:
            probe()
        except FAILURES as error:
            log.warning("the newest version of %s cannot be read: rolling back (%s)", table.name, error)
            (table.parents[1] / datafolder.MARKER).unlink(missing_ok=True)  # it is no longer complete
            if not _drop_newest_version(table):
                shutil.rmtree(table)
        else:
            return


def _drop_newest_version(table: Path) -> bool:
    """Move the newest manifest of a table aside; False if it is the only one."""
    manifests = sorted((table / "_versions").glob("*.manifest"), key=_version)
    if len(manifests) < 2:
        return False
    aside = table.parents[1] / datafolder.QUARANTINE
    aside.mkdir(exist_ok=True)
    manifests[-1].replace(aside / f"{table.name}-{manifests[-1].name}")
    return True


def _version(manifest: Path) -> int:
    """Return the version in a manifest's name; since format 2 it counts down from the largest number."""
    number = int(manifest.stem) if manifest.stem.isdigit() else 0
    return (1 << 64) - 1 - number if number > 1 << 63 else number
