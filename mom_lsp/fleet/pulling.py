"""Bringing the local copy of a fleet up to date, within its limit of space."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from filelock import FileLock, Timeout

from mom_lsp.errors import NoAccess, StoreError, UsageError
from mom_lsp.fleet.local_copy import COPIED, Copied, LocalCopy, State
from mom_lsp.fleet.manifest import Manifest, newest
from mom_lsp.fleet.objects import Objects
from mom_lsp.store.shared_table import SharedTable

PATIENCE = timedelta(seconds=10)  # for a server that fails
READ = (*dict.fromkeys((*COPIED, "paths", "symbols", "refs", "added", "removed", "added_lines", "removed_lines")),)
GUESS = 2_000  # bytes of a memory, before any is copied
Progress = Callable[[str, int, int], None]  # a name, how many are done, and of how many


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did."""

    fresh: int  # repositories that were copied
    state: State


def pull(uri: str, limit: int, progress: Progress, stop: Event) -> Pulled:
    """Copy what was published since the last pull; the newest publications first, as many as fit.

    What was erased from the fleet, or may not be read any more, is removed here too. What cannot be read for another
    reason stays as it is.

    Args:
        uri: of the fleet.
        limit: bytes of the copy.
        progress: called with each repository.
        stop: ends the pull; what was copied stays.

    Raises:
        UsageError: the address is wrong, or another process pulls.
        StoreError: the server does not answer.
    """
    objects = Objects(uri, patience=PATIENCE)
    copy = LocalCopy.of(objects.uri)
    copy.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(copy.folder / "pull.lock", timeout=0):
            return _Pull(objects, copy, limit).run(progress, stop)
    except Timeout as error:
        raise UsageError("another process is pulling this fleet: wait until it has") from error


class _Pull:
    def __init__(self, objects: Objects, copy: LocalCopy, limit: int) -> None:
        self._objects, self._copy, self._limit = objects, copy, limit
        self._before = {one.id: one for one in copy.state.repositories}
        self._kept: list[Copied] = []
        self._left_out: list[str] = []
        self._unreadable: list[str] = []
        self._fresh = 0

    def run(self, progress: Progress, stop: Event) -> Pulled:
        found = self._manifests()
        for done, (repository, manifest) in enumerate(found):
            if stop.is_set():
                break
            progress(manifest.name, done, len(found))
            self._copy_one(repository, manifest)
        kept = {one.id for one in self._kept}
        rest = [self._before[one] for one, _ in found if one in self._before and one not in kept and stop.is_set()]
        pulled = self._copy.state.pulled if stop.is_set() else int(time.time())
        repositories, left_out, unreadable = (*self._kept, *rest), tuple(self._left_out), tuple(self._unreadable)
        state = State(self._objects.uri, pulled, repositories=repositories, left_out=left_out, unreadable=unreadable)
        self._copy.save(state)
        return Pulled(self._fresh, state)

    def _manifests(self) -> list[tuple[str, Manifest]]:
        """Return the repositories that may be read, newest publication first. Raises StoreError."""
        found: list[tuple[str, Manifest]] = []
        for repository in self._objects.folders():
            try:
                manifest = newest(self._objects, repository)
            except NoAccess:
                self._unreadable.append(repository)
                continue
            if manifest is not None:
                found.append((repository, manifest))
        return sorted(found, key=lambda one: (-one[1].published, one[0]))

    def _copy_one(self, repository: str, manifest: Manifest) -> None:
        before, used = self._before.get(repository), sum(one.size for one in self._kept)
        copied: Copied | None
        if before and (before.number, before.published) == (manifest.number, manifest.published):
            copied = before
        elif used + manifest.rows * self._each() > self._limit:
            self._left_out.append(manifest.name)
            return
        else:
            copied = self._read_newest(repository, manifest)
            if copied is None:
                self._unreadable.append(repository)
                copied = before  # older, but it answers
        if copied is None:
            return
        if used + copied.size > self._limit:
            self._left_out.append(manifest.name)
        else:
            self._kept.append(copied)

    def _read_newest(self, repository: str, manifest: Manifest) -> Copied | None:
        """Copy a publication, or the one that replaced it meanwhile; None if neither can be read."""
        try:
            return self._read(repository, manifest)
        except StoreError:
            with suppress(StoreError):
                newer = newest(self._objects, repository)
                if newer is not None and newer.number != manifest.number:
                    return self._read(repository, newer)
            return None

    def _read(self, repository: str, manifest: Manifest) -> Copied:
        table = SharedTable.published(self._objects.address(repository), manifest.version)
        rows = table.columns(READ, "noise = ''")
        self._fresh += 1
        return self._copy.write(repository, manifest.name, manifest.number, manifest.published, rows)

    def _each(self) -> float:
        """Return the bytes of one memory, as far as is known."""
        known = [*self._kept, *self._before.values()]
        memories = sum(one.memories for one in known)
        return sum(one.size for one in known) / memories if memories else GUESS
