"""Running passes: for whoever asked, under the lease, until nothing is pending."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mom_lsp import datafolder
from mom_lsp.encode import SentenceEncoder
from mom_lsp.errors import EncoderError
from mom_lsp.git import Location, Repository, operation_in_progress
from mom_lsp.git.location import from_git_dir
from mom_lsp.indexing.background import Background
from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.marker import checksum_of_domains, load_marker
from mom_lsp.indexing.progress import Control, Paused, Report, Stopped, Summary
from mom_lsp.indexqueue import BACKGROUND, IndexRequest, done, enqueue, pending, started
from mom_lsp.journal import Journal
from mom_lsp.settings import Settings
from mom_lsp.store import writer_lease
from mom_lsp.tiers.lifecycle import erasure_seq

WAIT = 0.25  # seconds between two looks at a lease that another process holds


def index(
    location: Location,
    settings: Settings,
    *,
    rev: str | None = None,
    report: Report,
    stop: Event,
    background: Background | None = None,
) -> Summary:
    """Index what is new in a workspace; if another process is at it, wait until that has done it.

    Nothing is waited for while a low battery pauses a run in the background: the summary then says so.

    Raises:
        UsageError: there is no such revision.
        MomError: the repository or the data folder cannot be used.
    """
    began, summary = time.monotonic(), Summary()
    control = Control(report, stop, background)
    run = _Run(location, settings, control, summary)
    try:
        if rev is not None or not run.nothing_new():
            _spare(control, location)
            _until_served(run, rev)
    except Paused as pause:
        summary.waiting = str(pause)
    except Stopped:
        pass  # what was written stays, and the next run goes on from there
    summary.nothing_new = not (summary.commits or summary.files or summary.encoded or summary.waiting)
    summary.seconds = time.monotonic() - began
    return summary


def serve_requests(
    location: Location, settings: Settings, *, report: Report, stop: Event, background: Background | None = None
) -> Summary:
    """Serve every pending request of the data folder; return at once if another process is at it, or has to pause."""
    summary = Summary()
    control = Control(report, stop, background)
    with contextlib.suppress(Stopped):
        _spare(control, location)
        while _servable(location) and _with_lease(location.data, lambda: _serve(location, settings, control, summary)):
            pass
    return summary


def _until_served(run: _Run, rev: str | None) -> None:
    """Do the work, or see it done by the holder of the lease."""
    location, own = run.location, None

    def work() -> None:
        asked = [request for request in _servable(location) if _asking(request, location) == location]
        run.work(rev)
        for request in asked:  # those made since are served by the next round
            done(request)

    while not _with_lease(location.data, work):
        if own is None:
            reason = "index" if run.control.background is None else BACKGROUND
            own = enqueue(location.data, location.git_dir or location.root, reason)
        elif rev is None and not own.exists():
            return
        run.control.step("waiting", 0, 0, "another mom is indexing here; waiting for it")
    control = run.control
    serve_requests(location, run.settings, report=control.report, stop=control.stop, background=control.background)


def _spare(control: Control, location: Location) -> None:
    """Spare the machine from the start if an index is there already. Raises Paused."""
    if load_marker(location.data).heads:
        control.spare()


def _with_lease(data: Path, work: Callable[[], None]) -> bool:
    """Do some work under the writer lease; False if another process keeps it."""
    with writer_lease(data, timeout=WAIT) as mine:
        if mine:
            started(data)
            work()
    return mine


def _serve(location: Location, settings: Settings, control: Control, summary: Summary) -> None:
    for request in _servable(location):
        _Run(_asking(request, location), settings, control, summary).work()
        done(request)


def _servable(location: Location) -> list[IndexRequest]:
    """Return the pending requests; one of a worktree in the middle of a rebase is left for later."""
    return [r for r in pending(location.data) if not operation_in_progress(_asking(r, location).git_dir)]


def _asking(request: IndexRequest, location: Location) -> Location:
    return from_git_dir(request.git_dir, location)


@dataclass(slots=True)
class _Run:
    """One HEAD's share of the work."""

    location: Location
    settings: Settings
    control: Control
    summary: Summary

    def nothing_new(self) -> bool:
        """Whether all that could be done is known to be done; opens neither store nor model."""
        head = self._head()
        if operation_in_progress(self.location.git_dir):
            self.summary.waiting = "a rebase is under way; indexing starts when it has ended"
            return True
        if self.location.git and head is None:
            self.summary.waiting = "there is no commit yet"
            return True
        if not self.location.git:
            return False  # whether a folder's files changed is only known from reading them
        marker, repository = load_marker(self.location.data), Repository(self.location)
        if marker.lacking and not repository.lacks(marker.lacking):
            return False  # a partial clone was filled
        rules, shallow = IndexRules.of(self.settings).fingerprint, repository.shallow
        domains = checksum_of_domains(self.location.data)
        return marker.complete(head or "", self._model_name(), self._journal_seq(), rules, domains, shallow)

    def work(self, rev: str | None = None) -> None:
        """Bring the store up to date with one HEAD and with the user's word."""
        from mom_lsp.indexing.index_pass import (
            IndexPass,  # lancedb and all the rest, which finding nothing new does without
        )

        IndexPass(self.location, self.settings, self.control, self.summary).run(rev)

    def _head(self) -> str | None:
        return Repository(self.location).resolve() if self.location.git else ""

    def _model_name(self) -> str:
        try:
            return SentenceEncoder(self.settings.encoder.model).name if self.settings.encoder.enable else ""
        except EncoderError:
            return ""

    def _journal_seq(self) -> int:
        path = self.location.data / datafolder.JOURNAL
        if not path.exists():
            return 0
        with Journal(path) as journal:
            return erasure_seq(journal.events())
