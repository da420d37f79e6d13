"""`mom index --watch`: index whenever HEAD, a ref, a request or (in a plain folder) a file changes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from mom_lsp import datafolder
from mom_lsp.datafolder import OpenFolder
from mom_lsp.errors import DataFolderError, MomError
from mom_lsp.git import Location, Repository
from mom_lsp.git.location import from_git_dir
from mom_lsp.indexing.background import Background
from mom_lsp.indexing.encoding import Encoding
from mom_lsp.indexing.progress import Control, Interrupted, Paused, Progress, Report, Stopped, Summary
from mom_lsp.indexing.scheduler import NO_COMMITS, index, serve_requests
from mom_lsp.indexqueue import pending
from mom_lsp.settings import Settings

log = logging.getLogger(__name__)

SETTLE = 0.3  # seconds without a further event before a pass starts: a rebase is many events
LONGEST_SETTLE = 5.0  # seconds after which a pass starts all the same: a program may write without a pause
HEARTBEAT = 30.0  # seconds after which we check without an event: network disks send none
STOP_POLL = 0.5  # seconds within which a stop is noticed


def watch(
    location: Location,
    settings: Callable[[], Settings],
    report: Report,
    stop: threading.Event,
    background: Background | None = None,
) -> None:
    """Index now and after every change until stopped, or until the repository is moved or deleted.

    An error is reported, and indexing is tried again after the next change.

    Args:
        location: any of the worktrees, all of which are indexed.
        settings: called before every pass and batch, since they may change.
        report: called with progress.
        stop: set to stop.
        background: lowers the priority; None if the user started it by hand.

    Raises:
        DataFolderError: nothing can be written here.
    """
    changed, repository = _Changed(location), OpenFolder(location.common_dir or location.root)
    if why := datafolder.why_read_only(location.data, datafolder.INDEX, datafolder.REQUESTS):
        raise DataFolderError(why)
    datafolder.make(location.data)
    (location.data / datafolder.REQUESTS).mkdir(exist_ok=True)
    try:
        changed.event.set()
        with Encoding(location.data, settings, Summary()) as encoding:
            while not stop.is_set() and repository.is_there():
                changed.follow()
                if _wait_for_change(changed.event, stop, repository):
                    _settle(changed.event, stop)
                if stop.is_set() or not repository.is_there():
                    break
                message = _pass(location, settings, report, stop, background)
                control = Control(report, stop, background, _Interruption(location, changed.event, repository))
                _encode(encoding, control, message)
    except OSError:
        if repository.is_there():
            raise
    finally:
        changed.stop()
        repository.release()


def _pass(
    location: Location,
    settings: Callable[[], Settings],
    report: Report,
    stop: threading.Event,
    background: Background | None,
) -> str:
    """Index the HEADs of all worktrees, then serve requests that came meanwhile; return what to tell the user."""
    message = ""
    for worktree in _worktrees(location):
        try:
            done = index(worktree, settings, report=report, stop=stop, background=background, encode=False)
            if worktree == location or done.waiting != NO_COMMITS:  # as in a bare repository, beside its worktrees
                message = done.waiting or message
        except MomError as error:
            message = str(error)
    try:
        serve_requests(location, settings, report=report, stop=stop, background=background, encode=False)
    except MomError as error:
        message = str(error)
    return message


def _encode(encoding: Encoding, control: Control, message: str) -> None:
    """Encode until all is done or the next pass is due; then report that the indexer waits, and why."""
    try:
        encoding.complete(control)
    except Interrupted:
        return  # it does not wait
    except Paused as pause:
        message = message or str(pause)
    except Stopped:
        pass
    except MomError as error:
        message = message or str(error)
    control.report(Progress("waiting", 0, 0, message))


class _Interruption:
    """Interrupts encoding on a change, on the heartbeat, which counts as one, and when the repository is gone.

    In a plain folder, where some file may be written all the time, only requests and the heartbeat interrupt.
    """

    def __init__(self, location: Location, changed: threading.Event, repository: OpenFolder) -> None:
        self._location, self._changed = location, changed
        self._repository, self._due = repository, time.monotonic() + HEARTBEAT

    def __call__(self) -> bool:
        """Whether to interrupt."""
        wanted = self._changed.is_set() if self._location.git else bool(pending(self._location.data))
        if wanted or time.monotonic() >= self._due or not self._repository.is_there():
            self._changed.set()
            return True
        return False


def _worktrees(location: Location) -> list[Location]:
    """Return the worktrees; git still lists one whose folder was deleted."""
    if not location.git:
        return [location]
    listed = [from_git_dir(git_dir, location) for git_dir in Repository(location).worktrees()]
    return [worktree for worktree in listed if worktree.root.is_dir()]


def _wait_for_change(event: threading.Event, stop: threading.Event, repository: OpenFolder) -> bool:
    """Wait for a change, the heartbeat or a stop; return whether there was a change."""
    deadline = time.monotonic() + HEARTBEAT
    while not stop.is_set() and repository.is_there() and time.monotonic() < deadline:
        if event.wait(timeout=STOP_POLL):
            return True
    return False


def _settle(event: threading.Event, stop: threading.Event) -> None:
    until = time.monotonic() + LONGEST_SETTLE
    event.clear()
    while event.wait(timeout=SETTLE) and not stop.is_set() and time.monotonic() < until:
        event.clear()


def _watched(location: Location) -> list[tuple[Path, bool]]:
    """Return the folders to watch, and whether with subfolders; never the work tree of a repository."""
    requests = (location.data / datafolder.REQUESTS, False)
    folders = [(location.root, True), requests]
    if (common := location.common_dir) is not None:
        folders = [(common, False), (common / "refs", True), (common / "worktrees", True), requests]
    return [(folder, recursive) for folder, recursive in folders if folder.is_dir()]


class _Changed(FileSystemEventHandler):
    """Sets an event on every change in the watched folders, except reads and our own writes."""

    def __init__(self, location: Location) -> None:
        self.event = threading.Event()
        self._location, self._watched, self._told = location, dict[Path, ObservedWatch](), False
        self._deleted = set[Path]()  # of those that are watched; git deletes that of the last linked worktree
        self._observer: BaseObserver | None = None
        self._ours, self._requests = str(location.data), str(location.data / datafolder.REQUESTS)

    def follow(self) -> None:
        """Watch folders that are new: the first linked worktree creates one. The heartbeat covers what cannot be."""
        try:
            if self._observer is None:
                self._observer = Observer()
                self._observer.start()
            while self._deleted:
                self._observer.unschedule(self._watched.pop(self._deleted.pop()))
            for folder, recursive in _watched(self._location):
                if folder not in self._watched:
                    self._watched[folder] = self._observer.schedule(self, str(folder), recursive=recursive)
                    self.event.set()  # something may have changed in it before
        except OSError as error:  # other programs, such as editors, used up what the system allows; we try again
            if not self._told:
                log.warning("changes are noticed only every %g seconds: %s", HEARTBEAT, error.strerror)
            self._told = True

    def stop(self) -> None:
        """Watch no more."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Set the event unless it is a read or our own write."""
        path = os.fsdecode(event.src_path)
        ours = path.startswith(self._ours) and not path.startswith(self._requests)
        if event.event_type == "deleted" and Path(path) in self._watched:
            self._deleted.add(Path(path))
        if event.event_type not in {"opened", "closed_no_write"} and not ours:
            self.event.set()
