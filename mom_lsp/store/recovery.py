"""What LanceDB leaves to us on a local disk: making commits durable, and opening a table after a power cut.

LanceDB never calls fsync. A manifest that reached the disk empty makes its table unopenable; moving it aside
brings back the version before.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from mom_lsp import datafolder

FAILURES = (RuntimeError, ValueError, OSError)  # what LanceDB and Arrow raise when they cannot read or write

log = logging.getLogger(__name__)


class Durable:
    """Makes everything written below a folder since the last call survive a power cut."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: set[tuple[str, int]] = set()

    def sync(self) -> None:
        """Flush new files, then the folders that name them."""
        for folder, _, names in os.walk(self._folder):
            fresh = False
            for name in names:
                fresh |= self._sync_file(Path(folder, name))
            if fresh:
                _fsync(Path(folder))

    def _sync_file(self, path: Path) -> bool:
        try:
            key = (str(path), path.stat().st_mtime_ns)
            if key in self._synced:
                return False
            _fsync(path)
        except FileNotFoundError:  # compaction removed it meanwhile
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
    """Go back to the newest version of a table that `probe` can read; remove the table if there is none.

    Only under the writer lease. What is lost is found missing by the next pass, which writes it again.
    """
    while table.is_dir():
        try:
            probe()
        except FAILURES as error:
            log.warning("the newest version of %s cannot be read: going back (%s)", table.name, error)
            (table.parents[1] / datafolder.MARKER).unlink(missing_ok=True)  # something is lost
            if not _drop_newest_version(table):
                shutil.rmtree(table)
        else:
            return


def _drop_newest_version(table: Path) -> bool:
    """Move the newest manifest of a table aside; False if there is none to spare."""
    manifests = sorted((table / "_versions").glob("*.manifest"), key=_version)
    if len(manifests) < 2:
        return False
    aside = table.parents[1] / datafolder.QUARANTINE
    aside.mkdir(exist_ok=True)
    manifests[-1].replace(aside / f"{table.name}-{manifests[-1].name}")
    return True


def _version(manifest: Path) -> int:
    """Return the version in a manifest's name, which counts down from the largest number since format 2."""
    number = int(manifest.stem) if manifest.stem.isdigit() else 0
    return (1 << 64) - 1 - number if number > 1 << 63 else number
