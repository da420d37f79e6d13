"""Running indexing passes under the writer lease until no request is pending, and encoding between them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive
from mom_lsp.errors import ArchiveError, RepositoryError
from mom_lsp.git import Location, Repository, operation_in_progress
from mom_lsp.git.location import from_git_dir
from mom_lsp.indexing.background import Background
from mom_lsp.indexing.index_rules import IndexRules, usable_encoder
from mom_lsp.indexing.marker import Marker, checksum_of_domains, load_marker
from mom_lsp.indexing.progress import Control, Interrupted, Paused, Progress, Report, Stopped, Summary
from mom_lsp.indexqueue import BACKGROUND, IndexRequest, done, enqueue, pending, started
from mom_lsp.journal import Journal
from mom_lsp.settings import Settings
from mom_lsp.store import is_damaged, writer_lease
from mom_lsp.tiers.lifecycle import erasure_seq

NO_COMMITS = "no commits yet"
WAIT = 0.25  # seconds between two attempts to get a lease that another process holds


def index(
    location: Location,
    settings: Callable[[], Settings],
    *,
    rev: str | None = None,
    report: Report,
    stop: Event,
    background: Background | None = None,
    encode: bool = True,
) -> Summary:
    """Index what is new in a workspace, then encode it; if another process is doing that, wait until it has.

    A background run does not wait while the battery is low: the summary then says so.

    Args:
        location: of the workspace.
        settings: called before every pass and batch, since they may change.
        rev: the revision to index, HEAD by default.
        report: called with progress.
        stop: set to stop.
        background: lowers the priority; None if the user started it by hand.
        encode: False to leave that to a later call of `encode`.

    Raises:
        UsageError: there is no such revision.
        MomError: the repository or the data folder cannot be used.
    """
    began, summary = time.monotonic(), Summary()
    control = Control(report, stop, background)
    try:
        run = _Run(location, settings(), control, summary)
        if rev is not None or not run.nothing_new():
            _give_way(control, location)
            _until_served(run, settings, rev)
        if encode:
            _encode(location, settings, control, summary, wait=True)
    except Paused as pause:
        summary.waiting = str(pause)
    except Stopped:
        pass  # what was written stays, and the next run resumes
    summary.nothing_new = not (summary.commits or summary.files or summary.encoded or summary.waiting)
    summary.seconds = time.monotonic() - began
    return summary


def serve_requests(
    location: Location,
    settings: Callable[[], Settings],
    *,
    report: Report,
    stop: Event,
    background: Background | None = None,
    encode: bool = True,
) -> Summary:
    """Serve all pending requests of the data folder, then encode; return at once on a pause.

    What another process is doing is left to it. For the arguments see `index`.
    """
    summary = Summary()
    control = Control(report, stop, background)
    with contextlib.suppress(Stopped):
        _give_way(control, location)
        _serve_all(location, settings, control, summary)
        if encode:
            _encode(location, settings, control, summary, wait=False)
    return summary


def _until_served(run: _Run, settings: Callable[[], Settings], rev: str | None) -> None:
    """Index, or wait until the holder of the lease has done it."""
    location, own = run.location, None

    def work() -> None:
        served = [request for request in _ready_requests(location) if _worktree_of(request, location) == location]
        run.work(rev)
        for request in served:  # newer ones are served in the next round
            done(request)

    while not _with_lease(location.data, work):
        if own is None:
            reason = "index" if run.control.background is None else BACKGROUND
            own = enqueue(location.data, location.git_dir or location.root, reason)
        elif rev is None and not own.exists():
            return
        run.control.step("waiting", 0, 0, "another mom process is indexing here")
    _serve_all(location, settings, run.control, run.summary)


def _serve_all(location: Location, settings: Callable[[], Settings], control: Control, summary: Summary) -> None:
    """Serve requests until none is pending, or another process has the lease."""
    while _ready_requests(location) and _with_lease(
        location.data, partial(_serve, location, settings(), control, summary)
    ):
        pass


def _encode(
    location: Location, settings: Callable[[], Settings], control: Control, summary: Summary, *, wait: bool
) -> None:
    """Encode, and serve the requests that come meanwhile; with `wait`, wait for another process that does it."""
    if not load_marker(location.data).lacks_vectors(usable_encoder(settings())):
        return
    from mom_lsp.indexing.encoding import Encoding  # imports lancedb, like a pass

    attentive = replace(control, interrupted=lambda: bool(_ready_requests(location)))
    with Encoding(location.data, settings, summary) as encoding:
        while True:
            done_here = None
            with contextlib.suppress(Interrupted):
                done_here = encoding.complete(attentive)
            _serve_all(location, settings, control, summary)
            if done_here or (done_here is False and not wait):
                return
            if done_here is False:
                control.step("waiting", 0, 0, "another mom process is encoding here")
                control.stop.wait(WAIT)


def _give_way(control: Control, location: Location) -> None:
    """Give way to the user from the start if there is an index already. Raises Paused."""
    if load_marker(location.data).heads:
        control.give_way()


def _with_lease(data: Path, work: Callable[[], None]) -> bool:
    """Do some work under the writer lease; False if another process holds it."""
    with writer_lease(data, timeout=WAIT) as acquired:
        if acquired:
            started(data)
            work()
    return acquired


def _serve(location: Location, settings: Settings, control: Control, summary: Summary) -> None:
    """Serve the pending requests; a worktree that cannot be read is reported, and keeps no other one waiting."""
    for request in _ready_requests(location):
        worktree = _worktree_of(request, location)
        try:
            _Run(worktree, settings, control, summary).work()
        except RepositoryError as error:
            control.report(Progress("history", 0, 0, f"{worktree.root}: {error}"))
        done(request)


def _ready_requests(location: Location) -> list[IndexRequest]:
    """Return the pending requests, except of worktrees in the middle of a rebase."""
    return [r for r in pending(location.data) if not operation_in_progress(_worktree_of(r, location).git_dir)]


def _worktree_of(request: IndexRequest, location: Location) -> Location:
    return from_git_dir(request.git_dir, location)


@dataclass(slots=True)
class _Run:
    """Indexing of one HEAD."""

    location: Location
    settings: Settings
    control: Control
    summary: Summary

    def nothing_new(self) -> bool:
        """Whether everything is known to be indexed; opens no store."""
        head, seq = self._head(), self._journal_seq()
        marker, rules = load_marker(self.location.data), IndexRules.of(self.settings)
        if seq != marker.journal:
            return False  # what is forgotten is erased, whatever HEAD waits for
        if operation_in_progress(self.location.git_dir):
            self.summary.waiting = "a rebase is in progress"
            return True
        if self.location.git and head is None:
            self.summary.waiting = NO_COMMITS
            return True
        if is_damaged(self.location.data):
            return False
        if not (self._same_history(marker, head) if head else self._same_files(marker, rules)):
            return False
        overrides = Repository(self.location).overrides if head else frozenset[str]()
        domains = checksum_of_domains(self.location.data)
        return marker.complete(head or "", seq, rules.fingerprint, domains, overrides)

    def _same_history(self, marker: Marker, head: str) -> bool:
        """Whether nothing is new about the commits of a repository."""
        repository = Repository(self.location)
        if marker.lacking and not repository.lacks(marker.lacking):
            return False  # a partial clone got its missing objects
        if repository.lacks_commit_graph(head) or not (self.location.data / datafolder.LINE_KEYS).is_file():
            return False
        if repository.annotation_refs() != marker.annotations:
            return False
        return not self._discussed_since(marker.discussions)

    def _same_files(self, marker: Marker, rules: IndexRules) -> bool:
        """Whether the files of a folder without git are as they were when they were read."""
        from mom_lsp.indexing.folder_files import load_record, nothing_changed  # import what extraction needs

        return nothing_changed(self.location.root, rules, load_record(self.location.data, marker.files))

    def work(self, rev: str | None = None) -> None:
        """Bring the store up to date with one HEAD and with what the user forgot or restored."""
        from mom_lsp.indexing.index_pass import (
            IndexPass,  # imports lancedb and more, which is not needed if there is nothing new
        )

        IndexPass(self.location, self.settings, self.control, self.summary).run(rev)

    def _head(self) -> str | None:
        return Repository(self.location).resolve() if self.location.git else ""

    def _discussed_since(self, revision: int) -> bool:
        """Whether the archive of discussions changed; for one that cannot be read there is nothing to do."""
        try:
            with Archive(self.location.data) as archive:
                return archive.revision != revision
        except ArchiveError:
            return False

    def _journal_seq(self) -> int:
        path = self.location.data / datafolder.JOURNAL
        if not path.exists():
            return 0
        with Journal(path) as journal:
            return erasure_seq(journal.events())
