"""Recovery of tables after a power cut or damage: what is not durable is set aside, then what cannot be read."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.durable_file import remove
from mom_lsp.store.durable import HINT, Point
from mom_lsp.store.faults import Fault, faults

ROWS = ("data", "_deletions")  # folders of a table, without which rows are lost
INDICES = "/_indices/"

log = logging.getLogger(__name__)


def is_index(path: str) -> bool:
    """Whether a file of a table belongs to one of its indices, which can be built from its rows."""
    return INDICES in path


def heal(table: Path, point: Point | None, changed: Sequence[str], probe: Callable[[], object]) -> bool:
    """Make a table readable again, or remove it; whether anything was lost. Only under the writer lease.

    Args:
        table: its folder.
        point: what is durable, None if that is unknown.
        changed: files of the point that are not what was written.
        probe: reads the newest version; raises Fault.

    The next pass indexes again what is lost.
    """
    wanted = point.versions.get(table.stem) if point else None
    damaged = [path for path in changed if path.startswith(tuple(f"{table.name}/{part}/" for part in ROWS))]
    if table.is_dir() and (damaged or (point and wanted is None)):
        log.info("%s is damaged and will be rebuilt: %s", table.name, ", ".join(damaged) or "it is not durable")
        _forget_what_was_complete(table)
        shutil.rmtree(table)
        return True
    unreadable = {path.rpartition("/")[2] for path in changed if path.startswith(f"{table.name}/_versions/")}
    lost = _roll_back(table, wanted, unreadable, probe) if table.is_dir() else wanted is not None
    if lost:
        _forget_what_was_complete(table)
    return lost


def _roll_back(table: Path, wanted: int | None, unreadable: Container[str], probe: Callable[[], object]) -> bool:
    """Go back to the durable version, or to one before it that can be read; whether it is not the durable one.

    Without the durable version, the newest one that can be read has most rows.
    """
    manifests = _manifests(table)
    if lost := wanted is not None and wanted not in map(_version, manifests):
        log.info("version %d of %s is gone", wanted, table.name)
        wanted = None
    for manifest in reversed(manifests):
        version = _version(manifest)
        if wanted is not None and version > wanted:
            log.info("version %d of %s is not durable: going back", version, table.name)
        else:
            try:
                with faults():
                    if manifest.name in unreadable:
                        raise Fault("its manifest is damaged")
                    probe()
                return lost or wanted not in (None, version)
            except Fault as error:
                log.info("version %d of %s cannot be read: going back (%s)", version, table.name, error)
                lost = True
                _forget_what_was_complete(table)
        _set_aside(table, manifest)
    shutil.rmtree(table)
    return True


def drop_versions_after(table: Path, point: Point | None) -> None:
    """Set aside versions after the durable one, or remove a table that is not durable. Under the writer lease."""
    if point is None or not table.is_dir():
        return
    wanted = point.versions.get(table.stem)
    if wanted is None:
        shutil.rmtree(table)
        return
    for manifest in _manifests(table):
        if _version(manifest) > wanted:
            _set_aside(table, manifest)


def _forget_what_was_complete(table: Path) -> None:
    """Let the next pass look again; rows may get the same ids as those that the catalog knows."""
    remove(*(table.parents[1] / file for file in (datafolder.MARKER, datafolder.CATALOG)))


def _set_aside(table: Path, manifest: Path) -> None:
    aside = table.parents[1] / datafolder.QUARANTINE
    aside.mkdir(exist_ok=True)
    manifest.replace(aside / f"{table.name}-{manifest.name}")
    remove(manifest.with_name(HINT))


def latest_version(table: Path) -> int | None:
    """Return the newest version of a table, None if there is none."""
    found = _manifests(table)
    return _version(found[-1]) if found else None


def _manifests(table: Path) -> list[Path]:
    """Return the manifests of a table, oldest first."""
    return sorted((table / "_versions").glob("*.manifest"), key=_version)


def _version(manifest: Path) -> int:
    """Return the version in a manifest's name; since format 2 it counts down from the largest number."""
    number = int(manifest.stem) if manifest.stem.isdigit() else 0
    return (1 << 64) - 1 - number if number > 1 << 63 else number
